# SPDX-License-Identifier: MIT
#
# Reads /metrics as Prometheus does, with a parser that was not written here, holds it to the rules of good metrics, and prints its samples, one a
# line: name{label="value",...} number, the labels in order.
#
#   metrics.py PORT

import sys
import urllib.request

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    print("not installed")
    sys.exit(1)


def fail(text):
    print("wrong:", text)
    sys.exit(1)


with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % int(sys.argv[1]), timeout=20) as answer:
    kind = answer.headers["Content-Type"]
    text = answer.read().decode()

if kind != "text/plain; version=0.0.4; charset=utf-8":
    fail("the type is " + kind)
seen = set()
lines = []
for family in text_string_to_metric_families(text):
    name = family.name
    if name in seen:
        fail(name + " is there twice")
    seen.add(name)
    if not name.startswith("alo_"):
        fail(name + " is not ours")
    if family.type not in ("counter", "gauge", "histogram"):
        fail(name + " is of type " + family.type)
    if len(family.documentation) < 10 or not family.documentation.endswith((".", "?")):
        fail(name + " says too little of itself")
    if not family.samples:
        fail(name + " has no samples")
    if {"ms", "us", "ns", "milliseconds", "microseconds", "kib", "mib", "percent"} & set(name.split("_")):
        fail(name + " is not in base units")
    labels = set()
    before = 0.0
    for sample in family.samples:
        if family.type == "counter" and not sample.name.endswith("_total"):
            fail(sample.name + " is a counter without _total")
        if family.type == "gauge" and sample.name.endswith("_total"):
            fail(sample.name + " is a gauge with _total")
        if sample.value < 0:
            fail(sample.name + " is below zero")
        key = (sample.name, tuple(sorted(sample.labels.items())))
        if key in labels:
            fail(str(key) + " is there twice")
        labels.add(key)
        if sample.name.endswith("_bucket"):
            if sample.value < before:
                fail(sample.name + " does not add up")
            before = sample.value
        if sample.name.endswith("_count") and sample.value != before:
            fail(sample.name + " is not the last bucket")
        inside = ",".join('%s="%s"' % pair for pair in sorted(sample.labels.items()))
        lines.append("%s%s %.12g" % (sample.name, "{%s}" % inside if inside else "", sample.value))
print("\n".join(lines))
print("end")
