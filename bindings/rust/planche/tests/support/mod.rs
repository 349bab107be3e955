// SPDX-License-Identifier: MIT
//! Pages for tests.
use planche::{Backend, Engine};

pub fn engine() -> Engine {
    let builder = Engine::builder().model("small").backend(Backend::Cpu);
    builder.threads(2).build().unwrap()
}

fn crc(data: &[u8]) -> u32 {
    let mut table = [0u32; 256];
    for (i, entry) in table.iter_mut().enumerate() {
        let bit = |crc: u32, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
        *entry = (0..8).fold(i as u32, bit);
    }
    let step = |crc: u32, byte: &u8| table[((crc ^ u32::from(*byte)) & 255) as usize] ^ (crc >> 8);
    !data.iter().fold(!0, step)
}

fn adler(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    (b << 16) | a
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend(name);
    file.extend(data);
    let sum = crc(&file[start..]);
    file.extend(sum.to_be_bytes());
}

/// A PNG file in colour, not compressed.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| [x * 7 % 256, y * 5 % 256, (x + y) % 256].map(|v| v as u8);
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let samples: Vec<u8> = places.flat_map(|(x, y)| pixel(x, y)).collect();
    png_of(width, 2, 3, &samples)
}

/// A PNG file of grey samples.
#[allow(dead_code)]
pub fn grey_png(width: u32, samples: &[u8]) -> Vec<u8> {
    png_of(width, 0, 1, samples)
}

fn png_of(width: u32, colour: u8, channels: usize, samples: &[u8]) -> Vec<u8> {
    let rows = samples.chunks(width as usize * channels);
    let height = rows.len() as u32;
    let mut raw = Vec::with_capacity(samples.len() + rows.len());
    for row in rows {
        raw.push(0);
        raw.extend(row);
    }
    let mut zlib = vec![0x78, 0x01];
    let blocks = raw.chunks(65535).len();
    for (i, block) in raw.chunks(65535).enumerate() {
        let size = block.len() as u16;
        zlib.push(u8::from(i + 1 == blocks));
        zlib.extend(size.to_le_bytes());
        zlib.extend((!size).to_le_bytes());
        zlib.extend(block);
    }
    zlib.extend(adler(&raw).to_be_bytes());
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([8, colour, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &head);
    chunk(&mut file, b"IDAT", &zlib);
    chunk(&mut file, b"IEND", b"");
    file
}
