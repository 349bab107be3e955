// SPDX-License-Identifier: MIT
//! Raw bindings of libplanche, as its headers (`planche/planche.h`) declare it. Their comments say
//! what everything means; the crate `planche` makes it safe.
//!
//! Enums are integers with constants, because a newer library may have values that this crate does
//! not know. Structs that begin with `struct_size` have a [`Default`] that sets it and zeroes the
//! rest, as `PLANCHE_X_INIT` does in C; fields are only ever added at their ends, so a program that
//! was built with this crate runs with a newer library of the same soname.
#![no_std]
#![allow(non_camel_case_types, clippy::missing_safety_doc)]
extern crate std;

include!("bindings.rs");

macro_rules! init {
    ($($name:ident)*) => {$(
        impl Default for $name {
            fn default() -> Self {
                // SAFETY: it has integers, floats, nullable pointers and arrays of them alone.
                let mut made: Self = unsafe { core::mem::zeroed() };
                made.struct_size = core::mem::size_of::<Self>();
                made
            }
        }
    )*};
}

init! {
    planche_book_options planche_book_page planche_book_progress planche_book_result
    planche_engine_info planche_engine_options planche_gpu_info planche_gpu_tune_options
    planche_image_options planche_job
    planche_job_queue_options planche_page_options planche_page_result planche_pixels
    planche_provenance
}

impl Default for planche_error {
    fn default() -> Self {
        planche_error {
            status: PLANCHE_OK,
            message: [0; PLANCHE_ERROR_MESSAGE_SIZE as usize],
        }
    }
}
