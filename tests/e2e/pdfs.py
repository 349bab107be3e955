# SPDX-License-Identifier: MIT
"""PDFs for tests, object by object, and JPEGs whose blocks of 8 x 8 have exact colours."""
import struct
import zlib

import archives


# JPEG

def jpeg_segment(marker, content):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(width, height, colour, components=3, before=b"", ids=None):
    """colour(x, y) of block x, y: `components` values of 0..255, as they are stored, grey values
    nearest to 128 being packed best. before: segments, such as one of JFIF or Adobe. ids: names of the
    components."""
    ids = ids or bytes(range(1, components + 1))
    # Differences of 0 to 11 bits have codes of 4 bits; of what else a block may have, only its end
    # occurs.
    tables = jpeg_segment(0xc4, b"\0" + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12)))
    tables += jpeg_segment(0xc4, b"\x10" + bytes([1] + [0] * 15) + b"\0")
    frame = struct.pack(">BHHB", 8, height, width, components)
    frame += b"".join(bytes([name, 0x11, 0]) for name in ids)
    scan = bytes([components]) + b"".join(bytes([name, 0]) for name in ids) + b"\0\x3f\0"
    bits, last = [], [0] * components
    for y in range(-(-height // 8)):
        for x in range(-(-width // 8)):
            for i, value in enumerate(colour(x, y)):
                step, last[i] = value - 128 - last[i], value - 128
                size = abs(step).bit_length()
                bits.append(f"{size:04b}")
                if size:
                    bits.append(f"{step if step > 0 else step + (1 << size) - 1:0{size}b}")
                bits.append("0")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    data = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
    return (b"\xff\xd8" + before + jpeg_segment(0xdb, b"\0" + bytes([8] * 64)) + jpeg_segment(0xc0, frame) +
            tables + jpeg_segment(0xda, scan) + data + b"\xff\xd9")


JFIF = jpeg_segment(0xe0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def adobe(transform):
    return jpeg_segment(0xee, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


def icc_profile(swapped=True, space=b"RGB "):
    """Matrix and curve; swapped: red is where blue should be."""
    def xyz(*values):
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)
    red, green, blue = xyz(.4361, .2225, .0139), xyz(.3851, .7169, .0971), xyz(.1431, .0606, .7141)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    text = b"desc\0\0\0\0\0\0\0\x02x\0" + bytes(79)
    tags = [(b"desc", text), (b"cprt", b"text\0\0\0\0x\0\0\0"), (b"wtpt", xyz(.9642, 1, .8249))]
    if space == b"RGB ":
        tags += [(b"rXYZ", blue if swapped else red), (b"gXYZ", green), (b"bXYZ", red if swapped else blue),
                 (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    else:
        tags += [(b"kTRC", b"curv\0\0\0\0" + struct.pack(">IH", 1, round((0.6 if swapped else 2.2) * 256)) + b"\0\0")]
    table, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags:
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s", at + len(body), bytes(4), 0x02100000, b"mntr", space, b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + table + body


def profile_segment(profile):
    return jpeg_segment(0xe2, b"ICC_PROFILE\0\1\1" + profile)


# PDF

class Pdf:
    """A PDF that is put together: objects are numbers, and what is given to them is bytes."""

    def __init__(self, extra=b""):
        """extra: of the catalogue."""
        self.objects = [b"", b""]
        self.kids = []
        self.extra = extra
        self.inherited = b""

    def add(self, body):
        self.objects.append(body)
        return len(self.objects)

    def stream(self, dictionary, data, pack=False):
        if pack:
            dictionary += b" /Filter /FlateDecode"
            data = zlib.compress(data)
        return self.add(archives.pdf_stream(dictionary, data))

    def image(self, width, height, data, colours=b"/DeviceRGB", extra=b"", bits=8, pack=True):
        return self.stream(b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent %d %s %s" %
                           (width, height, bits, b"/ColorSpace " + colours if colours else b"", extra), data, pack)

    def jpeg(self, data, colours=None, extra=b""):
        width, height, components = archives.jpeg_size(data)
        colours = colours or {1: b"/DeviceGray", 3: b"/DeviceRGB", 4: b"/DeviceCMYK"}[components]
        return self.image(width, height, data, colours, b"/Filter /DCTDecode " + extra, pack=False)

    def form(self, content, box, resources=b"", extra=b""):
        return self.stream(b"/Type /XObject /Subtype /Form /BBox [%g %g %g %g] /Resources << %s >> %s" %
                           (*box, resources, extra), content)

    def page(self, content, resources=b"", size=(200, 300), extra=b""):
        """size None: extra, or what is inherited, has the boxes."""
        box = b"/MediaBox [0 0 %g %g]" % size if size else b""
        self.kids.append(self.add(b"<< /Type /Page /Parent 2 0 R %s /Contents %d 0 R /Resources << %s >> %s >>" %
                                  (box, self.stream(b"", content), resources, extra)))

    def finish(self, encryption=None, version=b"1.7"):
        """encryption: (object, trailer's entries, function of number and body)."""
        self.objects[0] = b"<< /Type /Catalog /Pages 2 0 R %s >>" % self.extra
        self.objects[1] = b"<< /Type /Pages /Count %d /Kids [ %s ] %s >>" % (
            len(self.kids), b" ".join(b"%d 0 R" % kid for kid in self.kids), self.inherited)
        out, places, trailer = b"%PDF-" + version + b"\n", [], b""
        bodies = list(self.objects)
        if encryption:
            bodies = [encryption[2](i, body) for i, body in enumerate(bodies, 1)] + [encryption[0]]
            trailer = b"/Encrypt %d 0 R %s" % (len(bodies), encryption[1])
        for i, body in enumerate(bodies, 1):
            places.append(len(out))
            out += b"%d 0 obj\n" % i + body + b"\nendobj\n"
        table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
        table += b"".join(b"%010d 00000 n \n" % place for place in places)
        return (out + table + b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
                % (len(bodies) + 1, trailer, len(out)))


def draw(number, box=(0, 0, 200, 300), name=b"I"):
    """Content and resources that show an image in a box: left, bottom, width, height."""
    left, bottom, width, height = box
    return (b"q %g 0 0 %g %g %g cm /%s Do Q\n" % (width, height, left, bottom, name),
            b"/XObject << /%s %d 0 R >>" % (name, number))
