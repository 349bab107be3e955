// SPDX-License-Identifier: MIT
//! Pages: their options, and what comes back.
use std::any::Any;
use std::cell::RefCell;
use std::ops::Deref;
use std::os::raw::{c_int, c_void};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use planche_sys as sys;

use crate::error::check;
use crate::{text, Cancel, Engine, Result};

/// Format of an image file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Format {
    Png,
    Jpeg,
    WebP,
    Avif,
    Jxl,
}

impl Format {
    fn to_raw(self) -> sys::planche_format {
        match self {
            Format::Png => sys::PLANCHE_FORMAT_PNG,
            Format::Jpeg => sys::PLANCHE_FORMAT_JPEG,
            Format::WebP => sys::PLANCHE_FORMAT_WEBP,
            Format::Avif => sys::PLANCHE_FORMAT_AVIF,
            Format::Jxl => sys::PLANCHE_FORMAT_JXL,
        }
    }

    fn from_raw(raw: sys::planche_format) -> Option<Format> {
        [
            Format::Png,
            Format::Jpeg,
            Format::WebP,
            Format::Avif,
            Format::Jxl,
        ]
        .into_iter()
        .find(|format| format.to_raw() == raw)
    }

    /// "png", "jpg", "webp", "avif", "jxl".
    pub fn extension(self) -> &'static str {
        // SAFETY: the string is static.
        unsafe { text::static_str(sys::planche_format_extension(self.to_raw())) }
    }

    /// The media type: "image/webp".
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Png => "image/png",
            Format::Jpeg => "image/jpeg",
            Format::WebP => "image/webp",
            Format::Avif => "image/avif",
            Format::Jxl => "image/jxl",
        }
    }
}

/// How many times larger a page becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// As the engine says.
    #[default]
    Engine,
    /// As many times as it takes to reach [`Page::target`].
    Auto,
    /// So many times, 1 to 64.
    Times(u32),
}

/// How a page meets its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fit {
    /// In proportion, within both.
    #[default]
    Box,
    /// What is read by scrolling or by turning the screen fills it.
    Screen,
}

/// What goes first where pages wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Priority {
    Interactive,
    #[default]
    Normal,
    Background,
}

type Progress = Arc<dyn Fn(f64) + Send + Sync>;

/// Options of a page; [`Page::new`] has the defaults. What they mean in detail is said at
/// `struct planche_page_options` of the C headers.
#[derive(Clone, Default)]
pub struct Page {
    options: sys::planche_page_options,
    cancel: Option<Cancel>,
    progress: Option<Progress>,
}

// SAFETY: the pointers in options are set only while a page runs.
unsafe impl Send for Page {}
unsafe impl Sync for Page {}

impl Page {
    /// The defaults: WebP in quality 90, as many times larger as the engine says.
    pub fn new() -> Page {
        Page::default()
    }

    /// Format of the result.
    #[must_use]
    pub fn format(mut self, format: Format) -> Page {
        self.options.format = format.to_raw();
        self
    }

    /// Quality, 1 to 100.
    #[must_use]
    pub fn quality(mut self, quality: u8) -> Page {
        self.options.quality = c_int::from(quality);
        self
    }

    /// Lossless WebP, AVIF or JPEG XL.
    #[must_use]
    pub fn lossless(mut self, lossless: bool) -> Page {
        self.options.lossless = c_int::from(lossless);
        self
    }

    /// Effort of the encoder, 1 (fast) to 9 (small).
    #[must_use]
    pub fn effort(mut self, effort: u8) -> Page {
        self.options.effort = c_int::from(effort);
        self
    }

    /// Whether [`Engine::run_file`] may replace a file.
    #[must_use]
    pub fn overwrite(mut self, overwrite: bool) -> Page {
        self.options.overwrite = c_int::from(overwrite);
        self
    }

    /// Averages the page's 8 orientations, in 8 times the time.
    #[must_use]
    pub fn tta(mut self, tta: bool) -> Page {
        self.options.tta = c_int::from(tta);
        self
    }

    /// Most pixels of the result's width and height; 0: any.
    #[must_use]
    pub fn target(mut self, width: u32, height: u32) -> Page {
        (self.options.width, self.options.height) = (width, height);
        self
    }

