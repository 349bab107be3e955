/* SPDX-License-Identifier: MIT */
/* Command lines of the three ncnn programs. */
#include "ncnn/dropin_options.h"

#include "cli/paths.h"
#include "cli/terminal.h"

#include <getopt.h>
#include <limits.h>
#include <planche/planche.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(scale) (UINT64_C(1) << (scale))

static const struct planche_cli_peer peers[] = {
    {PLANCHE_CLI_REALCUGAN, "realcugan-ncnn-vulkan", "i:o:n:s:t:c:m:g:j:f:vxh", "models-se", -1, 2,
     BIT(1) | BIT(2) | BIT(3) | BIT(4), false, false},
    {PLANCHE_CLI_REALESRGAN, "realesrgan-ncnn-vulkan", "i:o:s:t:m:n:g:j:f:vxh", "models", 0, 4,
     BIT(2) | BIT(3) | BIT(4), true, true},
    {PLANCHE_CLI_WAIFU2X, "waifu2x-ncnn-vulkan", "i:o:n:s:t:m:g:j:f:vxh", "models-cunet", 0, 2,
     BIT(1) | BIT(2) | BIT(4) | BIT(8) | BIT(16) | BIT(32), false, false},
};

const struct planche_cli_peer *planche_cli_dropin_peer(const char *program)
{
    const char *name = program != NULL ? planche_cli_base_name(program) : NULL;
    for (size_t i = 0; name != NULL && i < sizeof peers / sizeof *peers; i++) {
        if (strcmp(name, peers[i].name) == 0)
            return &peers[i];
    }
    return NULL;
}

static const char cugan_text[] =
    "  -n noise-level       noise removal: -1 (conservative), 0 (none), 1, 2, 3 [-1]\n"
    "  -s scale             how many times larger: 2, 3 or 4                     [2]\n"
    "  -c syncgap-mode      page-wide averages: 1 exact; 0, 2, 3 sampled         [3]\n"
    "  -m model-path        folder of the model                          [models-se]\n";
static const char esrgan_text[] =
    "  -n model-name        realesr-animevideov3, realesrgan-x4plus-anime,\n"
    "                       realesrgan-x4plus ...             [realesr-animevideov3]\n"
    "  -s scale             how many times larger: 2, 3 or 4                     [4]\n"
    "  -m model-path        folder of the models                            [models]\n";
static const char waifu_text[] =
    "  -n noise-level       noise removal: -1 (none), 0, 1, 2, 3                 [0]\n"
    "  -s scale             how many times larger: 1, 2, 4, 8, 16 or 32          [2]\n"
    "  -m model-path        folder of the model                       [models-cunet]\n";
static const char *const own_text[] = {cugan_text, esrgan_text, waifu_text};

static void print_help(const struct planche_cli_peer *peer, FILE *to)
{
    fprintf(to,
            "Usage: %s -i infile -o outfile [options]...\n"
            "\n"
            "  -i input-path        a page (jpg, png, webp), or a folder of pages\n"
            "  -o output-path       the result (jpg, png, webp), or a folder for results\n"
            "%s"
            "  -f format            of results in a folder: jpg, png or webp           [png]\n"
            "  -x                   average the page's eight orientations (TTA)\n"
            "  -t tile-size         of GPUs, 32 and more; 0: as large as memory allows  [0]\n"
            "  -g gpu-id            -1: the CPU; a GPU's number or a list of them    [auto]\n"
            "  -j load:proc:save    without effect: as many threads as there are CPUs\n"
            "  -v                   name what is done\n"
            "  -h                   this text\n"
            "\n"
            "This is planche %s under another name: planche --help.\n",
            peer->name, own_text[peer->kind], planche_version());
}

/* Numbers between commas: how many, the smallest, and the smallest that is not 0. */
struct list {
    int count, least, least_other;
};

static bool parse_list(const char *text, struct list *list)
{
    *list = (struct list){.least = INT_MAX, .least_other = INT_MAX};
    for (const char *at = text;; at++) {
        char *end;
        long value = strtol(at, &end, 10);
        if (end == at || value < INT_MIN || value > INT_MAX)
            return false;
        list->count++;
        list->least = value < list->least ? (int)value : list->least;
        if (value != 0 && value < list->least_other)
            list->least_other = (int)value;
        if (*end != ',')
            return *end == 0;
        at = end;
    }
}

static bool refuse(const char *what, const char *value, const char *known)
{
    planche_cli_note("invalid %s argument '%s': %s", what, value, known);
    return false;
}

/* Some callers write a scale as 2.0. */
static bool parse_number(const char *text, int low, int high, int *number)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != 0 || !(value >= low && value <= high) || value != (int)value)
        return false;
    *number = (int)value;
    return true;
}

static bool take_scale(struct planche_cli_dropin_options *o, const char *value)
{
    static const char *const known[] = {"it is 1, 2, 3 or 4", "it is 2, 3 or 4",
                                        "it is 1, 2, 4, 8, 16 or 32"};
    if (parse_number(value, 1, 32, &o->scale) && (o->peer->scales & BIT(o->scale)) != 0)
        return true;
    return refuse("scale", value, known[o->peer->kind]);
}

static bool take_noise(struct planche_cli_dropin_options *o, const char *value)
{
    if (o->peer->kind == PLANCHE_CLI_REALESRGAN) {
        o->network = value;
        return true;
    }
    return parse_number(value, -1, 3, &o->noise) || refuse("noise", value, "it is -1 to 3");
}

/* Options that depend on each other: checked when all are known. */
struct machine {
    const char *tiles, *gpus, *jobs;
};

