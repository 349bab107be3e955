// SPDX-License-Identifier: MIT
// Live figures of the server.
import { status } from "./api.js";
import { explain } from "./problems.js";
import { bytes, duration, number, t } from "./texts.js";
import { make } from "./list.js";

const WINDOW_MS = 30000; // that pages are counted over
const QUICK_MS = 1500, SLOW_MS = 5000;

export class Figures {
  // seen(status): called with each.
  constructor(root, state, version, seen) {
    Object.assign(this, { root, state, version, seen, history: [], cells: new Map() });
    document.addEventListener("visibilitychange", () => this.look());
  }

  // Asks again and again while the page is seen.
  async look() {
    clearTimeout(this.timer);
    if (document.hidden || this.asking)
      return;
    this.asking = true;
    let busy = false;
    try {
      const now = await status();
      busy = now.pages.running > 0;
      this.take(now);
      this.seen(now);
    } catch (problem) {
      this.state.textContent = explain(problem);
      this.state.classList.add("bad");
    }
    this.asking = false;
    this.timer = setTimeout(() => this.look(), busy ? QUICK_MS : SLOW_MS);
  }

  take(now) {
    const time = performance.now();
    this.latest = now;
    if (this.history.at(-1)?.made > now.pages.made)
      this.history = []; // it is another server
    this.history.push({ time, made: now.pages.made });
    while (time - this.history[0].time > WINDOW_MS)
      this.history.shift();
    this.show();
  }

  rate() {
    const [first, last] = [this.history[0], this.history.at(-1)];
    return last.time > first.time ? (last.made - first.made) * 1000 / (last.time - first.time) : 0;
  }

  cell(name, text) {
    let cell = this.cells.get(name);
    if (!cell) {
      cell = { name: make("dt"), value: make("dd") };
      cell.value.dataset.figure = name;
      this.cells.set(name, cell);
      this.root.append(make("div", {}, cell.name, cell.value));
    }
    cell.name.textContent = t(`figure_${name}`);
    cell.value.textContent = text;
  }

  show() {
    const now = this.latest;
    if (!now)
      return;
    const { queue, pages, memory } = now;
    const waiting = queue.readers + queue.prefetch + queue.books;
    this.state.textContent = t(now.draining ? "server_ends" : pages.running > 0 ? "server_busy" : "server_idle");
    this.state.classList.toggle("bad", now.draining);
    this.cell("rate", number(this.rate(), 2));
    this.cell("page", pages.page_seconds > 0 ? duration(pages.page_seconds) : "–");
    this.cell("running", t("of", { a: pages.running, b: pages.workers }));
    this.cell("waiting", t("of", { a: waiting, b: queue.limit }));
    this.cell("made", number(pages.made));
    this.cell("memory", `${bytes(memory.bodies)} / ${bytes(memory.bodies_limit)}`);
    this.cell("engines", number(now.engines));
    this.cell("device", now.devices.map(({ name, memory }) => memory ? `${name} (${bytes(memory)})` : name)
      .join(", ") || "–");
    if (now.cache) {
      this.cell("cached", t("of", { a: now.cache.hits, b: now.cache.hits + now.cache.misses }));
      this.cell("kept", bytes(now.cache.bytes));
    }
    this.version.textContent = t("version", {
      version: now.version, time: duration(now.uptime_seconds) });
  }
}
