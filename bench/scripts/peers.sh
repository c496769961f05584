#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The servers that alo is measured beside: which program, which --protocol of alo-bench, and which settings. Each gets what its own documentation
# recommends for many connections that hear little, and nothing that is not asked for here is left to do: nothing is stored, no line is logged for
# each connection. What stays at its default is named where one would expect it to be changed.
#
# The versions that this was written for: Redis 7.0, Mosquitto 2.0, NATS 2.9.
#
# shellcheck disable=SC2034 # for those who read this in

peers=(redis mosquitto nats)

# peer_program PEER
peer_program() {
    case $1 in
    redis) echo redis-server ;;
    nats) echo nats-server ;;
    *) echo "$1" ;;
    esac
}

# peer_protocol PEER
peer_protocol() {
    if [[ $1 == mosquitto ]]; then echo mqtt; else echo "$1"; fi
}

# peer_version PEER
peer_version() {
    case $1 in
    redis) redis-server --version | grep -o 'v=[0-9.]*' | cut -c 3- ;;
    mosquitto) mosquitto -h | sed -n '1s/.* //p' ;;
    nats) nats-server --version | grep -o '[0-9][0-9.]*' ;;
    esac
}

# peer_command PEER FOLDER: with the configuration that peer_configure wrote there.
peer_command() {
    case $1 in
    redis) echo "redis-server $2/redis.conf" ;;
    mosquitto) echo "mosquitto -c $2/mosquitto.conf" ;;
    nats) echo "nats-server -c $2/nats.conf" ;;
    esac
}

# redis.conf, the commented one of the distribution, section by section.
redis_configuration() {
    cat <<END
bind 127.0.0.1
port $1
# NETWORK, protected-mode: without a password only 127.0.0.1 itself may connect, and the clients come from all over 127.0.0.0/8.
protected-mode no
# NETWORK, tcp-backlog: "in high requests-per-second environments you need a high backlog". The kernel caps it at somaxconn.
tcp-backlog 4096
# CLIENTS, maxclients: 10,000 unless said otherwise. Redis keeps 32 descriptors for itself.
maxclients $(($(ulimit -n) - 32))
# SNAPSHOTTING: an empty string disables it. APPEND ONLY MODE: off is the default.
save ""
appendonly no
# THREADED I/O: "we suggest enabling it only in machines that have at least 4 or more cores, leaving at least one spare core".
$( (($(nproc) < 4)) || echo "io-threads $(($(nproc) < 8 ? $(nproc) - 1 : 6))")
# ADVANCED CONFIG, client-output-buffer-limit pubsub: stays at 32 MiB and 8 MiB for 60 s, which no session here comes near to.
END
}

# The manual page mosquitto.conf(5).
mosquitto_configuration() {
    cat <<END
listener $1 127.0.0.1
# "Set to -1 to have unlimited connections", which is also the default; of this listener.
max_connections -1
# Since version 2 nobody may connect to a listener unless this says so; there are no passwords on the other side either.
allow_anonymous true
# In memory only; the default.
persistence false
# "Reducing latency of some messages at potentially increasing the number of TCP packets": off by default, and on in all other servers here.
set_tcp_nodelay true
# "Set to 0 to disable publishing the \$SYS hierarchy completely": the others publish nothing about themselves.
sys_interval 0
# By default each connection and its end are logged.
connection_messages false
log_dest stderr
log_type error
log_type warning
# max_queued_messages stays at 1,000: it is for quality of service 1 and 2.
END
}

# docs.nats.io, "Configuration", and for the processors "Running", which leaves them to Go: GOMAXPROCS is set to the number of workers.
nats_configuration() {
    cat <<END
host: 127.0.0.1
port: $1
# "Limits": 64 Ki connections is the default.
max_connections: 65536
# "Limits": both are the defaults, 64 MiB and 10 s, and no session here comes near to them.
max_pending: 67108864
write_deadline: "10s"
# Authorization, TLS, JetStream, clustering and monitoring are off unless configured.
END
}

# peer_configure PEER FOLDER PORT
peer_configure() {
    "$1_configuration" "$3" >"$2/$1.conf"
}
