// SPDX-License-Identifier: MIT
// The list of pages: a line for each, kept up to date.
import { bytes, duration, t } from "./texts.js";
import { explain } from "./problems.js";

const BUTTONS = {
  waiting: ["cancel"], running: ["cancel"], done: ["show", "save", "remove"],
  failed: ["retry", "remove"], cancelled: ["retry", "remove"],
};

export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// Saves a blob as a file.
export function save(url, name) {
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

export class List {
  // actions: {cancel, show, save, retry, remove}, each called with a page.
  constructor(root, actions) {
    this.root = root;
    this.actions = actions;
    this.lines = new Map();
  }

  line(page) {
    const image = make("img", { src: page.url, alt: "", loading: "lazy", width: 48, height: 64 });
    image.onerror = () => image.classList.add("broken");
    const line = {
      root: make("li", { className: "page" }), image,
      name: make("p", { className: "name", textContent: page.name, title: page.name }),
      facts: make("p", { className: "facts" }), problem: make("p", { className: "problem" }),
      detail: make("p", { className: "faint detail", lang: "en" }), buttons: make("div", { className: "buttons" }),
    };
    line.root.append(image, make("div", { className: "words" }, line.name, line.facts, line.problem, line.detail),
      line.buttons);
    line.root.dataset.id = page.id;
    this.lines.set(page, line);
    this.root.append(line.root);
    return line;
  }

  update(page) {
    if (page.state === "removed") {
      this.drop(page);
      return;
    }
    const line = this.lines.get(page) ?? this.line(page);
    line.root.dataset.state = page.state;
    line.facts.textContent = this.facts(page);
    line.problem.textContent = page.problem ? explain(page.problem) : "";
    line.detail.textContent = page.problem?.status > 0 ? page.problem.message : "";
    this.buttons(page, line);
  }

  // Who has the keyboard goes on beside the line that goes.
  drop(page) {
    const line = this.lines.get(page);
    if (!line)
      return;
    const had = line.root.contains(document.activeElement);
    const next = line.root.nextElementSibling ?? line.root.previousElementSibling;
    line.root.remove();
    this.lines.delete(page);
    if (had)
      (next?.querySelector("button") ?? document.getElementById("files")).focus();
  }

  buttons(page, line) {
    const wanted = BUTTONS[page.state];
    const focused = line.buttons.contains(document.activeElement);
    const key = `${wanted} ${document.documentElement.lang}`;
    if (line.key === key)
      return;
    line.key = key;
    line.buttons.replaceChildren(...wanted.map(action => {
      const button = make("button", {
        type: "button", textContent: t(action), className: action === "show" ? "button primary" : "button",
        onclick: () => this.actions[action](page),
      });
      button.dataset.action = action;
      button.setAttribute("aria-label", t(`${action}_page`, { name: page.name }));
      return button;
    }));
    if (focused)
      line.buttons.firstElementChild.focus();
  }

  facts(page) {
    const { model, scale } = page.settings;
    const words = [t(`state_${page.state}`)];
    if (page.state === "waiting" && page.notBefore > Date.now())
      words[0] = t("state_busy", { time: duration(Math.ceil((page.notBefore - Date.now()) / 1000)) });
    if (page.state === "running")
      words[0] += ` ${duration(Math.floor((performance.now() - page.started) / 1000))}`;
    if (page.result) {
      const { width, height, blob, ms, cached } = page.result;
      words.push(`${width} × ${height}`, bytes(blob.size), cached ? t("cached") : duration(ms / 1000));
    }
    words.push(page.result?.model || (scale ? `${model} ${scale}×` : model));
    return words.join(" · ");
  }

  // What changes by itself, and what the language changes.
  refresh() {
    for (const page of this.lines.keys())
      this.update(page);
  }
}
