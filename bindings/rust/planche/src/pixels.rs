// SPDX-License-Identifier: MIT
//! Pixels in memory.
use planche_sys as sys;

use crate::{Error, Result};

/// Pixels as they lie in memory, interleaved; 16-bit samples in the machine's byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum PixelFormat {
    Grey8,
    GreyAlpha8,
    Rgb8,
    Rgba8,
    Grey16,
    GreyAlpha16,
    Rgb16,
    Rgba16,
}

impl PixelFormat {
    fn to_raw(self) -> sys::planche_pixel_format {
        match self {
            PixelFormat::Grey8 => sys::PLANCHE_PIXELS_GREY8,
            PixelFormat::GreyAlpha8 => sys::PLANCHE_PIXELS_GREY_ALPHA8,
            PixelFormat::Rgb8 => sys::PLANCHE_PIXELS_RGB8,
            PixelFormat::Rgba8 => sys::PLANCHE_PIXELS_RGBA8,
            PixelFormat::Grey16 => sys::PLANCHE_PIXELS_GREY16,
            PixelFormat::GreyAlpha16 => sys::PLANCHE_PIXELS_GREY_ALPHA16,
            PixelFormat::Rgb16 => sys::PLANCHE_PIXELS_RGB16,
            PixelFormat::Rgba16 => sys::PLANCHE_PIXELS_RGBA16,
        }
    }

    /// Samples of a pixel, 1 to 4.
    pub fn channels(self) -> usize {
        match self {
            PixelFormat::Grey8 | PixelFormat::Grey16 => 1,
            PixelFormat::GreyAlpha8 | PixelFormat::GreyAlpha16 => 2,
            PixelFormat::Rgb8 | PixelFormat::Rgb16 => 3,
            PixelFormat::Rgba8 | PixelFormat::Rgba16 => 4,
        }
    }

    /// Bytes of a sample, 1 or 2.
    pub fn sample_bytes(self) -> usize {
        match self {
            PixelFormat::Grey8
            | PixelFormat::GreyAlpha8
            | PixelFormat::Rgb8
            | PixelFormat::Rgba8 => 1,
            _ => 2,
        }
    }
}

/// Where pixels lie, once it is checked that the memory holds them.
#[derive(Debug, Clone, Copy)]
struct Layout {
    format: PixelFormat,
    width: u32,
    height: u32,
    stride: usize,
}

impl Layout {
    fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        stride: usize,
        len: usize,
    ) -> Result<Layout> {
        let layout = Layout {
            format,
            width,
            height,
            stride,
        };
        let row = row_bytes(format, width)?;
        let needed = (height as usize)
            .checked_sub(1)
            .and_then(|rows| rows.checked_mul(stride))
            .and_then(|bytes| bytes.checked_add(row));
        match needed {
            Some(needed) if width > 0 && stride >= row && needed <= len => Ok(layout),
            _ => Err(Error::Argument(format!(
                "{width} x {height} {format:?} in rows of {stride} bytes do not fit in {len} \
                 bytes, or are no pixels"
            ))),
        }
    }

    fn raw(&self, data: *mut u8) -> sys::planche_pixels {
        sys::planche_pixels {
            format: self.format.to_raw(),
            width: self.width,
            height: self.height,
            stride: self.stride,
            data: data.cast(),
            ..sys::planche_pixels::default()
        }
    }
}

fn row_bytes(format: PixelFormat, width: u32) -> Result<usize> {
    (width as usize)
        .checked_mul(format.channels() * format.sample_bytes())
        .ok_or_else(|| Error::Limit(format!("{width} pixels: more than memory can hold")))
}

/// Pixels of the caller's that are read.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    layout: Layout,
    data: &'a [u8],
}

impl<'a> Pixels<'a> {
    /// Rows without gaps.
    pub fn new(format: PixelFormat, width: u32, height: u32, data: &'a [u8]) -> Result<Self> {
        Self::with_stride(format, width, height, row_bytes(format, width)?, data)
    }

    /// Rows that begin every `stride` bytes. Of 16-bit samples, the stride and the address of the
    /// data are even.
    pub fn with_stride(
        format: PixelFormat,
        width: u32,
        height: u32,
        stride: usize,
        data: &'a [u8],
    ) -> Result<Self> {
        let layout = Layout::new(format, width, height, stride, data.len())?;
        Ok(Pixels { layout, data })
    }

