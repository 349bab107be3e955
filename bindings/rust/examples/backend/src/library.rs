// SPDX-License-Identifier: MIT
//! The first way: the library in this process.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use planche::{Engine, Error, Page, Pool};

use crate::{Enlarge, Failure, MadeFuture, Reply};

/// Pages through an engine of this process.
pub struct Library {
    pool: Pool,
    page: Page,
    figures: Arc<Figures>,
}

#[derive(Default)]
struct Figures {
    running: AtomicU64,
    cancelled: AtomicU64,
}

impl Library {
    /// At most `at_once` pages run; others wait.
    pub fn new(engine: Engine, at_once: usize, page: Page) -> Library {
        Library {
            pool: Pool::new(engine, at_once),
            page,
            figures: Arc::default(),
        }
    }

    /// Pages that run now.
    pub fn running(&self) -> u64 {
        self.figures.running.load(Ordering::Relaxed)
    }

    /// Pages that ran when they were given up.
    pub fn cancelled(&self) -> u64 {
        self.figures.cancelled.load(Ordering::Relaxed)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Data(_) | Error::Unsupported(_) | Error::Limit(_) => {
                Failure::Page(error.to_string())
            }
            Error::Budget(_) | Error::Memory(_) | Error::Deadline(_) => {
                Failure::Busy(error.to_string())
            }
            other => Failure::Broken(other.to_string()),
        }
    }
}

impl Enlarge for Library {
    fn enlarge(&self, page: Vec<u8>) -> MadeFuture<'_> {
        let figures = self.figures.clone();
        let work = move |engine: &Engine, options: &Page| {
            figures.running.fetch_add(1, Ordering::Relaxed);
            let outcome = engine.run_bytes(&page, options);
            if let Err(Error::Cancelled(_)) = outcome {
                figures.cancelled.fetch_add(1, Ordering::Relaxed);
            }
            figures.running.fetch_sub(1, Ordering::Relaxed);
            outcome
        };
        Box::pin(async move {
            let made = self.pool.run(self.page.clone(), work).await?;
            let format = made.report.format;
            let media_type = format
                .map_or("application/octet-stream", |f| f.media_type())
                .into();
            Ok(Reply {
                media_type,
                bytes: made.to_vec(),
            })
        })
    }
}
