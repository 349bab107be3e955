// SPDX-License-Identifier: MIT
// The main page: puts its parts together.
import * as api from "./api.js";
import { Books } from "./books.js";
import { Figures } from "./figures.js";
import { List, make, save } from "./list.js";
import { collect, isBook, sorted } from "./intake.js";
import { explain } from "./problems.js";
import { Queue } from "./queue.js";
import { Settings } from "./settings.js";
import * as texts from "./texts.js";
import { Viewer } from "./viewer.js";
import { Workers } from "./workers.js";
import { zip } from "./zip.js";

const MAX_PARALLEL = 4; // a browser has six connections to a server
const { t } = texts;
const find = id => document.getElementById(id);

function remember(name, value) {
  try {
    if (value === undefined)
      return localStorage.getItem(`planche-${name}`) ?? "";
    localStorage.setItem(`planche-${name}`, value);
  } catch {
    // Private windows may keep nothing.
  }
  return "";
}

function say(text) {
  find("live").textContent = text;
}

// Sentences about what was not taken, until they are put away.
function notice(key, values = {}) {
  const put = make("button", { type: "button", className: "button small", textContent: t("put_away") });
  const words = make("span", { textContent: t(key, values) });
  const line = make("p", { className: "notice bad" }, words, put);
  line.speak = () => { words.textContent = t(key, values); };
  line.setAttribute("role", "alert");
  put.onclick = () => { line.remove(); find("files").focus(); };
  find("notices").append(line);
}

const settings = new Settings(find);
const queue = new Queue();
const list = new List(find("list"), {
  cancel: page => queue.cancel(page),
  retry: page => queue.retry(page),
  remove: page => queue.remove(page),
  save: page => {
    page.saved = true;
    save(page.result.url, page.outputName);
  },
  show: page => viewer.open(page),
});
const books = new Books(find("books"), find("book-list"), say);
const viewer = new Viewer(find, {
  models: () => settings.models.filter(model => model.here).map(model => model.name),
  settings: (page, model) => settings.with(page.settings, model),
  pages: () => queue.pages.filter(page => page.state === "done"),
});
const workers = new Workers(find("workers"), find("queue-state"), find("worker-table"));
const figures = new Figures(find("figures"), find("state"), find("version"), status => {
  workers.take(status.shared_queue);
  queue.parallel = Math.min(status.pages.workers + 1, MAX_PARALLEL);
  queue.guess = status.pages.page_seconds;
  queue.step();
});

function summarise() {
  const done = queue.count("done"), all = queue.pages.length, failed = queue.count("failed");
  const open = queue.count("waiting", "running"), left = queue.left();
  const words = all === 0 ? [] : [t("done_of", { a: done, b: all })];
  if (failed > 0)
    words.push(t("failed_count", { count: failed }));
  if (left > 0)
    words.push(t("left_time", { time: texts.duration(Math.max(Math.round(left), 1)) }));
  find("summary").textContent = words.join(" · ");
  find("progress").hidden = open === 0;
  find("progress").max = Math.max(all, 1);
  find("progress").value = all - open;
  find("empty").hidden = all > 0;
  find("bulk").hidden = all === 0;
  find("download-all").disabled = done === 0;
  find("cancel-all").disabled = open === 0;
  find("retry-all").disabled = queue.count("failed", "cancelled") === 0;
  find("remove-done").disabled = done === 0;
  document.title = open > 0 ? `(${all - open}/${all}) Planche` : "Planche";
}

let active = false;
queue.addEventListener("change", ({ detail: page }) => {
  list.update(page);
  summarise();
  if (page.state === "failed")
    say(`${page.name}: ${explain(page.problem)}`);
  const open = queue.count("waiting", "running") > 0;
  if (active && !open && page.state === "done")
    say(t("all_done", { count: queue.count("done") }));
  if (active !== open)
    figures.look();
  active = open;
});

