// SPDX-License-Identifier: MIT
/// <reference types="node" />

/** Why a page was not made; status is that of the answer, or "process" if there was none. */
export class PlancheError extends Error {
    status: string;
}

/** Fields of a request, as docs/stdio.md has them. */
export interface Fields {
    model?: string;
    scale?: number | "auto";
    denoise?: number;
    format?: "webp" | "jpg" | "png" | "avif" | "jxl";
    quality?: number;
    lossless?: boolean;
    effort?: number;
    tta?: boolean;
    width?: number;
    height?: number;
    fit?: string;
    device?: string;
    grey?: "auto" | "keep";
    mark?: boolean;
    priority?: "interactive" | "normal" | "background";
    deadline_ms?: number;
}

export interface More {
    /** Gives the page up; the promise is rejected with the signal's reason. */
    signal?: AbortSignal;
    /** Called with the finished part of the page, 0 to 1. What it throws gives the page up, and
     * the promise is rejected with it. */
    onProgress?: (done: number) => void;
}

export interface Page {
    image: Buffer;
    /** The answer's fields, as docs/stdio.md has them. */
    answer: Record<string, unknown>;
}

export interface Options {
    /** Arguments after "stdio": ["-m", "small", "--memory", "1G"]. */
    arguments?: string[];
    /** The program; "planche" without it. */
    program?: string;
    /** Requests that the process has at a time: its threads and one more. */
    atOnce?: number;
    /** How often a page is sent to processes that die; 3 without it. */
    tries?: number;
}

export class Planche {
    constructor(options?: Options);
    /** Enlarges an image file. Its memory is not copied: leave it unchanged until the promise ends. */
    enlarge(bytes: ArrayBuffer | ArrayBufferView, fields?: Fields, more?: More): Promise<Page>;
    /** Of the process that runs now. */
    readonly pid: number | undefined;
    /** Ends the process once it has made what it was given; nothing more is taken. */
    close(): Promise<void>;
}
