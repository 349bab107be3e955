// SPDX-License-Identifier: MIT
//! Engines: a model made ready, and the pages that go through it.
use std::ffi::CString;
use std::os::raw::{c_char, c_int, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use planche_sys as sys;

use crate::error::check;
use crate::{text, Enlarged, Page, PixelBuf, Pixels, PixelsMut, Report, Result};

/// How important a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warning,
    Error,
}

type Log = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

/// What pages run on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Backend {
    /// The GPUs that can hold the model, if there are any, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// All hardware GPUs.
    Gpus,
    /// The GPUs with these numbers.
    Gpu(Vec<u32>),
}

/// What the convolutions multiply in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub enum Precision {
    #[default]
    Auto,
    F32,
    Bf16,
    F16,
    Int8,
}

/// Options of an engine, from [`Engine::builder`]. What they mean in detail is said at
/// `struct planche_engine_options` of the C headers.
#[derive(Default)]
pub struct EngineBuilder {
    options: sys::planche_engine_options,
    model: Option<String>,
    model_directory: Option<PathBuf>,
    backend: Backend,
    log: Option<Log>,
}

// SAFETY: the pointers in options are set only while an engine is made.
unsafe impl Send for EngineBuilder {}

impl EngineBuilder {
    /// A name of the catalogue, or a path that ends in ".param" or ".planche"; without it "auto".
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The folder of models that are not built in.
    #[must_use]
    pub fn model_directory(mut self, folder: impl Into<PathBuf>) -> Self {
        self.model_directory = Some(folder.into());
        self
    }

    /// How many times larger pages become, 1 to 64.
    #[must_use]
    pub fn scale(mut self, scale: u32) -> Self {
        self.options.scale = scale;
        self
    }

    /// How much noise is removed, -1 (least) to 3 (most).
    #[must_use]
    pub fn denoise(mut self, level: f64) -> Self {
        (self.options.has_level, self.options.level) = (1, level);
        self
    }

    /// Budget in bytes for weights and all pages in flight.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.options.memory = bytes;
        self
    }

    /// Threads that compute.
    #[must_use]
    pub fn threads(mut self, threads: u32) -> Self {
        self.options.threads = threads;
        self
    }

    /// Pages in flight at once; more callers wait.
    #[must_use]
    pub fn jobs(mut self, jobs: u32) -> Self {
        self.options.jobs = jobs;
        self
    }

    /// Most pixels of a page that the network makes.
    #[must_use]
    pub fn max_pixels(mut self, pixels: u64) -> Self {
        self.options.max_pixels = pixels;
        self
    }

    /// CPU features that may be used: the `PLANCHE_CPU_*` of `planche_sys`.
    #[must_use]
    pub fn cpu_mask(mut self, mask: u32) -> Self {
        self.options.cpu_mask = mask;
        self
    }

    /// What the convolutions multiply in.
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.options.precision = match precision {
            Precision::Auto => sys::PLANCHE_PRECISION_AUTO,
            Precision::F32 => sys::PLANCHE_PRECISION_F32,
            Precision::Bf16 => sys::PLANCHE_PRECISION_BF16,
            Precision::F16 => sys::PLANCHE_PRECISION_F16,
            Precision::Int8 => sys::PLANCHE_PRECISION_INT8,
        };
        self
    }

    /// What pages run on.
    #[must_use]
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Most bytes of each GPU's memory.
    #[must_use]
    pub fn gpu_memory(mut self, bytes: u64) -> Self {
        self.options.gpu_memory = bytes;
        self
    }

    /// Pages that the engine is going to make, about.
    #[must_use]
    pub fn pages(mut self, pages: u32) -> Self {
        self.options.pages = pages;
        self
    }

    /// Gets lines of the log, from several threads at once. A panic in it ends at the library: that
    /// line is lost.
    #[must_use]
    pub fn log(mut self, log: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Loads and checks the model, and prepares its weights: some milliseconds for the networks
    /// that are built in, more for others.
    pub fn build(self) -> Result<Engine> {
        let mut options = self.options;
        let model = self
            .model
            .map(|model| text::to_c("model", &model))
            .transpose()?;
        let folder = self
            .model_directory
            .as_deref()
            .map(text::path_to_c)
            .transpose()?;
        let backend = backend_name(&self.backend);
        let pointer = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |t| t.as_ptr());
        (options.model, options.model_directory) = (pointer(&model), pointer(&folder));
        options.backend = backend.as_ptr();
        // Shared, so that the library's pointer to it stays valid when the engine moves.
        let log = self.log.map(Arc::new);
        if let Some(log) = &log {
            options.log = Some(write_log);
            options.log_user = Arc::as_ptr(log) as *mut c_void;
        }
        let mut raw = ptr::null_mut();
        // SAFETY: all pointers are valid for the call, and log until the engine is destroyed.
        check(|error| unsafe { sys::planche_engine_create(&mut raw, &options, error) })?;
        let raw = NonNull::new(raw).expect("the library has made an engine");
        Ok(Engine { raw, _log: log })
    }
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

fn backend_name(backend: &Backend) -> CString {
    let name = match backend {
        Backend::Auto => "auto".into(),
        Backend::Cpu => "cpu".into(),
        Backend::Gpus => "vulkan".into(),
        Backend::Gpu(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            format!("vulkan:{}", numbers.join(","))
        }
    };
    CString::new(name).expect("there is no 0 in it")
}

