// SPDX-License-Identifier: MIT
// The queue: pages that are to be made, a few at a time. No page leaves it but by the user's hand.
import { Problem, upscale } from "./api.js";

const TRIES = 10; // of a page that the server has no room for
const LATEST = 12; // pages whose times count for the time that is left

let number = 0;

// A page: file, name, settings, state (waiting, running, done, failed, cancelled), result, problem.
export class Page {
  constructor(file, settings) {
    this.id = ++number;
    this.file = file;
    this.name = file.name || `page-${this.id}.png`;
    this.settings = settings;
    this.state = "waiting";
    this.url = URL.createObjectURL(file);
    this.results = new Map(); // of other models, for comparing
    this.tries = 0;
    this.notBefore = 0;
  }

  get outputName() {
    const stem = this.name.replace(/\.[^.]*$/, "");
    return `${stem}.${this.settings.format}`;
  }

  forget() {
    for (const result of [this.result, ...this.results.values()]) {
      if (result)
        URL.revokeObjectURL(result.url);
    }
    URL.revokeObjectURL(this.url);
  }
}

export class Queue extends EventTarget {
  constructor() {
    super();
    this.pages = [];
    this.parallel = 1;
    this.running = 0;
    this.times = []; // milliseconds of the latest pages
    this.guess = 0; // seconds of a page, by the server
  }

  changed(page) {
    this.dispatchEvent(new CustomEvent("change", { detail: page }));
  }

  add(files, settings) {
    const pages = files.map(file => new Page(file, settings));
    this.pages.push(...pages);
    pages.forEach(page => this.changed(page));
    this.step();
    return pages;
  }

  remove(page) {
    page.controller?.abort();
    page.forget();
    this.pages = this.pages.filter(other => other !== page);
    page.state = "removed";
    this.changed(page);
    this.step();
  }

  cancel(page) {
    if (page.state === "waiting" || page.state === "running") {
      page.state = "cancelled";
      page.controller?.abort();
      this.changed(page);
      this.step();
    }
  }

  retry(page) {
    if (page.state !== "failed" && page.state !== "cancelled")
      return;
    page.state = "waiting";
    page.tries = 0;
    page.notBefore = 0;
    page.problem = null;
    this.changed(page);
    this.step();
  }

  count(...states) {
    return this.pages.filter(page => states.includes(page.state)).length;
  }

  // Begins what may begin.
  step() {
    const now = Date.now();
    clearTimeout(this.timer);
    for (const page of this.pages) {
      if (this.running >= this.parallel)
        return;
      if (page.state === "waiting" && page.notBefore <= now)
        this.run(page);
    }
    const later = this.pages.filter(page => page.state === "waiting").map(page => page.notBefore);
    if (later.length > 0)
      this.timer = setTimeout(() => this.step(), Math.max(Math.min(...later) - now, 50));
  }

  async run(page) {
    const controller = new AbortController();
    page.controller = controller;
    page.state = "running";
    page.started = performance.now();
    page.notBefore = 0;
    this.running++;
    this.changed(page);
    try {
      // Somebody waits for a single page; a batch leaves readers their turn.
      const priority = this.pages.length === 1 ? "interactive" : "normal";
      const result = await upscale(page.file, page.settings, priority, controller.signal);
      if (page.controller !== controller || page.state !== "running")
        URL.revokeObjectURL(result.url);
      else
        this.finish(page, result);
    } catch (error) {
      if (page.controller === controller && page.state === "running")
        this.fail(page, error);
    }
    this.running--;
    if (page.controller === controller)
      page.controller = null;
    this.changed(page);
    this.step();
  }

  finish(page, result) {
    page.result = result;
    page.state = "done";
    if (!result.cached)
      this.times.push(result.ms);
    this.times.splice(0, this.times.length - LATEST);
  }

  // A server without room says when to come again.
  fail(page, error) {
    const busy = error instanceof Problem && error.status === 503 && error.retryAfter > 0;
    if (busy && ++page.tries < TRIES) {
      page.state = "waiting";
      page.notBefore = Date.now() + Math.min(error.retryAfter, 60) * 1000;
      return;
    }
    page.state = "failed";
    page.problem = error instanceof Problem ? error : new Problem(-1, String(error?.message ?? error));
  }

  // Seconds until all is made, from the times of the latest pages; 0: unknown.
  left() {
    const open = this.count("waiting", "running");
    const mean = this.times.length > 0 ?
      this.times.reduce((sum, time) => sum + time, 0) / this.times.length / 1000 : this.guess;
    if (open === 0 || mean === 0)
      return 0;
    const now = performance.now();
    const spent = this.pages.filter(page => page.state === "running")
      .reduce((sum, page) => sum + Math.min((now - page.started) / 1000, mean), 0);
    return Math.max(open * mean - spent, mean / 10) / Math.min(this.parallel, open);
  }
}
