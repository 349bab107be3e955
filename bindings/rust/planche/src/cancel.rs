// SPDX-License-Identifier: MIT
//! Cancel handles.
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use planche_sys as sys;

use crate::error::check;
use crate::Result;

/// Stops pages that wait or run: give a clone of it to [`Page::cancel`](crate::Page::cancel) of any
/// number of them. Clones are the same handle.
#[derive(Clone)]
pub struct Cancel(Arc<Handle>);

struct Handle {
    raw: NonNull<sys::planche_cancel>,
    /// Handles that are requested with this one.
    children: Mutex<Vec<Weak<Handle>>>,
}

// SAFETY: requesting and asking are thread-safe; it is destroyed by its last owner.
unsafe impl Send for Handle {}
unsafe impl Sync for Handle {}

impl Cancel {
    /// A handle that is not requested. Fails only for lack of memory.
    pub fn new() -> Result<Cancel> {
        let mut raw = ptr::null_mut();
        // SAFETY: both are valid for the call.
        check(|error| unsafe { sys::planche_cancel_create(&mut raw, error) })?;
        let raw = NonNull::new(raw).expect("the library has made a handle");
        Ok(Cancel(Arc::new(Handle {
            raw,
            children: Mutex::default(),
        })))
    }

    /// A handle of its own that is requested with this one.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code))]
    pub(crate) fn child(&self) -> Result<Cancel> {
        let child = Cancel::new()?;
        let mut children = self
            .0
            .children
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        children.retain(|other| other.strong_count() > 0);
        children.push(Arc::downgrade(&child.0));
        // Under the lock: a request sees the child, or the child sees the request.
        if self.is_requested() {
            child.request();
        }
        drop(children);
        Ok(child)
    }

    /// Cancels, for good.
    pub fn request(&self) {
        // SAFETY: the handle lives, and the call is thread-safe.
        unsafe { sys::planche_cancel_request(self.as_ptr()) };
        let children = self
            .0
            .children
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for child in children.iter().filter_map(Weak::upgrade) {
            Cancel(child).request();
        }
    }

    /// Whether it was requested.
    pub fn is_requested(&self) -> bool {
        // SAFETY: the handle lives, and the call is thread-safe.
        unsafe { sys::planche_cancel_requested(self.as_ptr()) != 0 }
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::planche_cancel {
        self.0.raw.as_ptr()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut raw = self.raw.as_ptr();
        // SAFETY: pages that use the handle own a clone of it, so none of them runs.
        unsafe { sys::planche_cancel_destroy(&mut raw) };
    }
}

impl std::fmt::Debug for Cancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cancel")
            .field("requested", &self.is_requested())
            .finish()
    }
}
