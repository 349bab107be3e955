/* SPDX-License-Identifier: MIT */
/* Option values: what each is checked for, and where it is stored. */
#include "cli/option_values.h"

#include "cli/number.h"
#include "cli/option_table.h"
#include "cli/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Limits of memory below it have lost their letter: 512 for 512M. */
#define MEMORY_LEAST (UINT64_C(1) << 20)

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
    return o->model_count < PLANCHE_CLI_MAX_MODELS && set_text(value, &o->engine.model) &&
           set_text(value, &o->models[o->model_count++]);
}

static bool set_for(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->profile_name);
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
    bool automatic = strcasecmp(value, "auto") == 0;
    o->page.scale = automatic ? PLANCHE_SCALE_AUTO : 0;
    o->engine.scale = 0;
    return automatic || set_unsigned(value, 1, 64, &o->engine.scale);
}

static bool set_level(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_number(value, -1, 3, &o->level);
}

static bool set_format(struct planche_cli_options *o, const char *value)
{
    char name[16];
    o->keep_format = strcmp(value, "keep") == 0;
    o->book.keep_format = o->keep_format;
    if (o->keep_format) {
        o->page.format = PLANCHE_FORMAT_AUTO;
        return true;
    }
    snprintf(name, sizeof name, "x.%s", value);
    o->page.format = strchr(value, '.') == NULL ? planche_format_from_name(name) : 0;
    return planche_format_is_written(o->page.format);
}

static bool set_quality(struct planche_cli_options *o, const char *value)
{
    return set_int(value, 1, 100, &o->page.quality);
}

static bool set_effort(struct planche_cli_options *o, const char *value)
{
    return set_int(value, 1, 9, &o->page.effort);
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

static bool set_others(struct planche_cli_options *o, const char *value)
{
    o->skip_others = strcmp(value, "skip") == 0;
    return o->skip_others || strcmp(value, "copy") == 0;
}

static bool set_update(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->update = true;
}

static bool set_skip_existing(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->skip_existing = true;
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
    o->book.container = PLANCHE_CONTAINER_AUTO;
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
    static const char *const names[] = {"auto", "f32", "bf16", "f16", "int8"};
    size_t i = find_name(value, names, 5);
    o->engine.precision = (enum planche_precision)(i % 5);
    return i < 5;
}

/* Whether a list ("a|b") has a name. */
static bool lists(const char *list, const char *name, size_t length)
{
    for (;;) {
        size_t own = strcspn(list, "|");
        if (own == length && strncmp(list, name, length) == 0)
            return true;
        if (!list[own])
            return false;
        list += own + 1;
    }
}

/* Names are those of the option's row, and so is which of them have numbers ("NAME:N"). Whether
 * there are such devices the library says: an engine that cannot be made is no wrong usage. */
/* Numbers with commas between, each once: every mistake in a list is one of the command line, and
 * what is not there is the machine's. */
static bool is_list_of_numbers(const char *text)
{
    for (const char *at = text;; at++) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 0 || (at[digits] && at[digits] != ','))
            return false;
        for (const char *before = text; before < at; before += strcspn(before, ",") + 1)
            if (strcspn(before, ",") == digits && memcmp(before, at, digits) == 0)
                return false;
        at += digits;
        if (!*at)
            return true;
    }
}

static bool set_backend(struct planche_cli_options *o, const char *value)
{
    const struct planche_cli_option *option = planche_cli_option_find("backend");
    size_t length = strcspn(value, ":");
    char numbered[32];
    if (!lists(option->values, value, length) || length > sizeof(numbered) - 3)
        return false;
    if (value[length] == ':') {
        const char *numbers = value + length + 1;
        snprintf(numbered, sizeof(numbered), "%.*s:N", (int)length, value);
        if (!is_list_of_numbers(numbers) || !strstr(option->form, numbered))
            return false;
    }
    return set_text(value, &o->engine.backend);
}

static bool set_gpu_memory(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->engine.gpu_memory) &&
           o->engine.gpu_memory >= MEMORY_LEAST;
}

static bool set_tile(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 16, 65536, &o->engine.tile) && o->engine.tile % 4 == 0;
}

static bool set_gpu_path(struct planche_cli_options *o, const char *value)
{
    static const char *const names[] = {"auto", "f32", "f16", "khr", "nv2", "wgmma"};
    const size_t count = sizeof(names) / sizeof(*names);
    size_t i = find_name(value, names, count);
    o->engine.gpu_path = (enum planche_gpu_path)(i % count);
    return i < count;
}

