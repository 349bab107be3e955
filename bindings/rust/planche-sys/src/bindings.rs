// SPDX-License-Identifier: MIT
// Made by generate.sh from include/planche: do not edit.

pub const PLANCHE_ERROR_MESSAGE_SIZE: u32 = 512;
pub const PLANCHE_CPU_PORTABLE: u32 = 1;
pub const PLANCHE_CPU_AVX2: u32 = 2;
pub const PLANCHE_CPU_AVX512: u32 = 4;
pub const PLANCHE_CPU_NEON: u32 = 8;
pub const PLANCHE_CPU_AVX512BF16: u32 = 16;
pub const PLANCHE_CPU_AMX: u32 = 32;
pub const PLANCHE_CPU_AVXVNNI: u32 = 64;
pub const PLANCHE_CPU_AVX512VNNI: u32 = 128;
pub const PLANCHE_SCALE_AUTO: u32 = 4294967295;
pub const PLANCHE_MAX_PASSES: u32 = 6;
pub const PLANCHE_BOOK_OUTCOMES: u32 = 16;
pub const PLANCHE_VERSION_MAJOR: u32 = 0;
pub const PLANCHE_VERSION_MINOR: u32 = 1;
pub const PLANCHE_VERSION_PATCH: u32 = 0;
pub const PLANCHE_VERSION: &[u8; 6usize] = b"0.1.0\0";
pub const PLANCHE_OK: planche_status = 0;
pub const PLANCHE_ERROR_ARGUMENT: planche_status = 1;
pub const PLANCHE_ERROR_MEMORY: planche_status = 2;
pub const PLANCHE_ERROR_BUDGET: planche_status = 3;
pub const PLANCHE_ERROR_LIMIT: planche_status = 4;
pub const PLANCHE_ERROR_IO: planche_status = 5;
pub const PLANCHE_ERROR_DATA: planche_status = 6;
pub const PLANCHE_ERROR_MODEL: planche_status = 7;
pub const PLANCHE_ERROR_UNSUPPORTED: planche_status = 8;
pub const PLANCHE_ERROR_NOT_FOUND: planche_status = 9;
pub const PLANCHE_ERROR_EXISTS: planche_status = 10;
pub const PLANCHE_ERROR_CANCELLED: planche_status = 11;
pub const PLANCHE_ERROR_INTERNAL: planche_status = 12;
pub const PLANCHE_ERROR_DEVICE: planche_status = 13;
pub const PLANCHE_ERROR_DEADLINE: planche_status = 14;
pub type planche_status = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_error {
    pub status: planche_status,
    pub message: [::std::os::raw::c_char; 512usize],
}
extern "C" {
    pub fn planche_status_name(status: planche_status) -> *const ::std::os::raw::c_char;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_cancel {
    _unused: [u8; 0],
}
extern "C" {
    pub fn planche_cancel_create(
        out: *mut *mut planche_cancel,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_cancel_destroy(cancel: *mut *mut planche_cancel);
}
extern "C" {
    pub fn planche_cancel_request(cancel: *mut planche_cancel);
}
extern "C" {
    pub fn planche_cancel_requested(cancel: *const planche_cancel) -> ::std::os::raw::c_int;
}
pub const PLANCHE_LOG_TRACE: planche_log_level = -1;
pub const PLANCHE_LOG_DEBUG: planche_log_level = 0;
pub const PLANCHE_LOG_INFO: planche_log_level = 1;
pub const PLANCHE_LOG_WARNING: planche_log_level = 2;
pub const PLANCHE_LOG_ERROR: planche_log_level = 3;
pub type planche_log_level = ::std::os::raw::c_int;
pub type planche_log_fn = ::std::option::Option<
    unsafe extern "C" fn(
        user: *mut ::std::os::raw::c_void,
        level: planche_log_level,
        message: *const ::std::os::raw::c_char,
    ),
>;
pub const PLANCHE_GPU_PATH_AUTO: planche_gpu_path = 0;
pub const PLANCHE_GPU_PATH_F32: planche_gpu_path = 1;
pub const PLANCHE_GPU_PATH_F16: planche_gpu_path = 2;
pub const PLANCHE_GPU_PATH_KHR: planche_gpu_path = 3;
pub const PLANCHE_GPU_PATH_NV2: planche_gpu_path = 4;
pub const PLANCHE_GPU_PATH_WGMMA: planche_gpu_path = 5;
pub type planche_gpu_path = ::std::os::raw::c_uint;
pub const PLANCHE_GPU_OTHER: planche_gpu_type = 0;
pub const PLANCHE_GPU_INTEGRATED: planche_gpu_type = 1;
pub const PLANCHE_GPU_DISCRETE: planche_gpu_type = 2;
pub const PLANCHE_GPU_VIRTUAL: planche_gpu_type = 3;
pub const PLANCHE_GPU_SOFTWARE: planche_gpu_type = 4;
pub type planche_gpu_type = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_gpu_info {
    pub struct_size: usize,
    pub index: ::std::os::raw::c_uint,
    pub type_: planche_gpu_type,
    pub path: planche_gpu_path,
    pub memory: u64,
    pub free_memory: u64,
    pub api_major: ::std::os::raw::c_uint,
    pub api_minor: ::std::os::raw::c_uint,
    pub name: [::std::os::raw::c_char; 256usize],
    pub driver: [::std::os::raw::c_char; 256usize],
    pub extensions: [::std::os::raw::c_char; 256usize],
    pub reason: [::std::os::raw::c_char; 256usize],
    pub tuning: [::std::os::raw::c_char; 128usize],
}
extern "C" {
    pub fn planche_gpu_info_init(out: *mut planche_gpu_info, size: usize);
}
extern "C" {
    pub fn planche_gpu_get_info(
        index: ::std::os::raw::c_uint,
        info: *mut planche_gpu_info,
        error: *mut planche_error,
    ) -> planche_status;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_gpu_tune_options {
    pub struct_size: usize,
    pub seconds: f64,
    pub model: *const ::std::os::raw::c_char,
    pub scale: ::std::os::raw::c_uint,
    pub model_directory: *const ::std::os::raw::c_char,
    pub cancel: *mut planche_cancel,
    pub log: planche_log_fn,
    pub log_user: *mut ::std::os::raw::c_void,
}
extern "C" {
    pub fn planche_gpu_tune_options_init(out: *mut planche_gpu_tune_options, size: usize);
}
extern "C" {
    pub fn planche_gpu_tune(
        index: ::std::os::raw::c_uint,
        options: *const planche_gpu_tune_options,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_gpu_path_name(path: planche_gpu_path) -> *const ::std::os::raw::c_char;
}
pub const PLANCHE_DENOISE_DEFAULT: planche_denoise = 0;
pub const PLANCHE_DENOISE_CONSERVATIVE: planche_denoise = 1;
pub const PLANCHE_DENOISE_NONE: planche_denoise = 2;
pub const PLANCHE_DENOISE_1: planche_denoise = 3;
pub const PLANCHE_DENOISE_2: planche_denoise = 4;
pub const PLANCHE_DENOISE_3: planche_denoise = 5;
pub const PLANCHE_DENOISE_0: planche_denoise = 6;
pub type planche_denoise = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_model_variant {
    pub model: *const ::std::os::raw::c_char,
    pub family: *const ::std::os::raw::c_char,
    pub scale: ::std::os::raw::c_uint,
    pub denoise: planche_denoise,
    pub licence: *const ::std::os::raw::c_char,
    pub package: *const ::std::os::raw::c_char,
    pub package_path: *const ::std::os::raw::c_char,
    pub file: *const ::std::os::raw::c_char,
    pub param_size: u64,
    pub bin_size: u64,
    pub param_sha256: *const ::std::os::raw::c_char,
    pub bin_sha256: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn planche_model_variant_count() -> usize;
}
extern "C" {
    pub fn planche_model_variant_get(index: usize) -> *const planche_model_variant;
}
extern "C" {
    pub fn planche_model_is_file(model: *const ::std::os::raw::c_char) -> ::std::os::raw::c_int;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_model_part {
    pub struct_size: usize,
    pub name: *const ::std::os::raw::c_char,
    pub length: usize,
    pub alternative: ::std::os::raw::c_uint,
    pub grey: ::std::os::raw::c_int,
    pub colour: ::std::os::raw::c_int,
    pub height: u32,
    pub levels: ::std::os::raw::c_int,
}
extern "C" {
    pub fn planche_model_part_init(out: *mut planche_model_part, size: usize);
}
extern "C" {
    pub fn planche_model_part_find(
        model: *const ::std::os::raw::c_char,
        index: usize,
        part: *mut planche_model_part,
        error: *mut planche_error,
    ) -> planche_status;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_model_facts {
    pub struct_size: usize,
    pub format: [::std::os::raw::c_char; 16usize],
    pub architecture: [::std::os::raw::c_char; 48usize],
    pub size: [::std::os::raw::c_char; 48usize],
    pub licence: [::std::os::raw::c_char; 64usize],
    pub scale: ::std::os::raw::c_uint,
    pub channels_in: ::std::os::raw::c_uint,
    pub channels_out: ::std::os::raw::c_uint,
    pub parameters: u64,
}
extern "C" {
    pub fn planche_model_facts_init(out: *mut planche_model_facts, size: usize);
}
extern "C" {
    pub fn planche_model_inspect(
        path: *const ::std::os::raw::c_char,
        memory: u64,
        facts: *mut planche_model_facts,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_model_find(
        model: *const ::std::os::raw::c_char,
        scale: ::std::os::raw::c_uint,
        denoise: planche_denoise,
        out: *mut *const planche_model_variant,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_model_directory(
        path: *mut ::std::os::raw::c_char,
        size: usize,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_model_path(
        variant: *const planche_model_variant,
        directory: *const ::std::os::raw::c_char,
        path: *mut ::std::os::raw::c_char,
        size: usize,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_model_check(
        variant: *const planche_model_variant,
        directory: *const ::std::os::raw::c_char,
        verify: ::std::os::raw::c_int,
        error: *mut planche_error,
    ) -> planche_status;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_model_imported {
    pub struct_size: usize,
    pub path: *const ::std::os::raw::c_char,
    pub variant: *const planche_model_variant,
    pub there: ::std::os::raw::c_int,
}
pub type planche_model_imported_fn = ::std::option::Option<
    unsafe extern "C" fn(user: *mut ::std::os::raw::c_void, model: *const planche_model_imported),
>;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_model_import_options {
    pub struct_size: usize,
    pub directory: *const ::std::os::raw::c_char,
    pub max_bytes: u64,
    pub memory: u64,
    pub cancel: *const planche_cancel,
    pub imported: planche_model_imported_fn,
    pub user: *mut ::std::os::raw::c_void,
}
extern "C" {
    pub fn planche_model_import_options_init(out: *mut planche_model_import_options, size: usize);
}
extern "C" {
    pub fn planche_model_import(
        path: *const ::std::os::raw::c_char,
        options: *const planche_model_import_options,
        error: *mut planche_error,
    ) -> planche_status;
}
pub const PLANCHE_FORMAT_AUTO: planche_format = 0;
pub const PLANCHE_FORMAT_PNG: planche_format = 1;
pub const PLANCHE_FORMAT_JPEG: planche_format = 2;
pub const PLANCHE_FORMAT_WEBP: planche_format = 3;
pub const PLANCHE_FORMAT_AVIF: planche_format = 4;
pub const PLANCHE_FORMAT_JXL: planche_format = 5;
pub const PLANCHE_FORMAT_GIF: planche_format = 6;
pub const PLANCHE_FORMAT_TIFF: planche_format = 7;
pub const PLANCHE_FORMAT_JP2: planche_format = 8;
pub const PLANCHE_FORMAT_HEIC: planche_format = 9;
pub const PLANCHE_FORMAT_BMP: planche_format = 10;
pub const PLANCHE_FORMAT_QOI: planche_format = 11;
pub const PLANCHE_FORMAT_TGA: planche_format = 12;
pub const PLANCHE_FORMAT_PSD: planche_format = 13;
pub type planche_format = ::std::os::raw::c_uint;
extern "C" {
    pub fn planche_format_from_name(file_name: *const ::std::os::raw::c_char) -> planche_format;
}
extern "C" {
    pub fn planche_format_extension(format: planche_format) -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn planche_format_is_written(format: planche_format) -> ::std::os::raw::c_int;
}
pub const PLANCHE_PIXELS_GREY8: planche_pixel_format = 1;
pub const PLANCHE_PIXELS_GREY_ALPHA8: planche_pixel_format = 2;
pub const PLANCHE_PIXELS_RGB8: planche_pixel_format = 3;
pub const PLANCHE_PIXELS_RGBA8: planche_pixel_format = 4;
pub const PLANCHE_PIXELS_GREY16: planche_pixel_format = 5;
pub const PLANCHE_PIXELS_GREY_ALPHA16: planche_pixel_format = 6;
pub const PLANCHE_PIXELS_RGB16: planche_pixel_format = 7;
pub const PLANCHE_PIXELS_RGBA16: planche_pixel_format = 8;
pub type planche_pixel_format = ::std::os::raw::c_uint;
pub const PLANCHE_PRECISION_AUTO: planche_precision = 0;
pub const PLANCHE_PRECISION_F32: planche_precision = 1;
pub const PLANCHE_PRECISION_BF16: planche_precision = 2;
pub const PLANCHE_PRECISION_F16: planche_precision = 3;
pub const PLANCHE_PRECISION_INT8: planche_precision = 4;
pub type planche_precision = ::std::os::raw::c_uint;
pub const PLANCHE_SE_EXACT: planche_se = 0;
pub const PLANCHE_SE_SAMPLED: planche_se = 1;
pub type planche_se = ::std::os::raw::c_uint;
pub const PLANCHE_PRIORITY_NORMAL: planche_priority = 0;
pub const PLANCHE_PRIORITY_INTERACTIVE: planche_priority = 1;
pub const PLANCHE_PRIORITY_BACKGROUND: planche_priority = 2;
pub type planche_priority = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_engine {
    _unused: [u8; 0],
}
pub const PLANCHE_GREY_KEEP: planche_grey = 0;
pub const PLANCHE_GREY_AUTO: planche_grey = 1;
pub type planche_grey = ::std::os::raw::c_uint;
pub const PLANCHE_ON_LIMIT_FAIL: planche_on_limit = 0;
pub const PLANCHE_ON_LIMIT_SWITCH: planche_on_limit = 1;
pub const PLANCHE_ON_LIMIT_SPLIT: planche_on_limit = 2;
pub type planche_on_limit = ::std::os::raw::c_uint;
pub const PLANCHE_FIT_BOX: planche_fit = 0;
pub const PLANCHE_FIT_SCREEN: planche_fit = 1;
pub type planche_fit = ::std::os::raw::c_uint;
pub type planche_progress_fn =
    ::std::option::Option<unsafe extern "C" fn(user: *mut ::std::os::raw::c_void, done: f64)>;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_page_options {
    pub struct_size: usize,
    pub format: planche_format,
    pub quality: ::std::os::raw::c_int,
    pub lossless: ::std::os::raw::c_int,
    pub effort: ::std::os::raw::c_int,
    pub overwrite: ::std::os::raw::c_int,
    pub progress: planche_progress_fn,
    pub progress_user: *mut ::std::os::raw::c_void,
    pub tta: ::std::os::raw::c_int,
    pub width: u32,
    pub height: u32,
    pub provenance: ::std::os::raw::c_int,
    pub grey: planche_grey,
    pub on_limit: planche_on_limit,
    pub cancel: *mut planche_cancel,
    pub priority: planche_priority,
    pub deadline_ms: u64,
    pub fit: planche_fit,
    pub scale: u32,
    pub usual: ::std::os::raw::c_uint,
}
extern "C" {
    pub fn planche_page_options_init(out: *mut planche_page_options, size: usize);
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_page_result {
    pub struct_size: usize,
    pub input_width: u32,
    pub input_height: u32,
    pub output_width: u32,
    pub output_height: u32,
    pub format: planche_format,
    pub decode_ms: f64,
    pub network_ms: f64,
    pub encode_ms: f64,
    pub peak_bytes: u64,
    pub parts: ::std::os::raw::c_uint,
    pub switched: ::std::os::raw::c_int,
    pub backend: *const ::std::os::raw::c_char,
    pub gpu_ms: f64,
    pub tiles: ::std::os::raw::c_uint,
    pub redone: ::std::os::raw::c_int,
    pub redone_reason: [::std::os::raw::c_char; 128usize],
    pub scale: ::std::os::raw::c_uint,
    pub passes: ::std::os::raw::c_uint,
    pub pass_scale: [::std::os::raw::c_uint; 6usize],
    pub networks: [::std::os::raw::c_char; 64usize],
    pub chosen: ::std::os::raw::c_int,
    pub grey: ::std::os::raw::c_int,
    pub level: f64,
    pub reason: [::std::os::raw::c_char; 72usize],
    pub kind: [::std::os::raw::c_char; 16usize],
    pub file_quality: ::std::os::raw::c_uint,
    pub past_quality: ::std::os::raw::c_uint,
    pub chroma: ::std::os::raw::c_uint,
    pub flat: ::std::os::raw::c_uint,
    pub screen: ::std::os::raw::c_uint,
    pub soft: ::std::os::raw::c_uint,
    pub alternative: ::std::os::raw::c_uint,
    pub rule: [::std::os::raw::c_char; 48usize],
    pub black: ::std::os::raw::c_uint,
    pub white: ::std::os::raw::c_uint,
    pub device: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn planche_page_result_init(out: *mut planche_page_result, size: usize);
}
extern "C" {
    pub fn planche_engine_run_file(
        engine: *const planche_engine,
        input: *const ::std::os::raw::c_char,
        output: *const ::std::os::raw::c_char,
        options: *const planche_page_options,
        result: *mut planche_page_result,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_engine_look(
        engine: *const planche_engine,
        input: *const ::std::os::raw::c_char,
        result: *mut planche_page_result,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_page_file_name(
        name: *mut ::std::os::raw::c_char,
        size: usize,
        output: *const ::std::os::raw::c_char,
        result: *const planche_page_result,
        part: ::std::os::raw::c_uint,
    ) -> usize;
}
extern "C" {
    pub fn planche_page_predict(
        width: u32,
        height: u32,
        scale: ::std::os::raw::c_uint,
        max_pixels: u64,
        options: *const planche_page_options,
        result: *mut planche_page_result,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_engine_predict(
        engine: *const planche_engine,
        engine_options: *const planche_engine_options,
        width: u32,
        height: u32,
        options: *const planche_page_options,
        result: *mut planche_page_result,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_engine_run_bytes(
        engine: *const planche_engine,
        data: *const ::std::os::raw::c_void,
        size: usize,
        out_data: *mut *mut ::std::os::raw::c_void,
        out_size: *mut usize,
        options: *const planche_page_options,
        result: *mut planche_page_result,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_free_bytes(data: *mut ::std::os::raw::c_void);
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_provenance {
    pub struct_size: usize,
    pub source: [::std::os::raw::c_char; 65usize],
    pub model: [::std::os::raw::c_char; 64usize],
    pub version: [::std::os::raw::c_char; 16usize],
    pub width: u32,
    pub height: u32,
}
extern "C" {
    pub fn planche_provenance_init(out: *mut planche_provenance, size: usize);
}
extern "C" {
    pub fn planche_provenance_read(
        path: *const ::std::os::raw::c_char,
        provenance: *mut planche_provenance,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_provenance_read_within(
        path: *const ::std::os::raw::c_char,
        memory: u64,
        provenance: *mut planche_provenance,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_provenance_read_bytes(
        data: *const ::std::os::raw::c_void,
        size: usize,
        memory: u64,
        provenance: *mut planche_provenance,
        error: *mut planche_error,
    ) -> planche_status;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_pixels {
    pub struct_size: usize,
    pub format: planche_pixel_format,
    pub width: u32,
    pub height: u32,
    pub stride: usize,
    pub data: *mut ::std::os::raw::c_void,
}
extern "C" {
    pub fn planche_pixels_init(out: *mut planche_pixels, size: usize);
}
extern "C" {
    pub fn planche_engine_run_pixels(
        engine: *const planche_engine,
        in_: *const planche_pixels,
        out: *const planche_pixels,
        options: *const planche_page_options,
        result: *mut planche_page_result,
        error: *mut planche_error,
    ) -> planche_status;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_engine_options {
    pub struct_size: usize,
    pub model: *const ::std::os::raw::c_char,
    pub scale: ::std::os::raw::c_uint,
    pub denoise: planche_denoise,
    pub se: planche_se,
    pub memory: u64,
    pub threads: ::std::os::raw::c_uint,
    pub jobs: ::std::os::raw::c_uint,
    pub max_pixels: u64,
    pub cpu_mask: u32,
    pub model_directory: *const ::std::os::raw::c_char,
    pub log: planche_log_fn,
    pub log_user: *mut ::std::os::raw::c_void,
    pub profile: ::std::os::raw::c_int,
    pub precision: planche_precision,
    pub backend: *const ::std::os::raw::c_char,
    pub gpu_memory: u64,
    pub tile: ::std::os::raw::c_uint,
    pub gpu_path: planche_gpu_path,
    pub pages: ::std::os::raw::c_uint,
    pub has_level: ::std::os::raw::c_int,
    pub level: f64,
    pub isolate: ::std::os::raw::c_int,
    pub log_level: ::std::os::raw::c_int,
}
extern "C" {
    pub fn planche_engine_options_init(out: *mut planche_engine_options, size: usize);
}
extern "C" {
    pub fn planche_cpu_features() -> u32;
}
extern "C" {
    pub fn planche_engine_defaults(memory: *mut u64, threads: *mut ::std::os::raw::c_uint);
}
extern "C" {
    pub fn planche_isolation_check(error: *mut planche_error) -> planche_status;
}
extern "C" {
    pub fn planche_engine_create(
        out: *mut *mut planche_engine,
        options: *const planche_engine_options,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_engine_destroy(engine: *mut *mut planche_engine);
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_engine_info {
    pub struct_size: usize,
    pub scale: ::std::os::raw::c_uint,
    pub model: *const ::std::os::raw::c_char,
    pub variant: *const ::std::os::raw::c_char,
    pub backend: *const ::std::os::raw::c_char,
    pub isa: *const ::std::os::raw::c_char,
    pub threads: ::std::os::raw::c_uint,
    pub jobs: ::std::os::raw::c_uint,
    pub memory: u64,
    pub weight_bytes: u64,
    pub peak_bytes: u64,
    pub macs_per_pixel: f64,
    pub precision: *const ::std::os::raw::c_char,
    pub device: *const ::std::os::raw::c_char,
    pub gpu_path: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn planche_engine_info_init(out: *mut planche_engine_info, size: usize);
}
extern "C" {
    pub fn planche_engine_get_info(
        engine: *const planche_engine,
        info: *mut planche_engine_info,
        error: *mut planche_error,
    ) -> planche_status;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_layer_profile {
    pub name: *const ::std::os::raw::c_char,
    pub kind: *const ::std::os::raw::c_char,
    pub ms: f64,
    pub macs: f64,
    pub longest_ms: f64,
}
extern "C" {
    pub fn planche_engine_get_profile(
        engine: *const planche_engine,
        entries: *mut planche_layer_profile,
        entry_size: usize,
        count: usize,
    ) -> usize;
}
pub const PLANCHE_CONTAINER_AUTO: planche_container = 0;
pub const PLANCHE_CONTAINER_ZIP: planche_container = 1;
pub const PLANCHE_CONTAINER_FOLDER: planche_container = 2;
pub const PLANCHE_CONTAINER_EPUB: planche_container = 3;
pub const PLANCHE_CONTAINER_RAR: planche_container = 4;
pub const PLANCHE_CONTAINER_7Z: planche_container = 5;
pub const PLANCHE_CONTAINER_TAR: planche_container = 6;
pub const PLANCHE_CONTAINER_PDF: planche_container = 7;
pub type planche_container = ::std::os::raw::c_uint;
extern "C" {
    pub fn planche_container_of(path: *const ::std::os::raw::c_char) -> planche_container;
}
extern "C" {
    pub fn planche_book_is_library(path: *const ::std::os::raw::c_char) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn planche_container_extension(
        container: planche_container,
    ) -> *const ::std::os::raw::c_char;
}
pub const PLANCHE_ON_ERROR_KEEP: planche_on_error = 0;
pub const PLANCHE_ON_ERROR_SKIP: planche_on_error = 1;
pub const PLANCHE_ON_ERROR_FAIL: planche_on_error = 2;
pub type planche_on_error = ::std::os::raw::c_uint;
pub const PLANCHE_EXISTING_FAIL: planche_existing = 0;
pub const PLANCHE_EXISTING_ADD: planche_existing = 1;
pub const PLANCHE_EXISTING_UPDATE: planche_existing = 2;
pub const PLANCHE_EXISTING_REPLACE: planche_existing = 3;
pub type planche_existing = ::std::os::raw::c_uint;
pub const PLANCHE_BOOK_ENLARGED: planche_book_outcome = 0;
pub const PLANCHE_BOOK_DUPLICATE: planche_book_outcome = 1;
pub const PLANCHE_BOOK_RESUMED: planche_book_outcome = 2;
pub const PLANCHE_BOOK_ALREADY_ENLARGED: planche_book_outcome = 3;
pub const PLANCHE_BOOK_LARGE: planche_book_outcome = 4;
pub const PLANCHE_BOOK_FAILED: planche_book_outcome = 5;
pub const PLANCHE_BOOK_COPIED: planche_book_outcome = 6;
pub const PLANCHE_BOOK_UP_TO_DATE: planche_book_outcome = 7;
pub const PLANCHE_BOOK_OTHER_SETTINGS: planche_book_outcome = 8;
pub const PLANCHE_BOOK_SOURCE_CHANGED: planche_book_outcome = 9;
pub const PLANCHE_BOOK_DROPPED: planche_book_outcome = 10;
pub const PLANCHE_BOOK_UNSELECTED: planche_book_outcome = 11;
pub type planche_book_outcome = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_book_page {
    pub struct_size: usize,
    pub index: usize,
    pub name: *const ::std::os::raw::c_char,
    pub output_name: *const ::std::os::raw::c_char,
    pub outcome: planche_book_outcome,
    pub status: planche_status,
    pub message: *const ::std::os::raw::c_char,
    pub input_bytes: u64,
    pub output_bytes: u64,
    pub result: *const planche_page_result,
}
pub type planche_book_page_fn = ::std::option::Option<
    unsafe extern "C" fn(user: *mut ::std::os::raw::c_void, page: *const planche_book_page),
>;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_book_progress {
    pub struct_size: usize,
    pub pages: usize,
    pub done: usize,
    pub done_parts: f64,
    pub writing: ::std::os::raw::c_int,
    pub name: *const ::std::os::raw::c_char,
    pub index: usize,
    pub part: f64,
    pub computed: ::std::os::raw::c_int,
}
pub type planche_book_progress_fn = ::std::option::Option<
    unsafe extern "C" fn(user: *mut ::std::os::raw::c_void, progress: *const planche_book_progress),
>;
pub type planche_book_turn_fn =
    ::std::option::Option<unsafe extern "C" fn(user: *mut ::std::os::raw::c_void)>;
pub type planche_book_make_fn = ::std::option::Option<
    unsafe extern "C" fn(
        user: *mut ::std::os::raw::c_void,
        name: *const ::std::os::raw::c_char,
        input: *const ::std::os::raw::c_char,
        output: *const ::std::os::raw::c_char,
        options: *const planche_page_options,
        result: *mut planche_page_result,
        error: *mut planche_error,
    ) -> planche_status,
>;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_book_options {
    pub struct_size: usize,
    pub page: *const planche_page_options,
    pub container: planche_container,
    pub on_error: planche_on_error,
    pub skip_above: u32,
    pub again: ::std::os::raw::c_int,
    pub fresh: ::std::os::raw::c_int,
    pub max_entries: u64,
    pub max_entry_bytes: u64,
    pub max_bytes: u64,
    pub max_ratio: u64,
    pub on_page: planche_book_page_fn,
    pub on_progress: planche_book_progress_fn,
    pub user: *mut ::std::os::raw::c_void,
    pub existing: planche_existing,
    pub keep_format: ::std::os::raw::c_int,
    pub headers_only: ::std::os::raw::c_int,
    pub memory: u64,
    pub pages: *const ::std::os::raw::c_char,
    pub sample: ::std::os::raw::c_uint,
    pub begin_page: planche_book_turn_fn,
    pub end_page: planche_book_turn_fn,
    pub make_page: planche_book_make_fn,
    pub makers: ::std::os::raw::c_uint,
}
extern "C" {
    pub fn planche_book_options_init(out: *mut planche_book_options, size: usize);
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_book_result {
    pub struct_size: usize,
    pub container: planche_container,
    pub pages: usize,
    pub input_bytes: u64,
    pub output_bytes: u64,
    pub outcomes: [usize; 16usize],
    pub no_pages: ::std::os::raw::c_int,
}
extern "C" {
    pub fn planche_book_result_init(out: *mut planche_book_result, size: usize);
}
extern "C" {
    pub fn planche_engine_run_book(
        engine: *const planche_engine,
        input: *const ::std::os::raw::c_char,
        output: *const ::std::os::raw::c_char,
        options: *const planche_book_options,
        result: *mut planche_book_result,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_book_tidy(output: *const ::std::os::raw::c_char);
}
extern "C" {
    pub fn planche_book_inspect(
        input: *const ::std::os::raw::c_char,
        options: *const planche_book_options,
        result: *mut planche_book_result,
        error: *mut planche_error,
    ) -> planche_status;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_image {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_image_options {
    pub struct_size: usize,
    pub memory: u64,
    pub max_pixels: u64,
    pub log: planche_log_fn,
    pub log_user: *mut ::std::os::raw::c_void,
    pub isolate: ::std::os::raw::c_int,
    pub priority: planche_priority,
}
extern "C" {
    pub fn planche_image_options_init(out: *mut planche_image_options, size: usize);
}
extern "C" {
    pub fn planche_image_read(
        out: *mut *mut planche_image,
        path: *const ::std::os::raw::c_char,
        options: *const planche_image_options,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_image_check_bytes(
        data: *const ::std::os::raw::c_void,
        size: usize,
        options: *const planche_image_options,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_image_destroy(image: *mut *mut planche_image);
}
extern "C" {
    pub fn planche_image_get_pixels(
        image: *const planche_image,
        pixels: *mut planche_pixels,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_image_write(
        path: *const ::std::os::raw::c_char,
        pixels: *const planche_pixels,
        like: *const planche_image,
        options: *const planche_page_options,
        error: *mut planche_error,
    ) -> planche_status;
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_job_queue {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_job_queue_options {
    pub struct_size: usize,
    pub workers: ::std::os::raw::c_uint,
    pub capacity: usize,
    pub aging_ms: u64,
}
extern "C" {
    pub fn planche_job_queue_options_init(out: *mut planche_job_queue_options, size: usize);
}
#[repr(C)]
#[derive(Copy, Clone)]
pub struct planche_job {
    pub struct_size: usize,
    pub run: ::std::option::Option<
        unsafe extern "C" fn(
            user: *mut ::std::os::raw::c_void,
            cancel: *mut planche_cancel,
        ) -> planche_status,
    >,
    pub done: ::std::option::Option<
        unsafe extern "C" fn(user: *mut ::std::os::raw::c_void, status: planche_status),
    >,
    pub user: *mut ::std::os::raw::c_void,
    pub priority: planche_priority,
    pub deadline_ms: u64,
    pub key: *const ::std::os::raw::c_char,
}
extern "C" {
    pub fn planche_job_init(out: *mut planche_job, size: usize);
}
extern "C" {
    pub fn planche_job_queue_create(
        out: *mut *mut planche_job_queue,
        options: *const planche_job_queue_options,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_job_queue_destroy(queue: *mut *mut planche_job_queue);
}
extern "C" {
    pub fn planche_job_submit(
        queue: *mut planche_job_queue,
        job: *const planche_job,
        cancel: *const planche_cancel,
        id: *mut u64,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_job_try_submit(
        queue: *mut planche_job_queue,
        job: *const planche_job,
        id: *mut u64,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_job_cancel(queue: *mut planche_job_queue, id: u64) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn planche_job_queue_drain(
        queue: *mut planche_job_queue,
        cancel: *const planche_cancel,
        error: *mut planche_error,
    ) -> planche_status;
}
extern "C" {
    pub fn planche_job_queue_shutdown(queue: *mut planche_job_queue);
}
extern "C" {
    pub fn planche_version() -> *const ::std::os::raw::c_char;
}
extern "C" {
    pub fn planche_build_info(
        index: usize,
        text: *mut ::std::os::raw::c_char,
        size: usize,
    ) -> ::std::os::raw::c_int;
}
extern "C" {
    pub fn planche_build_check(
        part: *const ::std::os::raw::c_char,
        error: *mut planche_error,
    ) -> planche_status;
}
