# SPDX-License-Identifier: MIT
"""Prometheus' text format 0.0.4, read strictly: what the format's document forbids, and what the
conventions for names advise against, is an error."""
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)')
VALUE = re.compile(r"[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf)|NaN")
TYPES = ("counter", "gauge", "histogram")
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


class Family:
    def __init__(self, name, text):
        self.name, self.help, self.type = name, text, None
        self.samples = {}  # (name, ((label, value), ...)): value

    def get(self, suffix="", /, **labels):
        """The value of the sample with these labels among its own; the sum if there are several."""
        wanted = labels.items()
        found = [value for (name, pairs), value in self.samples.items()
                 if name == self.name + suffix and wanted <= dict(pairs).items()]
        if not found:
            raise KeyError((self.name + suffix, labels))
        return sum(found)


def fail(line, why):
    raise ValueError(f"{why}: {line!r}")


def read_labels(line, text):
    pairs, at = [], 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match or (match.group(3) == "," and match.end() == len(text)):
            fail(line, "labels")
        pairs.append((match.group(1), re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1],
                                             match.group(2))))
        at = match.end()
    if not pairs or len({name for name, _ in pairs}) != len(pairs):
        fail(line, "no label, or one twice")
    return tuple(pairs)


def read_sample(line, family):
    match = re.fullmatch(r"([^{ ]+)(?:\{(.*)\})? (\S+)", line)
    if not match or not NAME.fullmatch(match.group(1)) or not VALUE.fullmatch(match.group(3)):
        fail(line, "no sample")
    name, value = match.group(1), float(match.group(3))
    if family is None or family.type is None or \
            name not in [family.name + part for part in PARTS[family.type]]:
        fail(line, "not of the family before it")
    labels = read_labels(line, match.group(2)) if match.group(2) is not None else ()
    if (name, labels) in family.samples:
        fail(line, "twice")
    if family.type == "counter" and not value >= 0:
        fail(line, "a counter below 0")
    family.samples[name, labels] = value


def check_histogram(family):
    groups = {}
    for (name, labels), value in family.samples.items():
        rest = tuple(pair for pair in labels if pair[0] != "le")
        group = groups.setdefault(rest, {"buckets": []})
        if name.endswith("_bucket"):
            group["buckets"].append((float(dict(labels)["le"]), value))
        else:
            group[name[len(family.name):]] = value
    for labels, group in groups.items():
        buckets = group["buckets"]
        if not buckets or buckets != sorted(buckets) or len(dict(buckets)) != len(buckets):
            fail(family.name, f"buckets of {labels}")
        counts = [count for _, count in buckets]
        if counts != sorted(counts) or buckets[-1][0] != float("inf"):
            fail(family.name, f"buckets do not add up, or have no +Inf: {labels}")
        if "_sum" not in group or group.get("_count") != counts[-1]:
            fail(family.name, f"sum or count of {labels}")


def check_family(family):
    if family.type is None or not family.samples:
        fail(family.name, "no type or no sample")
    if (family.type == "counter") != family.name.endswith("_total"):
        fail(family.name, "counters end in _total, nothing else does")
    if re.search(r"_(ms|milliseconds|minutes|kb|mb|kilobytes|count|sum|bucket)(_total)?$",
                 family.name):
        fail(family.name, "not a base unit, or a part's name")
    if family.type == "histogram":
        check_histogram(family)
    names = {tuple(name for name, _ in labels if name != "le") for _, labels in family.samples}
    if len(names) != 1:
        fail(family.name, "series with different labels")


def parse(data):
    """A dictionary of families by their names. ValueError says what is wrong."""
    text = data.decode("utf-8")
    if not text.endswith("\n") or "\r" in text or "\n\n" in text:
        fail(text[-20:], "line ends")
    families, family = {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, about = line[7:].partition(" ")
            if not NAME.fullmatch(name) or not about or name in families:
                fail(line, "HELP")
            family = families[name] = Family(name, about)
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            if family is None or name != family.name or family.type or kind not in TYPES:
                fail(line, "TYPE")
            family.type = kind
        else:
            read_sample(line, family)
    for family in families.values():
        check_family(family)
    return families
