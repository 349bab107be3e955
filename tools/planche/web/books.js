// SPDX-License-Identifier: MIT
// Books: sent one after the other, made by the server one after the other, and kept there: so they are
// in the list again when the page is opened once more.
import * as api from "./api.js";
import { make, save } from "./list.js";
import { explain } from "./problems.js";
import { bytes, duration, number, t } from "./texts.js";

const OPEN = ["queued", "sending", "waiting", "running"];
const BUTTONS = {
  queued: ["cancel"], sending: ["cancel"], waiting: ["cancel"], running: ["cancel"], done: ["save", "remove"],
  failed: ["remove"],
};
const AGAIN_MS = 3000; // until a server that does not answer is asked again

// A book: its file until it is sent, then what the server says of it (state, pages, ...).
class Book {
  constructor(file, settings) {
    this.file = file;
    this.name = file.name;
    this.settings = settings;
    this.state = "queued";
    this.sent = 0; // of 1
  }

  take(told) {
    Object.assign(this, told);
    this.file = null;
  }
}

export class Books {
  // say: for screen readers.
  constructor(section, root, say) {
    this.section = section;
    this.root = root;
    this.say = say;
    this.books = [];
    this.lines = new Map();
  }

  count(...states) {
    return this.books.filter(book => states.includes(book.state)).length;
  }

  add(files, settings) {
    const books = files.map(file => new Book(file, settings));
    this.books.push(...books);
    books.forEach(book => this.update(book));
    this.send();
  }

  // Asks for all books, and watches the first that is not done.
  async look() {
    clearTimeout(this.timer);
    try {
      const told = await api.books();
      for (const one of told) // the list does not name pages that failed
        this.learn(one.state === "done" && one.pages.failed > 0 ? await api.book(one.id) : one);
      const ids = new Set(told.map(one => one.id));
      this.books.filter(book => book.id && !ids.has(book.id)).forEach(book => this.drop(book));
      this.watch();
    } catch {
      this.timer = setTimeout(() => this.look(), AGAIN_MS);
    }
  }

  learn(told) {
    let book = this.books.find(other => other.id === told.id);
    if (!book) {
      book = new Book({ name: told.name }, told.settings);
      this.books.push(book);
    }
    const before = book.state;
    book.take(told);
    this.update(book);
    if (before !== book.state && (book.state === "done" || book.state === "failed") && before !== "queued")
      this.say(book.state === "done" ? t("book_done", { name: book.name }) : `${book.name}: ${this.explain(book)}`);
  }

  // One stream of events at a time: a browser has few connections to a server.
  watch() {
    const book = this.books.find(other => other.id && OPEN.includes(other.state));
    if (this.watched === book?.id)
      return;
    this.events?.close();
    this.events = null;
    this.watched = book?.id;
    if (!book)
      return;
    const events = api.events(book.id);
    this.events = events;
    const take = event => this.learn(JSON.parse(event.data));
    const end = () => {
      events.close();
      this.watched = undefined;
      this.look();
    };
    events.addEventListener("progress", take);
    for (const kind of ["done", "failed"])
      events.addEventListener(kind, event => { take(event); end(); });
    events.addEventListener("cancelled", end);
    events.onerror = () => {
      if (events.readyState === EventSource.CLOSED) {
        this.watched = undefined;
        this.timer = setTimeout(() => this.look(), AGAIN_MS);
      }
    };
  }

  async send() {
    const book = this.books.find(other => other.state === "queued");
    if (!book || this.sending)
      return;
    this.sending = book;
    book.state = "sending";
    book.controller = new AbortController();
    this.update(book);
    try {
      const told = await api.sendBook(book.file, book.settings, book.controller.signal, sent => {
        book.sent = sent;
        this.update(book);
      });
      book.take(told);
      this.update(book);
      this.watch();
    } catch (error) {
      if (error.name === "AbortError") {
        this.drop(book);
      } else {
        book.state = "failed";
        book.problem = { status: error.status ?? -1, detail: error.message };
        this.update(book);
        this.say(`${book.name}: ${this.explain(book)}`);
      }
    }
    this.sending = null;
    this.send();
  }

  async cancel(book) {
    if (book.state === "sending") {
      book.controller.abort();
    } else if (book.id) {
      try {
        await api.removeBook(book.id);
      } catch (error) {
        if (error.status !== 404) {
          this.say(explain(error));
          return;
        }
      }
      this.drop(book);
      this.watch();
    } else {
      this.drop(book);
    }
  }

