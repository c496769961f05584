#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Prints what bench/run found out, in Markdown.
#
# Needs: all that bench/run has set, and the other parts.
#
# shellcheck disable=SC2154 # who reads this in has set them

# number VALUE: as many digits as are worth reading.
number() {
    awk -v value="$1" 'BEGIN { printf (value >= 1000 ? "%.0f" : value >= 100 ? "%.1f" : "%.2f"), value }'
}

# verdict VALUE MUST AIM
verdict() {
    awk -v value="$1" -v must="$2" -v aim="$3" -v quick="$quick" 'BEGIN {
        if (must == "-" || quick) print ""
        else if (value > must) print "**missed**"
        else print aim != "-" && value <= aim ? "met, and the aim" : "met"
    }'
}

# limit VALUE
limit() {
    if [[ $1 == - ]]; then echo ''; else echo "≤ $1"; fi
}

# row_read LINE: sets text, scenario, figure, unit, base and base_scenario, must, aim; false when the scenario was not played.
row_read() {
    local name
    IFS='|' read -r text scenario figure unit base must aim <<<"$1"
    for name in text scenario figure unit base must aim; do
        read -r "${name?}" <<<"${!name}"
    done
    read -r base base_scenario <<<"$base"
    [[ -n $(figures alo "$scenario" "$figure") ]]
}

# Both figures and their ratio, with its spread; without a base the figure alone, with its own.
alo_row() {
    local alo floor='' least most ratio='' bare
    read -r alo least most < <(figures alo "$scenario" "$figure" | numbers_spread)
    bare=$alo
    if [[ $base != - ]]; then
        floor=$(figures "$base" "$base_scenario" "$figure" | numbers_spread)
        # The base may have no result: a schedule that was not kept, say.
        if ! read -r ratio least most < <(ratios alo "$scenario" "$figure" "$base" "$base_scenario" | numbers_spread); then
            echo "| $text | $unit | ${floor:+$(number "${floor%% *}")} | $(number "$alo") | – | – | $(limit "$must") | $(limit "$aim") | not compared |"
            return
        fi
        bare=$ratio floor=$(number "${floor%% *}") ratio="**$(number "$ratio")**"
    fi
    echo "| $text | $unit | $floor | $(number "$alo") | $ratio | $(number "$least") – $(number "$most") | $(limit "$must") | $(limit "$aim") |" \
        "$(verdict "$bare" "$must" "$aim") |"
}

# One cell for each server: the ratio and the figure, or the figure alone.
peers_row() {
    local kind value ratio line="| $text | $unit |"
    for kind in alo jsonrpc "${peers[@]}"; do
        value=$(figures "$kind" "$scenario" "$figure" | numbers_spread)
        ratio=
        if [[ $base != - ]]; then ratio=$(ratios "$kind" "$scenario" "$figure" "$base" "$base_scenario" | numbers_spread); fi
        if [[ -z $value ]]; then
            line+=' – |'
        elif [[ -n $ratio ]]; then
            line+=" **$(number "${ratio%% *}")** ($(number "${value%% *}")) |"
        else
            line+=" $(number "${value%% *}") |"
        fi
    done
    echo "$line"
}

peers_print() {
    local line kind
    [[ ${#servers[@]} -gt 2 ]] || return 0
    cat <<END

## Beside others

The same logical work, asked of servers that friend presence is built on: Redis (RESP3, one channel for each user), Mosquitto (MQTT 3.1.1, one topic for
each user, a last will) and NATS (one subject for each user), with the settings of bench/scripts/peers.sh. **Ratio to the floor** (figure). They tell a
departure to those who watch the leaver, as alo does in its JSON-RPC dialect; classic alo and the floor tell those whom the leaver lists, too, so
there a login and a logout are spread over more notifications. Redis and Mosquitto work in one thread, NATS in as many as alo. The others and
JSON-RPC played in $peer_repeats of the $repeats repetitions.

| what | unit | alo | alo, JSON-RPC | Redis $(peer_version redis) | Mosquitto $(peer_version mosquitto) | NATS $(peer_version nats) |
|---|---|---|---|---|---|---|
END
    for line in "${rows[@]}"; do
        if row_read "$line"; then peers_row; fi
    done
}

failures_print() {
    [[ -s $results/failures ]] || return 0
    printf '\nWhat did not come to an end, or did not keep its schedule, and is compared with nothing:\n\n'
    sort "$results/failures" | uniq -c | sed 's/^ *\([0-9]*\) /* \1 times: /'
}

# sum SERVER SCENARIO FIGURE: over all repetitions.
sum() {
    figures "$@" | awk '{ sum += $1 } END { printf "%.0f", sum }'
}

# Sentences about what was not told and is no error: lost over UDP, or undone before it was told.
losses_print() {
    local scenario kind lost merged
    for scenario in "${chosen[@]}"; do
        for kind in "${servers[@]}"; do
            lost=$(sum "$kind" "$scenario" lost) merged=$(sum "$kind" "$scenario" merged)
            if [[ -n $(figures "$kind" "$scenario" lost) ]]; then
                printf 'Over UDP (%s, %s) %s were lost and %s delivered. ' "$scenario" "$kind" "$lost" "$(sum "$kind" "$scenario" notifications)"
            fi
            if ((merged > 0)); then
                printf '%s (%s) left out %s that were undone while they waited. ' "$kind" "$scenario" "$merged"
            fi
        done
    done
}

# shellcheck disable=SC2016 # the backquotes are Markdown's
commands_print() {
    local scenario kind options
    printf '\n## Commands\n\n| server | started as |\n|---|---|\n'
    for kind in "${servers[@]}"; do
        printf '| %s | `%s` |\n' "$kind" "$(server_command "$kind" | sed "s#$results#…#")"
    done
    printf '\nThe load is `.bin/alo-bench … --target … --pid … --json --quiet`, with `--protocol` where it is not alo in its classic dialect:\n\n'
    printf '| scenario | a repetition | arguments | of the server |\n|---|---|---|---|\n'
    for scenario in "${chosen[@]}"; do
        options=$(scenario_field "$scenario" 7) || true
        printf '| %s | %s × | `%s` | %s |\n' "$scenario" "$(scenario_field "$scenario" 3)" "$(play_arguments alo "$scenario")" "${options:+\`$options\`}"
    done
}

results_print() {
    local line text scenario figure unit base base_scenario must aim
    cat <<END
# Results of bench/run

$(date -u +%Y-%m-%d), commit $(git describe --always --dirty --exclude '*' 2>/dev/null || echo unknown), Linux $(uname -r), $(nproc) cores, $workers workers.
Medians of $repeats repetitions, floor and server in turn; a ratio is taken within each repetition, and the spread is the least and the most of
them. The floor (bench/alo-floor.c) makes only the unavoidable system calls for the same traffic, with as many threads as the server has
workers; one of them tells a whole audience, where the server's workers share it. Every notification was counted: over TCP none was missing, none
one too many or late. $(losses_print)The load average was $load_before before and $(cut -d ' ' -f 1 /proc/loadavg) at the end; two is what the run itself makes.
$([[ -z $quick ]] || echo 'These are small populations: the limits are meant for the whole ones.')

| what | unit | floor | alo | ratio | spread | must | aim | |
|---|---|---|---|---|---|---|---|---|
END
    for line in "${rows[@]}"; do
        if row_read "$line"; then alo_row; fi
    done
    failures_print
    peers_print
    commands_print
}
