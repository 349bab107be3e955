// SPDX-License-Identifier: MIT
// Files that are dropped: also those of folders, in the order that people count in.

const BOOK = /\.(cb[z7rt]|zip|rar|7z|tar|epub|pdf)$/i;
const IMAGE = /\.(jpe?g|png|webp|avif|jxl|gif|tiff?|jp2|j2k|hei[cf]|bmp|qoi|tga|psd)$/i;
const order = new Intl.Collator(undefined, { numeric: true });

// In the order of their names: a drop may come in any.
export function sorted(files) {
  return [...files].sort((a, b) => order.compare(a.name, b.name));
}

export function isBook(name) {
  return BOOK.test(name);
}

function readFolder(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

// Of a folder the images and books: whatever else lies there is no page.
async function walk(entry, files, inside) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    if (!inside || IMAGE.test(file.name) || BOOK.test(file.name))
      files.push(file);
    return;
  }
  const reader = entry.createReader(), entries = [];
  for (let some = await readFolder(reader); some.length > 0; some = await readFolder(reader))
    entries.push(...some);
  for (const child of sorted(entries))
    await walk(child, files, true);
}

// The files of a drop. Its items can be asked now only, its folders later.
export async function collect(transfer) {
  const entries = [...transfer.items].filter(item => item.kind === "file")
    .map(item => item.webkitGetAsEntry?.());
  if (entries.length === 0 || entries.some(entry => !entry))
    return sorted(transfer.files);
  const files = [];
  for (const entry of sorted(entries))
    await walk(entry, files, false);
  return files;
}
