// SPDX-License-Identifier: MIT
// The JavaScript of docs/bindings.md, run by test.js.
"use strict";

const assert = require("node:assert");
const { Planche } = require("./index.js");

module.exports = async function (file, program) {
    const planche = new Planche({ arguments: ["-m", "small", "--memory", "1G"], program });
    const { image, answer } = await planche.enlarge(file, { format: "png" }, {
        signal: AbortSignal.timeout(60_000),
        onProgress: (done) => console.log(`${Math.round(100 * done)} %`),
    });
    assert.strictEqual(image.length, answer.bytes);
    await planche.close();
};
