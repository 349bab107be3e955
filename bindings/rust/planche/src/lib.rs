// SPDX-License-Identifier: MIT
#![doc = include_str!("../README.md")]
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]
mod cancel;
mod engine;
mod error;
#[cfg(feature = "image")]
mod image;
mod page;
mod pixels;
#[cfg(feature = "tokio")]
mod pool;
mod text;

pub use cancel::Cancel;
pub use engine::{Backend, Engine, EngineBuilder, Info, LogLevel, Precision};
pub use error::{Error, Result};
pub use page::{Enlarged, Fit, Format, Page, Priority, Report, Scale};
pub use pixels::{PixelBuf, PixelFormat, Pixels, PixelsMut};
#[cfg(feature = "tokio")]
pub use pool::Pool;

/// The version of the library that is running: "0.1.0".
pub fn version() -> &'static str {
    // SAFETY: the string is static.
    unsafe { text::static_str(planche_sys::planche_version()) }
}
