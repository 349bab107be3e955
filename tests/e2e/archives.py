# SPDX-License-Identifier: MIT
"""Books for tests. Each maker takes entries, a dict or a list of (name, bytes) in the book's order, a
name with "/" at its end being a folder, and returns the file as bytes. What Python's library does not
write is written here from the public descriptions of the formats, unpacked ("stored")."""
import io
import struct
import tarfile
import zipfile
import zlib

MTIME = 1577934245  # 2020-01-02 03:04:05 UTC
DOS_DATE, DOS_TIME = 20514, 6274


def listed(entries):
    return list(entries.items() if isinstance(entries, dict) else entries)


def cbz(entries, comment=b"", packed=True, comments=None):
    """comments: {name: bytes} of entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as file:
        file.comment = comment
        for name, data in listed(entries):
            info = zipfile.ZipInfo(name, (2020, 1, 2, 3, 4, 4))
            info.compress_type = file.compression if data else zipfile.ZIP_STORED
            info.external_attr = (0o40755 if name.endswith("/") else 0o100644) << 16
            info.comment = (comments or {}).get(name, b"")
            file.writestr(info, data)
    return out.getvalue()


def cbt(entries, packing=""):
    """packing: "", "gz", "xz", "bz2"."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:" + packing, format=tarfile.PAX_FORMAT) as file:
        for name, data in listed(entries):
            info = tarfile.TarInfo(name.rstrip("/"))
            info.mtime, info.size, info.mode = MTIME, len(data), 0o644
            if name.endswith("/"):
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            file.addfile(info, io.BytesIO(data))
    return out.getvalue()


# RAR 5

def vint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def rar5_block(kind, body, extra=b"", data=None, flags=0):
    flags |= (1 if extra else 0) | (2 if data is not None else 0)
    head = vint(kind) + vint(flags) + (vint(len(extra)) if extra else b"")
    head += (vint(len(data)) if data is not None else b"") + body + extra
    head = vint(len(head)) + head
    return struct.pack("<I", zlib.crc32(head)) + head + (data or b"")


def rar5_file(name, data, link=None, dictionary=0, split=False, method=0, size=None, crc=None):
    """link: what a symbolic link points to; dictionary: 128 KiB times 2 to that."""
    folder = name.endswith("/")
    name = name.rstrip("/").encode()
    body = vint((1 if folder else 4) | 2) + vint(len(data) if size is None else size)
    body += vint(0o40755 if folder else 0o100644) + struct.pack("<I", MTIME)
    if not folder:
        body += struct.pack("<I", zlib.crc32(data) if crc is None else crc)
    body += vint(dictionary << 10 | method << 7) + vint(1) + vint(len(name)) + name
    extra = b""
    if link is not None:
        extra = vint(5) + vint(1) + vint(0) + vint(len(link)) + link
        extra = vint(len(extra)) + extra
    return rar5_block(2, body, extra, data, 0x10 if split else 0)


def rar5(blocks, flags=0, encrypted=False, more=False):
    """flags: of the archive, 1: one of several volumes; encrypted: headers too; more: volumes."""
    out = b"Rar!\x1a\x07\x01\x00"
    if encrypted:
        out += rar5_block(4, vint(0) + vint(0) + bytes([15]) + bytes(16))
    return out + rar5_block(1, vint(flags)) + b"".join(blocks) + rar5_block(5, vint(int(more)))


def cbr(entries):
    return rar5([rar5_file(name, data) for name, data in listed(entries)])


# RAR 4

def rar4_block(kind, flags, body, data=b""):
    head = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(head) & 0xffff) + head + data


def rar4_file(name, data, flags=0, attributes=0o100644, method=0x30, size=None, crc=None):
    """name: bytes as they are in the file, or text that gets the form the format has for Unicode."""
    if isinstance(name, str):
        folder = name.endswith("/")
        text, name = name.rstrip("/").replace("/", "\\"), name.rstrip("/").replace("/", "\\").encode()
        if not text.isascii():
            flags |= 0x200  # the name in UTF-8 alone, without the packed UTF-16
        if folder:
            flags, attributes = flags | 0xe0, 0o40755
    body = struct.pack("<IIBIHHBBHI", len(data), len(data) if size is None else size, 3,
                       zlib.crc32(data) if crc is None else crc, DOS_TIME, DOS_DATE, 20, method,
                       len(name), attributes)
    return rar4_block(0x74, 0x8000 | flags, body + name, data)


def rar4(blocks, flags=0, more=False):
    """flags: of the archive, 1: one of several volumes, 0x80: headers encrypted."""
    return (b"Rar!\x1a\x07\x00" + rar4_block(0x73, flags, bytes(6)) + b"".join(blocks) +
            rar4_block(0x7b, 0x4000 | int(more), b""))