function take(files) {
  const whole = files.filter(file => isBook(file.name));
  const pages = files.filter(file => !isBook(file.name));
  if (whole.length > 0) {
    books.add(whole, settings.current());
    say(t("books_added", { count: whole.length }));
  }
  if (pages.length > 0) {
    queue.add(pages, settings.current());
    say(t("added", { count: pages.length }));
  }
}

async function downloadAll() {
  const done = queue.pages.filter(page => page.state === "done");
  find("download-all").disabled = true;
  try {
    const blob = await zip(done.map(page => ({ name: page.outputName, blob: page.result.blob })));
    const url = URL.createObjectURL(blob);
    save(url, "planche.cbz");
    done.forEach(page => { page.saved = true; });
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  } catch {
    notice("zip_failed");
  }
  summarise();
}

function listenForFiles() {
  const drop = find("drop");
  find("files").onchange = event => {
    take(sorted(event.target.files));
    event.target.value = "";
  };
  let depth = 0;
  const mark = change => {
    depth = Math.max(depth + change, 0);
    drop.classList.toggle("over", depth > 0);
  };
  addEventListener("dragenter", event => { event.preventDefault(); mark(1); });
  addEventListener("dragleave", () => mark(-1));
  addEventListener("dragover", event => event.preventDefault());
  addEventListener("drop", async event => {
    event.preventDefault();
    mark(-depth);
    take(await collect(event.dataTransfer));
  });
  addEventListener("paste", event => {
    const files = [...event.clipboardData.files];
    if (files.length > 0)
      take(files);
  });
}

function listenForButtons() {
  find("download-all").onclick = downloadAll;
  find("cancel-all").onclick = () => [...queue.pages].forEach(page => queue.cancel(page));
  find("retry-all").onclick = () => [...queue.pages].forEach(page => queue.retry(page));
  find("remove-done").onclick = () => queue.pages.filter(page => page.state === "done")
    .forEach(page => queue.remove(page));
  // Results of pages are in this tab alone, and so are books that are not sent yet.
  addEventListener("beforeunload", event => {
    if (queue.pages.some(page => page.state === "waiting" || page.state === "running" || (page.result && !page.saved)) ||
        books.count("queued", "sending") > 0)
      event.preventDefault();
  });
}

function applyTexts() {
  texts.apply();
  find("language").value = texts.current();
  if (settings.models.length > 0)
    settings.fill();
  for (const line of find("notices").children)
    line.speak();
  list.refresh();
  books.refresh();
  figures.show();
  workers.show();
  viewer.refresh();
  summarise();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  find("theme").value = theme;
}

function listenForChoices() {
  find("language").replaceChildren(...texts.languages().map(([value, textContent]) =>
    make("option", { value, textContent, lang: value })));
  find("language").onchange = event => {
    remember("language", event.target.value);
    texts.choose(event.target.value);
    applyTexts();
  };
  find("theme").onchange = event => {
    remember("theme", event.target.value);
    setTheme(event.target.value);
  };
}

// Shows the field until something is typed.
function askForToken(wrong) {
  const dialog = find("token-dialog");
  find("token-wrong").hidden = !wrong;
  find("token").value = "";
  dialog.oncancel = event => event.preventDefault();
  dialog.showModal();
  return new Promise(resolve => {
    dialog.onclose = () => resolve(find("token").value.trim());
  });
}

async function begin() {
  setTheme(remember("theme") || "auto");
  await texts.load(remember("language"));
  listenForChoices();
  applyTexts();
  listenForFiles();
  listenForButtons();
  api.begin(crypto.getRandomValues(new Uint32Array(2)).join("-"), askForToken);
  for (;;) {
    try {
      settings.take(await api.models());
      break;
    } catch (problem) {
      find("state").textContent = explain(problem);
      await new Promise(resolve => setTimeout(resolve, 2000));
    }
  }
  document.documentElement.dataset.ready = "true";
  figures.look();
  books.look();
  setInterval(() => {
    if (queue.count("waiting", "running") > 0) {
      list.refresh();
      summarise();
    }
  }, 1000);
}

begin();
