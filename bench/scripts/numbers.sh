#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What bench/run and bench/compare do with numbers. Each function reads them from standard input, one a line.

# "median least most"
numbers_spread() {
    sort -g | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2, v[1], v[NR] }'
}

# "median low high": between low and high lies the true median with a probability of 95 % or more, at least six numbers provided; with fewer,
# low and high are dashes. The interval is that of the sign test: if the true median were m, each number would be above it or below it
# as a coin falls, so the k-th smallest and the k-th largest are taken with the largest k for which a coin thrown n times shows fewer than k
# heads in at most 2.5 % of all cases. That supposes nothing about how the numbers are spread, and what disturbs one pair in ten moves neither end
# far; the price is an interval somewhat wider than one that trusts in a normal distribution.
numbers_interval() {
    sort -g | awk '
        { v[NR] = $1 }
        END {
            if (NR == 0) exit
            median = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
            # The chance of exactly k heads, as a logarithm: it is too small for a number where NR is large. below: that of at most k.
            chance = -NR * log(2)
            for (below = exp(chance); below <= 0.025; below += exp(chance)) {
                k++
                chance += log((NR - k + 1) / k)
            }
            if (k) print median, v[k], v[NR + 1 - k]
            else print median, "-", "-"
        }'
}
