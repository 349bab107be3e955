# SPDX-License-Identifier: MIT
"""Tables that read well on a terminal and are Markdown too."""
import os


def table(heads, rows):
    """Lines. The first column is text, the others are numbers."""
    cells = [list(heads), *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]

    def line(row):
        aligned = [row[0].ljust(widths[0]), *[c.rjust(w) for c, w in zip(row[1:], widths[1:])]]
        return "| " + " | ".join(aligned) + " |"

    rule = ["-" * widths[0], *["-" * (width - 1) + ":" for width in widths[1:]]]
    return [line(cells[0]), line(rule), *map(line, cells[1:])]


def megabytes(count):
    return f"{count / 1e6:.0f}"


def others(run):
    """How much of the machine others had: what makes a number doubtful."""
    return f"{100 * run['others']:.0f} %"


def engine_row(case):
    best = min(case["engine"], key=lambda measured: measured["best_ms"])
    ratio, peak = best["ratio"], best["peak_gflops"]
    return [case["name"], case["size"], f"{best['best_ms']:.0f}", f"{best['us_per_pixel']:.2f}",
            f"{best['pages_per_second']:.2f}", f"{best['gflops']:.0f}",
            "-" if peak is None else f"{peak:.0f}", "-" if ratio is None else f"{ratio:.2f}",
            megabytes(best["peak_bytes"]), f"{best['load_ms']:.0f}", others(best)]


ENGINE_HEADS = ("engine only", "page", "ms", "µs/px", "pages/s", "GFLOP/s", "FMA peak", "ratio",
                "memory MB", "load ms", "others")


def command_row(case, cases):
    """A case may have the peer of another one, whose results are the same."""
    ours = min(case["command"]["runs"], key=lambda run: run["seconds"])
    row = [case["name"], case["size"], f"{ours['seconds']:.2f}", f"{1 / ours['seconds']:.2f}",
           megabytes(ours["rss_bytes"]), others(ours)]
    peer = next((other["peer"] for other in cases if other["name"] == case.get("peer_of")),
                case.get("peer"))
    if not peer or not peer["runs"]:
        return row + ["-"] * 5
    theirs = min(peer["runs"], key=lambda run: run["seconds"])
    return row + [f"{theirs['seconds']:.2f}", megabytes(theirs["rss_bytes"]), others(theirs),
                  f"{theirs['seconds'] / ours['seconds']:.1f}x",
                  f"{theirs['rss_bytes'] / ours['rss_bytes']:.1f}x"]


COMMAND_HEADS = ("PNG to PNG, whole command", "page", "planche s", "pages/s", "RSS MB", "others",
                 "peer s", "peer RSS MB", "others", "faster", "smaller")


def peer_notes(cases):
    """Why a comparison is missing, and which program each name's peer is."""
    notes = {}
    for case in cases:
        peer = case.get("peer")
        if peer:
            notes.setdefault((peer["program"], peer.get("error")), []).append(case["name"])
    for (program, error), names in notes.items():
        program = program.split("/")[-1]
        why = f" gives no result with -g -1: {error}" if error else ""
        yield f"{', '.join(names)}: {program}{why}"


def memory_row(run):
    if run.get("error"):
        return [run["name"], run["size"], run["budget"], "failed", "-", "-", "-"]
    kept = "yes" if run["rss_bytes"] <= run["most_bytes"] else "NO"
    return [run["name"], run["size"], run["budget"], f"{run['seconds']:.1f}",
            megabytes(run["rss_bytes"]), megabytes(run["most_bytes"]), kept]


MEMORY_HEADS = ("bounded memory, PNG to PNG", "page", "--memory", "s", "RSS MB", "target MB",
                "kept")


def start_row(start):
    return [start["name"], start["size"], f"{1e3 * start['seconds']:.0f}",
            f"{start['load_ms']:.0f}", f"{1e3 * start['nothing_seconds']:.0f}"]


START_HEADS = ("start", "page", "whole command ms", "load model ms", "planche --help ms")


def whole_row(case):
    """Decoding and encoding lie beside the network where a thread is free for them."""
    best = min(case["runs"], key=lambda run: run["seconds"])
    page = best["page"]
    name = f"{os.path.basename(case['network'])}, {case['name']}"
    return [name, case["size"], f"{1e3 * best['seconds']:.0f}", f"{1e3 * best['cpu_seconds']:.0f}",
            f"{page['decode_ms']:.0f}", f"{page['network_ms']:.0f}", f"{page['encode_ms']:.0f}",
            f"{best['rss_bytes'] / 1e6:.1f}", others(best)]


