// SPDX-License-Identifier: MIT
// A ZIP file of blobs, which are images and not made smaller any more. As a CBZ it is a book.

const MAX = 0xffffffff;
const UTF8 = 0x0800;
const VERSION = 20;

const table = new Uint32Array(256).map((_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++)
    value = value & 1 ? value >>> 1 ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

export function crc32(bytes) {
  let crc = MAX;
  for (const byte of bytes)
    crc = crc >>> 8 ^ table[(crc ^ byte) & 255];
  return (crc ^ MAX) >>> 0;
}

// Fields of 2 and 4 bytes: [[2, value], ...].
function record(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2)
      view.setUint16(at, value, true);
    else
      view.setUint32(at, value, true);
    at += size;
  }
  return view.buffer;
}

// What the head of a file and its line in the directory share.
function common(file) {
  return [[2, VERSION], [2, UTF8], [2, 0], [4, 0x00210000], // 1980-01-01: the bytes depend on nothing else
    [4, file.crc], [4, file.blob.size], [4, file.blob.size], [2, file.bytes.length], [2, 0]];
}

// Names that are there twice get a number.
export function unique(names) {
  const used = new Set();
  return names.map(name => {
    const dot = name.lastIndexOf(".");
    const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    let result = name;
    for (let i = 2; used.has(result.toLowerCase()); i++)
      result = `${stem}-${i}${end}`;
    used.add(result.toLowerCase());
    return result;
  });
}

// files: [{name, blob}]. Throws RangeError when they are too many or too large for a plain ZIP.
export async function zip(files) {
  const names = unique(files.map(file => file.name.replaceAll(/[\\/:]/g, "_")));
  const parts = [], directory = [];
  let offset = 0;
  for (const [i, { blob }] of files.entries()) {
    const file = { blob, bytes: new TextEncoder().encode(names[i]),
      crc: crc32(new Uint8Array(await blob.arrayBuffer())) };
    directory.push(record([[4, 0x02014b50], [2, VERSION], ...common(file), [2, 0], [2, 0], [2, 0], [4, 0],
      [4, offset]]), file.bytes);
    const head = record([[4, 0x04034b50], ...common(file)]);
    parts.push(head, file.bytes, blob);
    offset += head.byteLength + file.bytes.length + blob.size;
    if (offset > MAX - (1 << 24) || files.length > 65534)
      throw new RangeError("too large for a ZIP file");
  }
  const size = directory.reduce((sum, part) => sum + part.byteLength, 0);
  const end = record([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size],
    [4, offset], [2, 0]]);
  return new Blob([...parts, ...directory, end], { type: "application/vnd.comicbook+zip" });
}
