#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""RAR, 7z, tar and PDF as they come, sound and hostile, through the program "list"."""
import bz2
import gzip
import io
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import archives  # noqa: E402 pylint: disable=wrong-import-position

QUICK = int(os.environ.get("PLANCHE_TEST_QUICK", "0"))
LIST = [*os.environ.get("WRAPPER", "").split(), os.environ["LIST"]]
BUDGET, LIMIT, IO, DATA, UNSUPPORTED, NOT_FOUND, CANCELLED = 3, 4, 5, 6, 8, 9, 11
ZIP, FOLDER, EPUB, RAR, SEVENZIP, TAR, PDF = range(1, 8)
NOISE = bytes(i * 7919 % 251 for i in range(300000))
ENTRIES = [("p10.jpg", b"ten"), ("folder/", b""), ("folder/p2 \u6f2b \u00e9.jpg", NOISE), ("empty", b""),
           ("a.xml", b"<a/>")]


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="planche-archive-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "book")

    def list(self, data, *limits, locale="C", env=None, path=None, option=None):
        """The lines that the program prints for a file with this content."""
        if data is not None:
            with open(self.path, "wb") as file:
                file.write(data)
        result = subprocess.run([*LIST, *filter(None, [option]), path or self.path, *map(str, limits)],
                                capture_output=True, env={**os.environ, "LC_ALL": locale, **(env or {})}, timeout=120,
                                check=False)
        self.assertEqual(result.returncode, 0, (result.stdout, result.stderr))
        return result.stdout.decode().splitlines()

    def is_sound(self, data, container, entries=tuple(ENTRIES), **options):
        expected = [["folder", "-", name.rstrip("/")] if name.endswith("/") else
                    [str(len(content)), f"{zlib.crc32(content):08x}", name]
                    for name, content in entries]
        lines = self.list(data, **options)
        self.assertEqual(lines[0], f"container {container}", lines)
        self.assertEqual(lines[-1], "end", lines)
        found = [line.split(" ", 3) for line in lines[1:-1]]
        self.assertEqual([[size, crc, name] for size, _, crc, name in found], expected)
        return [int(time) for _, time, _, _ in found]

    def fails(self, data, status, words, *limits, **options):
        last = self.list(data, *limits, **options)[-1]
        self.assertTrue(last.startswith(f"status {status} "), last)
        self.assertIn(words, last)
        self.assertIn(self.path, last)


