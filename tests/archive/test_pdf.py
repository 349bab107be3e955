#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pages of PDFs of every kind beside what poppler shows of them: a page must look as in other readers,
whether its image was taken out or it was rendered."""
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import archives  # noqa: E402 pylint: disable=wrong-import-position
import pdfs  # noqa: E402 pylint: disable=wrong-import-position

VIEWS = [*os.environ.get("WRAPPER", "").split(), os.environ["VIEWS"]]
WHOLE = (0, 0, 200, 300)
# Levels by which a page may differ from poppler's at 144 pixels an inch: on the whole, in one place.
MEAN, MOST = 6, 64


def rgb(x, y):
    """A mosaic without symmetry, of strong colours."""
    return 40 + x * 7 % 200, 250 - y * 6 % 240, (x * y * 13 + 60 * (x // 6)) % 256


def grey(x, y):
    return [(x * 9 + y * 17 + x * y) % 256]


def cmyk(x, y):
    return (*rgb(x, y), 20)


COLOURED = pdfs.jpeg(200, 300, rgb, before=pdfs.adobe(0))
GREY = pdfs.jpeg(200, 300, grey, 1)


def pixels(width, height, colour=rgb):
    return b"".join(bytes(colour(x // 8, y // 8)) for y in range(height) for x in range(width))


@unittest.skipUnless(shutil.which("pdftoppm"), "poppler-utils is not there")
class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="planche-pdf-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "book.pdf")

    def views(self, data, cropped=True):
        """(extension, width, height) of every page, each of which looks right."""
        with open(self.path, "wb") as file:
            file.write(data)
        subprocess.run(["pdftoppm", "-r", "144", *["-cropbox"] * cropped, self.path, os.path.join(self.folder, "page")],
                       check=True, stderr=subprocess.DEVNULL)
        expected = sorted(name for name in os.listdir(self.folder) if name.endswith(".ppm"))
        result = subprocess.run([*VIEWS, self.path, *(os.path.join(self.folder, name) for name in expected)],
                                capture_output=True, check=True)
        for name in expected:
            os.unlink(os.path.join(self.folder, name))
        lines = result.stdout.decode().splitlines()
        self.assertEqual((lines[-1], len(lines)), ("end", len(expected) + 1), lines)
        found = []
        for name, width, height, mean, most in (line.split() for line in lines[:-1]):
            with self.subTest(page=name):
                self.assertLess(float(mean), MEAN)
                self.assertLess(float(most), MOST)
            found.append((name.split(".")[1], int(width), int(height)))
        return found

    def check(self, pages, extension, size=None):
        """pages: {name: function that adds a page to a PDF}."""
        pdf = pdfs.Pdf()
        for add in pages.values():
            add(pdf)
        self.check_views(pdf.finish(), list(pages), extension, size)

    def check_views(self, data, names, extension, size=None):
        for name, view in zip(names, self.views(data), strict=True):
            with self.subTest(name=name):
                self.assertEqual(view if size else view[0], (extension, *size) if size else extension)


def image_page(make, *, before=b"", behind=b"", resources=b"", box=WHOLE, **options):
    """A page with an image that make(pdf) adds, and what is drawn below it and over it."""
    def add(pdf):
        content, named = pdfs.draw(make(pdf), box)
        pdf.page(before + content + behind, named + resources, **options)
    return add


def state(pdf, text):
    return b"/ExtGState << /G %d 0 R >>" % pdf.add(b"<< /Type /ExtGState " + text + b" >>")


RED = b"q 1 0 0 rg 20 40 150 170 re f Q\n"


class TakenOut(Case):
    """One JPEG and nothing else: its pixels are the page's."""

    def test_plain(self):
        self.check({
            "rgb": image_page(lambda pdf: pdf.jpeg(COLOURED)),
            "grey": image_page(lambda pdf: pdf.jpeg(GREY)),
            "hides what is below": image_page(lambda pdf: pdf.jpeg(GREY), before=RED),
            "clip of no effect": image_page(lambda pdf: pdf.jpeg(GREY), before=b"-5 -5 300 400 re W n "),
            "YCbCr": image_page(lambda pdf: pdf.jpeg(pdfs.jpeg(200, 300, rgb, before=pdfs.JFIF))),
            "state without effect": lambda pdf: image_page(
                lambda pdf: pdf.jpeg(GREY), before=b"/G gs ",
                resources=state(pdf, b"/ca 1 /BM /Normal /SMask /None"))(pdf),
            "names of RGB": image_page(lambda pdf: pdf.jpeg(pdfs.jpeg(200, 300, rgb, ids=b"RGB"))),
            "profile of sRGB": image_page(lambda pdf: pdf.jpeg(COLOURED, b"[/ICCBased %d 0 R]" % pdf.stream(
                b"/N 3", pdfs.icc_profile(swapped=False)))),
            "invisible text": image_page(lambda pdf: pdf.jpeg(GREY), resources=b"/Font << /F << /Type /Font "
                                         b"/Subtype /Type1 /BaseFont /Helvetica >> >>",
                                         behind=b"BT 3 Tr /F 40 Tf 10 100 Td (Invisible) Tj ET"),
        }, "jpg", (200, 300))

    def test_same_profile(self):
        """That of the PDF is in the JPEG too."""
        profile = pdfs.icc_profile()

        def make(pdf):
            number = pdf.stream(b"/N 3", profile)
            return pdf.jpeg(pdfs.jpeg(200, 300, rgb, before=pdfs.adobe(0) + pdfs.profile_segment(profile)),
                            b"[/ICCBased %d 0 R]" % number)
        self.check({"profile": image_page(make)}, "jpg", (200, 300))


