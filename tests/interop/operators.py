# SPDX-License-Identifier: MIT
#
# Holds what operators are given to a server that runs: every metric in the alert rules and on the dashboard is on its /metrics, with each label and
# value that is asked for, and each rule says what it is about and what to do.
#
#   operators.py PORT RULES DASHBOARD

import json
import re
import sys
import urllib.request

try:
    import yaml
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    print("not installed")
    sys.exit(1)

# What Prometheus adds itself.
OUTER_LABELS = {"job", "instance"}
# Absent where a tool brings an allocator of its own.
OPTIONAL = {"alo_memory_bytes"}
FUNCTIONS = set(
    "sum max min by on ignoring without and or unless offset rate increase changes histogram_quantile clamp_min min_over_time time bool".split()
)

wrong = []


def fail(where, text):
    wrong.append("wrong: %s: %s" % (where, text))


def read_metrics(port):
    """Name of each sample: label: values."""
    there = {}
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=20) as answer:
        for family in text_string_to_metric_families(answer.read().decode()):
            for sample in family.samples:
                labels = there.setdefault(sample.name, {})
                for name, value in sample.labels.items():
                    labels.setdefault(name, set()).add(value)
    there["up"] = {}
    return there


def check_selector(where, there, name, selector):
    for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector or ""):
        if label in OUTER_LABELS:
            continue
        if label not in there[name]:
            fail(where, "%s has no label %s" % (name, label))
        elif not value.startswith("$"):
            for each in value.split("|"):
                if each not in there[name][label]:
                    fail(where, "no %s has %s %s" % (name, label, each))


def check_expression(where, there, text):
    if not isinstance(text, str) or not text.strip():
        return fail(where, "there is no expression")
    bare = re.sub(r'"[^"]*"', '""', text)
    for opening, closing in ("()", "[]", "{}"):
        if bare.count(opening) != bare.count(closing):
            fail(where, "brackets do not balance")
    names = re.findall(r"(?<![\w$])(up|alo_\w+)\b(?:\s*(\{[^}]*\}))?", text)
    if not names:
        fail(where, "it asks for nothing of ours")
    for name, selector in names:
        if name in there:
            check_selector(where, there, name, selector)
        elif name not in OPTIONAL:
            fail(where, "there is no metric %s" % name)
    # What is left is functions, and labels that are grouped by.
    rest = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    for label in re.findall(r"\bby\s*\(([^)]*)\)", rest):
        for each in filter(None, (part.strip() for part in label.split(","))):
            if each not in OUTER_LABELS and not any(each in there.get(name, {}) or name in OPTIONAL for name, _ in names):
                fail(where, "nothing that it asks for has the label %s" % each)
    rest = re.sub(r"\b(by|on|ignoring|without)\s*\([^)]*\)", " ", rest)
    for word in re.findall(r"(?<![\w$.])[a-z_]+\w*", rest):
        if word not in FUNCTIONS and not word.startswith("alo_") and word != "up" and not re.fullmatch(r"[smhd]", word):
            fail(where, "%s is no function that is known here" % word)


def check_rules(there, path):
    names = set()
    with open(path, encoding="utf-8") as file:
        groups = yaml.safe_load(file)["groups"]
    for group in groups:
        for rule in group["rules"]:
            where = "%s: %s" % (path, rule.get("alert"))
            if rule["alert"] in names:
                fail(where, "it is there twice")
            names.add(rule["alert"])
            if set(rule) - {"alert", "expr", "for", "labels", "annotations"}:
                fail(where, "it has keys that Prometheus does not know")
            if "for" in rule and not re.fullmatch(r"\d+[smhd]", rule["for"]):
                fail(where, "%s is no time" % rule["for"])
            if rule["labels"].get("severity") not in ("page", "ticket"):
                fail(where, "it does not say how bad it is")
            if len(rule["annotations"].get("summary", "")) < 10 or len(rule["annotations"].get("description", "")) < 40:
                fail(where, "it says too little")
            check_expression(where, there, rule["expr"])
    return len(names)


def check_dashboard(there, path):
    with open(path, encoding="utf-8") as file:
        dashboard = json.load(file)
    taken = set()
    count = 0
    for panel in dashboard["panels"]:
        where = "%s: %s" % (path, panel["title"])
        place = panel["gridPos"]
        if panel["id"] in taken:
            fail(where, "its id is another's")
        taken.add(panel["id"])
        if place["x"] + place["w"] > 24:
            fail(where, "it does not fit")
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if (x, y) in taken:
                    fail(where, "it covers another")
                taken.add((x, y))
        if panel["type"] == "row":
            continue
        if not panel["targets"]:
            fail(where, "it shows nothing")
        for target in panel["targets"]:
            count += 1
            check_expression(where, there, target["expr"])
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query" and not re.match(r"label_values\((up|alo_\w+)", variable["definition"]):
            fail(path, "the variable %s asks for nothing of ours" % variable["name"])
    return count


metrics = read_metrics(int(sys.argv[1]))
rules = check_rules(metrics, sys.argv[2])
panels = check_dashboard(metrics, sys.argv[3])
if wrong:
    print("\n".join(wrong))
    sys.exit(1)
print("%d rules and %d expressions ask for what there is" % (rules, panels))
