// SPDX-License-Identifier: MIT
//! Pages through an engine: bytes, files, pixels, errors, progress, cancelling, panics.
mod support;

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use planche::*;
use support::{engine, png};

#[test]
fn one_engine_serves_many_threads() {
    let engine = engine();
    let file = png(40, 30);
    let page = Page::new().format(Format::Png);
    let first = engine.run_bytes(&file, &page).unwrap();
    assert_eq!(
        (first.report.input_width, first.report.input_height),
        (40, 30)
    );
    assert_eq!(
        (first.report.output_width, first.report.output_height),
        (80, 60)
    );
    assert_eq!(
        (first.report.format, first.report.backend),
        (Some(Format::Png), "cpu")
    );
    assert_eq!(first[16..24], [0, 0, 0, 80, 0, 0, 0, 60]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(*engine.run_bytes(&file, &page).unwrap(), *first));
        }
    });
    let info = engine.info().unwrap();
    assert_eq!(
        (info.model.as_str(), info.scale, info.threads),
        ("small", 2, 2)
    );
    assert!(info.peak_bytes > 0 && info.peak_bytes <= info.memory);
}

#[test]
fn errors_say_what_is_wrong() {
    let engine = engine();
    let error = engine.run_bytes(b"not an image", &Page::new()).unwrap_err();
    assert!(
        matches!(error, Error::Data(_) | Error::Unsupported(_)),
        "{error:?}"
    );
    assert!(!error.message().is_empty() && error.to_string().starts_with(error.name()));
    let whole = png(20, 20);
    let error = engine
        .run_bytes(&whole[..whole.len() / 2], &Page::new())
        .unwrap_err();
    assert!(matches!(error, Error::Data(_)), "{error:?}");
    let error = Engine::builder().model("nope").build().unwrap_err();
    assert!(
        matches!(error, Error::NotFound(_)) && error.message().contains("nope"),
        "{error:?}"
    );
    assert!(matches!(
        Engine::builder().model("a\0b").build(),
        Err(Error::Argument(_))
    ));
    let error = engine
        .run_bytes(&whole, &Page::new().quality(101))
        .unwrap_err();
    assert!(matches!(error, Error::Argument(_)), "{error:?}");
    let poor = Engine::builder().model("small").memory(1).build();
    assert!(matches!(poor, Err(Error::Budget(_))), "{poor:?}");
}

#[test]
fn files_become_files() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (input, output) = (folder.join("page é.png"), folder.join("larger.webp"));
    std::fs::write(&input, png(24, 16)).unwrap();
    let _ = std::fs::remove_file(&output);
    let engine = engine();
    let report = engine.run_file(&input, &output, &Page::new()).unwrap();
    assert_eq!(
        (report.output_width, report.format),
        (48, Some(Format::WebP))
    );
    let again = engine.run_file(&input, &output, &Page::new());
    assert!(matches!(again, Err(Error::Exists(_))), "{again:?}");
    engine
        .run_file(&input, &output, &Page::new().overwrite(true))
        .unwrap();
    let none = engine.run_file(
        folder.join("none.png"),
        &output,
        &Page::new().overwrite(true),
    );
    assert!(matches!(none, Err(Error::NotFound(_))), "{none:?}");
    std::fs::remove_file(input)
        .and(std::fs::remove_file(output))
        .unwrap();
}

#[test]
fn progress_rises_to_the_end() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = seen.clone();
    let page = Page::new().progress(move |done| into.lock().unwrap().push(done));
    engine().run_bytes(&png(64, 64), &page).unwrap();
    let seen = seen.lock().unwrap();
    assert!(
        seen.len() > 1 && seen.windows(2).all(|pair| pair[0] <= pair[1]),
        "{seen:?}"
    );
    assert_eq!(seen.last(), Some(&1.0));
}

#[test]
fn pages_are_cancelled_and_have_deadlines() {
    let engine = engine();
    let grey = vec![99; 2000 * 2000];
    let large = Pixels::new(PixelFormat::Grey8, 2000, 2000, &grey).unwrap();
    let cancel = Cancel::new().unwrap();
    let stop = cancel.clone();
    let page = Page::new()
        .cancel(&cancel)
        .progress(move |_| stop.request());
    let outcome = engine.enlarge_pixels(large, &page);
    assert!(matches!(outcome, Err(Error::Cancelled(_))), "{outcome:?}");
    let late = engine.enlarge_pixels(large, &Page::new().deadline(Duration::from_millis(1)));
    assert!(matches!(late, Err(Error::Deadline(_))), "{late:?}");
    engine.run_bytes(&png(16, 16), &Page::new()).unwrap();
}

