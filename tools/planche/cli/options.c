/* SPDX-License-Identifier: MIT */
/* The command line: one table of options for all sub-commands. */
#include "cli/options.h"

#include "cli/cli.h"
#include "cli/number.h"
#include "cli/terminal.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Stores value (NULL for a switch). False: it is not a value of this option. */
typedef bool (*set_fn)(struct planche_cli_options *options, const char *value);

static bool set_unsigned(const char *value, long low, long high, unsigned *out)
{
    long number;
    if (!planche_cli_parse_integer(value, low, high, &number))
        return false;
    *out = (unsigned)number;
    return true;
}

static bool set_int(const char *value, long low, long high, int *out)
{
    long number;
    if (!planche_cli_parse_integer(value, low, high, &number))
        return false;
    *out = (int)number;
    return true;
}

static bool set_text(const char *value, const char **out)
{
    *out = value;
    return *value != 0;
}

static bool set_model(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->engine.model);
}

static bool add_model(struct planche_cli_options *o, const char *value)
{
    return o->model_count < PLANCHE_CLI_MAX_MODELS && set_text(value, &o->models[o->model_count++]);
}

static bool set_model_directory(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->engine.model_directory);
}

static bool set_output(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->output);
}

static bool set_scale(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 64, &o->engine.scale);
}

static bool set_level(struct planche_cli_options *o, const char *value)
{
    return set_int(value, -1, 3, &o->level);
}

static bool set_format(struct planche_cli_options *o, const char *value)
{
    char name[16];
    snprintf(name, sizeof name, "x.%s", value);
    o->page.format = strchr(value, '.') == NULL ? planche_format_from_name(name) : 0;
    return o->page.format != PLANCHE_FORMAT_AUTO;
}

static bool set_quality(struct planche_cli_options *o, const char *value)
{
    return set_int(value, 1, 100, &o->page.quality);
}

static bool set_png_level(struct planche_cli_options *o, const char *value)
{
    return set_int(value, 1, 9, &o->page.png_level);
}

static bool set_lossless(struct planche_cli_options *o, const char *value)
{
    (void)value;
    o->page.lossless = 1;
    return true;
}

static bool set_tta(struct planche_cli_options *o, const char *value)
{
    (void)value;
    o->page.tta = 1;
    return true;
}

static bool set_overwrite(struct planche_cli_options *o, const char *value)
{
    (void)value;
    o->page.overwrite = 1;
    return true;
}

static bool set_no_mark(struct planche_cli_options *o, const char *value)
{
    (void)value;
    o->page.provenance = 0;
    return true;
}

static bool set_again(struct planche_cli_options *o, const char *value)
{
    (void)value;
    o->book.again = 1;
    return true;
}

static bool set_to(struct planche_cli_options *o, const char *value)
{
    static const struct {
        const char *name;
        enum planche_container container;
    } containers[] = {
        {"cbz", PLANCHE_CONTAINER_ZIP},
        {"epub", PLANCHE_CONTAINER_EPUB},
        {"folder", PLANCHE_CONTAINER_FOLDER},
    };
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
        if (strcasecmp(value, containers[i].name) == 0)
            o->book.container = containers[i].container;
    }
    return o->book.container != PLANCHE_CONTAINER_AUTO;
}

static bool set_on_error(struct planche_cli_options *o, const char *value)
{
    static const char *const names[] = {
        [PLANCHE_ON_ERROR_KEEP] = "keep",
        [PLANCHE_ON_ERROR_SKIP] = "skip",
        [PLANCHE_ON_ERROR_FAIL] = "fail",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        o->book.on_error = (enum planche_on_error)i;
        if (strcmp(value, names[i]) == 0)
            return true;
    }
    return false;
}

static bool set_skip_above(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, INT32_MAX, &o->book.skip_above);
}

static bool set_fresh(struct planche_cli_options *o, const char *value)
{
    (void)value;
    o->book.fresh = 1;
    return true;
}

static bool set_dry_run(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->dry_run = true;
}

static bool set_max_entries(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_count(value, &o->book.max_entries);
}

static bool set_max_entry_size(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->book.max_entry_bytes);
}

static bool set_max_book_size(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->book.max_bytes);
}

static bool set_max_ratio(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_count(value, &o->book.max_ratio);
}

static bool set_se(struct planche_cli_options *o, const char *value)
{
    bool sampled = strcmp(value, "sampled") == 0;
    o->engine.se = sampled ? PLANCHE_SE_SAMPLED : PLANCHE_SE_EXACT;
    return sampled || strcmp(value, "exact") == 0;
}

/* The place of value in names, or count. */
static size_t find_name(const char *value, const char *const *names, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(value, names[i]) != 0)
        i++;
    return i;
}

