// SPDX-License-Identifier: MIT
//! Pages as futures: how many run at once, and what dropping a future does.
#![cfg(feature = "tokio")]
mod support;

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc};
use std::time::Duration;

use planche::{Cancel, Error, Format, Page, PixelFormat, Pixels, Pool};
use support::{engine, png};

const HANG: Duration = Duration::from_secs(120);

fn block_on<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(HANG, future).await.expect("it hangs") })
}

#[test]
fn so_many_pages_run_at_once_and_no_more() {
    let pool = Pool::new(engine(), 2);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    block_on(async {
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (pool, running, most) = (pool.clone(), running.clone(), most.clone());
                tokio::spawn(async move {
                    let work = move |engine: &planche::Engine, page: &Page| {
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        let made = engine.run_bytes(&png(32, 32), page);
                        running.fetch_sub(1, Ordering::SeqCst);
                        made
                    };
                    pool.run(Page::new().format(Format::Png), work).await
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap().report.output_width, 64);
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn dropping_a_future_cancels_its_page() {
    let pool = Pool::new(engine(), 1);
    let (outcome_in, outcome_out) = mpsc::channel();
    let (started_in, mut started_out) = tokio::sync::mpsc::unbounded_channel();
    block_on(async move {
        // Whatever shares the caller's handle is not cancelled.
        let shared = Cancel::new().unwrap();
        let page = Page::new().cancel(&shared);
        let page = page.progress(move |_| {
            let _ = started_in.send(());
        });
        let work = move |engine: &planche::Engine, page: &Page| {
            let grey = vec![99; 3000 * 3000];
            let pixels = Pixels::new(PixelFormat::Grey8, 3000, 3000, &grey)?;
            let outcome = engine.enlarge_pixels(pixels, page);
            outcome_in.send(outcome.as_ref().err().cloned()).unwrap();
            outcome
        };
        let running = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(page, work).await }
        });
        started_out.recv().await.unwrap();
        let waiting = tokio::spawn({
            let pool = pool.clone();
            let work = |_: &planche::Engine, _: &Page| panic!("it has run");
            async move { pool.run::<(), _>(Page::new(), work).await }
        });
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        // The slot is free when the page has ended.
        let next = pool
            .run_bytes(png(16, 16), Page::new().cancel(&shared))
            .await
            .unwrap();
        assert_eq!(next.report.output_width, 32);
        assert!(!shared.is_requested());
        let ended = outcome_out.try_recv().unwrap();
        assert!(matches!(ended, Some(Error::Cancelled(_))), "{ended:?}");
    });
}

#[test]
fn the_callers_handle_cancels_too() {
    let pool = Pool::new(engine(), 1);
    block_on(async {
        let cancel = Cancel::new().unwrap();
        let stop = cancel.clone();
        let page = Page::new()
            .cancel(&cancel)
            .progress(move |_| stop.request());
        let outcome = pool.run_bytes(png(64, 64), page).await;
        assert!(matches!(outcome, Err(Error::Cancelled(_))), "{outcome:?}");
        let outcome = pool
            .run_bytes(png(16, 16), Page::new().cancel(&cancel))
            .await;
        assert!(matches!(outcome, Err(Error::Cancelled(_))), "{outcome:?}");
    });
}

#[test]
fn panics_go_on_in_the_task() {
    let pool = Pool::new(engine(), 1);
    block_on(async {
        let page = Page::new().progress(|_| panic!("on purpose"));
        let task = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run_bytes(png(16, 16), page).await.map(drop) }
        });
        assert!(task.await.unwrap_err().is_panic());
        pool.run_bytes(png(16, 16), Page::new()).await.unwrap();
    });
}
