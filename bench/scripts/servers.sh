#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Starts and stops the servers that are measured: alo, the floor, and those that it is measured beside (bench/scripts/peers.sh). Each is started anew for each
# run, on a free port of loopback, and ended by its process id.
#
# Needs: $results, a folder; $workers. Sets: $server, the process; $port.
#
# shellcheck disable=SC2154 # who reads this in has set them

server=
port=

# The programs that are an alo, by the name that a run gives them.
declare -A programs=([alo]=.bin/alo)

# server_command SERVER [OPTIONS]: the options are alo's, the others do without.
server_command() {
    if [[ $1 == floor ]]; then
        echo ".bin/alo-floor --port 0 --threads $workers"
    elif [[ -n ${programs[$1]:-} ]]; then
        echo "${programs[$1]} --port 0 --workers $workers${2:+ $2}"
    else
        peer_command "$1" "$results"
    fi
}

server_fail() {
    echo "$1 does not listen" >"$results/errors"
    echo "bench: $1 does not listen" >&2
    cat "$results/log" >&2
    server_stop
    return 1
}

# Of alo and of the floor: the port that the log names.
port_read() {
    port=$(sed -n '/"listening"/s/.*"port": *\([0-9]*\).*/\1/p' "$results/log" | head -n 1)
    [[ -n $port ]]
}

port_open() {
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

# server_start SERVER [OPTIONS]: floor, one of $programs or one of $peers. False when it does not listen; $results/errors then says so.
server_start() {
    local attempt ready=port_read command
    if [[ $1 != floor && -z ${programs[$1]:-} ]]; then
        # Below the ports that the kernel gives to clients.
        for ((attempt = 0, port = 10000 + RANDOM % 20000; attempt < 50; attempt++, port++)); do
            port_open || break
        done
        peer_configure "$1" "$results" "$port"
        ready=port_open
    fi
    read -r -a command <<<"$(server_command "$1" "${2:-}")"
    : >"$results/log"
    # Two servers that are compared may run at once, and the admin interface's port is there once.
    ALO_ADMIN_PORT=none GOMAXPROCS=$workers "${command[@]}" >>"$results/log" 2>&1 &
    server=$!
    for ((attempt = 0; attempt < 200; attempt++)); do
        kill -0 "$server" 2>/dev/null || break
        "$ready" && return
        read -r -t 0.05 <> <(:) || true
    done
    server_fail "$1"
}

server_stop() {
    local attempt
    [[ -n $server ]] || return 0
    kill "$server" 2>/dev/null || true
    # Ten seconds are enough for whoever wants to end.
    for ((attempt = 0; attempt < 200; attempt++)); do
        kill -0 "$server" 2>/dev/null || break
        read -r -t 0.05 <> <(:) || true
    done
    kill -KILL "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
}
