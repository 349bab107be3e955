// SPDX-License-Identifier: MIT
// Workers of a queue that machines share, as the server's status tells of them.
import { number, t } from "./texts.js";
import { make } from "./list.js";

const COLUMNS = ["id", "device", "now", "done", "rate"];
const MOST = 50; // lines

export class Workers {
  constructor(root, state, table) {
    Object.assign(this, { root, state, table });
  }

  // queue: null, or what the status says of it.
  take(queue) {
    this.latest = queue;
    this.show();
  }

  show() {
    const queue = this.latest;
    this.root.hidden = !queue;
    if (!queue)
      return;
    const { workers } = queue;
    const state = !queue.connected ? t("queue_away") : workers.length === 0 ? t("no_workers")
      : t("queue_pages", { count: queue.pages ?? 0 });
    this.state.textContent = state;
    this.state.classList.toggle("bad", !queue.connected || workers.length === 0);
    this.table.hidden = workers.length === 0;
    const head = make("tr", {}, ...COLUMNS.map(name => make("th", { scope: "col", textContent: t(`worker_${name}`) })));
    const lines = [...workers].sort((a, b) => a.id < b.id ? -1 : 1).slice(0, MOST).map(worker => this.line(worker));
    if (workers.length > MOST)
      lines.push(make("tr", {}, make("td", { colSpan: COLUMNS.length, textContent: t("more_workers", { count: workers.length - MOST }) })));
    this.table.querySelector("thead").replaceChildren(head);
    this.table.querySelector("tbody").replaceChildren(...lines);
  }

  line(worker) {
    const cells = [worker.device ?? "", t("of", { a: worker.running ?? 0, b: worker.slots ?? 0 }), number(worker.done ?? 0),
      number(worker.pages_per_second ?? 0, 2)];
    return make("tr", {}, make("th", { scope: "row", textContent: worker.id }),
      ...cells.map(text => make("td", { textContent: text })));
  }
}
