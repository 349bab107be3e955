// SPDX-License-Identifier: MIT
//! The second way: a process `planche stdio` (docs/stdio.md), started again when it dies.
//!
//! One task holds the queue (`Keeper`), one writes requests, one reads answers. The keeper sends
//! only as many requests as the process works on, and keeps the others, so that a page nobody wants
//! any more is not sent at all. When the process has died, the pages that it had are sent to the
//! next one, up to [`TRIES`] times: one of them may be what kills it.
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use crate::{Enlarge, Failure, Made, MadeFuture, Reply};

/// How often a page is sent to processes that die.
pub const TRIES: u32 = 3;
/// An answer that claims more is no answer.
const MAX_RESULT: u64 = 1 << 30;
const MAX_LINE: u64 = 1 << 20;
/// A process that lives shorter is started again only after a pause, which doubles.
const SHORT_LIFE: Duration = Duration::from_secs(2);
const MAX_PAUSE: Duration = Duration::from_secs(5);

struct Request {
    page: Arc<Vec<u8>>,
    reply: oneshot::Sender<Made>,
    tries: u32,
}

struct Answer {
    id: u64,
    outcome: Made,
    cancelled: bool,
}

enum Message {
    Request(u64, Request),
    /// Nobody waits for it any more.
    GivenUp(u64),
    Answer(Answer),
    /// The process with this number has ended.
    Ended(u64),
    Close,
}

/// What goes to the process.
enum Item {
    Line(String),
    Page(Arc<Vec<u8>>),
}

/// Pages through a child process.
pub struct Child {
    to_keeper: UnboundedSender<Message>,
    next_id: AtomicU64,
    figures: Arc<Figures>,
}

#[derive(Default)]
struct Figures {
    pid: AtomicU32,
    sent: AtomicU64,
    cancelled: AtomicU64,
}

impl Child {
    /// Runs `command`, such as `planche stdio -m small`, when the first page comes. `at_once`: its
    /// threads and one more. Must be called in a tokio runtime.
    pub fn new(command: Vec<OsString>, at_once: usize) -> Child {
        let (to_keeper, from) = unbounded_channel();
        let figures = Arc::new(Figures::default());
        let keeper = Keeper {
            command,
            at_once: at_once.max(1),
            to_self: to_keeper.clone(),
            figures: figures.clone(),
            waiting: VecDeque::new(),
            sent: BTreeMap::new(),
            process: None,
            starts: 0,
            pause: Duration::ZERO,
        };
        tokio::spawn(keeper.run(from));
        Child {
            to_keeper,
            next_id: AtomicU64::new(1),
            figures,
        }
    }

    /// Of the process that runs now; 0: none does.
    pub fn pid(&self) -> u32 {
        self.figures.pid.load(Ordering::Relaxed)
    }

    /// Pages that the process has.
    pub fn sent(&self) -> u64 {
        self.figures.sent.load(Ordering::Relaxed)
    }

    /// Pages that the process has given up.
    pub fn cancelled(&self) -> u64 {
        self.figures.cancelled.load(Ordering::Relaxed)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.to_keeper.send(Message::Close);
    }
}

struct GiveUpOnDrop<'a>(u64, &'a UnboundedSender<Message>);

impl Drop for GiveUpOnDrop<'_> {
    fn drop(&mut self) {
        let _ = self.1.send(Message::GivenUp(self.0));
    }
}

impl Enlarge for Child {
    fn enlarge(&self, page: Vec<u8>) -> MadeFuture<'_> {
        Box::pin(async move {
            let id = self.next_id.fetch_add(1, Ordering::Relaxed);
            let (reply, outcome) = oneshot::channel();
            let request = Request {
                page: Arc::new(page),
                reply,
                tries: 0,
            };
            let _given_up = GiveUpOnDrop(id, &self.to_keeper);
            let _ = self.to_keeper.send(Message::Request(id, request));
            let closed = |_| Err(Failure::Broken("the back end is ending".into()));
            outcome.await.unwrap_or_else(closed)
        })
    }
}

struct Process {
    number: u64,
    started: Instant,
    to_writer: UnboundedSender<Item>,
}

struct Keeper {
    command: Vec<OsString>,
    at_once: usize,
    to_self: UnboundedSender<Message>,
    figures: Arc<Figures>,
    waiting: VecDeque<(u64, Request)>,
    sent: BTreeMap<u64, Request>,
    process: Option<Process>,
    starts: u64,
    pause: Duration,
}

impl Keeper {
    async fn run(mut self, mut from: UnboundedReceiver<Message>) {
        while let Some(message) = from.recv().await {
            match message {
                Message::Request(id, request) => self.waiting.push_back((id, request)),
                Message::GivenUp(id) => self.give_up(id),
                Message::Answer(answer) => self.answer(answer),
                Message::Ended(number) => self.ended(number).await,
                // Without its writer the process finds the end of its input, and ends.
                Message::Close => return,
            }
            self.send();
            self.figures
                .sent
                .store(self.sent.len() as u64, Ordering::Relaxed);
        }
    }

    fn give_up(&mut self, id: u64) {
        self.waiting.retain(|(other, _)| *other != id);
        if let (true, Some(process)) = (self.sent.contains_key(&id), &self.process) {
            let line = json!({ "cancel": id }).to_string() + "\n";
            let _ = process.to_writer.send(Item::Line(line));
        }
    }