static bool set_memory(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->engine.memory) && o->engine.memory >= MEMORY_LEAST;
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
        {"avxvnni", PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVXVNNI},
        {"avx512vnni",
         PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVX512 | PLANCHE_CPU_AVX512VNNI},
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

static bool set_listen(struct planche_cli_options *o, const char *value)
{
    struct planche_cli_serve_options *serve = &o->serve;
    return serve->listen_count < PLANCHE_CLI_MAX_LISTEN &&
           set_text(value, &serve->listen[serve->listen_count++]);
}

static bool set_host(struct planche_cli_options *o, const char *value)
{
    struct planche_cli_serve_options *serve = &o->serve;
    /* 0.0.0.0, 0, ::, ::0 and [::]: no request names them; --listen was meant. */
    bool any = value[strspn(value, ".:0[]")] == 0;
    return !any && serve->host_count < PLANCHE_CLI_MAX_HOSTS &&
           set_text(value, &serve->hosts[serve->host_count++]);
}

static bool set_token_file(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->serve.token_file) && set_text(value, &o->queue.store_token);
}

static bool set_no_token(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->serve.no_token = true;
}

static bool set_upstream(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->serve.upstream);
}

static bool set_upstream_timeout(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 86400, &o->serve.upstream_timeout_s);
}

static bool set_prefetch(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 0, 50, &o->serve.prefetch);
}

static bool set_min_gain(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_number(value, 1, 16, &o->serve.min_gain);
}

static bool set_rules(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->serve.rules);
}

static bool set_check(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->serve.check = true;
}

static bool set_open(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->serve.open = true;
}

static bool set_isolate(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->serve.isolate = true;
}

static bool set_no_isolate(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->serve.no_isolate = true;
}

static bool set_no_cache(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->serve.no_cache = true;
}

static bool set_library_root(struct planche_cli_options *o, const char *value)
{
    struct planche_cli_serve_options *serve = &o->serve;
    return serve->root_count < PLANCHE_CLI_MAX_ROOTS &&
           set_text(value, &serve->roots[serve->root_count++]);
}

static bool set_books(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->serve.books);
}

static bool set_books_size(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->serve.books_size);
}

static bool set_books_upload(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->serve.books_upload);
}

static bool set_books_keep(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 87600, &o->serve.books_keep);
}

static bool set_max_connections(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 65536, &o->serve.max_connections);
}

/* A number of pages that wait here, or where pages wait that machines share. */
static bool set_queue(struct planche_cli_options *o, const char *value)
{
    o->queue.number = strstr(value, "://") == NULL;
    return o->queue.number ? set_unsigned(value, 1, 10000, &o->serve.queue)
                           : set_text(value, &o->queue.url);
}

static bool set_queue_wait(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 3600, &o->queue.wait_s);
}

static bool set_no_worker(struct planche_cli_options *o, const char *value)
{
    o->queue.makes_itself = strcmp(value, "make") == 0;
    return o->queue.makes_itself || strcmp(value, "refuse") == 0;
}

static bool set_queue_auth(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->queue.auth);
}

static bool set_queue_ca(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->queue.ca);
}

static bool set_queue_cert(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->queue.certificate);
}

static bool set_queue_key(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->queue.key);
}

static bool set_insecure_server(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->queue.insecure = true;
}

static bool set_same_bytes(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->queue.same_bytes = true;
}

static bool set_lease(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 3600, &o->queue.lease_s);
}

static bool set_store(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->queue.store);
}

static bool set_deadline(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 86400, &o->serve.deadline_s);
}

static bool set_unload_after(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 0, 86400, &o->serve.unload_s);
}

static bool set_watchdog(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 86400, &o->serve.watchdog_s);
}

static bool set_log_level(struct planche_cli_options *o, const char *value)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    size_t i = find_name(value, names, 4);
    o->serve.log_level = (enum planche_cli_log_level)(i % 4);
    return i < 4;
}

static bool set_log_format(struct planche_cli_options *o, const char *value)
{
    o->serve.log_json = strcmp(value, "json") == 0;
    return o->serve.log_json || strcmp(value, "logfmt") == 0;
}

static bool set_max_bytes(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->max_bytes);
}

static bool set_runs(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 1000, &o->runs);
}

static bool set_seconds(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 3600, &o->seconds);
}

static bool set_size(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_size(value, UINT16_MAX, &o->width, &o->height);
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
    return planche_cli_target_fit(&o->page, value);
}