static bool set_precision(struct planche_cli_options *o, const char *value)
{
    static const char *const names[] = {"auto", "f32", "bf16", "f16"};
    size_t i = find_name(value, names, 4);
    o->engine.precision = (enum planche_precision)(i % 4);
    return i < 4;
}

/* The library knows best what is a backend; an engine that cannot be made is no wrong usage. */
static bool set_backend(struct planche_cli_options *o, const char *value)
{
    bool known =
        strcmp(value, "auto") == 0 || strcmp(value, "cpu") == 0 || strcmp(value, "vulkan") == 0;
    size_t list = strncmp(value, "vulkan:", 7) == 0 ? strspn(value + 7, "0123456789,") : 0;
    return (known || (list > 0 && value[7 + list] == 0)) && set_text(value, &o->engine.backend);
}

static bool set_gpu_memory(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->engine.gpu_memory);
}

static bool set_tile(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 16, 65536, &o->engine.tile) && o->engine.tile % 4 == 0;
}

static bool set_gpu_path(struct planche_cli_options *o, const char *value)
{
    static const char *const names[] = {"auto", "f32", "f16", "khr", "nv2"};
    size_t i = find_name(value, names, 5);
    o->engine.gpu_path = (enum planche_gpu_path)(i % 5);
    return i < 5;
}

static bool set_memory(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->engine.memory);
}

static bool set_threads(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 1024, &o->engine.threads);
}

static bool set_jobs(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, PLANCHE_CLI_MAX_JOBS, &o->engine.jobs);
}

static bool set_max_pixels(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_count(value, &o->engine.max_pixels);
}

static bool set_cpu_mask(struct planche_cli_options *o, const char *value)
{
    static const struct {
        const char *name;
        uint32_t mask;
    } levels[] = {
        {"portable", PLANCHE_CPU_PORTABLE},
        {"avx2", PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2},
        {"avx512", PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVX512},
        {"avx512bf16",
         PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVX512 | PLANCHE_CPU_AVX512BF16},
        {"amx", PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVX512 |
                    PLANCHE_CPU_AVX512BF16 | PLANCHE_CPU_AMX},
        {"neon", PLANCHE_CPU_PORTABLE | PLANCHE_CPU_NEON},
    };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcasecmp(value, levels[i].name) == 0) {
            o->engine.cpu_mask = levels[i].mask;
            return true;
        }
    }
    char *end;
    errno = 0;
    unsigned long mask = strtoul(value, &end, 0);
    o->engine.cpu_mask = (uint32_t)mask;
    return *value >= '0' && *value <= '9' && *end == 0 && errno == 0 && mask > 0 &&
           mask <= UINT32_MAX;
}

static bool set_engines(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 16, &o->engines);
}

static bool set_max_bytes(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->max_bytes);
}

static bool set_runs(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 1000, &o->runs);
}

/* WIDTHxHEIGHT */
static bool parse_size(const char *value, long most, uint32_t *width, uint32_t *height)
{
    char before[12] = "", behind[12] = "", rest[2] = "";
    return sscanf(value, "%11[^x]x%11[^x]%1s", before, behind, rest) == 2 &&
           set_unsigned(before, 1, most, width) && set_unsigned(behind, 1, most, height);
}

static bool set_size(struct planche_cli_options *o, const char *value)
{
    return parse_size(value, UINT16_MAX, &o->width, &o->height);
}

static bool set_width(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, INT32_MAX, &o->page.width);
}

static bool set_height(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, INT32_MAX, &o->page.height);
}

static bool set_grey(struct planche_cli_options *o, const char *value)
{
    bool keep = strcmp(value, "keep") == 0;
    o->page.grey = keep ? PLANCHE_GREY_KEEP : PLANCHE_GREY_AUTO;
    return keep || strcmp(value, "auto") == 0;
}

static bool set_on_limit(struct planche_cli_options *o, const char *value)
{
    static const char *const ways[] = {"fail", "switch", "split"};
    int way = PLANCHE_ON_LIMIT_FAIL;
    while (way <= PLANCHE_ON_LIMIT_SPLIT && strcmp(value, ways[way]) != 0)
        way++;
    o->page.on_limit = (enum planche_on_limit)way;
    return o->limit_said = way <= PLANCHE_ON_LIMIT_SPLIT;
}

static bool set_fit(struct planche_cli_options *o, const char *value)
{
    return parse_size(value, INT32_MAX, &o->page.width, &o->page.height);
}

static bool set_profile(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->profile = true;
}

static bool set_json(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->json = true;
}

static bool set_quiet(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->quiet = true;
}

static bool set_verbose(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->verbose = true;
}

static bool set_all(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->all = true;
}

