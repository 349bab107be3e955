// SPDX-License-Identifier: MIT
//! Each of the three ways behind a front, as a client sees it: a page comes back larger, 64 are in
//! flight at once, a client goes, and what makes the pages is killed. PLANCHE is the command. The
//! test that has this module says which front: here and in ../../../axum.
#[path = "../../../../planche/tests/support/mod.rs"]
mod support;

use std::env;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use planche::{Format, Page};
use planche_backend::{Child, Enlarge, Library, Socket};
use support::{engine, png};
use tokio::runtime::Runtime;

use crate::front;

const HANG: Duration = Duration::from_secs(120);
/// A page that takes a moment, and one that takes seconds.
const LARGE: u32 = 800;
const HUGE: u32 = 2400;

/// A back end with its front, in a runtime of its own.
struct Backend {
    address: SocketAddr,
    runtime: Runtime,
}

impl Backend {
    fn start<E: Enlarge>(make: impl FnOnce() -> E) -> (Backend, Arc<E>) {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let _context = runtime.enter();
        let backend = Arc::new(make());
        runtime.spawn(front::serve(
            listener,
            backend.clone(),
            std::future::pending(),
        ));
        (Backend { address, runtime }, backend)
    }

    /// Sends a page and leaves the answer to be read.
    fn send(&self, page: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        let head = format!(
            "POST /enlarge HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            page.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(page).unwrap();
        stream
    }

    /// Status and body.
    fn enlarge(&self, page: &[u8]) -> (u16, Vec<u8>) {
        receive(self.send(page))
    }

    /// One page becomes twice as large; what is no image is refused; the back end lives on.
    fn check_pages(&self) {
        assert_larger(self.enlarge(&png(40, 30)), 80, 60);
        let (status, text) = self.enlarge(b"not an image");
        assert_eq!(status, 422, "{}", String::from_utf8_lossy(&text));
        assert_larger(self.enlarge(&png(30, 40)), 60, 80);
    }

    /// 64 clients at once get their own pages.
    fn check_many(&self) {
        std::thread::scope(|scope| {
            for width in 1..=64 {
                scope.spawn(move || assert_larger(self.enlarge(&png(width, 20)), 2 * width, 40));
            }
        });
    }

    fn end(self) {
        self.runtime.shutdown_timeout(HANG);
    }
}

fn receive(mut stream: TcpStream) -> (u16, Vec<u8>) {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("an answer")
        + 4;
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_off(end))
}

fn assert_larger((status, body): (u16, Vec<u8>), width: u32, height: u32) {
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    assert!(body.starts_with(b"\x89PNG"));
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    assert_eq!(body[16..24], size);
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < HANG, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn square(side: u32) -> Vec<u8> {
    let grey: Vec<u8> = (0..side * side).map(|i| (i ^ (i >> 9)) as u8).collect();
    support::grey_png(side, &grey)
}

/// A client that goes while its page runs takes it along. On a busy machine the page may be done
/// before anybody notices: then there is another one.
fn check_client_that_goes(
    backend: &Backend,
    is_running: impl Fn() -> bool,
    is_cancelled: impl Fn() -> bool,
) {
    let page = square(HUGE);
    for _ in 0..5 {
        let client = backend.send(&page);
        until("the page does not run", &is_running);
        drop(client);
        until("the page does not end", || !is_running());
        for _ in 0..100 {
            if is_cancelled() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    panic!("the page is not cancelled");
}

fn command() -> String {
    env::var("PLANCHE").expect("PLANCHE names the command")
}

#[test]
fn library() {
    let (backend, library) =
        Backend::start(|| Library::new(engine(), 2, Page::new().format(Format::Png)));
    backend.check_pages();
    backend.check_many();
    check_client_that_goes(
        &backend,
        || library.running() > 0,
        || library.cancelled() > 0,
    );
    backend.check_pages();
    backend.end();
}

fn kill(pid: u32) {
    // The shell's own, because the program is in a package that a small system lacks.
    let line = format!("kill -9 {pid}");
    let status = Command::new("sh").args(["-c", &line]).status();
    assert!(status.unwrap().success());
}

#[test]
fn stdio() {
    let arguments = [
        "stdio",
        "-m",
        "small",
        "-f",
        "png",
        "--threads",
        "2",
        "--backend",
        "cpu",
    ];
    let words = std::iter::once(command()).chain(arguments.map(String::from));
    let words = words.map(Into::into).collect();
    let (backend, child) = Backend::start(|| Child::new(words, 3));
    backend.check_pages();
    backend.check_many();
    check_client_that_goes(&backend, || child.sent() > 0, || child.cancelled() > 0);

    // Killed while it is idle, and with pages in flight.
    let first = child.pid();
    kill(first);
    assert_larger(backend.enlarge(&png(20, 20)), 40, 40);
    let second = child.pid();
    assert!(second != 0 && second != first, "{first} {second}");
    let page = square(LARGE);
    let streams: Vec<TcpStream> = (0..3).map(|_| backend.send(&page)).collect();
    let small = backend.send(&png(24, 24));
    kill(second);
    for stream in streams {
        assert_larger(receive(stream), 2 * LARGE, 2 * LARGE);
    }
    assert_larger(receive(small), 48, 48);
    backend.end();
}

#[test]
fn a_child_that_always_dies_is_given_up() {
    // It takes a request and dies.
    let words = ["sh", "-c", "read line; exit 1"].map(Into::into).to_vec();
    let (backend, _child) = Backend::start(|| Child::new(words, 2));
    let (status, text) = backend.enlarge(&png(4, 4));
    assert_eq!(status, 502);
    assert!(String::from_utf8_lossy(&text).contains("ended 3 times"));
    backend.end();
    let (backend, _child) = Backend::start(|| Child::new(vec!["/nonexistent".into()], 2));
    assert_eq!(backend.enlarge(&png(4, 4)).0, 502);
    backend.end();
}

/// `planche serve` on a Unix socket; ended when it is dropped.
struct Server(Process);

impl Server {
    fn start(socket: &Path) -> Server {
        let listen = format!("unix:{}", socket.display());
        let mut command = Command::new(command());
        command.args([
            "serve",
            "--listen",
            &listen,
            "-m",
            "small",
            "--threads",
            "2",
        ]);
        command.args(["--backend", "cpu", "--no-cache", "--log-level", "error"]);
        Server(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A figure of the server's.
fn figure(socket: &Path, name: &str) -> f64 {
    let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .expect(name);
    line.trim().parse().unwrap()
}

#[test]
fn socket() {
    let folder = env::temp_dir().join(format!("planche-backend-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let path: PathBuf = folder.join("http.sock");
    let mut server = Server::start(&path);
    let (backend, _) = Backend::start(|| Socket::new(&path, "format=png", 16));
    // The server need not be there yet.
    backend.check_pages();
    backend.check_many();
    let busy = || figure(&path, "planche_workers{state=\"busy\"}") == 1.0;
    let cancelled = || figure(&path, "planche_cancelled_total{where=\"running\"}") == 1.0;
    check_client_that_goes(&backend, busy, cancelled);

    // Killed with a page in flight, and started again as systemd would.
    let page = backend.send(&square(LARGE));
    until("the page does not run", busy);
    server.0.kill().unwrap();
    server.0.wait().unwrap();
    let _ = std::fs::remove_file(&path);
    server = Server::start(&path);
    assert_larger(receive(page), 2 * LARGE, 2 * LARGE);
    backend.end();
    drop(server);
    std::fs::remove_dir_all(folder).unwrap();
}
