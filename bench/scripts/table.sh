#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What bench/run and bench/compare measure, and what must come out.
#
# shellcheck disable=SC2034 # for those who read this in

# Each scenario: its name; who plays it ("peers" are those of bench/scripts/peers.sh); how many times in a repetition, for what is short is noisy; how
# many seconds one of these takes with alo or the floor, about, how many in `bench/run quick`, and how many with a peer; the arguments of alo-bench; what differs when it is quick; options of the alo that
# is started for it. Where all is due at once, nothing is late before half a minute has passed: the slowest
# server on a busy machine takes more than the usual five seconds, and what it costs is asked for all the same. 16 changes in flight do not saturate a
# server whose 500 users all hear often (twice as many notifications a second with 64, for the floor a sixth more), and cannot put more than 1.9 news into a
# write; 8,000 users get no more with more in flight. udp is played next to fanout, whose floor it is compared with.
#
# slow: the kernels' buffers hold about 350 lines for each who does not read, and the queue limit is 256, so the server ends the slow when about 606
# changes have been due to each: while the others are measured. In JSON-RPC they stay, and what waits for them does not grow: of 590 changes more, 256
# lines would take 4,352 bytes; a tenth of that is more than the resident memory of a process wavers.
scenarios=(
    'fanout    | floor alo peers | 1 | 11 6 33  | fanout --sessions 8000 --friends 50 --flapping 200 --seconds 5 --late-after 30 | --sessions 2000 --seconds 2'
    'udp       | alo             | 1 | 11 6 0   | fanout --sessions 8000 --friends 50 --flapping 200 --seconds 5 --udp           | --sessions 2000 --seconds 2'
    'often     | floor alo peers | 1 | 8 5 9    | fanout --sessions 500 --friends 50 --flapping 200 --seconds 5 --late-after 30 --in-flight 64 | --seconds 2'
    'rate      | floor alo peers | 1 | 12 6 33  | fanout --sessions 8000 --friends 50 --flapping 200 --seconds 5 --rate 24000    | --sessions 2000 --seconds 2 --rate 6000'
    'storm     | floor alo peers | 3 | 4 3 16   | storm --sessions 8000 --friends 50 --late-after 30                             | --sessions 2000'
    'storm-udp | alo             | 3 | 3 3 0    | storm --sessions 8000 --friends 50 --udp --late-after 30                       | --sessions 2000'
    'celebrity | floor alo peers | 1 | 8 4 45   | celebrity --sessions 15000 --late-after 30                                     | --sessions 5000 --rounds 3'
    'idle      | alo peers       | 1 | 35 23 60 | idle --sessions 15000 --friends 50                                             | --sessions 4000 --rounds 1'
    'slow      | alo             | 1 | 45 13 0  | slow --sessions 4000 --friends 50 --flapping 200 --slow 500 --behind 606 --rate 10000 --seconds 8 --rounds 4 | --sessions 1000 --slow 100 --rate 3000 --seconds 2 --rounds 1 | --queue-limit 256'
    'slow-rpc  | alo             | 1 | 40 14 0  | slow --sessions 4000 --friends 50 --flapping 200 --slow 500 --behind 590 --rate 10000 --seconds 6 --rounds 2 --protocol jsonrpc | --sessions 1000 --slow 100 --rate 3000 --seconds 2 --rounds 1 | --queue-limit 256'
    'million   | alo             | 1 | 90 20 0  | idle --sessions 1000000 --friends 10 --udp                                     | --sessions 50000 --rounds 1'
)

# Each row of the results: what it says; the scenario; the figure of alo-bench, with what it is divided by to have the unit; the unit; what the result is
# a ratio to, as "server scenario" in the same repetition, or "-" when the limits are for the figure itself; what must come out at most,
# and what is aimed at, "-" for no limit. All figures are costs: less is better.
rows=(
    'fan-out, saturated: CPU of a notification        | fanout    | cpu_us_per_notification | µs     | floor fanout    | 1.10 | 0.90'
    'the same, 500 users who all hear often           | often     | cpu_us_per_notification | µs     | floor often     | 0.60 | 0.35'
    'the same, 24,000 notifications a second          | rate      | cpu_us_per_notification | µs     | floor rate      | 1.10 | 0.80'
    'its latency: half of all                         | rate      | notification.p50_ns/1e3 | µs     | floor rate      | 1.2  | 0.7'
    'its latency: 99 of 100                           | rate      | notification.p99_ns/1e6 | ms     | -               | 2    | -'
    'login with 50 friends, in a fresh process: CPU   | storm     | cpu_us_per_login        | µs     | floor storm     | 1.7  | 1.3'
    'logout with 50 friends: CPU                      | storm     | cpu_us_per_logout       | µs     | floor storm     | 1.2  | 1.0'
    'login over UDP: CPU, to the floor of TCP          | storm-udp | cpu_us_per_login        | µs     | floor storm     | -    | -'
    'logout over UDP: CPU, to the floor of TCP         | storm-udp | cpu_us_per_logout       | µs     | floor storm     | -    | -'
    'celebrity, 15,000 watchers: time until all know  | celebrity | ms_until_all_told       | ms     | floor celebrity | 1.10 | 1.0'
    'the same: CPU of a notification                  | celebrity | cpu_us_per_notification | µs     | floor celebrity | 1.10 | 1.0'
    'idle: memory of a session without friends        | idle      | rss_bytes_per_session   | bytes  | -               | 400  | 200'
    'idle: memory of a friend edge                    | idle      | rss_bytes_per_friend    | bytes  | -               | 20   | 16'
    '500 of 4,000 never read: p99, to that without     | slow      | p99_ratio               | 1      | -               | 1.15 | 1.0'
    'their memory, each (256 lines of 17 bytes)        | slow      | rss_bytes_per_slow      | bytes  | -               | 4352 | -'
    'how many of them are there in the end             | slow      | slow_stayed             | 1      | -               | -    | -'
    'the same in JSON-RPC: p99, to that without        | slow-rpc  | p99_ratio               | 1      | -               | 1.15 | 1.0'
    'their memory, each                                | slow-rpc  | rss_bytes_per_slow      | bytes  | -               | -    | -'
    'what it grows by when twice as much is due        | slow-rpc  | rss_bytes_per_slow_later | bytes | -               | 435  | -'
    'UDP fan-out, saturated: CPU, to the floor of TCP  | udp       | cpu_us_per_notification | µs     | floor fanout    | 0.7  | 0.5'
    '1,000,000 UDP sessions, 10 friends each: memory  | million   | rss_all_bytes/1e6       | MB     | -               | 700  | 400'
    'a heartbeat of each in 20 s: processors          | million   | cpu_us_per_heartbeat/20 | cores  | -               | 0.4  | -'
)