enum {
    FOR_BOOKS = 64, /* a mark beside the sub-commands: it is for books only */
    BOOKS = PLANCHE_CLI_ENLARGE | FOR_BOOKS,
    PAGES = PLANCHE_CLI_ENLARGE | PLANCHE_CLI_STDIO,
    ENGINES = PAGES | PLANCHE_CLI_BENCH,
    LISTS = PLANCHE_CLI_MODELS | PLANCHE_CLI_FETCH | PLANCHE_CLI_INFO,
    EVERY = ENGINES | LISTS
};

static const struct option_spec {
    const char *name;
    int letter;        /* 0: none */
    const char *value; /* what a value looks like; NULL for a switch */
    unsigned commands;
    set_fn set; /* NULL: --help and --version */
} specs[] = {
    {"model", 'm', "a model's name or a file that ends in .param", PAGES, set_model},
    {"model", 'm', "a model's name or a file that ends in .param", PLANCHE_CLI_BENCH, add_model},
    {"scale", 's', "a whole number from 1", ENGINES, set_scale},
    {"denoise", 'n', "-1, 0, 1, 2 or 3", ENGINES, set_level},
    {"output", 'o', "a file, or a folder that ends in /", PLANCHE_CLI_ENLARGE, set_output},
    {"format", 'f', "webp, jpg, png, avif or jxl", PAGES, set_format},
    {"quality", 'q', "1 to 100", PAGES, set_quality},
    {"lossless", 0, NULL, PAGES, set_lossless},
    {"png-level", 0, "1 to 9", PAGES, set_png_level},
    {"width", 0, "a number of pixels", PAGES, set_width},
    {"height", 0, "a number of pixels", PAGES, set_height},
    {"grey", 0, "auto or keep", PAGES, set_grey},
    {"on-limit", 0, "fail, switch or split", PLANCHE_CLI_ENLARGE, set_on_limit},
    {"fit", 0, "a size such as 1600x2400", PAGES, set_fit},
    {"se", 0, "exact or sampled", ENGINES, set_se},
    {"tta", 0, NULL, PAGES, set_tta},
    {"precision", 0, "auto, f32, f16 or bf16", ENGINES, set_precision},
    {"backend", 0, "auto, cpu, vulkan, or vulkan:N or vulkan:N,M with numbers of GPUs", ENGINES,
     set_backend},
    {"gpu-memory", 0, "a size such as 512M or 8G", ENGINES, set_gpu_memory},
    {"tile", 0, "a multiple of 4 from 16", ENGINES, set_tile},
    {"gpu-path", 0, "auto, f32, f16, khr or nv2", ENGINES, set_gpu_path},
    {"memory", 0, "a size such as 256M or 2G", ENGINES, set_memory},
    {"threads", 0, "1 to 1024", ENGINES, set_threads},
    {"jobs", 'j', "1 to 64", PAGES, set_jobs},
    {"max-pixels", 0, "a count such as 500M", ENGINES, set_max_pixels},
    {"overwrite", 0, NULL, PAGES, set_overwrite},
    {"no-mark", 0, NULL, PAGES, set_no_mark},
    {"again", 0, NULL, PLANCHE_CLI_ENLARGE, set_again},
    {"to", 0, "cbz, epub or folder", BOOKS, set_to},
    {"on-error", 0, "keep, skip or fail", BOOKS, set_on_error},
    {"skip-above", 0, "a number of pixels", PLANCHE_CLI_ENLARGE, set_skip_above},
    {"fresh", 0, NULL, BOOKS, set_fresh},
    {"dry-run", 0, NULL, PLANCHE_CLI_ENLARGE, set_dry_run},
    {"max-entries", 0, "a count such as 100K", BOOKS, set_max_entries},
    {"max-entry-size", 0, "a size such as 1G", BOOKS, set_max_entry_size},
    {"max-book-size", 0, "a size such as 256G", BOOKS, set_max_book_size},
    {"max-ratio", 0, "a count such as 1000", BOOKS, set_max_ratio},
    {"json", 0, NULL,
     PLANCHE_CLI_ENLARGE | PLANCHE_CLI_MODELS | PLANCHE_CLI_INFO | PLANCHE_CLI_BENCH, set_json},
    {"quiet", 0, NULL, PAGES | PLANCHE_CLI_FETCH, set_quiet},
    {"verbose", 'v', NULL, PAGES | PLANCHE_CLI_FETCH, set_verbose},
    {"cpu-mask", 0, "portable, avx2, avx512, avx512bf16, amx, neon or a number",
     ENGINES | PLANCHE_CLI_INFO, set_cpu_mask},
    {"model-dir", 0, "a folder", EVERY, set_model_directory},
    {"engines", 0, "1 to 16", PLANCHE_CLI_STDIO, set_engines},
    {"max-bytes", 0, "a size such as 256M", PLANCHE_CLI_STDIO, set_max_bytes},
    {"size", 0, "a size such as 1200x1800", PLANCHE_CLI_BENCH, set_size},
    {"runs", 0, "1 to 1000", PLANCHE_CLI_BENCH, set_runs},
    {"profile", 0, NULL, PLANCHE_CLI_BENCH, set_profile},
    {"all", 0, NULL, PLANCHE_CLI_FETCH | PLANCHE_CLI_BENCH, set_all},
    {"help", 'h', NULL, EVERY, NULL},
    {"version", 0, NULL, PLANCHE_CLI_ENLARGE, NULL},
};
#define SPECS (sizeof specs / sizeof *specs)