WHOLE_HEADS = ("whole command", "page", "ms", "CPU ms", "decoding", "network", "encoding", "RSS MB",
               "others")


def book_row(book):
    """Stages share the CPUs, so what they allow is what all their work takes on all threads."""
    best = min(book["runs"], key=lambda run: run["seconds"])
    seconds, threads = best["seconds"] / book["count"], book["threads"]
    allowed = best["network_ms"] / 1e3 + best["codecs_ms"] / 1e3 / threads
    return [book["name"], book["size"], f"{1 / seconds:.2f}", f"{1e3 / best['network_ms']:.2f}",
            f"{1 / allowed:.2f}", f"{100 * allowed / seconds:.0f} %",
            f"{100 * best['cpu_seconds'] / (best['seconds'] * threads):.0f} %",
            megabytes(best["rss_bytes"]), others(best)]


BOOK_HEADS = ("book, CBZ to CBZ, WebP", "page", "pages/s", "network alone", "all stages allow",
              "reached", "CPUs busy", "RSS MB", "others")


def library_row(case, titles):
    """All make the same result of the same page, so rates follow from times."""
    ours = min(case["planche"], key=lambda measured: measured["best_ms"])
    row = [case["name"], case["size"], f"{ours['us_per_pixel']:.3f}", f"{ours['gflops']:.0f}",
           "-" if ours["ratio"] is None else f"{ours['ratio']:.2f}"]
    for title in titles:
        runs = case["libraries"][title]["runs"]
        if not runs:
            row += ["-"] * 3
            continue
        best = min(runs, key=lambda measured: measured["best_ms"])
        times = best["us_per_pixel"] / ours["us_per_pixel"]
        row += [f"{best['us_per_pixel']:.3f}",
                "-" if ours["ratio"] is None else f"{ours['ratio'] / times:.2f}", f"{times:.1f}x"]
    return row


def library_heads(titles):
    heads = ["the engine and libraries", "page", "planche µs/px", "GFLOP/s", "ratio"]
    for title in titles:
        heads += [f"{title} µs/px", "ratio", "faster"]
    return heads


def library_notes(comparison):
    """What was compared, and what is missing and why."""
    for title, state in comparison["libraries"].items():
        if state.get("error"):
            yield f"{title} is missing: {state['error']}"
        elif state.get("version"):
            yield f"{title} {state['version']}"
    for case in comparison["cases"]:
        for title, state in case["libraries"].items():
            if state.get("error") and not comparison["libraries"][title].get("error"):
                yield f"{case['name']}, {case['size']}: {title} gives no result: {state['error']}"
            elif state.get("difference") is not None:
                yield (f"{case['name']}, {case['size']}: results of {title} and Planche differ by "
                       f"{state['difference']} of 255 at most")
    pieces = {(case["name"], case["size"], case["pieces"]) for case in comparison["cases"]
              if case["pieces"] > 1}
    for name, page, count in sorted(pieces):
        yield f"{name}, {page}: libraries get {count} pieces, each with averages of its own"


def lines(results):
    """All tables of a results object, as lines."""
    out = []
    if results["cases"]:
        out += table(ENGINE_HEADS, map(engine_row, results["cases"])) + [""]
        rows = (command_row(case, results["cases"]) for case in results["cases"])
        out += table(COMMAND_HEADS, rows) + [""]
        out += [f"- {note}" for note in peer_notes(results["cases"])] + [""]
    comparison = results["comparison"]
    if comparison["cases"]:
        titles = [title for title, state in comparison["libraries"].items()
                  if not state.get("error")]
        rows = (library_row(case, titles) for case in comparison["cases"])
        out += table(library_heads(titles), rows) + [""]
        out += [f"- {note}" for note in library_notes(comparison)] + [""]
    if results["engine"]:
        out += table(ENGINE_HEADS, map(engine_row, results["engine"])) + [""]
    if results["start"]:
        out += table(START_HEADS, map(start_row, results["start"])) + [""]
    if results["whole"]:
        out += table(WHOLE_HEADS, map(whole_row, results["whole"])) + [""]
    if results["memory"]:
        out += table(MEMORY_HEADS, map(memory_row, results["memory"])) + [""]
    if results["books"]:
        out += table(BOOK_HEADS, map(book_row, results["books"])) + [""]
    return out