def cbr4(entries):
    return rar4([rar4_file(name, data) for name, data in listed(entries)])


def big_endian_bits(*fields):
    """Numbers with their widths, the highest bit first, filled up to whole bytes."""
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def rar4_filter_bomb(static_bytes):
    """A RAR 4 of some hundred bytes whose content has a filter: a program of RAR's virtual machine,
    with static data of any size, as long as they are zeroes."""
    program = big_endian_bits((1, 1), (3, 2), (static_bytes - 1, 32))  # static data follow; how many
    checksum = 0
    for byte in program:
        checksum ^= byte
    program = bytes([checksum]) + program
    # The filter begins at 0, takes 1 byte, and has a program of so many bytes.
    code = big_endian_bits((0, 6), (1, 6), (len(program), 6), *[(byte, 8) for byte in program])
    lengths = {1: 1, 18: 2, 19: 2}  # of the code that the code lengths come in
    one = (0, 1)

    def zeroes(count):
        return (3, 2), (count - 11, 7)

    # Symbols 65 ("A") and 257 (a filter) have one bit each, the other 402 none.
    data = big_endian_bits(
        (0, 1), (0, 1), *[(lengths.get(i, 0), 4) for i in range(20)],
        *zeroes(65), one, *zeroes(138), *zeroes(53), one, *zeroes(135), *zeroes(11),
        (1, 1), (0x20 | 6, 8), (len(code) - 7, 8), *[(byte, 8) for byte in code], (0, 4))
    return rar4([rar4_file("a", data + bytes(32), method=0x31, size=4)])


# 7z

def number(value):
    return bytes([value]) if value < 0x80 else b"\xff" + struct.pack("<Q", value)


