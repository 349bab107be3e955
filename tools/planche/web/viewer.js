// SPDX-License-Identifier: MIT
// The viewer: two pictures of one page, with a divider between them. Left is the original or what
// another model makes of it.
import { upscale } from "./api.js";
import { explain } from "./problems.js";
import { make } from "./list.js";
import { t } from "./texts.js";

const ORIGINAL = "";

export class Viewer {
  // choices: {models(), settings(page, model), pages()}.
  constructor(find, choices) {
    this.find = find;
    this.choices = choices;
    this.dialog = find("viewer");
    this.page = null;
    this.full = false;
    this.sides = { left: ORIGINAL, right: "" };
    this.shown = { left: null, right: null };
    this.listen();
  }

  listen() {
    const { find } = this;
    find("save").onclick = () => { this.page.saved = true; };
    find("close").onclick = () => this.dialog.close();
    find("fit").onclick = () => this.zoom(false);
    find("full").onclick = () => this.zoom(true);
    find("previous").onclick = () => this.go(-1);
    find("next").onclick = () => this.go(1);
    find("making-cancel").onclick = () => this.controller?.abort();
    find("slider").oninput = () => this.divide(Number(find("slider").value));
    for (const side of ["left", "right"])
      find(side).onchange = () => this.choose(side, find(side).value);
    this.dialog.addEventListener("keydown", event => this.key(event));
    this.dialog.addEventListener("close", () => this.closed());
    find("frame").addEventListener("pointerdown", event => this.grab(event));
    new ResizeObserver(() => this.layout()).observe(find("stage"));
  }

  closed() {
    this.controller?.abort();
    const page = this.page;
    this.page = null;
    document.querySelector(`[data-id="${page?.id}"] button`)?.focus();
  }

  open(page) {
    this.page = page;
    this.sides = { left: ORIGINAL, right: page.settings.model };
    this.shown = { left: null, right: null };
    this.fill();
    if (!this.dialog.open)
      this.dialog.showModal();
    this.divide(50);
    this.load();
    this.find("slider").focus();
  }

  fill() {
    const { page, find } = this;
    find("viewer-title").textContent = page.name;
    const models = this.choices.models();
    const options = () => models.map(name => make("option", { value: name, textContent: name }));
    find("left").replaceChildren(make("option", { value: ORIGINAL, textContent: t("original") }), ...options());
    find("right").replaceChildren(...options());
    for (const side of ["left", "right"])
      find(side).value = this.sides[side];
    const pages = this.choices.pages();
    find("previous").disabled = pages.indexOf(page) <= 0;
    find("next").disabled = pages.indexOf(page) >= pages.length - 1;
    find("save").href = page.result.url;
    find("save").download = page.outputName;
  }

  // The language has changed.
  refresh() {
    if (this.page) {
      this.fill();
      this.badges();
    }
  }

  go(step) {
    const pages = this.choices.pages();
    const other = pages[pages.indexOf(this.page) + step];
    if (other) {
      this.controller?.abort();
      this.open(other);
    }
  }

  choose(side, model) {
    this.sides[side] = model;
    this.load();
  }

  // A side's picture: made before, or now.
  async picture(side, signal) {
    const { page } = this, model = this.sides[side];
    if (model === ORIGINAL)
      return { url: page.url, name: t("original") };
    if (model === page.settings.model)
      return { ...page.result, name: this.nameOf(model, page.result) };
    let result = page.results.get(model);
    if (!result) {
      this.say(t("making", { model }), true);
      result = await upscale(page.file, this.choices.settings(page, model), "interactive", signal);
      if (page.state === "removed")
        URL.revokeObjectURL(result.url);
      page.results.set(model, result);
    }
    return { ...result, name: this.nameOf(model, result) };
  }

  // Of what was chosen for the page also which network that was.
  nameOf(model, result) {
    return model === "auto" && result.model ? `auto: ${result.model}` : model;
  }

  async load() {
    this.controller?.abort();
    const controller = this.controller = new AbortController();
    this.say("", false);
    try {
      for (const side of ["right", "left"])
        await this.show(side, await this.picture(side, controller.signal), controller);
      if (this.controller === controller)
        this.say("", false);
    } catch (error) {
      if (this.controller === controller)
        this.failed(error);
    }
  }

