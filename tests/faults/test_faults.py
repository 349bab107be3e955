# SPDX-License-Identifier: MIT
"""Calls of the C library fail under the command, one after the other (shim.c): every call of a small
run, once and from there on, with all formats read and written, and books. Whatever fails: no crash, no
hang, status 0 only with the right bytes, a message with any other, never half a file under its final
name, and a healthy run afterwards makes the right bytes. Likewise with too little address space for encoding
and decoding.

Without PLANCHE_TEST_FAULTS=all a fixed sample of the calls (all of them take many minutes). Arguments: parts of names of cases."""
import concurrent.futures
import errno
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import archives  # noqa: E402
import harness  # noqa: E402
import png  # noqa: E402

SHIM, MAKE_MODEL = os.environ["FAULT_SHIM"], os.environ["MAKE_MODEL"]
FULL = os.environ.get("PLANCHE_TEST_FAULTS") == "all"
# So many calls of a kind are tried in each way.
SAMPLE = 3
SECONDS = 30 * int(os.environ.get("PLANCHE_TEST_SLOWNESS", "2"))  # only against hangs

# Address space of a run that has enough, and steps down from there.
MOST_MEGABYTES, MOST_READING, STEP_MEGABYTES = 150, 76, 1 if FULL else 4

REASONS = {
    "open": errno.EIO, "read": errno.EIO, "pread": errno.EIO, "write": errno.ENOSPC,
    "pwrite": errno.ENOSPC, "fsync": errno.EIO, "rename": errno.EIO, "link": errno.EIO,
    "unlink": errno.EACCES, "rmdir": errno.EACCES, "mkdir": errno.ENOSPC, "close": errno.EIO,
    "lseek": errno.EIO, "stat": errno.ESTALE, "fstat": errno.EIO, "fcntl": errno.EIO,
    "flock": errno.EIO, "opendir": errno.EIO, "readdir": errno.EIO, "utime": errno.EPERM,
    "mmap": errno.ENOMEM, "thread": errno.EAGAIN, "pipe": errno.EMFILE, "spawn": errno.EAGAIN,
    "random": errno.EIO, "malloc": errno.ENOMEM, "all": errno.EIO,
}
WAYS = {"read": ("once", "sticky", "short"), "pread": ("once", "sticky", "short"),
        "write": ("once", "sticky", "short", "lie"), "pwrite": ("once", "sticky", "short", "lie"),
        "all": ("kill",)}
# Libraries that end the process when they get no memory: docs/limits.md. What they take at most is
# asked of the system before they begin.
# The loader ends it where there is none for their variables of a thread.
SPARED = "ld-linux,libstdc++,libjxl,libhwy,libaom,libdav1d,libavif,libSvtAv1,librav1e,libgav1,libyuv"
# With these, cleaning up may fail, too.
UNTIDY = ("unlink", "rmdir", "open", "opendir", "readdir", "fcntl", "fstat", "stat", "close", "lseek", "all")


class Case:
    """A command line that makes output in a folder with files."""

    def __init__(self, name, files, arguments, output, book=False, shelf=False):
        self.name, self.files, self.arguments = name, files, arguments
        self.output, self.book, self.shelf = output, book, shelf
        self.expected = self.counts = None


def command(case, folder, preexec_fn=None, **environment):
    """status, stderr; status None: it hangs."""
    try:
        result = subprocess.run(
            [harness.PLANCHE, "-m", os.path.join(case.model, "tiny2x.param"), *case.arguments],
            cwd=folder, capture_output=True, check=False, timeout=SECONDS,
            preexec_fn=preexec_fn,
            env={**os.environ, "VK_DRIVER_FILES": "/nonexistent", "LC_ALL": "C", **environment})
    except subprocess.TimeoutExpired:
        return None, ""
    return result.returncode, result.stderr.decode(errors="replace")


def content(path):
    """Of a file, or of a folder as {name: bytes}; None: nothing is there."""
    if os.path.isdir(path):
        found = {}
        for folder, _, names in os.walk(path):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found[os.path.relpath(os.path.join(folder, name), path)] = file.read()
        return found
    if not os.path.lexists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def whole_books(case, made):
    """What a run that failed has made of a shelf; all that is expected if all that is there is right."""
    wrong = {name for name, data in made.items()
             if ".planche" not in name and case.expected.get(name) != data}
    return {name: None for name in wrong} or case.expected


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    else:
        os.remove(path)


def fill(case, folder):
    for name, data in case.files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.utime(path, (archives.MTIME, archives.MTIME))  # a ZIP has the time


def left_over(case, folder):
    mine = {name.split("/")[0] for name in case.files}
    return sorted(set(os.listdir(folder)) - mine)


