#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sonames.py LIBRARY HEADER NAME...: writes the file names by which LIBRARY needs others, such as
libavif.so.15 for libavif, as macros. LIBRARY is ELF of 64 bits, little endian; for any other kind
of file the names are those of macOS."""
import struct
import sys


def needed(data):
    """The names in an ELF file's dynamic section."""
    sections = []
    offset, size, count = struct.unpack_from("<Q", data, 40) + struct.unpack_from("<HH", data, 58)
    for i in range(count):
        sections.append(struct.unpack_from("<IIQQQQII", data, offset + i * size))
    for section in sections:
        if section[1] != 6:  # SHT_DYNAMIC
            continue
        strings = sections[section[6]][4]
        for at in range(section[4], section[4] + section[5], 16):
            tag, value = struct.unpack_from("<qQ", data, at)
            if tag == 1:  # DT_NEEDED
                start = strings + value
                yield data[start:data.index(b"\0", start)].decode()


def main():
    library, header, *names = sys.argv[1:]
    with open(library, "rb") as file:
        data = file.read()
    elf = data[:6] == b"\x7fELF\x02\x01"
    if data[:4] == b"\x7fELF" and not elf:
        sys.exit(f"sonames: {library} is not ELF of 64 bits, little endian: extend needed() for it")
    found = list(needed(data)) if elf else [f"{name}.dylib" for name in names]
    with open(header, "w", encoding="ascii") as file:
        for name in names:
            whole = next((entry for entry in found if entry.startswith(name + ".")), None)
            if not whole:
                sys.exit(f"sonames: {library} does not need {name}")
            file.write(f'#define PLANCHE_{name.upper()} "{whole}"\n')


if __name__ == "__main__":
    main()
