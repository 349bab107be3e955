// SPDX-License-Identifier: MIT
//! Strings from and to C.
use std::ffi::{CStr, CString};
use std::os::raw::c_char;
use std::path::Path;

use crate::{Error, Result};

/// A string that the library never frees.
///
/// # Safety
/// `text` is NULL or a static, terminated string.
pub(crate) unsafe fn static_str(text: *const c_char) -> &'static str {
    if text.is_null() {
        return "";
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or("")
}

/// A copy of a string of the library's; NULL is None.
///
/// # Safety
/// `text` is NULL or a terminated string.
pub(crate) unsafe fn owned(text: *const c_char) -> Option<String> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| {
        unsafe { CStr::from_ptr(text) }
            .to_string_lossy()
            .into_owned()
    })
}

/// A copy of an array that holds a terminated string.
pub(crate) fn from_array(array: &[c_char]) -> String {
    let bytes: Vec<u8> = array
        .iter()
        .take_while(|c| **c != 0)
        .map(|c| *c as u8)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) fn to_c(what: &str, text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::Argument(format!("{what}: it has a 0 byte in it")))
}

#[cfg(unix)]
pub(crate) fn path_to_c(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::Argument(format!("{}: it has a 0 byte in it", path.display())))
}