def judge(case, kind, way, folder, status, stderr):
    """What is wrong after a run with a fault; None: nothing. Removes the output."""
    path = os.path.join(folder, case.output)
    made = content(path)
    if status is None:
        return "hangs"
    if status < 0 and way != "kill":
        return f"ends by signal {-status}"
    if case.shelf and status != 0 and made is not None:
        made = whole_books(case, made)
    if status == 1 and made is not None and "left out" in stderr and case.name == "folder-cbz":
        made = case.expected  # as --on-error keep does with files that cannot be read
    if case.shelf and made is not None and "cannot be removed" in stderr:
        made = whole_books(case, made)
    if made is not None and made != case.expected:
        return f"status {status}, and the output has wrong bytes: {stderr[-400:]}"
    if status == 0 and made is None:
        return f"status 0, and there is no output: {stderr[-400:]}"
    if status > 0 and "planche: " not in stderr and status != 127:
        return f"status {status} without a message: {stderr!r}"
    if made is not None and not case.shelf:
        remove(path)
    if not case.book and kind not in UNTIDY and left_over(case, folder):
        return f"leaves {left_over(case, folder)}: {stderr[-400:]}"
    return None


def try_fault(case, kind, number, way):
    """What is wrong; None: nothing."""
    with tempfile.TemporaryDirectory(prefix="planche-fault-") as folder:
        fill(case, folder)
        status, stderr = command(case, folder, LD_PRELOAD=SHIM, PLANCHE_FAULT_PROGRAM="planche",
                                 PLANCHE_FAULT_SPARE=SPARED,
                                 PLANCHE_FAULT=f"{kind}:{number}:{REASONS[kind]}:{way}")
        wrong = judge(case, kind, way, folder, status, stderr)
        if wrong or not left_over(case, folder):
            return wrong
        status, stderr = command(case, folder)
        if status != 0 or content(os.path.join(folder, case.output)) != case.expected:
            return f"a healthy run afterwards does not make it: status {status}: {stderr[-400:]}"
        left = [name for name in left_over(case, folder) if name != case.output]
        left += [name for name in os.listdir(os.path.join(folder, case.output)) if ".planche" in name] \
            if case.shelf else []
        return f"a healthy run leaves {left}" if case.book and left else None


def try_memory(case):
    """Less and less address space, from where there is enough to far below what encoding or decoding takes."""
    problems, short = [], 0
    for megabytes in range(MOST_READING if "read" in case.name else MOST_MEGABYTES, 0, -STEP_MEGABYTES):
        size = megabytes << 20

        def limit(size=size):
            resource.setrlimit(resource.RLIMIT_AS, (size, size))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with tempfile.TemporaryDirectory(prefix="planche-fault-") as folder:
            fill(case, folder)
            status, stderr = command(case, folder, preexec_fn=limit)
            wrong = judge(case, "malloc", "once", folder, status, stderr)
        if wrong:
            problems.append(f"{megabytes} MiB: {wrong}")
        short += status != 0
        if short == 8 and not FULL or status == 127:  # not even the libraries
            break
    return problems if short else ["has never too little memory"]


def measure(case):
    """The right bytes, and how often each call is made."""
    with tempfile.TemporaryDirectory(prefix="planche-fault-") as folder:
        fill(case, folder)
        counts = os.path.join(folder, "counts")
        status, stderr = command(case, folder, LD_PRELOAD=SHIM, PLANCHE_FAULT_COUNTS=counts,
                                 PLANCHE_FAULT_PROGRAM="planche", PLANCHE_FAULT_SPARE=SPARED)
        if status != 0:
            raise SystemExit(f"{case.name}: fails without a fault: {stderr[-400:]}")
        case.expected = content(os.path.join(folder, case.output))
        with open(counts, encoding="ascii") as file:
            case.counts = {kind: int(count) for kind, count in map(str.split, file)}