    /// Their format.
    pub fn format(&self) -> PixelFormat {
        self.layout.format
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.layout.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.layout.height
    }

    /// The library does not write them.
    pub(crate) fn raw(&self) -> sys::planche_pixels {
        self.layout.raw(self.data.as_ptr() as *mut u8)
    }
}

/// Pixels of the caller's that are written.
#[derive(Debug)]
pub struct PixelsMut<'a> {
    layout: Layout,
    data: &'a mut [u8],
}

impl<'a> PixelsMut<'a> {
    /// Rows without gaps.
    pub fn new(format: PixelFormat, width: u32, height: u32, data: &'a mut [u8]) -> Result<Self> {
        Self::with_stride(format, width, height, row_bytes(format, width)?, data)
    }

    /// Rows that begin every `stride` bytes, as in [`Pixels::with_stride`].
    pub fn with_stride(
        format: PixelFormat,
        width: u32,
        height: u32,
        stride: usize,
        data: &'a mut [u8],
    ) -> Result<Self> {
        let layout = Layout::new(format, width, height, stride, data.len())?;
        Ok(PixelsMut { layout, data })
    }

    pub(crate) fn raw(&mut self) -> sys::planche_pixels {
        self.layout.raw(self.data.as_mut_ptr())
    }
}

/// The bytes of samples of 16 bits.
pub(crate) fn bytes_of(samples: &[u16]) -> &[u8] {
    // SAFETY: the same memory, as bytes.
    unsafe { std::slice::from_raw_parts(samples.as_ptr().cast(), samples.len() * 2) }
}

/// Samples of 8 or 16 bits, each with its own alignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Samples {
    U8(Vec<u8>),
    U16(Vec<u16>),
}

/// Pixels in memory of their own, in rows without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelBuf {
    format: PixelFormat,
    width: u32,
    height: u32,
    samples: Samples,
}

impl PixelBuf {
    /// Zeroes.
    pub(crate) fn new(format: PixelFormat, width: u32, height: u32) -> Result<PixelBuf> {
        let too_large = || Error::Memory(format!("{width} x {height} pixels do not fit in memory"));
        let count = (row_bytes(format, width)? / format.sample_bytes())
            .checked_mul(height as usize)
            .ok_or_else(too_large)?;
        let samples = match format.sample_bytes() {
            1 => Samples::U8(zeroes(count).ok_or_else(too_large)?),
            _ => Samples::U16(zeroes(count).ok_or_else(too_large)?),
        };
        Ok(PixelBuf {
            format,
            width,
            height,
            samples,
        })
    }

    /// Their format.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// Pixels in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes of all rows, which have no gaps.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.samples {
            Samples::U8(samples) => samples,
            Samples::U16(samples) => bytes_of(samples),
        }
    }

    /// Samples of 8 bits; None: they have 16.
    pub fn into_u8(self) -> Option<Vec<u8>> {
        match self.samples {
            Samples::U8(samples) => Some(samples),
            Samples::U16(_) => None,
        }
    }

    /// Samples of 16 bits; None: they have 8.
    pub fn into_u16(self) -> Option<Vec<u16>> {
        match self.samples {
            Samples::U16(samples) => Some(samples),
            Samples::U8(_) => None,
        }
    }

    #[cfg(feature = "image")]
    pub(crate) fn into_samples(self) -> Samples {
        self.samples
    }

    pub(crate) fn as_mut(&mut self) -> PixelsMut<'_> {
        let stride = self.width as usize * self.format.channels() * self.format.sample_bytes();
        let data = match &mut self.samples {
            Samples::U8(samples) => samples.as_mut_slice(),
            // SAFETY: the same memory, as bytes, of which any value is a sample.
            Samples::U16(samples) => unsafe {
                std::slice::from_raw_parts_mut(samples.as_mut_ptr().cast(), samples.len() * 2)
            },
        };
        let (format, width, height) = (self.format, self.width, self.height);
        PixelsMut {
            layout: Layout {
                format,
                width,
                height,
                stride,
            },
            data,
        }
    }
}

/// None: there is not so much memory.
fn zeroes<T: Clone + Default>(count: usize) -> Option<Vec<T>> {
    let mut samples = Vec::new();
    samples.try_reserve_exact(count).ok()?;
    samples.resize(count, T::default());
    Some(samples)
}
