// SPDX-License-Identifier: MIT
// What is chosen for new pages: model, size, cleaning, format.
import { make } from "./list.js";
import { number, t } from "./texts.js";

const KEPT = "planche-settings";
const AUTO = "auto", OWN = "Planche";
const SCALES = [1, 2, 3, 4, 6, 8];

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

export class Settings {
  constructor(find) {
    this.fields = { model: find("model"), scale: find("scale"), denoise: find("cleaning"), format: find("format") };
    this.models = [];
    this.default = "";
    this.kept = remembered();
    for (const field of Object.values(this.fields))
      field.addEventListener("change", () => this.chosen());
  }

  // variants: of /v1/models.
  take({ default: preset, models }) {
    this.default = preset;
    this.variants = models;
    const here = new Map();
    for (const { model, here: is } of models)
      here.set(model, here.get(model) || is);
    if (!here.has(preset))
      here.set(preset, true);
    // What can be used comes first, and of that the server's own choice.
    this.models = [...here].map(([name, is]) => ({ name, here: is }))
      .sort((a, b) => (b.name === preset) - (a.name === preset) || b.here - a.here);
    this.fill();
    this.restore();
  }

  fill() {
    const value = name => this.fields[name].value;
    const [model, scale, denoise] = [value("model"), value("scale"), value("denoise")];
    this.fields.model.replaceChildren(...this.models.map(({ name, here }) => make("option", {
      value: name, disabled: !here,
      textContent: !here ? t("not_here", { name }) : name === AUTO ? t("model_auto", { name }) : name,
    })));
    this.put("model", model);
    this.fields.scale.replaceChildren(make("option", { value: "", textContent: t("scale_auto") }),
      ...SCALES.map(scale => make("option", { value: scale, textContent: `${number(scale)}×` })));
    this.put("scale", scale);
    this.levels(denoise);
  }

  // The levels of cleaning that the model has at this size.
  levels(wanted) {
    const levels = this.levelsOf(this.fields.model.value, this.fields.scale.value);
    this.fields.denoise.replaceChildren(make("option", { value: "", textContent: t("cleaning_auto") }),
      ...levels.map(level => make("option", { value: level, textContent: t(`cleaning_${level}`) })));
    this.fields.denoise.disabled = levels.length === 0;
    this.put("denoise", wanted);
  }

  // The first variant is what the model is by itself; sizes that it lacks are made from that. auto
  // stands for one of Planche's own.
  levelsOf(model, scale) {
    const all = this.variants.filter(variant => variant.model === model || (model === AUTO && variant.family === OWN));
    const own = all.some(variant => variant.scale === Number(scale)) ? Number(scale) : all[0]?.scale;
    const levels = all.filter(variant => variant.scale === own && variant.denoise !== null);
    return [...new Set(levels.map(variant => variant.denoise))].sort((a, b) => a - b);
  }

  put(name, value) {
    const field = this.fields[name];
    const there = [...field.options].find(option => option.value === String(value) && !option.disabled);
    field.value = there ? there.value : field.options[0]?.value ?? "";
  }

  restore() {
    this.put("model", this.kept.model ?? this.default);
    this.put("scale", this.kept.scale ?? "");
    this.put("format", this.kept.format ?? "webp");
    this.levels(this.kept.denoise ?? "");
  }

  chosen() {
    this.levels(this.fields.denoise.value);
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.current()));
    } catch {
      // The choice holds until the page is left.
    }
  }

  current() {
    const value = name => this.fields[name].value;
    return { model: value("model"), scale: value("scale"), denoise: value("denoise"), format: value("format") };
  }

  // The same settings with another model, whose levels may be others.
  with(settings, model) {
    const has = this.levelsOf(model, settings.scale).map(String).includes(settings.denoise);
    return { ...settings, model, denoise: has ? settings.denoise : "" };
  }
}
