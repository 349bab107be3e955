// SPDX-License-Identifier: MIT
// Texts in the user's language.

let all = {};
let language = "en";
let rules = new Intl.PluralRules("en");

// Loads the texts, and chooses a language: wanted, else the first of the browser's that there is.
export async function load(wanted) {
  all = await (await fetch("web/texts.json")).json();
  const asked = [wanted, ...navigator.languages].filter(Boolean).map(name => name.toLowerCase().split("-")[0]);
  choose(asked.find(name => name in all) ?? "en");
}

export function choose(name) {
  language = name in all ? name : "en";
  rules = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

export function current() {
  return language;
}

// [["de", "Deutsch"], ...]
export function languages() {
  return Object.entries(all).map(([name, texts]) => [name, texts.name]);
}

// A text with {names} in it. One that depends on a number has forms, and takes count.
export function t(key, values = {}) {
  let text = all[language]?.[key] ?? all.en?.[key] ?? key;
  if (typeof text === "object")
    text = text[rules.select(values.count)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : value ?? whole;
  });
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

export function bytes(value) {
  const unit = value < 1e6 ? ["kilobyte", 1e3] : value < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
  const scaled = value / unit[1];
  return new Intl.NumberFormat(language, {
    style: "unit", unit: unit[0], unitDisplay: "short", maximumFractionDigits: scaled < 10 ? 1 : 0,
  }).format(scaled);
}

export function duration(seconds) {
  const unit = (value, name) => new Intl.NumberFormat(language, {
    style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: seconds < 1 ? 2 : seconds < 10 ? 1 : 0,
  }).format(value);
  if (seconds < 90)
    return unit(seconds, "second");
  return seconds < 5400 ? unit(Math.round(seconds / 60), "minute") : unit(seconds / 3600, "hour");
}

// Writes the texts into what names them: data-t (its text), data-t-label (its name for readers).
export function apply(root = document) {
  for (const element of root.querySelectorAll("[data-t]"))
    element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) {
    const key = element.dataset.key;
    element.setAttribute("aria-label", t(element.dataset.tLabel));
    element.title = t(element.dataset.tLabel) + (key ? ` (${key})` : "");
  }
}
