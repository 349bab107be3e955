// SPDX-License-Identifier: MIT
// The server's API: requests with the token, and errors as objects.

const TOKEN = "planche-token";

// What went wrong. status 0: the server did not answer.
export class Problem extends Error {
  constructor(status, detail, retryAfter = 0) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

let session = "";
let askForToken = async () => "";
let asking = null;

function read() {
  try {
    return sessionStorage.getItem(TOKEN) ?? "";
  } catch {
    return "";
  }
}

let token = read();

function keep(value) {
  token = value;
  try {
    sessionStorage.setItem(TOKEN, value);
  } catch {
    // It is kept until the page is left.
  }
}

// ask(wrong): shows the field, and returns what was typed.
export function begin(name, ask) {
  session = name;
  askForToken = ask;
}

// Many requests may learn at once that a token is wanted: one field is shown.
async function wantToken(used) {
  if (token !== used)
    return;
  asking ??= askForToken(used !== "").then(keep).finally(() => { asking = null; });
  await asking;
}

async function problemOf(response) {
  const retryAfter = Number(response.headers.get("retry-after")) || 0;
  let detail = response.statusText;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch {
    // No problem+json: a proxy may have answered.
  }
  return new Problem(response.status, detail, retryAfter);
}

// A request. Throws Problem, or AbortError when signal says so.
export async function ask(path, options = {}) {
  for (;;) {
    const used = token;
    const headers = { "X-Planche-Session": session, ...options.headers };
    if (used)
      headers.Authorization = `Bearer ${used}`;
    let response;
    try {
      response = await fetch(path, { ...options, headers, credentials: "omit" });
    } catch (error) {
      if (error.name === "AbortError")
        throw error;
      throw new Problem(0, error.message);
    }
    if (response.ok)
      return response;
    if (response.status !== 401)
      throw await problemOf(response);
    await wantToken(used);
  }
}

function query(settings, more) {
  const words = new URLSearchParams();
  for (const name of ["model", "scale", "denoise", "format"]) {
    if (settings[name] !== "")
      words.set(name, settings[name]);
  }
  for (const [name, value] of Object.entries(more))
    words.set(name, value);
  return words;
}

function measure(url) {
  return new Promise(resolve => {
    const image = new Image();
    image.onload = () => resolve([image.naturalWidth, image.naturalHeight]);
    image.onerror = () => resolve([0, 0]);
    image.src = url;
  });
}

// Width and height of an image behind an address; 0, 0: not one that the browser shows.
export { measure };

// Makes a page larger.
export async function upscale(file, settings, priority, signal) {
  const began = performance.now();
  const response = await ask(`v1/upscale?${query(settings, { priority })}`, {
    method: "POST", body: file, signal, headers: { "Content-Type": file.type || "application/octet-stream" },
  });
  let blob;
  try {
    blob = await response.blob();
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(0, error.message);
  }
  const [width, height] = (response.headers.get("x-planche-size") ?? "0x0").split("x").map(Number);
  const result = {
    blob, width, height, url: URL.createObjectURL(blob),
    model: response.headers.get("x-planche-model") ?? "",
    cached: response.headers.get("x-planche-result") === "cached",
    ms: performance.now() - began,
  };
  if (!width)
    [result.width, result.height] = await measure(result.url);
  return result;
}

// What a request with a body has answered; tells how much of it is sent, which fetch cannot.
function post(path, body, signal, progress) {
  const used = token;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-Planche-Session", session);
    if (used)
      request.setRequestHeader("Authorization", `Bearer ${used}`);
    request.upload.onprogress = event => progress(event.total > 0 ? event.loaded / event.total : 0);
    request.onerror = () => reject(new Problem(0, "network error"));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    request.onload = () => resolve({ request, used });
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

// Sends a book; the server's description of it. progress: called with the part that is sent, 0 to 1.
export async function sendBook(file, settings, signal, progress) {
  for (;;) {
    const { request, used } = await post(`v1/books?${query(settings, { name: file.name })}`, file, signal, progress);
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // A proxy may have answered.
    }
    if (request.status === 202)
      return answer;
    if (request.status !== 401)
      throw new Problem(request.status, answer.detail ?? request.statusText);
    await wantToken(used);
  }
}

export async function books() {
  return (await (await ask("v1/books")).json()).books;
}

export async function book(id) {
  return (await ask(`v1/books/${id}`)).json();
}

export async function removeBook(id) {
  await ask(`v1/books/${id}`, { method: "DELETE" });
}

// What the browser loads by itself has the token in its address.
function withToken(path) {
  return token ? `${path}?${new URLSearchParams({ token })}` : path;
}

export function bookAddress(id) {
  return withToken(`v1/books/${id}/result`);
}

export function events(id) {
  return new EventSource(withToken(`v1/books/${id}/events`));
}

export async function status() {
  return (await ask("v1/status")).json();
}

export async function models() {
  return (await ask("v1/models")).json();
}