def numbers(count):
    """Which of so many calls: all, or some spread evenly."""
    if FULL or count <= SAMPLE:
        return range(1, count + 1)
    return sorted({1 + i * (count - 1) // (SAMPLE - 1) for i in range(SAMPLE)})


def faults(cases):
    for case in cases:
        for kind, reason in REASONS.items():
            for way in WAYS.get(kind, ("once", "sticky")) if reason else ():
                for number in numbers(case.counts.get(kind, 0)):
                    yield case, kind, number, way


def page(seed, width=24, height=20):
    return png.encode(width, height, 3, harness.gradient(width, height, 3, seed=seed))


def make_cases(model):
    """Pages of every format to PNG, a PNG to every format, books."""
    source = page(1)
    books = {"01.png": page(2), "ComicInfo.xml": b"<ComicInfo><Title>T</Title></ComicInfo>",
             "02.png": page(3), "03.png": page(2)}
    cases = [Case("png-" + name, {"p.png": source}, ["p.png", "-o", "o." + name, *more], "o." + name)
             for name, more in (("webp", ()), ("png", ()), ("jpg", ()), ("avif", ()), ("jxl", ()))]
    cases.append(Case("png-webp-lossless", {"p.png": source}, ["p.png", "-o", "o.webp", "--lossless"],
                      "o.webp"))
    for name in ("jpg", "webp", "avif", "jxl"):
        cases.append(Case(name + "-png", {"p." + name: converted(model, source, name)}, [f"p.{name}", "-o", "o.png"],
                          "o.png"))
    cases += [
        Case("cbz-cbz", {"in.cbz": archives.cbz(books)}, ["in.cbz", "-o", "out.cbz"], "out.cbz", True),
        Case("cbz-folder", {"in.cbz": archives.cbz(books)}, ["in.cbz", "-o", "out", "--to", "folder"], "out", True),
        Case("folder-cbz", {f"in/{name}": data for name, data in books.items()},
             ["in", "-o", "out.cbz"], "out.cbz", True),
        Case("cbt-cbz", {"in.cbt": archives.cbt(books)}, ["in.cbt", "-o", "out.cbz"], "out.cbz", True),
        Case("epub-epub", {"in.epub": archives.epub([(f"images/{i}.png", page(i + 1, 200, 64)) for i in (1, 2)])},
             ["in.epub", "-o", "out.epub"], "out.epub", True),
        Case("shelf", {"in/a.cbz": archives.cbz(books), "in/b/c.cbz": archives.cbz({"1.png": page(4)})},
             ["in", "-o", "out"], "out", True, True),
    ]
    for case in cases:
        case.model = model
    return cases


def noise(width, height, channels):
    rest = random.Random(1)
    return png.encode(width, height, channels, rest.randbytes(width * height * channels))


def converted(model, data, name, *more):
    """The page in another format."""
    maker = Case("", {"p.png": data}, ["p.png", "-o", "o." + name, "--no-mark", *more], "o." + name)
    maker.model = model
    with tempfile.TemporaryDirectory(prefix="planche-fault-") as folder:
        fill(maker, folder)
        if command(maker, folder)[0] != 0:
            raise SystemExit("no pages to begin with")
        return content(os.path.join(folder, maker.output))


def make_memory_cases(model):
    """Every way to encode and to decode, for a page that needs some memory."""
    data = noise(150, 100, 3)
    cases = []
    for kind, name, more in (("lossless", "webp", ("--lossless",)), ("alpha", "webp", ()), ("lossy", "avif", ()),
                             ("alpha", "avif", ()), ("lossy", "jxl", ()), ("alpha", "jxl", ("--lossless",))):
        page_data = converted(model, noise(150, 100, 4 if kind == "alpha" else 3), name, *more)
        cases.append(Case(f"memory-read-{name}-{kind}", {"p." + name: page_data}, ["p." + name, "-o", "o.png"], "o.png"))
    for name, more in (("webp", ()), ("webp", ("--lossless",)), ("png", ()), ("jpg", ()), ("avif", ()),
                       ("avif", ("--lossless",)), ("jxl", ()), ("jxl", ("--lossless",))):
        cases.append(Case("memory-" + name + "".join(more), {"p.png": data},
                          ["p.png", "-o", "o." + name, *more], "o." + name))
    for case in cases:
        case.model = model
    return cases


def main():
    with tempfile.TemporaryDirectory(prefix="planche-fault-model-") as model, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        subprocess.run([MAKE_MODEL, os.path.join(model, "tiny2x")], check=True)
        cases = [case for case in make_cases(model)
                 if len(sys.argv) < 2 or any(part in case.name for part in sys.argv[1:])]
        memory = [case for case in make_memory_cases(model)
                  if len(sys.argv) < 2 or any(part in case.name for part in sys.argv[1:])]
        list(pool.map(measure, cases + memory))
        tried = list(faults(cases))
        wrong = 0
        for case, problems in zip(memory, pool.map(try_memory, memory)):
            for problem in problems:
                print(f"{case.name}: {problem}", flush=True)
            wrong += len(problems)
        for fault, problem in zip(tried, pool.map(lambda fault: try_fault(*fault), tried)):
            if problem:
                case, kind, number, way = fault
                print(f"{case.name}: {kind} number {number} fails, {way}: {problem}", flush=True)
                wrong += 1
        print(f"{len(tried)} faults, {wrong} of them wrong")
        sys.exit(1 if wrong or not tried and not memory else 0)


if __name__ == "__main__":
    main()
