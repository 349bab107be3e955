// SPDX-License-Identifier: MIT
//! Errors: what the library's statuses are here.
use std::fmt;

use planche_sys as sys;

use crate::text;

/// What a call has come to.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! errors {
    ($($(#[$doc:meta])* $variant:ident = $status:ident,)*) => {
        /// What went wrong. The message says what, where, and what to do about it, in one line.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Error {
            $($(#[$doc])* $variant(String),)*
            /// A status that this crate does not know: the library is newer.
            Other(u32, String),
        }

        impl Error {
            pub(crate) fn new(status: sys::planche_status, message: String) -> Error {
                match status {
                    $(sys::$status => Error::$variant(message),)*
                    other => Error::Other(other, message),
                }
            }

            /// The library's number of this error.
            pub fn status(&self) -> u32 {
                match self {
                    $(Error::$variant(_) => sys::$status,)*
                    Error::Other(status, _) => *status,
                }
            }

            /// What, where, and what to do.
            pub fn message(&self) -> &str {
                match self {
                    $(Error::$variant(message) => message,)*
                    Error::Other(_, message) => message,
                }
            }
        }
    };
}

errors! {
    /// An argument is not valid.
    Argument = PLANCHE_ERROR_ARGUMENT,
    /// The system has no more memory.
    Memory = PLANCHE_ERROR_MEMORY,
    /// The engine's memory budget is too small; the message says what is needed.
    Budget = PLANCHE_ERROR_BUDGET,
    /// A limit of a format or an option is exceeded.
    Limit = PLANCHE_ERROR_LIMIT,
    /// Reading or writing a file failed.
    Io = PLANCHE_ERROR_IO,
    /// An image is damaged, cut short or not an image.
    Data = PLANCHE_ERROR_DATA,
    /// A model file is damaged or inconsistent.
    Model = PLANCHE_ERROR_MODEL,
    /// Well-formed, but not supported.
    Unsupported = PLANCHE_ERROR_UNSUPPORTED,
    /// No such file, model or model file.
    NotFound = PLANCHE_ERROR_NOT_FOUND,
    /// The output exists and may not be overwritten.
    Exists = PLANCHE_ERROR_EXISTS,
    /// It was cancelled.
    Cancelled = PLANCHE_ERROR_CANCELLED,
    /// A bug in Planche.
    Internal = PLANCHE_ERROR_INTERNAL,
    /// A GPU failed.
    Device = PLANCHE_ERROR_DEVICE,
    /// The deadline passed before the work was done.
    Deadline = PLANCHE_ERROR_DEADLINE,
}

impl Error {
    /// A short English name of the kind of error: "damaged image".
    pub fn name(&self) -> &'static str {
        // SAFETY: any number is fine, and the string is static.
        unsafe { text::static_str(sys::planche_status_name(self.status())) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            "" => f.write_str(self.name()),
            message => write!(f, "{}: {message}", self.name()),
        }
    }
}

impl std::error::Error for Error {}

/// Calls the library with an error to fill.
pub(crate) fn check(
    call: impl FnOnce(*mut sys::planche_error) -> sys::planche_status,
) -> Result<()> {
    let mut error = sys::planche_error::default();
    match call(&mut error) {
        sys::PLANCHE_OK => Ok(()),
        status => Err(Error::new(status, text::from_array(&error.message))),
    }
}
