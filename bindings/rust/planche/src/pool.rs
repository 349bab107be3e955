// SPDX-License-Identifier: MIT
//! Pages as futures.
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Cancel, Engine, Enlarged, Error, Page, Report, Result};

/// Runs pages of an engine as futures (feature `tokio`), at most so many at once; others wait in
/// the order in which they came, without a thread. Clones are the same pool.
///
/// Dropping a future cancels its page: one that waits is never run, one that runs ends within about
/// a tenth of a second, and the next takes its place only then.
///
/// ```
/// use planche::{Engine, Format, Page, Pool};
///
/// async fn larger(pool: &Pool, file: Vec<u8>) -> planche::Result<Vec<u8>> {
///     let page = Page::new().format(Format::Png);
///     Ok(pool.run_bytes(file, page).await?.to_vec())
/// }
///
/// let pool = Pool::new(Engine::builder().model("small").build()?, 2);
/// let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
/// let outcome = runtime.block_on(larger(&pool, b"no image".to_vec()));
/// assert!(outcome.is_err());
/// # Ok::<(), planche::Error>(())
/// ```
///
/// The last owner of the engine waits for its threads when it drops it: do not drop the last clone
/// of a pool in a task of a runtime that must not be kept waiting for some milliseconds.
#[derive(Clone, Debug)]
pub struct Pool {
    engine: Arc<Engine>,
    slots: Arc<Semaphore>,
}

/// Cancels a page whose future is dropped.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.request();
    }
}

impl Pool {
    /// A pool of so many pages at once, at least 1. More than [`Info::jobs`](crate::Info::jobs)
    /// make nothing faster.
    pub fn new(engine: impl Into<Arc<Engine>>, at_once: usize) -> Pool {
        let slots = at_once.clamp(1, Semaphore::MAX_PERMITS);
        Pool {
            engine: engine.into(),
            slots: Arc::new(Semaphore::new(slots)),
        }
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Enlarges an image file in memory into another.
    ///
    /// # Panics
    /// Outside of a tokio runtime; and on with a panic of the page's progress function.
    pub async fn run_bytes<D>(&self, data: D, page: Page) -> Result<Enlarged>
    where
        D: AsRef<[u8]> + Send + 'static,
    {
        self.run(page, move |engine, page| {
            engine.run_bytes(data.as_ref(), page)
        })
        .await
    }

    /// Enlarges a file into another.
    ///
    /// # Panics
    /// As [`run_bytes`](Pool::run_bytes).
    pub async fn run_file<P>(&self, input: P, output: P, page: Page) -> Result<Report>
    where
        P: AsRef<std::path::Path> + Send + 'static,
    {
        self.run(page, move |engine, page| {
            engine.run_file(input, output, page)
        })
        .await
    }

    /// Runs any work of an engine; it has to hand the page's options on.
    ///
    /// # Panics
    /// As [`run_bytes`](Pool::run_bytes).
    pub async fn run<T, F>(&self, page: Page, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Engine, &Page) -> Result<T> + Send + 'static,
    {
        // The page's own handle: dropping the future must not cancel what shares the caller's.
        let cancel = match page.cancel_handle() {
            Some(parent) => parent.child()?,
            None => Cancel::new()?,
        };
        let page = page.cancel(&cancel);
        let _cancel = CancelOnDrop(cancel);
        let slot = self.slots.clone().acquire_owned().await;
        let slot = slot.map_err(|_| Error::Internal("the pool's semaphore is closed".into()))?;
        let engine = self.engine.clone();
        let work = move || in_slot(slot, &engine, &page, work);
        match tokio::task::spawn_blocking(work).await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::Cancelled("the runtime is shutting down".into())),
            },
        }
    }
}

/// The slot is free again when the page has ended, not when its future is dropped.
fn in_slot<T>(
    slot: OwnedSemaphorePermit,
    engine: &Engine,
    page: &Page,
    work: impl FnOnce(&Engine, &Page) -> Result<T>,
) -> Result<T> {
    let outcome = work(engine, page);
    drop(slot);
    outcome
}