static bool set_device(struct planche_cli_options *o, const char *value)
{
    return planche_cli_target_device(&o->page, value);
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

/* Seen before all others: see options.c. */
static bool set_config(struct planche_cli_options *o, const char *value)
{
    (void)o;
    return *value != 0;
}

static bool set_progress(struct planche_cli_options *o, const char *value)
{
    static const char *const names[] = {"auto", "bar", "plain", "json", "none"};
    size_t i = find_name(value, names, 5);
    o->progress = (enum planche_cli_progress_mode)(i % 5);
    return i < 5;
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

static bool set_speed(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->speed = true;
}

static bool set_paths(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->paths = true;
}

static bool set_all(struct planche_cli_options *o, const char *value)
{
    (void)value;
    return o->all = true;
}

static bool set_from(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->from);
}

static bool set_registry(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->registry);
}

static bool set_show(struct planche_cli_options *o, const char *value)
{
    static const char *const names[] = {"auto", "sixel", "kitty", "none"};
    size_t i = find_name(value, names, 4);
    o->show = (enum planche_cli_show)(i % 4);
    return i < 4;
}

/* WxH+X+Y */
static bool set_crop(struct planche_cli_options *o, const char *value)
{
    char size[32];
    const char *plus = strchr(value, '+'), *second = plus != NULL ? strchr(plus + 1, '+') : NULL;
    long x, y;
    if (second == NULL || (size_t)(plus - value) >= sizeof size ||
        (size_t)(second - plus) > sizeof size)
        return false;
    snprintf(size, sizeof size, "%.*s", (int)(plus - value), value);
    if (!planche_cli_parse_size(size, INT32_MAX, &o->crop.width, &o->crop.height))
        return false;
    snprintf(size, sizeof size, "%.*s", (int)(second - plus - 1), plus + 1);
    if (!planche_cli_parse_integer(size, 0, INT32_MAX, &x) ||
        !planche_cli_parse_integer(second + 1, 0, INT32_MAX, &y))
        return false;
    o->crop.x = (uint32_t)x;
    o->crop.y = (uint32_t)y;
    return true;
}

/* "3-5,12,20-" */
static bool set_pages(struct planche_cli_options *o, const char *value)
{
    for (const char *at = value;; at++) {
        char *end;
        unsigned long first = *at >= '1' && *at <= '9' ? strtoul(at, &end, 10) : 0, last = first;
        if (first == 0)
            return false;
        if (*end == '-' && end[1] >= '0' && end[1] <= '9')
            last = strtoul(end + 1, &end, 10);
        else if (*end == '-')
            end++;
        if (last < first || (*end != 0 && *end != ','))
            return false;
        at = end;
        if (*at == 0)
            return set_text(value, &o->book.pages);
    }
}

static bool set_sample(struct planche_cli_options *o, const char *value)
{
    return set_unsigned(value, 1, 99999, &o->book.sample);
}

static bool set_cache(struct planche_cli_options *o, const char *value)
{
    return set_text(value, &o->cache);
}

static bool set_max_size(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_bytes(value, &o->cache_max_size);
}

static bool set_max_age(struct planche_cli_options *o, const char *value)
{
    return planche_cli_parse_age(value, &o->cache_max_age);
}

/* By the rows of options.def. */
static const set_fn setters[] = {
#define OPTION(group, name, letter, argument, commands, set, values, form, preset, help, detail)   \
    set,
#include "cli/options.def"
#undef OPTION
};

_Static_assert(sizeof setters / sizeof *setters <= PLANCHE_CLI_MAX_OPTIONS,
               "PLANCHE_CLI_MAX_OPTIONS is too small");

bool planche_cli_option_stores(size_t index)
{
    return setters[index] != NULL;
}

bool planche_cli_option_store(size_t index, struct planche_cli_options *options, const char *value)
{
    options->given[index] = value != NULL ? value : "";
    return setters[index](options, value);
}

bool planche_cli_option_is_given(const struct planche_cli_options *options, const char *name)
{
    return options->given[planche_cli_option_find(name) - planche_cli_option_table] != NULL;
}

bool planche_cli_option_is_typed(const struct planche_cli_options *options, const char *name)
{
    return options->source[planche_cli_option_find(name) - planche_cli_option_table] ==
           PLANCHE_CLI_SOURCE_TYPED;
}

bool planche_cli_option_is_for_all(const struct planche_cli_options *options, const char *name)
{
    enum planche_cli_source source =
        options->source[planche_cli_option_find(name) - planche_cli_option_table];
    return source == PLANCHE_CLI_SOURCE_FILE || source == PLANCHE_CLI_SOURCE_ENVIRONMENT;
}