    /// How the target is met.
    #[must_use]
    pub fn fit(mut self, fit: Fit) -> Page {
        self.options.fit = match fit {
            Fit::Box => sys::PLANCHE_FIT_BOX,
            Fit::Screen => sys::PLANCHE_FIT_SCREEN,
        };
        self
    }

    /// How many times larger.
    #[must_use]
    pub fn scale(mut self, scale: Scale) -> Page {
        self.options.scale = match scale {
            Scale::Engine => 0,
            Scale::Auto => sys::PLANCHE_SCALE_AUTO,
            Scale::Times(times) => times,
        };
        self
    }

    /// Whether the result's XMP says what it was made from.
    #[must_use]
    pub fn provenance(mut self, provenance: bool) -> Page {
        self.options.provenance = c_int::from(provenance);
        self
    }

    /// Whether files without a colour are run and stored as grey.
    #[must_use]
    pub fn grey(mut self, grey: bool) -> Page {
        self.options.grey = if grey {
            sys::PLANCHE_GREY_AUTO
        } else {
            sys::PLANCHE_GREY_KEEP
        };
        self
    }

    /// Whether a result that is too large for its format gets another one, instead of
    /// [`Error::Limit`](crate::Error::Limit).
    #[must_use]
    pub fn switch_format(mut self, switch: bool) -> Page {
        self.options.on_limit = if switch {
            sys::PLANCHE_ON_LIMIT_SWITCH
        } else {
            sys::PLANCHE_ON_LIMIT_FAIL
        };
        self
    }

    /// What goes first where pages wait.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Page {
        self.options.priority = match priority {
            Priority::Interactive => sys::PLANCHE_PRIORITY_INTERACTIVE,
            Priority::Normal => sys::PLANCHE_PRIORITY_NORMAL,
            Priority::Background => sys::PLANCHE_PRIORITY_BACKGROUND,
        };
        self
    }

    /// Time from the call on, after which the page ends with
    /// [`Error::Deadline`](crate::Error::Deadline).
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Page {
        // 0 means none, so what is shorter than a millisecond is one.
        self.options.deadline_ms = u64::try_from(deadline.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        self
    }

    /// Called with the finished part of the page, 0 to 1, after every few rows, on the thread that
    /// runs the page. If it panics it is not called again, and the panic goes on in the caller when
    /// the page has ended.
    #[must_use]
    pub fn progress(mut self, progress: impl Fn(f64) + Send + Sync + 'static) -> Page {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// What stops the page.
    #[must_use]
    pub fn cancel(mut self, cancel: &Cancel) -> Page {
        self.cancel = Some(cancel.clone());
        self
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn cancel_handle(&self) -> Option<&Cancel> {
        self.cancel.as_ref()
    }

    /// The options but for cancelling and progress.
    pub(crate) fn raw(&self) -> sys::planche_page_options {
        self.options
    }

    /// Runs a page: `call` gets options that are complete, a result and an error to fill.
    pub(crate) fn run(
        &self,
        call: impl FnOnce(
            *const sys::planche_page_options,
            *mut sys::planche_page_result,
            *mut sys::planche_error,
        ) -> sys::planche_status,
    ) -> Result<Report> {
        let mut options = self.options;
        let mut result = sys::planche_page_result::default();
        let watch = self.progress.as_ref().map(|progress| Watch {
            progress: progress.clone(),
            panic: RefCell::new(None),
        });
        if let Some(watch) = &watch {
            options.progress = Some(report_progress);
            options.progress_user = watch as *const Watch as *mut c_void;
        }
        if let Some(cancel) = &self.cancel {
            options.cancel = cancel.as_ptr();
        }
        let outcome = check(|error| call(&options, &mut result, error));
        if let Some(panic) = watch.and_then(|watch| watch.panic.into_inner()) {
            resume_unwind(panic);
        }
        outcome.map(|()| Report::new(&result))
    }
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page").finish_non_exhaustive()
    }
}

/// A progress function while its page runs. The library calls it on the page's thread alone.
struct Watch {
    progress: Progress,
    panic: RefCell<Option<Box<dyn Any + Send>>>,
}

/// No panic may pass through the library's frames.
unsafe extern "C" fn report_progress(user: *mut c_void, done: f64) {
    // SAFETY: user is the watch of the page that runs, on its thread.
    let watch = unsafe { &*(user as *const Watch) };
    if watch.panic.borrow().is_some() {
        return;
    }
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (watch.progress)(done))) {
        *watch.panic.borrow_mut() = Some(panic);
    }
}