  // What is shown stays, and the choice goes back to it.
  failed(error) {
    for (const side of ["left", "right"]) {
      const model = this.shown[side]?.model;
      if (model !== undefined) {
        this.sides[side] = model;
        this.find(side).value = model;
      }
    }
    this.say(error.name === "AbortError" ? "" : `${explain(error)} ${error.message}`, false);
  }

  say(text, cancellable) {
    this.find("making").hidden = text === "";
    this.find("making-text").textContent = text;
    this.find("making-cancel").hidden = !cancellable;
  }

  async show(side, picture, controller) {
    const image = this.find(`${side}-image`), model = this.sides[side];
    image.src = picture.url;
    try {
      await image.decode();
    } catch {
      // The browser does not know the format: the other side can still be seen.
    }
    if (this.controller !== controller)
      return;
    this.shown[side] = { ...picture, model, width: image.naturalWidth, height: image.naturalHeight };
    image.alt = `${t(side)}: ${picture.name}`;
    this.badges();
    this.layout();
  }

  badges() {
    for (const side of ["left", "right"]) {
      const shown = this.shown[side];
      const name = shown?.model === ORIGINAL ? t("original") : shown?.name;
      this.find(`${side}-badge`).textContent = !shown ? ""
        : shown.width ? `${name} · ${shown.width} × ${shown.height}` : `${name}: ${t("not_shown")}`;
    }
  }

  zoom(full) {
    this.full = full;
    this.find("full").setAttribute("aria-pressed", full);
    this.find("fit").setAttribute("aria-pressed", !full);
    this.layout();
  }

  // Both pictures are as large as the result. 100 %: a pixel of it is a pixel of the screen.
  layout() {
    const { right, left } = this.shown;
    const [width, height] = right?.width ? [right.width, right.height] : [left?.width ?? 0, left?.height ?? 0];
    const stage = this.find("stage"), frame = this.find("frame");
    const fit = Math.min(stage.clientWidth / width, stage.clientHeight / height);
    const factor = this.full ? 1 / devicePixelRatio : fit;
    if (!(width > 0) || !(factor > 0))
      return;
    // What is in the middle stays there.
    const middle = [0.5, 0.5];
    if (frame.offsetWidth > 0) {
      middle[0] = (stage.scrollLeft + stage.clientWidth / 2) / Math.max(frame.offsetWidth, stage.clientWidth);
      middle[1] = (stage.scrollTop + stage.clientHeight / 2) / Math.max(frame.offsetHeight, stage.clientHeight);
    }
    frame.style.width = `${width * factor}px`;
    frame.style.height = `${height * factor}px`;
    stage.classList.toggle("full", this.full);
    stage.scrollTo(middle[0] * frame.offsetWidth - stage.clientWidth / 2,
      middle[1] * frame.offsetHeight - stage.clientHeight / 2);
  }

  divide(percent) {
    const value = Math.min(Math.max(percent, 0), 100);
    const slider = this.find("slider");
    slider.value = value;
    slider.setAttribute("aria-valuetext", t("percent_left", { value: Math.round(value) }));
    this.find("frame").style.setProperty("--cut", `${value}%`);
  }

  // Drags the divider, wherever it is grabbed; at 100 % a finger scrolls instead.
  grab(event) {
    const frame = this.find("frame");
    if (event.button !== 0 || (this.full && event.pointerType === "touch" && event.target !== this.find("cut")))
      return;
    const move = ({ clientX }) => {
      const { left, width } = frame.getBoundingClientRect();
      this.divide((clientX - left) / width * 100);
    };
    frame.setPointerCapture(event.pointerId);
    frame.onpointermove = move;
    frame.onpointerup = frame.onpointercancel = () => { frame.onpointermove = null; };
    move(event);
    event.preventDefault();
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT")
      return;
    const slider = this.find("slider");
    const keys = {
      PageUp: () => this.go(-1), PageDown: () => this.go(1),
      1: () => this.zoom(true), 0: () => this.zoom(false),
    };
    if (event.target !== slider && !(this.full && event.target === this.find("stage"))) {
      keys.ArrowLeft = () => this.divide(Number(slider.value) - 2);
      keys.ArrowRight = () => this.divide(Number(slider.value) + 2);
    }
    if (keys[event.key]) {
      keys[event.key]();
      event.preventDefault();
    }
  }
}