/* getopt_long answers a long option with its index here plus this, beyond every letter. */
#define LONG_BASE 256

struct getopt_tables {
    char letters[3 * SPECS + 2];
    struct option longs[SPECS + 1];
};

static void make_tables(struct getopt_tables *tables, enum planche_cli_command command)
{
    *tables = (struct getopt_tables){.letters = ":"};
    size_t letters = 1, longs = 0;
    for (size_t i = 0; i < SPECS; i++) {
        if (!(specs[i].commands & (unsigned)command))
            continue;
        tables->longs[longs++] = (struct option){
            .name = specs[i].name,
            .has_arg = specs[i].value != NULL ? required_argument : no_argument,
            .val = LONG_BASE + (int)i,
        };
        if (specs[i].letter != 0)
            tables->letters[letters++] = (char)specs[i].letter;
        if (specs[i].letter != 0 && specs[i].value != NULL)
            tables->letters[letters++] = ':';
    }
}

static const struct option_spec *find_spec(enum planche_cli_command command, int answer)
{
    if (answer >= LONG_BASE)
        return &specs[answer - LONG_BASE];
    size_t i = 0;
    while (specs[i].letter != answer || !(specs[i].commands & (unsigned)command))
        i++;
    return &specs[i];
}

/* What getopt did not like: '?' an option, ':' a missing value. */
static int complain(const char *name, int answer, const char *word)
{
    if (answer == ':')
        return planche_cli_usage_error(name, "%s needs a value", word);
    if (optopt >= LONG_BASE)
        return planche_cli_usage_error(name, "--%s takes no value", specs[optopt - LONG_BASE].name);
    if (optopt != 0)
        return planche_cli_usage_error(name, "unknown option -%c", optopt);
    return planche_cli_usage_error(name, "unknown option %s", word);
}

static int refuse(const char *name, const struct option_spec *spec, const char *value)
{
    return planche_cli_usage_error(name, "--%s: '%s' is not %s", spec->name, value, spec->value);
}

static void set_defaults(struct planche_cli_options *options)
{
    *options = (struct planche_cli_options){
        .engine = PLANCHE_ENGINE_OPTIONS_INIT,
        .page = PLANCHE_PAGE_OPTIONS_INIT,
        .book = PLANCHE_BOOK_OPTIONS_INIT,
        .level = PLANCHE_CLI_NO_LEVEL,
        .engines = 2,
        .max_bytes = UINT64_C(256) << 20,
        .runs = 3,
        .width = 600,
        .height = 900,
    };
    options->page.provenance = 1;
    options->page.grey = PLANCHE_GREY_AUTO;
}

/* Acts on one option. False: the command is done. */
static bool apply(struct planche_cli_options *options, const char *name,
                  const struct option_spec *spec, int *status)
{
    if (spec->set == NULL) {
        if (strcmp(spec->name, "version") == 0)
            planche_cli_version(0, NULL);
        else
            planche_cli_help_print(name);
        *status = PLANCHE_CLI_OK;
        return false;
    }
    if (!spec->set(options, optarg)) {
        *status = refuse(name, spec, optarg);
        return false;
    }
    if ((spec->commands & FOR_BOOKS) != 0)
        options->book_option = spec->name;
    return true;
}

bool planche_cli_options_parse(struct planche_cli_options *options,
                               enum planche_cli_command command, const char *name, int argc,
                               char **argv, int *first, int *status)
{
    struct getopt_tables tables;
    make_tables(&tables, command);
    set_defaults(options);
    opterr = 0;
    optind = 1;
    for (;;) {
        int answer = getopt_long(argc, argv, tables.letters, tables.longs, NULL);
        if (answer == -1)
            break;
        if (answer == '?' || answer == ':') {
            *status = complain(name, answer, argv[optind - 1]);
            return false;
        }
        if (!apply(options, name, find_spec(command, answer), status))
            return false;
    }
    *first = optind;
    return true;
}
