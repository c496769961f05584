#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Plays a scenario against a server, keeps what alo-bench reports, and finds figures in it. There is one file for each run,
# $results/<server>.<scenario>.<repetition>, with a line "<figure> <value>" for each figure.
#
# Needs: $results, a folder; $seed; $quick, yes or empty; the lists of bench/scripts/table.sh; bench/scripts/servers.sh and peers.sh.
#
# shellcheck disable=SC2154 # who reads this in has set them

# alo-bench ends by itself, also when nothing comes any more; this is for the case that it does not. A million sessions take about a minute.
PLAY_SECONDS=600

# field NUMBER LINE: what stands between the bars, trimmed.
field() {
    local -a fields
    IFS='|' read -r -a fields <<<"$2"
    read -r "fields[0]" <<<"${fields[$(($1 - 1))]-}"
    echo "${fields[0]}"
}

# scenario_field SCENARIO NUMBER
scenario_field() {
    local line
    for line in "${scenarios[@]}"; do
        if [[ ${line%% *} == "$1" ]]; then
            field "$2" "$line"
            return
        fi
    done
    echo "bench: there is no scenario \"$1\", but:$(printf ' %s' "${scenarios[@]%% *}")" >&2
    exit 2
}

# scenario_players SCENARIO: all servers that play it, of those in $servers.
scenario_players() {
    local kind players
    players=$(scenario_field "$1" 2) || exit 2
    players=" ${players/peers/jsonrpc ${peers[*]}} "
    for kind in "${servers[@]}"; do
        [[ $players != *" $kind "* ]] || echo "$kind"
    done
}

# seconds_expected SCENARIO ...: how long one repetition of all of them takes, about.
seconds_expected() {
    local scenario kind full short peer times sum=0
    for scenario in "$@"; do
        read -r full short peer <<<"$(scenario_field "$scenario" 4)"
        times=$(scenario_field "$scenario" 3)
        for kind in $(scenario_players "$scenario"); do
            if [[ " ${peers[*]} " == *" $kind "* ]]; then
                sum=$((sum + peer * times))
            else
                sum=$((sum + (${#quick} ? short : full) * times))
            fi
        done
    done
    echo "$sum"
}

# minutes SECONDS: in words.
minutes() {
    if (($1 < 90)); then echo "$1 seconds"; else echo "$((($1 + 30) / 60)) minutes"; fi
}

# play_arguments SERVER SCENARIO: of alo-bench, as far as bench/RESULTS.md shows them.
play_arguments() {
    local arguments
    arguments=$(scenario_field "$2" 5) || exit 2
    # Of two that contradict each other the later one counts.
    if [[ -n $quick ]]; then arguments+=" $(scenario_field "$2" 6)"; fi
    if [[ $1 == floor || $1 == jsonrpc ]]; then
        arguments+=" --protocol $1"
    elif [[ -z ${programs[$1]:-} ]]; then
        arguments+=" --protocol $(peer_protocol "$1")"
    fi
    echo "$arguments --seed $seed"
}

# play SERVER SCENARIO REPETITION: false when the scenario failed; $results/errors then says why. What did not keep its schedule is compared
# with nothing, and noted in $results/failures.
play() {
    local file=$results/$1.$2.$3 status=0
    local -a arguments
    read -r -a arguments <<<"$(play_arguments "$1" "$2")"
    server_start "$1" "$(scenario_field "$2" 7)" || return 1
    timeout --foreground "$PLAY_SECONDS" .bin/alo-bench "${arguments[@]}" --target "127.0.0.1:$port" --pid "$server" --json --quiet >"$file.json" 2>"$results/errors" || status=1
    server_stop
    if ((status)); then
        echo "bench: $2 against $1 failed: $(tail -n 1 "$results/errors")" >&2
        return 1
    fi
    if jq -e '.facts | has("schedule")' "$file.json" >/dev/null; then
        echo "$2 against $1: the schedule was not kept" >>"$results/failures"
        return
    fi
    # Latencies have the name of their histogram in front: "notification.p99_ns".
    jq -r '(.figures | to_entries[]), (.latency | to_entries[] | .key as $name | .value | to_entries[] | .key |= $name + "." + .)
        | "\(.key) \(.value)"' "$file.json" >"$file"
}

# figures_named SERVER SCENARIO FIGURE: "repetition value", one a line; FIGURE may be divided: "rss_bytes/1024".
figures_named() {
    local file
    for file in "$results/$1.$2".*[0-9]; do
        if [[ -e $file ]]; then
            awk -v repetition="${file#"$results/$1.$2."}" -v name="${3%/*}" -v by="${3##*/}" \
                '$1 == name { print repetition, by == name ? $2 : $2 / by }' "$file"
        fi
    done
}

# figures SERVER SCENARIO FIGURE: the values alone.
figures() {
    figures_named "$@" | cut -d ' ' -f 2
}

# ratios SERVER SCENARIO FIGURE BASE_SERVER BASE_SCENARIO: of those repetitions that both have.
ratios() {
    join <(figures_named "$1" "$2" "$3" | LC_ALL=C sort -k 1,1) <(figures_named "$4" "$5" "$3" | LC_ALL=C sort -k 1,1) |
        awk '$3 > 0 { print $2 / $3 }'
}
