# SPDX-License-Identifier: MIT
"""The set of pages of tests/colour in books of every container: their colours come out unharmed.
(From single pages into every format: tests/colour/test_colour.c.)"""
import os
import subprocess
import zipfile

import archives
import files
import harness
import pdfs

COLOUR_PAGES = os.environ["COLOUR_PAGES"]
REPEAT = ("7767517\n2 2\nInput data 0 1 data\n"
          "Interp repeat 1 1 data output 0=1 1=2 2=2\n")


class Colours(harness.Case):
    def setUp(self):
        super().setUp()
        # A network that only repeats pixels: what else happens to colours is the format's doing.
        self.write("repeat.param", REPEAT.encode())
        self.write("repeat.bin", b"")
        os.mkdir(self.path("set"))
        subprocess.run([COLOUR_PAGES, "write", self.path("set")], check=True)
        self.pages = [(name, self.read("set/" + name)) for name in self.files("set")]

    def enlarge(self, *arguments):
        return harness.run("-m", self.path("repeat.param"), *arguments, check=0, cwd=self.folder)

    def check(self, folder, pages):
        """Every page has its result in the folder, and their colours agree."""
        results = self.files(folder)
        self.assertEqual(sorted(name.split(".")[0] for name in results),
                         sorted(name.split(".")[0] for name, _ in pages))
        found = subprocess.run([COLOUR_PAGES, "check",
                                *(self.path(folder, name) for name in results)],
                               capture_output=True, check=False)
        self.assertEqual(found.returncode, 0, found.stdout.decode())

    def check_book(self, book, pages, inside=""):
        with zipfile.ZipFile(self.path(book)) as archive:
            names = [name for name in archive.namelist()
                     if name.rsplit(".", 1)[-1] in ("png", "jpg", "webp", "avif", "jxl")]
            archive.extractall(self.path(book + ".out"), names)
        self.check(book + ".out/" + inside, pages)

    def test_formats(self):
        self.write("book.cbz", archives.cbz(self.pages))
        for extension in ("png", "jpg", "webp", "avif", "jxl"):
            self.enlarge("book.cbz", "-f", extension, "-o", extension + ".cbz")
            self.check_book(extension + ".cbz", self.pages)

    def test_containers(self):
        for kind in ("cbr", "cb7", "cbt"):
            self.write("book." + kind, archives.MAKERS[kind](self.pages))
            self.enlarge("book." + kind, "-o", kind + ".cbz")
            self.check_book(kind + ".cbz", self.pages)

    def test_folder(self):
        self.enlarge("set", "-f", "jpg", "-o", "out/")
        self.check("out", self.pages)

    def test_epub(self):
        pages = [page for page in self.pages if page[0].rsplit(".", 1)[-1] in archives.MEDIA]
        self.write("book.epub", archives.epub(pages))
        self.enlarge("book.epub", "-o", "out.epub")
        self.check_book("out.epub", pages, "OEBPS")

    def test_pdf(self):
        """JPEGs with and without a profile that the PDF states too, in colour and grey, are taken out as
        they are. In a PDF orientations mean nothing, and CMYK means what poppler makes of it: both are rendered."""
        pages = [page for page in self.pages if page[0].endswith(".jpg")
                 and not page[0].startswith(("cmyk", "orientation"))]
        self.assertGreaterEqual(len(pages), 3)
        size = archives.jpeg_size(pages[0][1])[:2]
        book = pdfs.Pdf()
        for _, data in pages:
            profile = files.Jpeg(data).icc
            space = b"[/ICCBased %d 0 R]" % book.stream(
                b"/N %d" % archives.jpeg_size(data)[2], profile) if profile else None
            book.page(*pdfs.draw(book.jpeg(data, space), (0, 0, *size)), size)
        self.write("book.pdf", book.finish())
        self.enlarge("book.pdf", "-f", "png", "-o", "pdf.cbz")
        os.mkdir(self.path("pdf"))
        with zipfile.ZipFile(self.path("pdf.cbz")) as archive:
            for (name, _), result in zip(pages, archive.namelist()):
                self.write("pdf/" + name.replace(".jpg", ".png"), archive.read(result))
        self.check("pdf", pages)


if __name__ == "__main__":
    harness.main()