def bits(flags):
    out = bytearray((len(flags) + 7) // 8)
    for i, flag in enumerate(flags):
        out[i // 8] |= 0x80 >> i % 8 if flag else 0
    return bytes(out)


def sevenzip_property(kind, body):
    return bytes([kind]) + number(len(body)) + body


def sevenzip(entries, coder=b"\x01\x00", attributes=None, lie_crc=0):
    """coder: flags, id and properties as they are in the header; the content is stored. attributes:
    {name: of Windows, with the Unix mode in the upper half}."""
    entries = listed(entries)
    contents = [data for _, data in entries if data]
    packed = b"".join(contents)
    header = b"\x01"
    if contents:
        header += b"\x04\x06" + number(0) + number(1) + b"\x09" + number(len(packed)) + b"\x00"
        header += b"\x07\x0b" + number(1) + b"\x00" + number(1) + coder
        header += b"\x0c" + number(len(packed)) + b"\x00"
        header += b"\x08\x0d" + number(len(contents))
        if len(contents) > 1:
            header += b"\x09" + b"".join(number(len(data)) for data in contents[:-1])
        header += b"\x0a\x01" + b"".join(struct.pack("<I", zlib.crc32(data) + lie_crc & 0xffffffff)
                                         for data in contents) + b"\x00\x00"
    empty = [not data for _, data in entries]
    header += b"\x05" + number(len(entries))
    if any(empty):
        header += sevenzip_property(0x0e, bits(empty))
        header += sevenzip_property(0x0f, bits([not name.endswith("/")
                                                for name, data in entries if not data]))
    names = b"".join((name.rstrip("/") + "\0").encode("utf-16-le") for name, _ in entries)
    header += sevenzip_property(0x11, b"\x00" + names)
    time = (MTIME + 11644473600) * 10000000
    header += sevenzip_property(0x14, b"\x01\x00" + struct.pack("<Q", time) * len(entries))
    values = [(attributes or {}).get(name, 0x10 if name.endswith("/") else 0x20)
              for name, _ in entries]
    header += sevenzip_property(0x15, b"\x01\x00" + struct.pack(f"<{len(values)}I", *values))
    header += b"\x00\x00"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return (b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + packed +
            header)


def cb7(entries):
    return sevenzip(entries)


# EPUB

MEDIA = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp",
         "gif": "image/gif", "css": "text/css"}


def epub_entries(pages):
    """The entries of an EPUB that shows each of the pages (name, bytes) on a page of its own."""
    items, spine, texts = "", "", []
    for i, (name, _) in enumerate(listed(pages)):
        items += (f'    <item id="image{i}" href="{name}" '
                  f'media-type="{MEDIA[name.rsplit(".", 1)[-1]]}"/>\n'
                  f'    <item id="page{i}" href="page{i}.xhtml" '
                  'media-type="application/xhtml+xml"/>\n')
        spine += f'    <itemref idref="page{i}"/>\n'
        texts.append((f"OEBPS/page{i}.xhtml",
                      '<?xml version="1.0" encoding="utf-8"?>\n'
                      '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>page</title></head>'
                      f'<body><img src="{name}" alt=""/></body></html>\n'))
    package = ('<?xml version="1.0" encoding="utf-8"?>\n'
               '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">\n'
               '  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
               '    <dc:identifier id="id">urn:planche:test</dc:identifier>\n'
               '    <dc:title>Book</dc:title><dc:language>en</dc:language>\n  </metadata>\n'
               f'  <manifest>\n{items}  </manifest>\n  <spine>\n{spine}  </spine>\n</package>\n')
    container = ('<?xml version="1.0"?>\n<container version="1.0" '
                 'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
                 'full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
                 '</rootfiles></container>\n')
    return ([("mimetype", b"application/epub+zip"), ("META-INF/container.xml", container.encode()),
             ("OEBPS/content.opf", package.encode())] +
            [(name, text.encode()) for name, text in texts] +
            [("OEBPS/" + name, data) for name, data in listed(pages)])


def epub(pages):
    """pages: images, named as seen from the package document."""
    return cbz(epub_entries(pages), packed=False)


# PDF

def jpeg_size(data):
    """Width, height and number of components."""
    at = 2
    while True:
        marker, size = struct.unpack(">xBH", data[at:at + 4])
        if 0xc0 <= marker <= 0xcf and marker not in (0xc4, 0xc8, 0xcc):
            height, width, components = struct.unpack(">HHB", data[at + 5:at + 10])
            return width, height, components
        at += 2 + size


def grey_jpeg(width, height):
    """All of one grey."""
    lengths = bytes([1] + [0] * 15)
    tables = b"".join(b"\xff\xc4" + struct.pack(">HB", 20, kind) + lengths + b"\0" for kind in (0, 16))
    blocks = -(-width // 8) * -(-height // 8)
    return (b"\xff\xd8\xff\xdb\0\x43\0" + bytes([16] * 64) +
            struct.pack(">2sHBHHB3s", b"\xff\xc0", 11, 8, height, width, 1, b"\1\x11\0") + tables +
            b"\xff\xda\0\x08\1\1\0\0\x3f\0" + bytes(-(-blocks // 4)) + b"\xff\xd9")


def pdf_stream(dictionary, data):
    return b"<< " + dictionary + b" /Length %d >>\nstream\n" % len(data) + data + b"\nendstream"


def pdf_image(data):
    width, height, components = jpeg_size(data)
    space = {1: b"/DeviceGray", 3: b"/DeviceRGB", 4: b"/DeviceCMYK"}[components]
    return pdf_stream(b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s "
                      b"/BitsPerComponent 8 /Filter /DCTDecode" % (width, height, space), data)


def pdf_pages(pages, size=(300, 400), encrypted=False):
    """pages: for each, a list of (JPEG, (left, bottom, width, height) in points), and what else it
    draws, as bytes of a content stream: below them, and, if it has three parts, above."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", None]
    kids = b""
    for images, below, *above in pages:
        content, resources = below, b""
        for i, (data, box) in enumerate(images):
            objects.append(pdf_image(data))
            resources += b"/I%d %d 0 R " % (i, len(objects))
            left, bottom, width, height = box
            content += b"\nq %g 0 0 %g %g %g cm /I%d Do Q" % (width, height, left, bottom, i)
        objects.append(pdf_stream(b"", content + b"\n" + b"".join(above)))
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Contents %d 0 R "
                       b"/Resources << /XObject << %s>> >> >>"
                       % (*size, len(objects), resources))
        kids += b"%d 0 R " % len(objects)
    objects[1] = b"<< /Type /Pages /Count %d /Kids [ %s] >>" % (len(pages), kids)
    trailer = b""
    if encrypted:
        objects.append(b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>"
                       % (b"11" * 32, b"22" * 32))
        trailer = b"/Encrypt %d 0 R /ID [<00> <00>] " % len(objects)
    out, places = b"%PDF-1.4\n", []
    for i, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % i + body + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    return (out + table + b"trailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n"
            % (len(objects) + 1, trailer, len(out)))


def pdf(pages):
    """pages: JPEG files, (name, bytes) or bytes alone; each fills a page."""
    datas = [page if isinstance(page, bytes) else page[1]
             for page in (listed(pages) if isinstance(pages, dict) else pages)]
    return pdf_pages([([(data, (0, 0, 300, 400))], b"") for data in datas])


# By extension. The pages of EPUB and PDF are images (JPEG in a PDF), and the PDF's have no names.
MAKERS = {"cbz": cbz, "cbr": cbr, "cb7": cb7, "cbt": cbt, "epub": epub, "pdf": pdf}
