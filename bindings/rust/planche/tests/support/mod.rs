// SPDX-License-Identifier: MIT
//! Pages for tests.
use planche::{Backend, Engine};

pub fn engine() -> Engine {
    let builder = Engine::builder().model("small").backend(Backend::Cpu);
    builder.threads(2).build().unwrap()
}

fn crc(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |crc, byte| {
        let bit = |crc: u32, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
        (0..8).fold(crc ^ u32::from(*byte), bit)
    })
}

fn adler(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    b << 16 | a
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
    let row = |y: u32| {
        let pixel = move |x: u32| [x * 7 % 256, y * 5 % 256, (x + y) % 256].map(|v| v as u8);
        std::iter::once(0).chain((0..width).flat_map(pixel))
    };
    let raw: Vec<u8> = (0..height).flat_map(row).collect();
    let mut zlib = vec![0x78, 0x01];
    let blocks = raw.chunks(65535).count();
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
    head.extend([8, 2, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &head);
    chunk(&mut file, b"IDAT", &zlib);
    chunk(&mut file, b"IEND", b"");
    file
}
