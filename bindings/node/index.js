// SPDX-License-Identifier: MIT
// A client of the resident process `planche stdio` (docs/stdio.md). It keeps its own queue and sends
// only what the process works on. A process that dies is started again, and gets the pages that the
// other one had, so often at most: one of them may be what kills it. Every promise ends.
"use strict";

const { spawn } = require("node:child_process");
const os = require("node:os");

const SHORT_LIFE_MS = 2000; // a process that lives shorter is started again after a pause
const MAX_PAUSE_MS = 5000;

class PlancheError extends Error {
    constructor(status, message) {
        super(message ? `${status}: ${message}` : status);
        this.name = "PlancheError";
        this.status = status;
    }
}

/** Cuts what the process writes into lines and the bytes that follow them. */
class Answers {
    constructor(receive) {
        this.receive = receive;
        this.chunks = [];
        this.size = 0; // of all chunks
        this.head = null; // of the answer whose bytes are awaited
    }

    push(chunk) {
        while (chunk.length > 0) {
            const end = this.head ? this.head.bytes - this.size : chunk.indexOf(10) + 1;
            const part = end > 0 ? chunk.subarray(0, end) : chunk;
            this.chunks.push(part);
            this.size += part.length;
            chunk = chunk.subarray(part.length);
            if (this.head ? this.size === this.head.bytes : end > 0) this.take();
        }
    }

    take() {
        const whole = Buffer.concat(this.chunks, this.size);
        this.chunks = [];
        this.size = 0;
        if (this.head) {
            const head = this.head;
            this.head = null;
            this.receive(head, whole);
            return;
        }
        const head = JSON.parse(whole);
        if (head.status !== undefined && head.bytes > 0) this.head = head;
        else this.receive(head, Buffer.alloc(0));
    }
}

/** The memory of a buffer, view or array buffer as bytes. */
function bytesOf(data) {
    if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (data instanceof ArrayBuffer) return Buffer.from(data);
    throw new TypeError("an image is a Buffer, a typed array, a DataView or an ArrayBuffer");
}

class Planche {
    constructor(options = {}) {
        this.program = options.program ?? "planche";
        this.arguments = ["stdio", ...(options.arguments ?? [])];
        this.atOnce = Math.max(1, options.atOnce ?? os.cpus().length + 1);
        this.tries = Math.max(1, options.tries ?? 3);
        this.queue = []; // requests that no process has
        this.sent = new Map(); // id -> request that the process has
        this.nextId = 1;
        this.pause = 0;
        this.process = null;
        this.closed = null; // a promise, once close() was called
    }

    get pid() {
        return this.process?.pid;
    }

    enlarge(bytes, fields = {}, more = {}) {
        return new Promise((resolve, reject) => {
            if (this.closed) return reject(new PlancheError("process", "the client is closed"));
            if (more.signal?.aborted) return reject(more.signal.reason);
            const request = { bytes: bytesOf(bytes), resolve, reject, onProgress: more.onProgress,
                              id: this.nextId++, tries: 0, ended: false };
            const head = { ...fields, id: request.id, bytes: request.bytes.length };
            if (request.onProgress) head.progress = true;
            request.line = JSON.stringify(head) + "\n"; // here, where what it throws rejects the promise
            const abort = () => this.giveUp(request, more.signal.reason);
            more.signal?.addEventListener("abort", abort, { once: true });
            request.detach = () => more.signal?.removeEventListener("abort", abort);
            this.queue.push(request);
            this.send();
        });
    }

    close() {
        this.closed ??= new Promise((resolve) => (this.whenClosed = resolve));
        this.finish();
        return this.closed;
    }

    /** Ends the input of the process when nothing is left to send, and closes when nothing runs. */
    finish() {
        if (!this.closed || this.queue.length + this.sent.size > 0) return;
        if (this.process) this.process.stdin.end();
        else this.whenClosed?.();
    }

    settle(request, error, page) {
        if (request.ended) return;
        request.ended = true;
        request.detach();
        if (error) request.reject(error);
        else request.resolve(page);
    }

    giveUp(request, reason) {
        this.settle(request, reason ?? new PlancheError("process", "the page was given up"));
        if (this.sent.has(request.id)) this.process?.stdin.write(JSON.stringify({ cancel: request.id }) + "\n");
        else this.queue = this.queue.filter((other) => other !== request);
        this.finish();
    }

    start() {
        const started = Date.now();
        let child;
        try {
            child = spawn(this.program, this.arguments, { stdio: ["pipe", "pipe", "inherit"] });
        } catch (error) {
            return this.notStarted(error);
        }
        if (!child.stdin || !child.stdout) { // too many open files: no pipes, and no "close" follows
            this.resting = true;
            child.on("error", (error) => this.notStarted(error));
            return;
        }
        const answers = new Answers((head, image) => this.receive(head, image));
        let problem = null;
        child.stdout.on("data", (chunk) => {
            try {
                answers.push(chunk);
            } catch (error) { // no answer of planche's
                problem = error;
                child.stdout.destroy(); // whoever else may hold its other end
                child.kill("SIGKILL");
            }
        });
        child.stdin.on("error", () => {}); // it has died: "close" says so, too
        child.on("error", (error) => (problem = error)); // it could not be started
        child.on("close", (code, signal) => {
            const why = problem?.message ?? `${this.program} has ended: ${signal ?? `exit status ${code}`}`;
            this.lost(why, Date.now() - started < SHORT_LIFE_MS);
        });
        this.process = child;
    }

    send() {
        if (this.queue.length === 0 || this.resting) return;
        if (!this.process) this.start();
        while (this.process && this.queue.length > 0 && this.sent.size < this.atOnce) {
            const request = this.queue.shift();
            this.sent.set(request.id, request);
            this.process.stdin.write(request.line);
            this.process.stdin.write(request.bytes);
        }
    }

    receive(head, image) {
        const request = this.sent.get(head.id);
        if (head.status === undefined) {
            if (request && !request.ended) this.report(request, head.progress);
            return;
        }
        if (!request) return;
        this.sent.delete(head.id);
        if (head.status === "ok") this.settle(request, null, { image, answer: head });
        else this.settle(request, new PlancheError(head.status, head.error));
        this.send();
        this.finish();
    }

    /** What a progress function throws gives its own page up, and no other. */
    report(request, done) {
        try {
            request.onProgress?.(done);
        } catch (error) {
            this.giveUp(request, error);
        }
    }

    /** There is no process for what waits: as if one had ended that had it. */
    notStarted(error) {
        for (const request of this.queue.splice(0, this.atOnce)) this.sent.set(request.id, request);
        this.lost(error.message, true);
    }

    /** The process has ended: what it had goes to the next one. */
    lost(why, soon) {
        this.process = null;
        const had = [...this.sent.values()];
        this.sent.clear();
        for (const request of had.reverse()) {
            request.tries++;
            if (request.tries >= this.tries) this.settle(request, new PlancheError("process", why));
            else if (!request.ended) this.queue.unshift(request);
        }
        this.pause = soon ? Math.min(Math.max(50, this.pause * 2), MAX_PAUSE_MS) : 0;
        this.resting = true;
        setTimeout(() => {
            this.resting = false;
            this.send();
            this.finish();
        }, this.pause);
    }
}

module.exports = { Planche, PlancheError };