/// What is known of a page that was made.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct Report {
    pub input_width: u32,
    pub input_height: u32,
    pub output_width: u32,
    pub output_height: u32,
    /// Of the result; None: pixels.
    pub format: Option<Format>,
    pub decode: Duration,
    pub network: Duration,
    pub encode: Duration,
    /// Most of the engine's budget in use while the page ran.
    pub peak_bytes: u64,
    /// Files that the result was split into.
    pub parts: u32,
    /// "cpu" or "vulkan"; "": no network was needed.
    pub backend: &'static str,
    /// Why a GPU could not make it, so that another one or the CPU did.
    pub redone: Option<String>,
    /// Times that the networks enlarged it, before it was reduced.
    pub scale: u32,
    /// Names and scales of the networks.
    pub networks: String,
    /// What a page with model "auto" has chosen: its level of cleaning, and why.
    pub chosen: Option<(f64, String)>,
}

fn milliseconds(value: f64) -> Duration {
    Duration::from_secs_f64((value / 1000.0).max(0.0))
}

impl Report {
    fn new(raw: &sys::planche_page_result) -> Report {
        Report {
            input_width: raw.input_width,
            input_height: raw.input_height,
            output_width: raw.output_width,
            output_height: raw.output_height,
            format: Format::from_raw(raw.format),
            decode: milliseconds(raw.decode_ms),
            network: milliseconds(raw.network_ms),
            encode: milliseconds(raw.encode_ms),
            peak_bytes: raw.peak_bytes,
            parts: raw.parts,
            // SAFETY: the string is static or NULL.
            backend: unsafe { text::static_str(raw.backend) },
            redone: (raw.redone != 0).then(|| text::from_array(&raw.redone_reason)),
            scale: raw.scale,
            networks: text::from_array(&raw.networks),
            chosen: (raw.chosen != 0).then(|| (raw.level, text::from_array(&raw.reason))),
        }
    }
}

/// Bytes that the library has allocated, or none.
struct Bytes {
    data: *mut c_void,
    size: usize,
}

// SAFETY: the bytes have one owner and do not change.
unsafe impl Send for Bytes {}
unsafe impl Sync for Bytes {}

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: NULL is fine, and nobody else frees them.
        unsafe { sys::planche_free_bytes(self.data) };
    }
}

/// A page that was made: an image file in memory (it derefs to its bytes, which are the library's
/// and are not copied), and what is known of it.
pub struct Enlarged {
    bytes: Bytes,
    /// What is known of the page.
    pub report: Report,
}

impl Enlarged {
    pub(crate) fn run(engine: &Engine, data: &[u8], page: &Page) -> Result<Enlarged> {
        let mut bytes = Bytes {
            data: std::ptr::null_mut(),
            size: 0,
        };
        let report = page.run(|options, result, error| {
            // SAFETY: all pointers are valid for the call.
            unsafe {
                sys::planche_engine_run_bytes(
                    engine.as_ptr(),
                    data.as_ptr().cast(),
                    data.len(),
                    &mut bytes.data,
                    &mut bytes.size,
                    options,
                    result,
                    error,
                )
            }
        })?;
        Ok(Enlarged { bytes, report })
    }
}

impl Deref for Enlarged {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        if self.bytes.data.is_null() {
            return &[];
        }
        // SAFETY: the library has filled so many bytes, and they are freed by drop alone.
        unsafe { std::slice::from_raw_parts(self.bytes.data.cast(), self.bytes.size) }
    }
}

impl AsRef<[u8]> for Enlarged {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl std::fmt::Debug for Enlarged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut it = f.debug_struct("Enlarged");
        it.field("size", &self.len())
            .field("report", &self.report)
            .finish()
    }
}