    fn answer(&mut self, answer: Answer) {
        if answer.cancelled {
            self.figures.cancelled.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(request) = self.sent.remove(&answer.id) {
            let _ = request.reply.send(answer.outcome);
        }
    }

    async fn ended(&mut self, number: u64) {
        let is_current = |process: &Process| process.number == number;
        let process = match self.process.take() {
            Some(process) if is_current(&process) => process,
            other => {
                self.process = other;
                return;
            }
        };
        self.figures.pid.store(0, Ordering::Relaxed);
        for (id, mut request) in std::mem::take(&mut self.sent).into_iter().rev() {
            request.tries += 1;
            if request.tries >= TRIES {
                let text = format!("planche has ended {TRIES} times with this page");
                let _ = request.reply.send(Err(Failure::Broken(text)));
            } else if !request.reply.is_closed() {
                self.waiting.push_front((id, request));
            }
        }
        self.pause = match process.started.elapsed() < SHORT_LIFE {
            true => (self.pause * 2).clamp(Duration::from_millis(50), MAX_PAUSE),
            false => Duration::ZERO,
        };
        tokio::time::sleep(self.pause).await;
    }

    fn send(&mut self) {
        self.waiting
            .retain(|(_, request)| !request.reply.is_closed());
        if self.waiting.is_empty() {
            return;
        }
        if let Err(error) = self.start() {
            let text = format!("{}: {error}", self.command[0].to_string_lossy());
            for (_, request) in self.waiting.drain(..) {
                let _ = request.reply.send(Err(Failure::Broken(text.clone())));
            }
            return;
        }
        let process = self.process.as_ref().expect("it was started");
        while self.sent.len() < self.at_once {
            let (id, request) = match self.waiting.pop_front() {
                Some(next) => next,
                None => break,
            };
            let line = json!({ "id": id, "bytes": request.page.len() }).to_string() + "\n";
            let _ = process.to_writer.send(Item::Line(line));
            let _ = process.to_writer.send(Item::Page(request.page.clone()));
            self.sent.insert(id, request);
        }
    }

    /// Starts the process, unless it runs.
    fn start(&mut self) -> io::Result<()> {
        if self.process.is_some() {
            return Ok(());
        }
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).kill_on_drop(true);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let no_pipe = || io::Error::new(io::ErrorKind::Other, "there is no pipe");
        let stdin = child.stdin.take().ok_or_else(no_pipe)?;
        let stdout = child.stdout.take().ok_or_else(no_pipe)?;
        self.starts += 1;
        self.figures
            .pid
            .store(child.id().unwrap_or(0), Ordering::Relaxed);
        let (to_writer, items) = unbounded_channel();
        tokio::spawn(write(stdin, items));
        let (number, to_keeper) = (self.starts, self.to_self.clone());
        tokio::spawn(async move {
            if let Err(error) = read(stdout, &to_keeper).await {
                eprintln!("planche's answers cannot be read: {error}");
                let _ = child.start_kill();
            }
            let _ = child.wait().await;
            let _ = to_keeper.send(Message::Ended(number));
        });
        self.process = Some(Process {
            number,
            started: Instant::now(),
            to_writer,
        });
        Ok(())
    }
}

async fn write(mut stdin: ChildStdin, mut items: UnboundedReceiver<Item>) {
    while let Some(item) = items.recv().await {
        let written = match &item {
            Item::Line(line) => stdin.write_all(line.as_bytes()).await,
            Item::Page(page) => stdin.write_all(page).await,
        };
        // The process has ended: whoever reads its answers sees that, too.
        if written.is_err() {
            return;
        }
    }
}

async fn read(stdout: ChildStdout, to_keeper: &UnboundedSender<Message>) -> io::Result<()> {
    let mut stdout = BufReader::new(stdout);
    while let Some(answer) = read_answer(&mut stdout).await? {
        let _ = to_keeper.send(Message::Answer(answer));
    }
    Ok(())
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The next answer and its bytes; None: the end.
async fn read_answer<R: AsyncRead + Unpin>(from: &mut BufReader<R>) -> io::Result<Option<Answer>> {
    loop {
        let mut line = Vec::new();
        let size = (&mut *from)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .await?;
        if size == 0 {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(damaged("a line has no end"));
        }
        let head: Value = serde_json::from_slice(&line)?;
        let status = match head["status"].as_str() {
            Some(status) => status,
            None => continue, // progress
        };
        let size = head["bytes"].as_u64().filter(|size| *size <= MAX_RESULT);
        let mut bytes = Vec::new();
        let size = size.ok_or_else(|| damaged("an answer without its size"))?;
        if (&mut *from).take(size).read_to_end(&mut bytes).await? as u64 != size {
            return Err(damaged("an answer is cut off"));
        }
        let outcome = match status {
            "ok" => Ok(Reply {
                media_type: media_type(&head),
                bytes,
            }),
            _ => Err(failure(status, head["error"].as_str().unwrap_or(""))),
        };
        if let Some(id) = head["id"].as_u64() {
            return Ok(Some(Answer {
                id,
                outcome,
                cancelled: status == "cancelled",
            }));
        }
    }
}

fn media_type(head: &Value) -> String {
    match head["format"].as_str() {
        Some("jpg") => "image/jpeg".into(),
        Some(format) => format!("image/{format}"),
        None => "application/octet-stream".into(),
    }
}

fn failure(status: &str, error: &str) -> Failure {
    let text = format!("{status}: {error}");
    match status {
        "damaged image" | "unsupported" | "limit exceeded" => Failure::Page(text),
        "memory budget" | "out of memory" | "deadline passed" => Failure::Busy(text),
        _ => Failure::Broken(text),
    }
}