class Rendered(Case):
    """An image that is not all, or does not mean outside of the PDF what it means there."""

    def test_masks(self):
        def soft(pdf, make, extra=b""):
            mask = pdf.image(20, 30, bytes((x * 12) % 256 for _ in range(30) for x in range(20)), b"/DeviceGray",
                             extra)
            return make(b"/SMask %d 0 R" % mask)

        def stencil(pdf):
            mask = pdf.image(16, 24, b"\xf0\x0f" * 24, None, b"/ImageMask true", 1)
            return pdf.jpeg(COLOURED, extra=b"/Mask %d 0 R" % mask)
        self.check({
            "soft": image_page(lambda pdf: soft(pdf, lambda extra: pdf.jpeg(COLOURED, extra=extra)), before=RED),
            "soft, packed": image_page(lambda pdf: soft(pdf, lambda extra: pdf.image(
                200, 300, pixels(200, 300), extra=extra)), before=RED),
            "soft, inverted": image_page(lambda pdf: soft(pdf, lambda extra: pdf.jpeg(
                GREY, extra=extra), b"/Decode [1 0]"), before=RED),
            "stencil": image_page(stencil, before=RED),
            "colour key": image_page(lambda pdf: pdf.image(200, 300, pixels(200, 300),
                                                           extra=b"/Mask [0 120 0 255 0 255]"), before=RED),
            "colour key, JPEG": image_page(lambda pdf: pdf.jpeg(
                GREY, extra=b"/Mask [0 120]"), before=RED),
        }, "png")

    def test_states(self):
        pages = {"opacity": (b"/ca 0.4",), "group, opacity": (b"/ca 0.4", b"/Group << /S /Transparency >>")}
        for mode in ("Multiply", "Screen", "Difference", "Luminosity", "ColorBurn", "SoftLight"):
            pages[mode] = (b"/BM /" + mode.encode(),)

        def add(text, group=b""):
            def made(pdf):
                image_page(lambda pdf: pdf.jpeg(COLOURED), before=RED + b"/G gs ", resources=state(pdf, text),
                           extra=group)(pdf)
            return made
        tests = {name: add(*texts) for name, texts in pages.items()}

        def luminosity(pdf):
            shades = b"/Shading << /S << /ShadingType 2 /ColorSpace /DeviceGray /Coords [0 0 200 300] /Extend " \
                b"[true true] /Function << /FunctionType 2 /Domain [0 1] /C0 [0] /C1 [1] /N 1 >> >> >>"
            group = pdf.form(b"/S sh", WHOLE, shades, b"/Group << /S /Transparency /CS /DeviceGray >>")
            add(b"/SMask << /S /Luminosity /G %d 0 R >>" % group)(pdf)
        tests["soft mask of a group"] = luminosity
        self.check(tests, "png")

    def test_groups(self):
        def add(kind):
            def made(pdf):
                opaque = state(pdf, b"/ca 0.5 /BM /Multiply")
                inner = pdf.jpeg(COLOURED)
                form = pdf.form(b"/G gs 0 0 1 rg 0 0 120 200 re f 0 1 0 rg 60 90 130 200 re f q 150 0 0 200 20 50 cm "
                                b"/J Do Q", WHOLE, opaque + b"/XObject << /J %d 0 R >>" % inner,
                                b"/Group << /S /Transparency " + kind + b" >>")
                pdf.page(RED + b"/F Do", b"/XObject << /F %d 0 R >>" % form)
            return made
        self.check({"plain": add(b""), "isolated": add(b"/I true"), "knockout": add(b"/K true"),
                    "both": add(b"/I true /K true")}, "png")

    def test_colours(self):
        """What the numbers of a JPEG mean is said in the PDF alone."""
        def profile(space, data):
            def make(pdf):
                number = pdf.stream(b"/N %d" % archives.jpeg_size(data)[2], pdfs.icc_profile(space=space))
                return pdf.jpeg(data, b"[/ICCBased %d 0 R]" % number)
            return make
        raw = pdfs.jpeg(200, 300, rgb)
        tests = {
            "decode": lambda pdf: pdf.jpeg(COLOURED, extra=b"/Decode [1 0 0 1 0 1]"),
            "decode, grey": lambda pdf: pdf.jpeg(GREY, extra=b"/Decode [1 0]"),
            "decode, part": lambda pdf: pdf.jpeg(GREY, extra=b"/Decode [0.3 0.7]"),
            "no transform": lambda pdf: pdf.jpeg(raw, extra=b"/DecodeParms << /ColorTransform 0 >>"),
            "profile": profile(b"RGB ", COLOURED),
            "profile, grey": profile(b"GRAY", GREY),
            "profile in the JPEG": lambda pdf: pdf.jpeg(pdfs.jpeg(
                200, 300, rgb, before=pdfs.adobe(0) + pdfs.profile_segment(pdfs.icc_profile()))),
            "CMYK": lambda pdf: pdf.jpeg(pdfs.jpeg(200, 300, cmyk, 4)),
            "CMYK of Adobe": lambda pdf: pdf.jpeg(pdfs.jpeg(200, 300, cmyk, 4, pdfs.adobe(0)),
                                                  extra=b"/Decode [1 0 1 0 1 0 1 0]"),
            "YCCK": lambda pdf: pdf.jpeg(pdfs.jpeg(200, 300, cmyk, 4, pdfs.adobe(2))),
            "indexed": lambda pdf: pdf.jpeg(GREY, b"[/Indexed /DeviceRGB 255 <%s>]" % bytes(
                i * 7 % 256 for i in range(768)).hex().encode()),
            "Lab": lambda pdf: pdf.jpeg(COLOURED, b"[/Lab << /WhitePoint [0.95 1 1.09] /Range [-90 90 -90 90] >>]"),
            "calibrated": lambda pdf: pdf.jpeg(COLOURED, b"[/CalRGB << /WhitePoint [0.95 1 1.09] /Gamma [1 3 1] >>]"),
            "ink": lambda pdf: pdf.jpeg(GREY, b"[/Separation /Spot /DeviceRGB << /FunctionType 2 /Domain [0 1] "
                                        b"/C0 [1 1 1] /C1 [1 0 0] /N 1 >>]"),
        }
        self.check({name: image_page(make) for name, make in tests.items() if name not in ("calibrated",)}, "png")
        self.views(pdf_of(image_page(tests["calibrated"])))  # poppler does not do it either

    def test_places(self):
        def placed(matrix):
            return image_page(lambda pdf: pdf.jpeg(COLOURED), before=matrix + b" cm ")

        def twice(pdf):
            number = pdf.jpeg(COLOURED)
            pdf.page(pdfs.draw(number, (0, 0, 200, 150))[0] + pdfs.draw(number, (0, 150, 200, 150))[0],
                     pdfs.draw(number)[1])

        def strips(count, down):
            def made(pdf):
                content, named = b"", b""
                for i in range(count):
                    part = (0, 300 - (i + 1) * 300 / count, 200, 300 / count) if down else (
                        i * 200 / count, 0, 200 / count, 300)
                    data = pdfs.jpeg(*(round(side) for side in part[2:]), lambda x, y: rgb(x + i * 5, y + i), 3,
                                     pdfs.adobe(0))
                    content += pdfs.draw(pdf.jpeg(data), part, b"I%d" % i)[0]
                    named += b"/I%d %d 0 R " % (i, len(pdf.objects))
                pdf.page(content, b"/XObject << " + named + b">>")
            return made
        self.check({
            "mirrored": placed(b"-1 0 0 1 200 0"), "upside down": placed(b"1 0 0 -1 0 300"),
            "turned": placed(b"0 1 -1 0 200 0"), "turned by half": placed(b"-1 0 0 -1 200 300"),
            "sheared": placed(b"1 0.2 0.1 1 0 0"), "small": placed(b"0.5 0 0 0.5 30 60"),
            "beyond the edge": placed(b"1.5 0 0 1.5 -50 -30"), "clipped": image_page(
                lambda pdf: pdf.jpeg(COLOURED), before=b"20 30 120 200 re W n "),
            "clipped to a circle": image_page(
                lambda pdf: pdf.jpeg(COLOURED), before=b"0 150 m 0 400 200 400 200 150 c 200 -80 0 -80 0 150 c W n "),
            "twice": twice, "strips": strips(4, True), "columns": strips(5, False),
        }, "png")

    def test_over(self):
        """Something is drawn over the image."""
        font = b"/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> >>"
        note = b"/Annots [ << /Type /Annot /Subtype /Square /Rect [40 60 150 220] /AP << /N %d 0 R >> %s >> ]"

        def annotated(flags):
            def made(pdf):
                look = pdf.form(b"1 1 0 rg 0 0 110 160 re f", (0, 0, 110, 160))
                image_page(lambda pdf: pdf.jpeg(COLOURED), extra=note % (look, flags))(pdf)
            return made
        self.check({
            "letters": image_page(lambda pdf: pdf.jpeg(COLOURED), resources=font,
                                  behind=b"BT /F 60 Tf 10 100 Td (Words) Tj ET"),
            "box": image_page(lambda pdf: pdf.jpeg(COLOURED), behind=RED),
            "lines": image_page(lambda pdf: pdf.jpeg(COLOURED), behind=b"9 w 0 0 m 200 300 l S"),
            "note for the screen": annotated(b"/F 0"), "note for both": annotated(b"/F 4"),
        }, "png")
        self.check({"hidden note": annotated(b"/F 2")}, "jpg")

    def test_layers(self):
        pdf = pdfs.Pdf()
        on, off = (pdf.add(b"<< /Type /OCG /Name (layer) >>") for _ in range(2))
        pdf.extra = b"/OCProperties << /OCGs [%d 0 R %d 0 R] /D << /ON [%d 0 R] /OFF [%d 0 R] >> >>" % (
            on, off, on, off)
        names = b"/Properties << /A %d 0 R /B %d 0 R >>" % (on, off)
        for layer in (b"A", b"B"):
            image_page(lambda pdf: pdf.jpeg(COLOURED), resources=names,
                       behind=b"/OC /%s BDC 0 0 1 rg 0 0 150 250 re f EMC" % layer)(pdf)
        image_page(lambda pdf: pdf.jpeg(COLOURED), before=b"/OC /B BDC ", behind=b"EMC " + RED, resources=names)(pdf)
        image_page(lambda pdf: pdf.jpeg(COLOURED, extra=b"/OC %d 0 R" % off), before=RED)(pdf)
        self.assertEqual([view[0] for view in self.views(pdf.finish())], ["png", "jpg", "png", "png"])

    def test_drawings(self):
        """Pages that are no image."""
        function = b"/Function << /FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0.5 1] /N 1 >>"
        axial = b"<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 200 300] " + function + b" >>"
        radial = b"<< /ShadingType 3 /ColorSpace /DeviceRGB /Coords [100 150 20 100 150 120] " + function + b" >>"

        def tiled(pdf):
            tile = pdf.stream(b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 40 40] /XStep 50 "
                              b"/YStep 45 /Resources << /XObject << /I %d 0 R >> >>" % pdf.jpeg(COLOURED),
                              b"q 30 0 0 40 0 0 cm /I Do Q")
            pdf.page(b"/Pattern cs /P scn 0 0 200 300 re f", b"/Pattern << /P %d 0 R >>" % tile)

        def glyph(pdf):
            glyphs = pdf.stream(b"", b"1000 0 0 0 1000 1000 d1 q 1000 0 0 1000 0 0 cm BI /W 8 /H 8 /IM true /BPC 1 ID "
                                b"\xf0\x0f\xaa\x55\xf0\x0f\xaa\x55 EI Q")
            font = pdf.add(b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] "
                           b"/CharProcs << /a %d 0 R >> /Encoding << /Type /Encoding /Differences [97 /a] >> "
                           b"/FirstChar 97 /LastChar 97 /Widths [1000] /Resources << >> >>" % glyphs)
            pdf.page(b"BT /F 150 Tf 20 80 Td (a) Tj ET", b"/Font << /F %d 0 R >>" % font)

        def nested(pdf):
            form = pdf.form(b"q 100 0 0 150 0 0 cm /I Do Q", (0, 0, 100, 150),
                            b"/XObject << /I %d 0 R >>" % pdf.jpeg(COLOURED), b"/Matrix [1.5 0.3 -0.2 1.5 30 20]")
            pdf.page(b"/F Do", b"/XObject << /F %d 0 R >>" % form)
        inks = b"0 1 1 0 k 20 20 120 200 re f /G gs 1 0 0 0 k 60 60 130 200 re f"
        self.check({
            "nothing": lambda pdf: pdf.page(b""),
            "lines": lambda pdf: pdf.page(b"5 w 10 10 m 190 280 l S 0 0.5 0 RG 20 100 150 90 re S"),
            "axial": lambda pdf: pdf.page(b"/S sh", b"/Shading << /S %s >>" % axial),
            "radial": lambda pdf: pdf.page(b"/S sh", b"/Shading << /S %s >>" % radial),
            "tiles": tiled, "glyph": glyph, "form": nested,
            "overprint": lambda pdf: pdf.page(inks, state(pdf, b"/OP true /op true /OPM 1")),
            "inline": lambda pdf: pdf.page(b"q 200 0 0 300 0 0 cm BI /W 4 /H 3 /CS /RGB /BPC 8 /F /AHx ID " +
                                           bytes(i * 7 for i in range(36)).hex().encode() + b"> EI Q"),
            "stencil": image_page(lambda pdf: pdf.image(16, 24, b"\xf0\x0f" * 12 + b"\xaa\xff" * 12, None,
                                                        b"/ImageMask true", 1), before=b"0 0 1 rg "),
        }, "png")

    def test_other_images(self):
        """An image alone that is no JPEG: rendered, its pixels kept."""
        white, black = "10011", "000101"  # runs of 8 of CCITT group 3
        fax = "".join((white + black) * 13 if row // 8 % 2 else white * 1 + black * 1 + (white + black) * 12
                      for row in range(312))
        fax = int(fax + "0" * (-len(fax) % 8), 2).to_bytes((len(fax) + 7) // 8, "big")
        self.check({
            "rgb": image_page(lambda pdf: pdf.image(200, 300, pixels(200, 300))),
            "grey": image_page(lambda pdf: pdf.image(200, 300, pixels(200, 300, grey), b"/DeviceGray")),
            "16 bits": image_page(lambda pdf: pdf.image(200, 300, pixels(400, 300), bits=16)),
            "1 bit": image_page(lambda pdf: pdf.image(200, 300, bytes((x * y) % 256 for y in range(300)
                                                                      for x in range(25)), b"/DeviceGray", bits=1)),
            "1 bit, inverted": image_page(lambda pdf: pdf.image(
                200, 300, b"\xff\xf0\x0f\x00\x33" * 1500, b"/DeviceGray", b"/Decode [1 0]", 1)),
            "indexed": image_page(lambda pdf: pdf.image(
                200, 300, bytes((x // 8 + y // 8) % 4 for y in range(300) for x in range(200)),
                b"[/Indexed /DeviceRGB 3 <ff000000ff000000ff808080>]")),
        }, "png", (200, 300))
        self.check({"fax": image_page(lambda pdf: pdf.image(208, 312, fax, b"/DeviceGray", b"/Filter /CCITTFaxDecode "
                                      b"/DecodeParms << /K 0 /Columns 208 /Rows 312 >>", 1, pack=False),
                                      box=(0, 0, 208, 312), size=(208, 312))}, "png", (208, 312))

    def test_density(self):
        """The largest image keeps its pixels; what is drawn has 150 pixels an inch at least, and no page
        more than 600, or more than 100 million in all."""
        fine = pdfs.jpeg(800, 1200, rgb, before=pdfs.adobe(0))
        pages = {
            "fine": (image_page(lambda pdf: pdf.jpeg(fine, extra=b"/Decode [1 0 1 0 1 0]")), (800, 1200)),
            "fine, with letters": (image_page(lambda pdf: pdf.jpeg(fine), behind=RED), (800, 1200)),
            "coarse": (image_page(lambda pdf: pdf.jpeg(GREY, extra=b"/Decode [1 0]")), (200, 300)),
            "coarse, with letters": (image_page(lambda pdf: pdf.jpeg(GREY), behind=RED), (417, 625)),
            "drawn": (lambda pdf: pdf.page(RED), (417, 625)),
            "too fine": (image_page(lambda pdf: pdf.jpeg(fine), box=(9, 9, 20, 30)), (1667, 2500)),
        }
        pdf = pdfs.Pdf()
        for add, _ in pages.values():
            add(pdf)
        for name, view, (_, size) in zip(pages, self.views(pdf.finish()), pages.values(), strict=True):
            self.assertEqual(view[1:], size, name)


def pdf_of(*pages, **options):
    pdf = pdfs.Pdf()
    for add in pages:
        add(pdf)
    return pdf.finish(**options)


class Boxes(Case):
    def test_crop(self):
        """What readers show is the crop box, as far as it lies in the media box."""
        pages = {
            b"": (200, 300), b"/CropBox [50 30 150 250]": (100, 220), b"/CropBox [150 250 50 30]": (100, 220),
            b"/CropBox [-50 -50 100 400]": (100, 300), b"/CropBox [0 0 0 0]": (200, 300),
            b"/BleedBox [10 10 90 90] /TrimBox [20 20 80 80]": (200, 300),
            b"/CropBox [50 30 150 250] /Rotate 90": (220, 100), b"/CropBox [50 30 150 250] /Rotate 180": (100, 220),
            b"/Rotate 270": (300, 200), b"/Rotate -90": (300, 200), b"/UserUnit 2": (200, 300),
            b"/CropBox [10.5 20.25 180.75 290.5]": None,
        }
        pdf = pdfs.Pdf()
        for extra in pages:
            image_page(lambda pdf: pdf.jpeg(COLOURED), behind=RED, extra=extra)(pdf)
        for (extra, size), view in zip(pages.items(), self.views(pdf.finish()), strict=True):
            with self.subTest(extra=extra):
                self.assertEqual(view[0], "png")
                if size:
                    self.assertAlmostEqual(view[1], size[0] * 150 / 72, delta=1)
                    self.assertAlmostEqual(view[2], size[1] * 150 / 72, delta=1)

    def test_cropped_to_nothing(self):
        """Shown whole, as most readers do; poppler alone shows nothing."""
        pdf = pdfs.Pdf()
        for extra in (b"/CropBox [500 500 600 700]", b"/CropBox [10 10 10 50]", b"/CropBox [500 0 600 9] /Rotate 90"):
            image_page(lambda pdf: pdf.jpeg(COLOURED), behind=RED, extra=extra)(pdf)
        self.assertEqual(self.views(pdf.finish(), cropped=False), [("png", 417, 625)] * 2 + [("png", 625, 417)])

    def test_image_in_crop(self):
        """One image alone, with margins that are cropped off, or that it is cropped of itself."""
        inner = image_page(lambda pdf: pdf.jpeg(COLOURED), box=(50, 40, 200, 300), size=(300, 400),
                           extra=b"/CropBox [50 40 250 340]")
        bleed = image_page(lambda pdf: pdf.jpeg(COLOURED), extra=b"/CropBox [20 20 180 280]")
        views = self.views(pdf_of(inner, bleed))
        self.assertEqual(views, [("jpg", 200, 300), ("png", 160, 260)])

    def test_inherited(self):
        pdf = pdfs.Pdf()
        pdf.inherited = b"/MediaBox [0 0 200 300] /CropBox [50 50 150 250] /Rotate 90"
        image_page(lambda pdf: pdf.jpeg(COLOURED), size=None)(pdf)
        self.assertEqual(self.views(pdf.finish()), [("png", 200, 100)])


def rc4(key, data):
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def encryption(user, owner):
    """Of 40 bits; streams are encrypted, and there are no strings."""
    def padded(text):
        return (text + PADDING)[:32]
    for_owner = rc4(hashlib.md5(padded(owner)).digest()[:5], padded(user))
    key = hashlib.md5(padded(user) + for_owner + struct.pack("<i", -4) + b"id").digest()[:5]

    def encrypt(number, body):
        begin = body.find(b"stream\n")
        if begin < 0:
            return body
        begin, end = begin + 7, body.rindex(b"\nendstream")
        own = hashlib.md5(key + struct.pack("<I", number)[:3] + b"\0\0").digest()[:10]
        return body[:begin] + rc4(own, body[begin:end]) + body[end:]
    return (b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (
        for_owner.hex().encode(), rc4(key, PADDING).hex().encode()), b"/ID [<6964> <6964>]", encrypt)


class Files(Case):
    def first(self, data, path=None):
        with open(self.path, "wb") as file:
            file.write(data)
        env = {**os.environ, **({"PATH": path} if path else {})}
        return subprocess.run([*VIEWS, self.path], capture_output=True, check=True, env=env).stdout.decode()

    def test_encrypted(self):
        page = image_page(lambda pdf: pdf.jpeg(COLOURED))
        self.assertEqual(self.views(pdf_of(page, encryption=encryption(b"", b"owner"))), [("jpg", 200, 300)])
        self.assertRegex(self.first(pdf_of(page, encryption=encryption(b"user", b"owner"))),
                         "^status 8 .*opens only with a password")

    def test_repaired(self):
        """Without its table, or with a wrong one, poppler finds the objects itself."""
        data = pdf_of(image_page(lambda pdf: pdf.jpeg(COLOURED)), image_page(lambda pdf: pdf.jpeg(GREY), behind=RED))
        for damaged in (data[:data.index(b"xref\n")] + b"trailer\n<< /Root 1 0 R >>\n",
                        data.replace(b"startxref\n", b"startxref\n1"), data.replace(b"xref\n0 ", b"xref\n1 ")):
            self.assertEqual([view[0] for view in self.views(damaged)], ["jpg", "png"])

    def test_no_pages(self):
        self.assertRegex(self.first(pdfs.Pdf().finish()), "^status 6 .*cannot be read: ")

    def test_reason(self):
        """The reason is what made it fail, not what was said before."""
        data = b"%PDF-1.7\ntrailer << /Root 1 0 R >>\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n" \
            b"2 0 obj << /S /JavaScript >> endobj\n%%EOF\n"
        line = self.first(data)
        self.assertRegex(line, "^status 6 .*cannot be read: .*Error")
        self.assertNotIn("Warning", line)

    def test_broken_page(self):
        """The others are read."""
        pdf = pdfs.Pdf()
        image_page(lambda pdf: pdf.jpeg(COLOURED))(pdf)
        pdf.kids.append(pdf.add(b"(no page)"))
        image_page(lambda pdf: pdf.jpeg(GREY))(pdf)
        self.assertRegex(self.first(pdf.finish()), "^0003.png status 6 .*0003.png: .*damaged\nend\n$")

    def test_broken_images(self):
        """Pages that stay empty, and JPEGs that end too early, are told one by one; a letter that is missing
        is no reason to lose a page."""
        pdf = pdfs.Pdf()
        image_page(lambda pdf: pdf.image(200, 300, b"nonsense" * 9, extra=b"/Filter /JPXDecode", pack=False))(pdf)
        image_page(lambda pdf: pdf.image(200, 300, b"nonsense" * 9, b"/DeviceGray", b"/Filter /JBIG2Decode", 1,
                                         False))(pdf)
        image_page(lambda pdf: pdf.jpeg(GREY), behind=RED + b"/Nothing Do BT (unfinished")(pdf)
        self.assertRegex(self.first(pdf.finish()), "^0001.png status 6 .*0001.png: poppler cannot draw the page: .*"
                         "\n0002.png status 6 .*0002.png: poppler cannot draw the page: .*\nend\n$")
        with open(self.path, "wb") as file:
            file.write(pdf_of(image_page(lambda pdf: pdf.jpeg(COLOURED[:1500]))))
        ppm = os.path.join(self.folder, "any.ppm")
        with open(ppm, "wb") as file:
            file.write(b"P6\n1 1\n255\n\0\0\0")
        result = subprocess.run([*VIEWS, self.path, ppm], capture_output=True, check=True).stdout.decode()
        self.assertRegex(result, "^status 6 .*0001.jpg.*damaged")

    def test_huge(self):
        """Of a page without bounds no picture is made that the machine cannot hold."""
        pdf = pdfs.Pdf()
        pdf.page(b"", size=(14400, 14400))
        pdf.page(b"", size=(100000, 20))
        self.assertEqual(self.first(pdf.finish()), "end\n")


if __name__ == "__main__":
    unittest.main()
