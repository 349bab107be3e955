// SPDX-License-Identifier: MIT
// ONNX Runtime on pieces of a page, as bench/libraries.py calls it:
//   node onnx_peer.js MODULES MODEL INPUT HEIGHT WIDTH PIECES THREADS RUNS SECONDS OUTPUT
// MODULES is the folder that holds onnxruntime-node. INPUT has PIECES x 3 x HEIGHT x WIDTH floats.
// Prints the times of at most RUNS runs over all pieces, which end early once SECONDS have passed;
// OUTPUT (- for none) gets the result of the last run.
"use strict";
const fs = require("fs");
const path = require("path");

async function main() {
    const [modules, model, input, ...rest] = process.argv.slice(2);
    const [height, width, pieces, threads, runs, seconds] = rest.slice(0, 6).map(Number);
    const output = rest[6];
    const ort = require(path.join(path.resolve(modules), "onnxruntime-node"));
    const loading = performance.now();
    const session = await ort.InferenceSession.create(model, {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: "sequential",
        graphOptimizationLevel: "all",
    });
    const loaded = performance.now() - loading;
    const file = fs.readFileSync(input);
    const all = new Float32Array(file.buffer, file.byteOffset, file.byteLength / 4);
    const size = 3 * height * width;
    const feeds = [];
    for (let i = 0; i < pieces; i++)
        feeds.push({
            [session.inputNames[0]]: new ort.Tensor("float32",
                all.subarray(i * size, (i + 1) * size), [1, 3, height, width]),
        });
    const times = [];
    let results = [];
    for (let run = 0, spent = 0; run < runs && (run === 0 || spent < 1e3 * seconds); run++) {
        results = [];
        const start = performance.now();
        for (const feed of feeds)
            results.push((await session.run(feed))[session.outputNames[0]]);
        times.push(performance.now() - start);
        spent += times[run];
    }
    if (output !== "-")
        fs.writeFileSync(output, Buffer.concat(results.map((each) =>
            Buffer.from(each.data.buffer, each.data.byteOffset, each.data.byteLength))));
    console.log(JSON.stringify({
        version: ort.env.versions.node, load_ms: loaded, runs_ms: times, shape: results[0].dims,
    }));
}

main().catch((problem) => {
    console.error(String(problem.message || problem).split("\n")[0]);
    process.exit(1);
});