/* One tile size for each GPU. */
static bool check_tiles(const char *tiles, int gpus)
{
    struct list list;
    if (tiles == NULL)
        return true;
    if (!parse_list(tiles, &list) || list.count != gpus || list.least < 0 || list.least_other < 32)
        return refuse("tilesize", tiles, "it is 0 or 32 and more, one for each GPU");
    return true;
}

/* LOAD:PROC,PROC...:SAVE, the last optional. */
static bool check_jobs(const char *jobs, int gpus)
{
    struct list list;
    char proc[64];
    const char *first = jobs != NULL ? strchr(jobs, ':') : NULL;
    const char *second = first != NULL ? strchr(first + 1, ':') : NULL;
    int load, save = 1;
    if (jobs == NULL)
        return true;
    if (first == NULL || sscanf(jobs, "%d:", &load) != 1 || load < 1 ||
        (second != NULL && !parse_number(second + 1, 1, INT_MAX, &save)))
        return refuse("thread count", jobs, "it is load:proc:save, each 1 or more");
    int length = second != NULL ? (int)(second - first - 1) : (int)strlen(first + 1);
    snprintf(proc, sizeof proc, "%.*s", length, first + 1);
    if (!parse_list(proc, &list) || list.count != gpus || list.least < 1)
        return refuse("jobs_proc thread count", jobs, "it is 1 or more for each GPU");
    return true;
}

static bool check_machine(const struct machine *machine)
{
    struct list gpus = {.count = 1};
    if (machine->gpus != NULL && strcmp(machine->gpus, "auto") != 0 &&
        (!parse_list(machine->gpus, &gpus) || gpus.least < -1))
        return refuse("gpu", machine->gpus, "it is a number from -1, a list of them, or auto");
    return check_tiles(machine->tiles, gpus.count) && check_jobs(machine->jobs, gpus.count);
}

/* Whether there is such a GPU. Software GPUs do not count: the CPU backend is faster. */
static bool is_gpu(long number)
{
    struct planche_gpu_info info = PLANCHE_GPU_INFO_INIT;
    return number >= 0 && planche_gpu_get_info((unsigned)number, &info, NULL) == PLANCHE_OK &&
           info.type != PLANCHE_GPU_SOFTWARE && info.path != PLANCHE_GPU_PATH_AUTO;
}

/* Those of the numbers that are GPUs; the CPU if there is none. */
static void choose_gpus(struct planche_cli_dropin_options *o, const char *numbers)
{
    uint64_t chosen = 0; /* some callers name a GPU twice, to have two threads for it */
    size_t length = 0;
    snprintf(o->backend, sizeof o->backend, "cpu");
    for (const char *at = numbers; *at != 0; at += strspn(at, ",")) {
        char *end;
        long number = strtol(at, &end, 10);
        at = end;
        if (number >= 0 && !is_gpu(number))
            planche_cli_note("there is no GPU %ld", number);
        if (number >= 64 || !is_gpu(number) || (chosen & BIT(number)) != 0)
            continue;
        chosen |= BIT(number);
        length += (size_t)snprintf(o->backend + length, sizeof o->backend - length, "%s%ld",
                                   length == 0 ? "vulkan:" : ",", number);
        length = length < sizeof o->backend ? length : sizeof o->backend - 1;
    }
}

/* Sets the backend and the tile size of -g and -t, which are valid. Here tiles are multiples of 4,
 * and of one size. */
static void choose_machine(struct planche_cli_dropin_options *o, const struct machine *machine)
{
    struct list tiles;
    if (machine->gpus != NULL && strcmp(machine->gpus, "auto") != 0)
        choose_gpus(o, machine->gpus);
    if (machine->tiles != NULL && parse_list(machine->tiles, &tiles) &&
        tiles.least_other < INT_MAX - 3)
        o->tile = ((unsigned)tiles.least_other + 3) / 4 * 4;
}

static bool take(struct planche_cli_dropin_options *o, struct machine *machine, int letter)
{
    switch (letter) {
    case 'i':
        o->input = optarg;
        return true;
    case 'o':
        o->output = optarg;
        return true;
    case 'm':
        o->model = optarg;
        return true;
    case 'f':
        o->format = optarg;
        return true;
    case 't':
        machine->tiles = optarg;
        return true;
    case 'g':
        machine->gpus = optarg;
        return true;
    case 'j':
        machine->jobs = optarg;
        return true;
    case 'v':
        o->verbose = true;
        return true;
    case 'x':
        o->tta = true;
        return true;
    case 's':
        return take_scale(o, optarg);
    case 'n':
        return take_noise(o, optarg);
    case 'c':
        return parse_number(optarg, 0, 3, &o->gap) || refuse("syncgap", optarg, "it is 0 to 3");
    default: /* 'h', and '?' after getopt's own message */
        print_help(o->peer, o->peer->talks_on_stderr ? stderr : stdout);
        return false;
    }
}

bool planche_cli_dropin_parse(struct planche_cli_dropin_options *options,
                              const struct planche_cli_peer *peer, int argc, char **argv)
{
    struct machine machine = {0};
    *options = (struct planche_cli_dropin_options){
        .peer = peer,
        .model = peer->model,
        .network = "realesr-animevideov3",
        .format = "png",
        .noise = peer->noise,
        .scale = peer->scale,
        .gap = 3,
    };
    for (int letter; (letter = getopt(argc, argv, peer->letters)) != -1;) {
        if (!take(options, &machine, letter))
            return false;
    }
    if (options->input == NULL || options->output == NULL)
        return take(options, &machine, 'h');
    if (!check_machine(&machine))
        return false;
    choose_machine(options, &machine);
    return true;
}
