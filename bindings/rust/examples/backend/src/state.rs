// SPDX-License-Identifier: MIT
//! What the fronts have in common, whatever their web framework: limits, and pages in flight.
use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Enlarge, Failure};

/// Largest page that is taken, in bytes.
pub const MAX_PAGE: usize = 64 << 20;
/// Most pages in flight, those that wait included; more get 503.
pub const MAX_IN_FLIGHT: usize = 256;
/// Seconds after which who was refused for lack of room may try again.
pub const RETRY_AFTER: u32 = 1;

/// State of a front.
pub struct State {
    pub backend: Arc<dyn Enlarge>,
    in_flight: Semaphore,
}

impl State {
    pub fn new(backend: Arc<dyn Enlarge>) -> Arc<State> {
        Arc::new(State {
            backend,
            in_flight: Semaphore::new(MAX_IN_FLIGHT),
        })
    }

    /// Room for a page, for as long as what is returned lives.
    pub fn enter(&self) -> Result<SemaphorePermit<'_>, Failure> {
        self.in_flight
            .try_acquire()
            .map_err(|_| Failure::Busy("too many pages are in flight".into()))
    }
}

impl Failure {
    /// The status of an answer by HTTP.
    pub fn status(&self) -> u16 {
        match self {
            Failure::Page(_) => 422,
            Failure::Busy(_) => 503,
            Failure::Broken(_) => 502,
        }
    }
}