class Sound(Case):
    def test_every_kind(self):
        """Independent writers and readers agree, in a locale without UTF-8 and in one with it."""
        kinds = [(archives.cbz(ENTRIES), ZIP), (archives.cbz(ENTRIES, packed=False), ZIP),
                 (archives.cbr(ENTRIES), RAR), (archives.cbr4(ENTRIES), RAR),
                 (archives.cb7(ENTRIES), SEVENZIP)]
        kinds += [(archives.cbt(ENTRIES, packing), TAR) for packing in ("", "gz", "bz2", "xz")]
        if shutil.which("zstd"):
            kinds.append((subprocess.run(["zstd", "-qc"], input=archives.cbt(ENTRIES), check=True,
                                         capture_output=True).stdout, TAR))
        for locale in ("C", "C.UTF-8"):
            for number, (data, container) in enumerate(kinds):
                with self.subTest(number=number, locale=locale):
                    self.is_sound(data, container, locale=locale)

    def test_times(self):
        for maker in ("cbr", "cbt", "cb7"):
            times = self.is_sound(archives.MAKERS[maker](ENTRIES),
                                  {"cbr": RAR, "cbt": TAR, "cb7": SEVENZIP}[maker])
            self.assertEqual(set(times), {archives.MTIME})
        times = self.is_sound(archives.cbz(ENTRIES), ZIP)
        self.assertEqual(set(times), {archives.MTIME - 1})

    def test_epub(self):
        pages = [("a.jpg", b"image")]
        self.is_sound(archives.epub(pages), EPUB, archives.epub_entries(pages))
        # A sloppy one: the type is not first, packed, and ends its line.
        entries = [("x", b"x"), ("mimetype", b"application/epub+zip\r\n" + b" " * 30)]
        self.is_sound(archives.cbz(entries), EPUB, entries)
        self.is_sound(archives.cbz([("mimetype", b"application/zip")]), ZIP,
                      [("mimetype", b"application/zip")])

    def test_streamed_zip(self):
        """Sizes and checksums behind the contents."""
        class Stream(io.RawIOBase):
            data = b""

            def writable(self):
                return True

            def write(self, data):
                self.data += bytes(data)
                return len(data)

        for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            stream = Stream()
            with zipfile.ZipFile(stream, "w", packing) as file:
                for name, data in ENTRIES:
                    file.writestr(zipfile.ZipInfo(name), data, packing)
            self.is_sound(stream.data, ZIP)

    def test_old_tars(self):
        """Names and sizes as before pax, and long ones as GNU has them."""
        entries = [("short", b"1"), ("long " * 50, b"2")]
        for kind, count in ((tarfile.USTAR_FORMAT, 1), (tarfile.GNU_FORMAT, 2)):
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode="w", format=kind) as file:
                for name, data in entries[:count]:
                    info = tarfile.TarInfo(name)
                    info.size = len(data)
                    file.addfile(info, io.BytesIO(data))
            self.is_sound(out.getvalue(), TAR, entries[:count])

    def test_tar_names(self):
        data = archives.cbt([("./", b""), ("./p1.jpg", b"1"), ("./x/./p2.jpg", b"2"), ("x/", b"")])
        self.is_sound(data, TAR, [("p1.jpg", b"1"), ("x/p2.jpg", b"2")])

    def test_legacy_names(self):
        data = archives.rar4([archives.rar4_file(b"caf\x82.jpg", b"1"),
                              archives.rar4_file(b"sub\\p.jpg", b"2")])
        self.is_sound(data, RAR, [("caf\u00e9.jpg", b"1"), ("sub/p.jpg", b"2")])

    @unittest.skipIf(os.environ.get("WRAPPER"), "the emulated C library may lack CP932")
    def test_japanese_names(self):
        """Of a RAR or tar without Unicode; the second half of some letters is a backslash."""
        names = ["\u30de\u30f3\u30ac/\u8868\u7d19.jpg", "\u30de\u30f3\u30ac/\u30bd\u30fc\u30b9\u5341.jpg", "plain.jpg"]
        stored = [(name.encode("cp932"), b"x") for name in names]
        expected = [(name, b"x") for name in names]
        blocks = [archives.rar4_file(name.replace(b"/", b"\\"), data) for name, data in stored]
        self.is_sound(archives.rar4(blocks), RAR, expected)
        self.is_sound(archives.rar4(blocks[::-1]), RAR, expected[::-1])
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, encoding="cp932") as file:
            for name in names:
                info = tarfile.TarInfo(name)
                info.size = 1
                file.addfile(info, io.BytesIO(b"x"))
        self.is_sound(out.getvalue(), TAR, expected)
        self.is_sound(gzip.compress(out.getvalue()), TAR, expected)

    def test_old_rar(self):
        """Without the block that ends it, or a kind of file in its modes."""
        files = [("01.jpg", NOISE), ("02.jpg", b"two")]
        blocks = [archives.rar4_file(name.encode(), data, attributes=mode)
                  for (name, data), mode in zip(files, (0o644, 0x20))]
        whole = archives.rar4(blocks)
        for data in (whole, whole[:-7]):
            self.is_sound(data, RAR, files)
        self.fails(whole[:-8], DATA, "cut short")
        zero = archives.rar4_file(b"z", b"zero", attributes=0)
        self.is_sound(archives.rar4([zero]), RAR, [("z", b"zero")])

    def test_behind_other_bytes(self):
        """Archives that unpack themselves, and what has something before it and a book's name."""
        signatures = b"Rar!\x1a\x07\x00 7z\xbc\xaf\x27\x1c Rar!\x1a\x07\x01\x00"
        program = b"MZ" + bytes(3000) + signatures + bytes(100000)
        for make, container in ((archives.cbz, ZIP), (archives.cbr, RAR), (archives.cbr4, RAR),
                                (archives.cb7, SEVENZIP)):
            self.is_sound(program + make(ENTRIES), container)
            self.is_sound(b"\x7fELF" + bytes(5) + make(ENTRIES), container)
        self.is_sound(b"#!/bin/sh\nexit\n" + archives.cbz(ENTRIES), ZIP)
        behind = jpeg("rgb") + archives.cbz(ENTRIES)
        self.fails(behind, DATA, "not a book")  # it is an image
        self.fails(program, DATA, "not a book")
        self.path += ".CBZ"
        self.is_sound(behind, ZIP)
        pages = [("a.jpg", b"image")]
        self.is_sound(b"bytes" + archives.epub(pages), EPUB, archives.epub_entries(pages))

    def test_zip_methods(self):
        """What libarchive unpacks of entries that are not deflated."""
        packed = [("b.jpg", NOISE, zipfile.ZIP_BZIP2), ("c.jpg", NOISE, zipfile.ZIP_LZMA),
                  ("d.jpg", b"", zipfile.ZIP_LZMA), ("e.jpg", b"e" * 70000, zipfile.ZIP_BZIP2),
                  ("f.jpg", NOISE[:70000], zipfile.ZIP_STORED)]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            for name, data, method in packed:
                file.writestr(name, data, method)
        expected = [(name, data) for name, data, _ in packed]
        self.is_sound(out.getvalue(), ZIP, expected)
        lines = self.list(out.getvalue(), option="-s")
        self.assertEqual(lines[1:], [name for name, _ in expected] + ["end"])
        raw = [(b"g.jpg", lzma.compress(NOISE), 95), (b"h.jpg", lzma_of_zip(NOISE, False), 14),
               (b"i.jpg", lzma_of_zip(b"", False), 14)]
        if shutil.which("zstd"):
            zstd = subprocess.run(["zstd", "-qc"], input=NOISE, check=True, capture_output=True).stdout
            raw += [(b"j.jpg", zstd, 93), (b"k.jpg", zstd, 20)]
        sizes = {b"i.jpg": b""}
        data = zip_of(*[(name, body, method, sizes.get(name, NOISE)) for name, body, method in raw])
        self.is_sound(data, ZIP, [(name.decode(), sizes.get(name, NOISE)) for name, _, _ in raw])

    def test_bad_zip_methods(self):
        wide = (100, 10 ** 9, 10 ** 9, 1000)
        for method, body in ((95, lzma.compress(NOISE)), (14, lzma_of_zip(NOISE, True)), (12, bz2.compress(NOISE))):
            with self.subTest(method=method):
                for size in (0, 3, 8, len(body) // 2, len(body) - 1):
                    self.fails(zip_of((b"a", body[:size], method, NOISE)), DATA, "a: ", *wide[:3], 10 ** 6)
                damaged = bytearray(body)
                damaged[len(body) // 2] ^= 1
                self.fails(zip_of((b"a", bytes(damaged), method, NOISE)), DATA, "a: ")
                self.fails(zip_of((b"a", body, method, NOISE[:-1])), DATA, "a: ")
                self.fails(zip_of((b"a", body, method, NOISE + b"x")), DATA, "a: ")
                self.fails(zip_of((b"a", body, method, NOISE)), LIMIT, "a: ", 100, len(NOISE) - 1, *wide[2:])
                self.fails(zip_of((b"a", body, method, NOISE)), UNSUPPORTED, "take the program",
                           env={"PLANCHE_UNPACK": "/nowhere"})
        for method, name in ((9, "Deflate64"), (98, "PPMd"), (1234, "unknown")):
            self.fails(zip_of((b"a", b"x", method, b"x")), UNSUPPORTED, name)
            self.fails(zip_of((b"a", b"x", method, b"x")), UNSUPPORTED, "7z x")
        huge = lzma_of_zip(NOISE, True)
        huge = huge[:5] + struct.pack("<I", 0xf0000000) + huge[9:]
        self.fails(zip_of((b"a", huge, 14, NOISE)), BUDGET, "memory", *wide, 1 << 30)

    def test_packed_7z(self):
        """7-Zip's own archives, with a packed header."""
        program = shutil.which("7z")
        if not program:
            self.skipTest("7z is not there")
        files = [("p1.jpg", NOISE), ("p2.xml", b"<a/>" * 1000)]
        for name, data in files:
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(data)
        for method in ("-m0=LZMA", "-m0=LZMA2", "-m0=PPMd", "-m0=BZip2", "-m0=Deflate"):
            archive = os.path.join(self.folder, "book.7z")
            subprocess.run([program, "a", "-bd", "-mhc=on", method, archive, "p1.jpg", "p2.xml"],
                           cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
            with open(archive, "rb") as file:
                data = file.read()
            os.remove(archive)
            with self.subTest(method=method):
                self.is_sound(data, SEVENZIP, files)
        subprocess.run([program, "a", "-bd", "-psecret", "-mhe=on", self.path + ".7z", "p2.xml"],
                       cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        with open(self.path + ".7z", "rb") as file:
            self.fails(file.read(), UNSUPPORTED, "encrypted")
        os.remove(self.path + ".7z")
        subprocess.run([program, "a", "-bd", "-psecret", self.path + ".7z", "p2.xml"],
                       cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        with open(self.path + ".7z", "rb") as file:
            self.fails(file.read(), UNSUPPORTED, "encrypted")


def lzma_of_zip(data, marked):
    """LZMA as in ZIPs; marked: its end is in the data."""
    alone = lzma.compress(data, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20}])
    if marked:
        return b"\x09\x14\5\0" + alone[:5] + alone[13:]
    raw = lzma.compress(data, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20}])
    return b"\x09\x14\5\0" + alone[:5] + raw


def zip_of(*entries):
    """(name, packed bytes, method, content): a ZIP of entries that are packed already."""
    out, directory = b"", b""
    for name, body, method, content in entries:
        flags = 2 if method == 14 and not name.startswith((b"h", b"i")) else 0
        fields = struct.pack("<HHHHHIIIHH", 63, flags, method, archives.DOS_TIME, archives.DOS_DATE,
                             zlib.crc32(content), len(body), len(content), len(name), 0)
        directory += b"PK\1\2" + struct.pack("<H", 63) + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + name
        out += b"PK\3\4" + fields + name + body
    return out + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries),
                                                       len(directory), len(out), 0)


