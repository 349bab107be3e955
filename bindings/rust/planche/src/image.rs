// SPDX-License-Identifier: MIT
//! Images of the crate `image`.
use image::{DynamicImage, ImageBuffer};

use crate::pixels::{bytes_of, Samples};
use crate::{Engine, Error, Page, PixelBuf, PixelFormat, Pixels, Result};

fn pixels_of(image: &DynamicImage) -> Result<Pixels<'_>> {
    let (format, data) = match image {
        DynamicImage::ImageLuma8(it) => (PixelFormat::Grey8, it.as_raw().as_slice()),
        DynamicImage::ImageLumaA8(it) => (PixelFormat::GreyAlpha8, it.as_raw().as_slice()),
        DynamicImage::ImageRgb8(it) => (PixelFormat::Rgb8, it.as_raw().as_slice()),
        DynamicImage::ImageRgba8(it) => (PixelFormat::Rgba8, it.as_raw().as_slice()),
        DynamicImage::ImageLuma16(it) => (PixelFormat::Grey16, bytes_of(it.as_raw())),
        DynamicImage::ImageLumaA16(it) => (PixelFormat::GreyAlpha16, bytes_of(it.as_raw())),
        DynamicImage::ImageRgb16(it) => (PixelFormat::Rgb16, bytes_of(it.as_raw())),
        DynamicImage::ImageRgba16(it) => (PixelFormat::Rgba16, bytes_of(it.as_raw())),
        other => {
            let colour = other.color();
            let message = format!("{colour:?}: convert the image to samples of 8 or 16 bits");
            return Err(Error::Unsupported(message));
        }
    };
    Pixels::new(format, image.width(), image.height(), data)
}

fn image_of(pixels: PixelBuf) -> Option<DynamicImage> {
    let (format, width, height) = (pixels.format(), pixels.width(), pixels.height());
    Some(match (format, pixels.into_samples()) {
        (PixelFormat::Grey8, Samples::U8(samples)) => {
            DynamicImage::ImageLuma8(ImageBuffer::from_raw(width, height, samples)?)
        }
        (PixelFormat::GreyAlpha8, Samples::U8(samples)) => {
            DynamicImage::ImageLumaA8(ImageBuffer::from_raw(width, height, samples)?)
        }
        (PixelFormat::Rgb8, Samples::U8(samples)) => {
            DynamicImage::ImageRgb8(ImageBuffer::from_raw(width, height, samples)?)
        }
        (PixelFormat::Rgba8, Samples::U8(samples)) => {
            DynamicImage::ImageRgba8(ImageBuffer::from_raw(width, height, samples)?)
        }
        (PixelFormat::Grey16, Samples::U16(samples)) => {
            DynamicImage::ImageLuma16(ImageBuffer::from_raw(width, height, samples)?)
        }
        (PixelFormat::GreyAlpha16, Samples::U16(samples)) => {
            DynamicImage::ImageLumaA16(ImageBuffer::from_raw(width, height, samples)?)
        }
        (PixelFormat::Rgb16, Samples::U16(samples)) => {
            DynamicImage::ImageRgb16(ImageBuffer::from_raw(width, height, samples)?)
        }
        (PixelFormat::Rgba16, Samples::U16(samples)) => {
            DynamicImage::ImageRgba16(ImageBuffer::from_raw(width, height, samples)?)
        }
        _ => return None,
    })
}

impl Engine {
    /// Enlarges an image of the crate `image` (feature `image`) into one of the same kind. Images of
    /// floats are [`Error::Unsupported`].
    pub fn enlarge_image(&self, image: &DynamicImage, page: &Page) -> Result<DynamicImage> {
        let pixels = self.enlarge_pixels(pixels_of(image)?, page)?;
        image_of(pixels).ok_or_else(|| Error::Internal("pixels that are no image".into()))
    }
}