/// No panic may pass through the library's frames.
unsafe extern "C" fn write_log(user: *mut c_void, level: c_int, message: *const c_char) {
    // SAFETY: user is the engine's log, which outlives the engine; message is a string.
    let (log, message) = unsafe { (&*(user as *const Log), text::owned(message)) };
    let level = match level {
        sys::PLANCHE_LOG_TRACE => LogLevel::Trace,
        sys::PLANCHE_LOG_DEBUG => LogLevel::Debug,
        sys::PLANCHE_LOG_INFO => LogLevel::Info,
        sys::PLANCHE_LOG_WARNING => LogLevel::Warning,
        _ => LogLevel::Error,
    };
    let message = message.unwrap_or_default();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| log(level, &message))) {
        // Dropping what it carries might panic once more, outside of the guard.
        std::mem::forget(panic);
    }
}

/// What an engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct Info {
    /// Of results, if pages do not say otherwise.
    pub scale: u32,
    pub model: String,
    pub variant: String,
    /// "cpu" or "vulkan".
    pub backend: String,
    /// What the CPU computes with: "avx2".
    pub isa: String,
    pub precision: String,
    /// Names of the GPUs.
    pub device: Option<String>,
    pub threads: u32,
    /// Most pages in flight at once.
    pub jobs: u32,
    /// Budget, bytes.
    pub memory: u64,
    pub weight_bytes: u64,
    /// Most of the budget that was in use so far.
    pub peak_bytes: u64,
}

/// A model made ready to run. It is immutable, and any number of threads may run pages in it at
/// once.
pub struct Engine {
    raw: NonNull<sys::planche_engine>,
    _log: Option<Arc<Log>>,
}

// SAFETY: the library says so; the log is Send and Sync.
unsafe impl Send for Engine {}
unsafe impl Sync for Engine {}

impl Engine {
    /// Options of an engine.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// An engine with the defaults: model "auto", which is built in, on all processors.
    pub fn new() -> Result<Engine> {
        Engine::builder().build()
    }

    /// Describes the engine.
    pub fn info(&self) -> Result<Info> {
        let mut info = sys::planche_engine_info::default();
        // SAFETY: all pointers are valid for the call.
        check(|error| unsafe { sys::planche_engine_get_info(self.as_ptr(), &mut info, error) })?;
        // SAFETY: the strings live as long as the engine.
        let text = |text| unsafe { text::owned(text) };
        Ok(Info {
            scale: info.scale,
            model: text(info.model).unwrap_or_default(),
            variant: text(info.variant).unwrap_or_default(),
            backend: text(info.backend).unwrap_or_default(),
            isa: text(info.isa).unwrap_or_default(),
            precision: text(info.precision).unwrap_or_default(),
            device: text(info.device),
            threads: info.threads,
            jobs: info.jobs,
            memory: info.memory,
            weight_bytes: info.weight_bytes,
            peak_bytes: info.peak_bytes,
        })
    }

    /// Enlarges an image file in memory into another.
    pub fn run_bytes(&self, data: &[u8], page: &Page) -> Result<Enlarged> {
        Enlarged::run(self, data, page)
    }

    /// Enlarges a file into another, which appears complete under its name or not at all.
    pub fn run_file(
        &self,
        input: impl AsRef<Path>,
        output: impl AsRef<Path>,
        page: &Page,
    ) -> Result<Report> {
        let input = text::path_to_c(input.as_ref())?;
        let output = text::path_to_c(output.as_ref())?;
        page.run(|options, result, error| {
            // SAFETY: all pointers are valid for the call.
            unsafe {
                let (input, output) = (input.as_ptr(), output.as_ptr());
                sys::planche_engine_run_file(self.as_ptr(), input, output, options, result, error)
            }
        })
    }

    /// Enlarges pixels into memory of the caller's: the format of `input`, and the size that
    /// [`output_size`](Engine::output_size) says.
    pub fn run_pixels(
        &self,
        input: Pixels<'_>,
        mut output: PixelsMut<'_>,
        page: &Page,
    ) -> Result<Report> {
        let (input, output) = (input.raw(), output.raw());
        page.run(|options, result, error| {
            // SAFETY: all pointers are valid for the call, and the slices as large as they say.
            unsafe {
                let raw = self.as_ptr();
                sys::planche_engine_run_pixels(raw, &input, &output, options, result, error)
            }
        })
    }

    /// Enlarges pixels into new memory.
    pub fn enlarge_pixels(&self, input: Pixels<'_>, page: &Page) -> Result<PixelBuf> {
        let (width, height) = self.output_size(input.width(), input.height(), page)?;
        let mut output = PixelBuf::new(input.format(), width, height)?;
        self.run_pixels(input, output.as_mut(), page)?;
        Ok(output)
    }

    /// Width and height of the result of a page of this size.
    pub fn output_size(&self, width: u32, height: u32, page: &Page) -> Result<(u32, u32)> {
        let mut options = page.raw();
        // Pixels have no format, whose limits would count.
        options.format = sys::PLANCHE_FORMAT_PNG;
        let mut result = sys::planche_page_result::default();
        // SAFETY: all pointers are valid for the call.
        check(|error| unsafe {
            let (raw, none) = (self.as_ptr(), ptr::null());
            sys::planche_engine_predict(raw, none, width, height, &options, &mut result, error)
        })?;
        Ok((result.output_width, result.output_height))
    }

    pub(crate) fn as_ptr(&self) -> *const sys::planche_engine {
        self.raw.as_ptr()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let mut raw = self.raw.as_ptr();
        // SAFETY: pages borrow the engine, so none of them runs.
        unsafe { sys::planche_engine_destroy(&mut raw) };
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("info", &self.info())
            .finish()
    }
}