def one_of_each(name, data=b"x"):
    """The same single entry in every kind that unpacks through libarchive."""
    return [archives.cbr([(name, data)]), archives.cbr4([(name, data)]),
            archives.cb7([(name, data)]), archives.cbt([(name, data)])]


class Hostile(Case):
    def test_names(self):
        for name in ("../evil", "a/../../evil", "C:/../evil", "a\\..\\evil", "a\nb", "/../evil"):
            for data in one_of_each(name) + [archives.cbz([(name, b"x")])]:
                with self.subTest(name=name):
                    self.fails(data, DATA, "name of an entry")

    def test_roots(self):
        """Names that begin at the root are taken for relative ones, as unzip and 7-Zip do."""
        for name in ("/a/p.jpg", "C:/a/p.jpg", "\\\\a\\p.jpg", "d:a/p.jpg"):
            for data in one_of_each(name) + [archives.cbz([(name, b"x")])]:
                with self.subTest(name=name):
                    lines = self.list(data)
                    self.assertEqual((lines[1].split(" ", 3)[3], lines[2:]), ("a/p.jpg", ["end"]))

    def test_twice(self):
        entries = [("a/b.c", b"1"), ("c", b"3"), ("a/b.c", b"2"), ("d", b"4"), ("a/b.c", b"1")]
        for make in (archives.cbr, archives.cb7, archives.cbt, archives.cbr4):
            lines = self.list(make(entries))
            self.assertEqual([line.split(" ", 3)[3] for line in lines[1:-1]],
                             ["a/b.c", "c", "a/b (2).c", "d", "a/b (3).c"])
            self.fails(make([("a", b"1"), ("a/b", b"2")]), DATA, "a/b: lies in a folder")

    def test_links(self):
        self.fails(archives.rar5([archives.rar5_file("link", b"", link=b"/etc/passwd")]), DATA,
                   "link: is a symbolic link")
        self.fails(archives.rar4([archives.rar4_file("link", b"/etc/passwd",
                                                     attributes=0o120777)]), DATA,
                   "link: is a symbolic link")
        self.fails(archives.sevenzip([("link", b"/etc/passwd")],
                                     attributes={"link": 0o120777 << 16 | 0x8000}), DATA,
                   "link: is a symbolic link")
        for kind, words in ((b"1", "hard link"), (b"2", "symbolic link"), (b"3", "device"),
                            (b"4", "device"), (b"6", "special file")):
            data = bytearray(archives.cbt([("first", b"1"), ("link", b"")]))
            at = data.index(b"link")
            data[at + 156:at + 157] = kind
            data[at + 157:at + 162] = b"first"
            data[at + 148:at + 156] = b" " * 8
            data[at + 148:at + 156] = b"%06o\0 " % sum(data[at:at + 512])
            self.fails(bytes(data), DATA, words)

    def test_encrypted(self):
        self.fails(archives.rar5([], encrypted=True), UNSUPPORTED, "encrypted")
        self.fails(archives.rar4([], flags=0x80), UNSUPPORTED, "encrypted")
        self.fails(archives.rar4([archives.rar4_file("a", b"x", flags=4)]), UNSUPPORTED, "encrypted")
        record = b"\x01\x00\x00\x0f" + bytes(32)
        body = archives.vint(4) + archives.vint(1) + archives.vint(0o100644)
        body += struct.pack("<I", zlib.crc32(b"x")) + archives.vint(0) * 2 + b"\x01\x01a"
        block = archives.rar5_block(2, body.replace(b"\0\0\1\1a", b"\0\1\1a"),
                                    archives.vint(len(record)) + record, b"x")
        self.fails(archives.rar5([block]), UNSUPPORTED, "encrypted")
        self.fails(archives.sevenzip([("a", b"x" * 16)], b"\x24\x06\xf1\x07\x01\x02\x53\x07"),
                   UNSUPPORTED, "encrypted")

    def test_cut_volumes(self):
        """The first piece of an archive that was simply cut up says so only by its name."""
        for make in (archives.cb7, archives.cbz):
            data = make(ENTRIES)
            path = os.path.join(self.folder, "book.x.001")
            with open(path, "wb") as file:
                file.write(data[:len(data) // 2])
            self.path = path
            self.fails(None, UNSUPPORTED, "several volumes", path=path)

    def test_plain_words(self):
        """Broken archives are called that, not by the words of who unpacks them alone."""
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        for name, words in (("rar4-packed", "Prefix found"), ("rar5-packed", "block header size")):
            with open(os.path.join(root, "fuzz", "archive", "corpus", name), "rb") as file:
                last = self.list(file.read())[-1]
            self.assertRegex(last, rf"^status {DATA} .*is damaged or cut short \(.*{words}")
        for make in (archives.cbr, archives.cbr4, archives.cb7, archives.cbt):
            whole = make(ENTRIES)
            for size in range(len(whole) // 3, len(whole) - 1024, len(whole) // 4):
                last = self.list(whole[:size])[-1]
                self.assertRegex(last, f"^status {DATA} .*(cut short|damaged|another size)", make)

    def test_volumes(self):
        file5, file4 = archives.rar5_file("a", b"x"), archives.rar4_file("a", b"x")
        for data in (archives.rar5([file5], flags=1), archives.rar5([file5], more=True),
                     archives.rar5([archives.rar5_file("a", b"x", split=True)]),
                     archives.rar4([file4], flags=1), archives.rar4([file4], more=True),
                     archives.rar4([archives.rar4_file("a", b"x", flags=2)])):
            self.fails(data, UNSUPPORTED, "volumes")

    def test_missing_volumes(self):
        """What is not beside a volume is named, as far as names tell."""
        volume = archives.rar4([archives.rar4_file("a", b"x")], flags=1)
        for name, there, missing in (("x.part1.rar", [], "x.part2.rar"), ("x.part03.cbr", ["x.part01.cbr"], "x.part02.cbr"),
                                     ("x.rar", [], "x.r00"), ("x.r01", ["x.rar"], "x.r00"), ("x.part2.rar", [], "x.part1.rar"),
                                     ("x.part2.rar", ["x.part1.rar"], None), ("x.rar", ["x.r00"], None), ("x", [], None)):
            folder = tempfile.mkdtemp(dir=self.folder)
            for beside in there:
                with open(os.path.join(folder, beside), "wb"):
                    pass
            self.path = os.path.join(folder, name)
            words = f"{os.path.join(folder, missing)} is missing" if missing else "does not put together"
            with self.subTest(name=name, there=there):
                self.fails(volume, UNSUPPORTED, words)
        self.path = os.path.join(tempfile.mkdtemp(dir=self.folder), "x.zip")
        data = bytearray(archives.cbz(ENTRIES))
        data[-18] = 2
        self.fails(bytes(data), UNSUPPORTED, "x.z01 is missing")

    def test_cut_short(self):
        for number, data in enumerate([archives.cbr(ENTRIES), archives.cbr4(ENTRIES), archives.cb7(ENTRIES),
                     archives.cbt(ENTRIES), archives.cbt(ENTRIES, "gz"),
                     archives.cbt(ENTRIES, "xz"), archives.cbz(ENTRIES)]):
            for size in (600, len(data) // 2, len(data) * 9 // 10):
                with self.subTest(number=number, size=size):
                    lines = self.list(data[:size])
                    self.assertTrue(lines[-1].startswith(f"status {DATA} "), lines)

    def test_damaged(self):
        """One byte of a content is another one: the checksum tells."""
        for data in (archives.cbr(ENTRIES), archives.cbr4(ENTRIES), archives.cb7(ENTRIES),
                     archives.cbz(ENTRIES, packed=False), archives.cbt(ENTRIES, "gz"),
                     archives.cbt(ENTRIES, "bz2"), archives.cbt(ENTRIES, "xz")):
            data = bytearray(data)
            data[len(data) // 2] ^= 1
            lines = self.list(bytes(data))
            self.assertTrue(lines[-1].startswith(f"status {DATA} "), lines)
        data = bytearray(gzip.compress(archives.cbt([("a", b"content")]), 0))
        data[data.index(b"content")] ^= 1
        self.fails(bytes(data), DATA, "gzip data are damaged")

    def test_gzip_members(self):
        """Parts packed one by one, and padding behind them."""
        data = archives.cbt(ENTRIES)
        data = gzip.compress(data[:1000]) + gzip.compress(b"") + gzip.compress(data[1000:])
        self.is_sound(data, TAR)
        self.is_sound(data + bytes(1000), TAR)

    def test_lies(self):
        """Sizes that are not those of the content."""
        for size in (2, 100, 1 << 40):
            for data in (archives.rar5([archives.rar5_file("a", b"content", size=size)]),
                         archives.rar4([archives.rar4_file("a", b"content",
                                                           size=min(size, 0xfffffff))])):
                lines = self.list(data)
                self.assertRegex(lines[-1], f"^status ({DATA}|{LIMIT}) ")

    def test_limits(self):
        wide = [100, 10 ** 9, 10 ** 9, 1000]
        many = [(f"{i}.txt", b"content") for i in range(50)]
        bomb = [("bomb", bytes(8_000_000))]
        for make in (archives.cbz, archives.cbr, archives.cbr4, archives.cb7, archives.cbt):
            self.fails(make(many), LIMIT, "more than 49 entries", 49, *wide[1:])
            self.fails(make(ENTRIES), LIMIT, "unpacks to more than 299999 bytes",
                       100, 299999, *wide[2:])
            self.fails(make(ENTRIES), LIMIT, "unpacks to more than 300000 bytes",
                       100, 10 ** 9, 300000, 1000)
        for data in (archives.cbz(bomb), archives.cbt(bomb, "gz"), archives.cbt(bomb, "xz"),
                     archives.cbt(bomb, "bz2")):
            self.fails(data, LIMIT, "times its size", 100, 10 ** 9, 10 ** 9, 500)

    def test_blocks(self):
        """A RAR of blocks that are no files is one of no entries, however many there are."""
        for make, block in ((archives.rar4, archives.rar4_block(0x75, 0, b"")),
                            (archives.rar5, archives.rar5_block(9, b"", flags=4))):
            lines = self.list(make([block] * 100000), 5, 10 ** 9, 10 ** 9, 1000)
            self.assertEqual(lines, [f"container {RAR}", "end"])

    def test_passed_over(self):
        """What is not read is held to the limits, too: most kinds unpack it."""
        wide = [100, 10 ** 9, 10 ** 9, 1000]
        names = [name.rstrip("/") for name, _ in ENTRIES]
        solid = archives.rar5([archives.rar5_file(name, data) for name, data in ENTRIES], flags=4)
        self.is_sound(solid, RAR)
        for data in (archives.cbz(ENTRIES), archives.cbr(ENTRIES), archives.cbr4(ENTRIES), solid,
                     archives.cb7(ENTRIES), archives.cbt(ENTRIES), archives.cbt(ENTRIES, "gz")):
            self.assertEqual(self.list(data, option="-s")[1:], names + ["end"])
            self.fails(data, LIMIT, "unpacks to more than 300000 bytes", 100, 10 ** 9, 300000,
                       1000, option="-s")
        bomb = [(f"{i}", bytes(2_000_000)) for i in range(4)]
        for packing in ("gz", "xz", "bz2"):
            self.fails(archives.cbt(bomb, packing), LIMIT, "times its size", 100, 10 ** 9, 10 ** 9,
                       300, option="-s")
        # What is between entries has no part in their sizes.
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as file:
            for i in range(30):
                info = tarfile.TarInfo(f"{i}")
                info.pax_headers = {"comment": "x" * 900_000}
                file.addfile(info)
        self.fails(out.getvalue(), LIMIT, "times its size", *wide[:3], 300, option="-s")
        self.fails(out.getvalue(), LIMIT, "unpacks to more than 5000000 bytes", *wide[:2], 5_000_000,
                   100_000, option="-s")

    def test_solid_damage(self):
        """Where an entry must be unpacked to come to the next, none follows one that is damaged."""
        files = [archives.rar5_file("a", b"content", size=2), archives.rar5_file("b", b"more")]
        self.fails(archives.rar5(files, flags=4), DATA, "a: ", option="-s")

    def test_dictionaries(self):
        """What a header wants remembered must fit in the budget, before anything is unpacked."""
        wide = (100, 10 ** 9, 10 ** 9, 1000)
        data = archives.rar5([archives.rar5_file("a", b"x", dictionary=9, method=3)])  # 64 MiB
        self.fails(data, BUDGET, "memory", *wide, 60 << 20)
        data = archives.rar5([archives.rar5_file("a", b"x", dictionary=15, method=3)])  # 4 GiB
        self.fails(data, UNSUPPORTED, "dictionary size", *wide, 1 << 30)
        lzma = b"\x23\x03\x01\x01\x05\x5d" + struct.pack("<I", 0xf0000000)
        self.fails(archives.sevenzip([("a", b"x" * 20)], lzma), BUDGET, "memory", *wide, 1 << 30)
        ppmd = b"\x23\x03\x04\x01\x05\x06" + struct.pack("<I", 0xf0000000)
        self.fails(archives.sevenzip([("a", b"x" * 20)], ppmd), BUDGET, "memory", *wide, 1 << 30)

    def test_7z_header(self):
        """Any damage to the header is an error, and none takes long or much."""
        sound = archives.cb7(ENTRIES)
        start = len(sound) - struct.unpack("<Q", sound[20:28])[0]
        for at in range(start, len(sound), 3 + 20 * QUICK):
            data = bytearray(sound)
            data[at] ^= 0xff
            header = bytes(data[start:])
            data[28:32] = struct.pack("<I", zlib.crc32(header))
            data[8:12] = struct.pack("<I", zlib.crc32(bytes(data[12:32])))
            lines = self.list(bytes(data), 100, 10 ** 9, 10 ** 9, 1000, 64 << 20)
            self.assertRegex(lines[-1], "^(end|status [34689] )")

    def test_nothing(self):
        for data in (b"", b"x", b"Rar!", b"no book at all" * 100, b"\x1f\x8b\x08" + bytes(100),
                     zlib.compress(b"x")):
            self.fails(data, DATA, "not a book")
        self.fails(None, NOT_FOUND, "cannot be read", path=self.path + "missing")


def jpeg(name):
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    with open(os.path.join(root, "fuzz", "codec", "corpus", "jpeg", name), "rb") as file:
        return file.read()


@unittest.skipUnless(shutil.which("pdftocairo"), "poppler-utils is not there")
class Pdf(Case):
    whole = (0, 0, 300, 400)

    def names(self, *pages, size=(300, 400)):
        lines = self.list(archives.pdf_pages(pages, size))
        self.assertEqual((lines[0], lines[-1]), (f"container {PDF}", "end"), lines)
        return [line.split(" ", 3)[3] for line in lines[1:-1]]

    def test_images(self):
        pages = [jpeg("rgb"), jpeg("scans"), jpeg("rgb") + b"behind"]
        expected = [(f"{i + 1:04}.jpg", page) for i, page in enumerate(pages)]
        self.is_sound(archives.pdf(pages), PDF, expected)
        self.is_sound(b"something before\n" + archives.pdf(pages), PDF, expected)

    def test_what_is_alone(self):
        image = jpeg("rgb")
        box = b"1 0 0 rg 10 10 50 50 re f"
        self.assertEqual(self.names(([(image, self.whole)], b""),
                                    ([(image, self.whole)], box),  # hidden by the image
                                    ([(image, (0, 0, 150, 400)), (image, (150, 0, 150, 400))], b""),
                                    ([(image, (20, 20, 100, 100))], b""),
                                    ([(image, (-150, 0, 450, 400))], b""),
                                    ([(image, self.whole)], b"0 1 -1 0 300 0 cm"),
                                    ([], box), ([], b""), ([(image, self.whole)], b"", box)),
                         ["0001.jpg", "0002.jpg", "0003.png", "0004.png", "0005.png", "0006.png",
                          "0007.png", "0008.png", "0009.png"])

    def test_sizes(self):
        """Pages are whole points or not, as the image is or rounded otherwise, and may be the image's
        pixels themselves."""
        image = archives.grey_jpeg(1200, 1577)
        for resolution in (72, 96, 150, 200, 254, 300):
            exact = [side * 72 / resolution for side in (1200, 1577)]
            rounded = [round(side) for side in exact]
            for size, box in ((exact, exact), (rounded, exact), (exact, rounded)):
                with self.subTest(resolution=resolution, size=size, box=box):
                    self.is_sound(archives.pdf_pages([([(image, (0, 0, *box))], b"")], size), PDF,
                                  [("0001.jpg", image)])

    def test_clips(self):
        """One that is the page does no harm."""
        image = jpeg("rgb")
        for clip, name in ((b"0 0 300 400", "0001.jpg"), (b"1 1 298 398", "0001.jpg"),
                           (b"0 0 300 390", "0001.png"), (b"20 0 280 400", "0001.png")):
            self.assertEqual(self.names(([(image, self.whole)], clip + b" re W n")), [name], clip)
        corner = b"0 0 m 300 0 l 300 400 l W n"
        self.assertEqual(self.names(([(image, self.whole)], corner)), ["0001.png"])

    def test_exif(self):
        """A PDF does not turn its images; what reads them outside of it would."""
        for turn, name in ((1, "0001.jpg"), (6, "0001.png")):
            exif = struct.pack("<2sHIHHHIHH", b"II", 42, 8, 1, 0x112, 3, 1, turn, 0) + bytes(4)
            exif = b"Exif\0\0" + exif
            image = jpeg("rgb")
            image = image[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + image[2:]
            self.assertEqual(self.names(([(image, self.whole)], b"")), [name])

    def test_what_authors_write(self):
        """What is said of a PDF in it does not change the number of its pages."""
        book = archives.pdf([jpeg("rgb")] * 3)
        for texts in ({"Subject": b"x\nPages: 2\n"}, {"Title": b"Pages: 1\nPages: 9\n"},
                      {"Author": b"a\nPages:           9\nEncrypted:       no\n"},
                      {"GTS_PDFA1Version": b"PDF/A-1b\nPages: 2\n"},
                      {"Keywords": b"word " * 2000, "Subject": b"\npassword\n" * 1000}):
            fields = b" ".join(b"/%s (%s)" % (name.encode(), text) for name, text in texts.items())
            data = book.replace(b"trailer\n<<", b"trailer\n<< /Info << " + fields + b" >>")
            with self.subTest(name=list(texts)):
                self.is_sound(data, PDF, [(f"{i + 1:04}.jpg", jpeg("rgb")) for i in range(3)])

    def test_failures(self):
        self.fails(archives.pdf_pages([([], b"")], encrypted=True), UNSUPPORTED, "encrypted")
        self.fails(b"%PDF-1.4\nnothing", DATA, "cannot be read")
        if not os.environ.get("WRAPPER"):  # emulators do not tell that a program is missing
            self.fails(archives.pdf([jpeg("rgb")]), UNSUPPORTED, "install poppler-utils",
                       env={"PATH": "/nowhere"})
        self.fails(archives.pdf([jpeg("rgb")] * 3), LIMIT,
                   "more than 2 entries (option max_entries)", 2, 10 ** 9, 10 ** 9, 1000)
        self.fails(archives.pdf([jpeg("rgb")] * 3), LIMIT, "0001.jpg: unpacks to more than 100 bytes",
                   100, 100, 10 ** 9, 1000)

    @unittest.skipIf(os.environ.get("WRAPPER"), "what is started is not emulated")
    def test_asleep(self):
        """Whoever waits for a program that does nothing may stop."""
        for program in ("pdfinfo", "pdfimages", "pdftocairo", "pdftoppm"):
            folder = os.path.join(self.folder, program + "-asleep")
            os.mkdir(folder)
            with open(os.path.join(folder, program), "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\nsleep 1000\n")
            os.chmod(file.name, 0o755)
            path = folder + ":" + os.environ["PATH"]
            lines = self.list(archives.pdf([jpeg("rgb")]), option="-c", env={"PATH": path})
            self.assertEqual(lines[-1], f"status {CANCELLED} cancelled", program)

    def test_option_names(self):
        """A name that looks like an option is none."""
        with open(os.path.join(self.folder, "-png"), "wb") as file:
            file.write(archives.pdf([jpeg("rgb")]))
        result = subprocess.run([*LIST[:-1], os.path.abspath(LIST[-1]), "-png"], cwd=self.folder,
                                capture_output=True, check=True)
        self.assertIn(b"0001.jpg\nend", result.stdout)


if __name__ == "__main__":
    unittest.main()