  drop(book) {
    const line = this.lines.get(book);
    const had = line?.root.contains(document.activeElement);
    this.books = this.books.filter(other => other !== book);
    line?.root.remove();
    this.lines.delete(book);
    this.changed();
    if (had)
      (this.root.querySelector("button") ?? document.getElementById("files")).focus();
  }

  changed() {
    this.section.hidden = this.books.length === 0;
  }

  explain(book) {
    const status = book.problem.status;
    return [400, 415, 422].includes(status) ? t("book_problem") : explain({ status, message: book.problem.detail });
  }

  facts(book) {
    const words = [book.state === "sending" ? t("book_sent", { percent: number(100 * book.sent) })
      : t(`state_${book.state === "queued" ? "waiting" : book.state}`)];
    if (book.state === "running" && book.pages.total !== null)
      words.push(t("book_pages", { a: book.pages.done, b: book.pages.total }));
    if (book.state === "running" && book.writing)
      words.push(t("book_writing"));
    else if (book.seconds_left)
      words.push(t("left_time", { time: duration(Math.max(Math.round(book.seconds_left), 1)) }));
    if (book.state === "waiting" && book.before > 0)
      words.push(t("book_before", { count: book.before }));
    if (book.result)
      words.push(t("book_all_pages", { count: book.pages.total }), bytes(book.result.bytes));
    return words.join(" · ");
  }

  line(book) {
    const line = {
      root: make("li", { className: "book" }), name: make("p", { className: "name" }),
      facts: make("p", { className: "facts" }), progress: make("progress", { max: 1 }),
      problem: make("p", { className: "problem" }), detail: make("p", { className: "faint detail", lang: "en" }),
      pages: make("details", { hidden: true }), buttons: make("div", { className: "buttons" }),
    };
    line.root.append(make("div", { className: "words" }, line.name, line.facts, line.progress, line.problem,
      line.detail, line.pages), line.buttons);
    this.lines.set(book, line);
    this.root.append(line.root);
    return line;
  }

  update(book) {
    const line = this.lines.get(book) ?? this.line(book);
    const progress = book.state === "sending" ? book.sent : book.pages?.total ? book.pages.parts / book.pages.total : 0;
    line.root.dataset.state = book.state;
    line.name.textContent = line.name.title = book.name;
    line.facts.textContent = this.facts(book);
    line.progress.hidden = book.state !== "sending" && book.state !== "running";
    line.progress.value = progress;
    line.progress.setAttribute("aria-label", t("book_progress", { name: book.name }));
    line.problem.textContent = book.problem ? this.explain(book) : "";
    line.detail.textContent = book.problem?.status > 0 ? book.problem.detail : "";
    this.failures(book, line);
    this.buttons(book, line);
    this.changed();
  }

  // Pages that are in the result as they were.
  failures(book, line) {
    const failed = book.state === "done" ? book.failed_pages ?? [] : [];
    const key = `${failed.length} ${document.documentElement.lang}`;
    line.pages.hidden = failed.length === 0;
    if (line.failed === key)
      return;
    line.failed = key;
    line.pages.replaceChildren(make("summary", { textContent: t("book_failed_pages", { count: book.pages?.failed ?? 0 }) }),
      make("ul", { lang: "en" }, ...failed.map(({ page, reason }) => make("li", { textContent: `${page}: ${reason}` }))));
  }

  buttons(book, line) {
    const wanted = BUTTONS[book.state] ?? [];
    const key = `${wanted} ${document.documentElement.lang}`;
    if (line.key === key)
      return;
    const focused = line.buttons.contains(document.activeElement);
    line.key = key;
    line.buttons.replaceChildren(...wanted.map(action => {
      const button = make("button", {
        type: "button", textContent: t(action), className: action === "save" ? "button primary" : "button",
        onclick: () => (action === "save" ? save(api.bookAddress(book.id), book.result.name) : this.cancel(book)),
      });
      button.dataset.action = action;
      button.setAttribute("aria-label", t(`${action}_page`, { name: book.name }));
      return button;
    }));
    if (focused)
      line.buttons.firstElementChild?.focus();
  }

  refresh() {
    this.books.forEach(book => this.update(book));
  }
}
