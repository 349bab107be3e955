// SPDX-License-Identifier: MIT
// The client against the command that PLANCHE names, and against programs that misbehave.
"use strict";

const assert = require("node:assert");
const { spawnSync } = require("node:child_process");
const { test } = require("node:test");
const zlib = require("node:zlib");
const { Planche, PlancheError } = require("./index.js");

const options = {
    program: process.env.PLANCHE ?? "planche",
    arguments: ["-m", "small", "--threads", "2", "--backend", "cpu", "-f", "png"],
    atOnce: 3,
};
const planche = new Planche(options);

function crc(data) {
    let sum = 0xffffffff;
    for (const byte of data) {
        sum ^= byte;
        for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return (sum ^ 0xffffffff) >>> 0;
}

function png(width, height) {
    const chunk = (name, data) => {
        const body = Buffer.concat([Buffer.from(name), data]);
        const frame = Buffer.alloc(8);
        frame.writeUInt32BE(data.length, 0);
        frame.writeUInt32BE(crc(body), 4);
        return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
    };
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width, 0);
    head.writeUInt32BE(height, 4);
    head[8] = 8;
    const rows = Buffer.alloc((width + 1) * height, (at) => at);
    for (let y = 0; y < height; y++)
        for (let x = 0; x <= width; x++) rows[y * (width + 1) + x] = x === 0 ? 0 : (x * 7 + y * 5) & 255;
    return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head),
                          chunk("IDAT", zlib.deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function assertSize(image, width, height) {
    assert.strictEqual(image.toString("latin1", 1, 4), "PNG");
    assert.deepStrictEqual([image.readUInt32BE(16), image.readUInt32BE(20)], [width, height]);
}

test("a page becomes larger, with progress", async () => {
    const seen = [];
    const page = await planche.enlarge(png(300, 200), {}, { onProgress: (done) => seen.push(done) });
    assertSize(page.image, 600, 400);
    assert.strictEqual(page.answer.model, "small");
    assert.ok(seen.every((done, i) => done >= 0 && done <= 1 && (i === 0 || done >= seen[i - 1])));
});

test("64 pages in flight", async () => {
    const widths = Array.from({ length: 64 }, (_, i) => i + 1);
    const pages = await Promise.all(widths.map((width) => planche.enlarge(png(width, 20))));
    pages.forEach((page, i) => assertSize(page.image, 2 * widths[i], 40));
});

test("what is wrong is said", async () => {
    await assert.rejects(planche.enlarge(Buffer.from("no image")), (error) =>
        error instanceof PlancheError && ["damaged image", "unsupported"].includes(error.status));
    await assert.rejects(planche.enlarge(png(4, 4), { quality: 1000 }), /quality/);
});

test("a page is given up", async () => {
    const large = png(1200, 1200);
    const running = new AbortController();
    const outcome = planche.enlarge(large, {}, { signal: running.signal, onProgress: () => running.abort() });
    await assert.rejects(outcome, { name: "AbortError" });
    const waiting = new AbortController();
    const others = Array.from({ length: 4 }, () => planche.enlarge(png(50, 50)));
    const last = planche.enlarge(large, {}, { signal: waiting.signal });
    waiting.abort();
    await assert.rejects(last, { name: "AbortError" });
    await Promise.all(others);
    await assert.rejects(planche.enlarge(large, {}, { signal: waiting.signal }), { name: "AbortError" });
});

test("a progress function that throws gives up its page alone", async () => {
    const first = planche.pid;
    const other = planche.enlarge(png(300, 200));
    const thrown = new Error("mine");
    const outcome = planche.enlarge(png(1200, 1200), {}, { onProgress: () => { throw thrown; } });
    await assert.rejects(outcome, (error) => error === thrown);
    assertSize((await other).image, 600, 400);
    assert.strictEqual(planche.pid, first);
});

test("what can be taken for an image, and what cannot", async () => {
    const file = png(20, 10);
    const memory = file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
    for (const data of [memory, new DataView(memory), new Uint8Array(memory)])
        assertSize((await planche.enlarge(data)).image, 40, 20);
    for (const data of ["text", 7, null, undefined, [1, 2]])
        await assert.rejects(planche.enlarge(data), TypeError);
    await assert.rejects(planche.enlarge(file, { quality: 1n }), TypeError); // no JSON
});

test("a process that cannot be started is given up", async () => {
    const refused = new Planche({ program: "", tries: 2 }); // spawn() itself throws
    await assert.rejects(refused.enlarge(png(4, 4)), { status: "process" });
    await refused.close();
    const script = `
        const { openSync } = require("fs");
        const { Planche } = require(process.argv[1]);
        const waiting = new Planche({ program: "true", tries: 2 });
        require("child_process"); // what is loaded later needs a file
        try { for (;;) openSync("/dev/null"); } catch {}
        waiting.enlarge(Buffer.alloc(1)).catch((error) => process.exit(/EMFILE/.test(error.message) ? 7 : 8));`;
    const ended = spawnSync("sh", ["-c", 'ulimit -n 60 && exec "$0" -e "$1" "$2"', process.execPath, script,
                                   require.resolve("./index.js")], { encoding: "utf8", timeout: 60_000 });
    assert.strictEqual(ended.status, 7, ended.stderr);
});

test("a killed process is started again", async () => {
    const first = planche.pid;
    const pages = [1, 2, 3, 4, 5].map((i) => planche.enlarge(png(400 + i, 300)));
    process.kill(first, "SIGKILL");
    (await Promise.all(pages)).forEach((page, i) => assertSize(page.image, 802 + 2 * i, 600));
    assert.notStrictEqual(planche.pid, first);
});

test("a process that always dies, or answers nonsense, is given up", async () => {
    const shell = (script) => {
        const client = new Planche({ program: "sh", atOnce: 2 });
        client.arguments = ["-c", script];
        return client;
    };
    for (const script of ["read line; exit 1", "read line; echo nonsense; exec sleep 60"]) {
        const client = shell(script);
        await assert.rejects(client.enlarge(png(4, 4)), { status: "process" });
        await client.close();
    }
    const missing = new Planche({ program: "/nonexistent", tries: 1 });
    await assert.rejects(missing.enlarge(png(4, 4)), /ENOENT/);
    await missing.close();
});

test("the example of the documentation", () => require("./test_docs.js")(png(40, 30), options.program));

test("closing lets the pages end", async () => {
    const other = new Planche(options);
    const pages = [1, 2, 3, 4].map(() => other.enlarge(png(30, 30)));
    const closed = other.close();
    await assert.rejects(other.enlarge(png(4, 4)), { status: "process" });
    (await Promise.all(pages)).forEach((page) => assertSize(page.image, 60, 60));
    await closed;
    assert.strictEqual(other.pid, undefined);
    await planche.close(); // what keeps Node running
});