#[test]
fn no_panic_passes_through_the_library() {
    let engine = engine();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let page = Page::new().progress(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        panic!("on purpose");
    });
    let run = catch_unwind(AssertUnwindSafe(|| engine.run_bytes(&png(64, 64), &page)));
    assert_eq!(run.unwrap_err().downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    engine.run_bytes(&png(16, 16), &Page::new()).unwrap();
}

#[test]
fn logs_may_panic() {
    let lines = Arc::new(AtomicU32::new(0));
    let counted = lines.clone();
    let log = move |level: LogLevel, text: &str| {
        counted.fetch_add(1, Ordering::Relaxed);
        panic!("{level:?} {text}");
    };
    let builder = Engine::builder()
        .model("small")
        .backend(Backend::Cpu)
        .log(log);
    let engine = builder.build().unwrap();
    engine.run_bytes(&png(16, 16), &Page::new()).unwrap();
    assert!(lines.load(Ordering::Relaxed) > 0);
}

#[test]
fn pixels_become_pixels() {
    let engine = engine();
    let (width, height, stride) = (33, 21, 40);
    let padded: Vec<u8> = (0..stride * height).map(|i| (i * 31 % 256) as u8).collect();
    let rows = padded.chunks(stride).flat_map(|row| &row[..width]);
    let dense: Vec<u8> = rows.copied().collect();
    let (w, h) = (width as u32, height as u32);
    let one = Pixels::new(PixelFormat::Grey8, w, h, &dense).unwrap();
    let two = Pixels::with_stride(PixelFormat::Grey8, w, h, stride, &padded).unwrap();
    let made = engine.enlarge_pixels(one, &Page::new()).unwrap();
    assert_eq!((made.width(), made.height()), (66, 42));
    assert_eq!(made, engine.enlarge_pixels(two, &Page::new()).unwrap());

    // Into memory of the caller's, whose gaps stay.
    let mut out = vec![7; 70 * 42];
    let target = PixelsMut::with_stride(PixelFormat::Grey8, 66, 42, 70, &mut out).unwrap();
    engine.run_pixels(one, target, &Page::new()).unwrap();
    for (row, made) in out.chunks(70).zip(made.as_bytes().chunks(66)) {
        assert_eq!((&row[..66], &row[66..]), (made, &[7; 4][..]));
    }
    assert_eq!(
        engine
            .output_size(w, h, &Page::new().target(33, 0))
            .unwrap(),
        (33, 21)
    );
}

#[test]
fn pixels_of_16_bits_have_samples_of_16_bits() {
    let engine = engine();
    let samples: Vec<u8> = (0..16 * 16)
        .flat_map(|i: u32| (i as u16 * 250).to_ne_bytes())
        .collect();
    let pixels = Pixels::new(PixelFormat::Grey16, 16, 16, &samples).unwrap();
    let made = engine.enlarge_pixels(pixels, &Page::new()).unwrap();
    assert_eq!(made.as_bytes().len(), 32 * 32 * 2);
    let made = made.into_u16().unwrap();
    assert!(made.iter().any(|sample| sample % 257 != 0), "only 8 bits");
}

#[test]
fn memory_that_is_too_small_is_refused() {
    let data = [0; 100];
    for (width, height, stride) in [(10, 11, 10), (11, 10, 10), (0, 10, 10), (10, 0, 10)] {
        let pixels = Pixels::with_stride(PixelFormat::Grey8, width, height, stride, &data);
        assert!(
            matches!(pixels, Err(Error::Argument(_))),
            "{width} {height} {stride}"
        );
    }
    assert!(Pixels::with_stride(PixelFormat::Grey8, 1, u32::MAX, usize::MAX, &data).is_err());
    assert!(Pixels::with_stride(PixelFormat::Grey8, 10, 9, 11, &data[..98]).is_ok());
    assert!(Pixels::with_stride(PixelFormat::Grey8, 10, 9, 11, &data[..97]).is_err());
}

#[cfg(feature = "image")]
#[test]
fn images_keep_their_kind() {
    use image::DynamicImage;
    let engine = engine();
    let bright = DynamicImage::new_rgb8(20, 10);
    for image in [
        bright.clone(),
        DynamicImage::ImageLuma16(bright.to_luma16()),
        DynamicImage::ImageRgba8(bright.to_rgba8()),
    ] {
        let made = engine.enlarge_image(&image, &Page::new()).unwrap();
        assert_eq!(
            (made.width(), made.height(), made.color()),
            (40, 20, image.color())
        );
    }
    let floats = DynamicImage::ImageRgb32F(bright.to_rgb32f());
    let outcome = engine.enlarge_image(&floats, &Page::new());
    assert!(matches!(outcome, Err(Error::Unsupported(_))), "{outcome:?}");
}
