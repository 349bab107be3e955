/* SPDX-License-Identifier: MIT */
/* planche cache: what is kept of results, and keeping it within its limits. */
#include "cache/cache.h"
#include "cli/cli.h"
#include "cli/fact.h"
#include "cli/interrupt.h"
#include "cli/json.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "os/file_info.h"
#include "words/suggest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A run of planche cache. */
struct run {
    const struct planche_cli_options *options;
    struct planche_cache *cache;
    struct planche_cache_tally tally;
    bool wrong; /* something was said to be */
};

static void log_line(void *user, enum planche_log_level level, const char *message)
{
    struct run *run = user;
    if (level < PLANCHE_LOG_WARNING)
        return;
    run->wrong = true;
    planche_cli_message("%s", message);
}

/* "2026-11-29T16:20:19Z"; "": there is none. */
static const char *format_time(int64_t ns, char *text, size_t size)
{
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm parts;
    *text = 0;
    if (ns != 0 && gmtime_r(&seconds, &parts) != NULL)
        strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

static json_t *json_time(int64_t ns)
{
    char text[64];
    return *format_time(ns, text, sizeof text) ? json_string(text) : json_null();
}

static bool print_json(const struct run *run, const char *action)
{
    const struct planche_cache_tally *tally = &run->tally;
    json_t *object = json_object();
    json_object_set_new(object, "action", json_string(action));
    json_object_set_new(object, "folder", planche_cli_json_text(planche_cache_folder(run->cache)));
    planche_cli_json_set_count(object, "entries", tally->entries);
    planche_cli_json_set_count(object, "bytes", tally->bytes);
    if (strcmp(action, "verify") != 0) {
        json_object_set_new(object, "oldest_use", json_time(tally->oldest));
        json_object_set_new(object, "newest_use", json_time(tally->newest));
    }
    planche_cli_json_set_count(object, "unfinished", tally->unfinished);
    planche_cli_json_set_count(object, "unfinished_bytes", tally->unfinished_bytes);
    planche_cli_json_set_count(object, "abandoned", tally->abandoned);
    planche_cli_json_set_count(object, "removed", tally->removed);
    planche_cli_json_set_count(object, "removed_bytes", tally->removed_bytes);
    planche_cli_json_set_count(object, "not_removed", tally->kept);
    planche_cli_json_set_count(object, "damaged", tally->damaged);
    planche_cli_json_set_count(object, "damaged_bytes", tally->damaged_bytes);
    planche_cli_json_set_count(object, "unreadable", tally->unreadable);
    planche_cli_json_set_count(object, "foreign", tally->foreign);
    planche_cli_json_set_count(object, "foreign_bytes", tally->foreign_bytes);
    return planche_cli_json_print(object);
}

/* "12 results, 3.4 MiB" */
static void print_amount(const char *name, uint64_t count, const char *noun, uint64_t bytes)
{
    char text[96], size[32];
    snprintf(text, sizeof text, "%" PRIu64 " %s%s, %s", count, noun, count == 1 ? "" : "s",
             planche_cli_format_bytes(bytes, size, sizeof size));
    planche_cli_print_fact(name, text);
}

static void print_facts(const struct run *run)
{
    const struct planche_cache_tally *tally = &run->tally;
    char text[64];
    planche_cli_print_fact("folder", planche_cache_folder(run->cache));
    print_amount("kept", tally->entries, "result", tally->bytes);
    if (tally->oldest != 0)
        planche_cli_print_fact("last uses from", format_time(tally->oldest, text, sizeof text));
    if (tally->newest != 0)
        planche_cli_print_fact("to", format_time(tally->newest, text, sizeof text));
    if (tally->removed > 0)
        print_amount("removed", tally->removed, "result", tally->removed_bytes);
    if (tally->damaged > 0)
        print_amount("damaged", tally->damaged, "result", tally->damaged_bytes);
    if (tally->foreign > 0)
        print_amount("foreign", tally->foreign, "file", tally->foreign_bytes);
    if (tally->unfinished > 0)
        print_amount("being written", tally->unfinished, "file", tally->unfinished_bytes);
}

static enum planche_status show(struct run *run, struct planche_error *error)
{
    return planche_cache_count(run->cache, &run->tally, NULL, error);
}

static enum planche_status prune(struct run *run, struct planche_error *error)
{
    const struct planche_cli_options *options = run->options;
    uint64_t most = options->cache_max_size ? options->cache_max_size : PLANCHE_CACHE_DEFAULT_BYTES;
    int64_t age = options->cache_max_age ? options->cache_max_age : PLANCHE_CACHE_DEFAULT_AGE_S;
    struct planche_cache_limits limits = {.max_bytes = most,
                                          .target_bytes = most,
                                          .max_age = age > 0 ? age * 1000000000 : 0,
                                          .strict = options->cache_max_age != 0};
    if (options->all)
        limits = (struct planche_cache_limits){0};
    return planche_cache_prune(run->cache, &limits, &run->tally, NULL, error);
}

/* A file that is somebody else's is told, but nothing is wrong with it. */
static void tell(void *user, const char *path, const char *reason)
{
    (void)user;
    planche_cli_message("%s: %s", path, reason);
}

static enum planche_status verify(struct run *run, struct planche_error *error)
{
    enum planche_status status =
        planche_cache_verify(run->cache, tell, NULL, &run->tally, NULL, error);
    run->wrong = run->wrong || run->tally.damaged > 0 || run->tally.unreadable > 0;
    return status;
}

static const struct action {
    const char *name;
    enum planche_status (*run)(struct run *run, struct planche_error *error);
} actions[] = {
    {"show", show},
    {"prune", prune},
    {"verify", verify},
};

static int refuse(const char *word)
{
    char buffer[64];
    struct planche_cli_suggestion meant = {.word = word};
    planche_cli_suggest_list(&meant, "show|prune|verify", buffer, sizeof buffer);
    if (meant.best != NULL)
        return planche_cli_usage_error("cache", "unexpected '%s'; did you mean 'planche cache %s'?",
                                       word, meant.best);
    return planche_cli_usage_error("cache", "unexpected '%s'", word);
}

/* A folder that was named should be there; the user's own may not have been needed yet. */
static bool is_missing(const char *folder)
{
    return folder != NULL && planche_file_find(folder, NULL) == PLANCHE_FILE_ABSENT;
}

static int act(const struct action *action, const struct planche_cli_options *options)
{
    struct run run = {.options = options};
    struct planche_error error = {0};
    const struct planche_log log = {.fn = log_line, .user = &run};
    const struct planche_cache_options wanted = {
        .folder = options->cache, .log = &log, .still = true, .existing = true};
    if (is_missing(options->cache)) {
        planche_cli_message("%s: there is no such folder", options->cache);
        return PLANCHE_CLI_NOT_STARTED;
    }
    enum planche_status status = planche_cache_open(&run.cache, &wanted, &error);
    if (status != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_NOT_STARTED;
    }
    status = action->run(&run, &error);
    if (status != PLANCHE_OK)
        planche_cli_message("%s", error.message);
    else if (!options->json)
        print_facts(&run);
    else if (!print_json(&run, action->name))
        run.wrong = true;
    planche_cache_close(&run.cache);
    return status != PLANCHE_OK || run.wrong || run.tally.kept > 0 ? PLANCHE_CLI_PAGE_FAILED
                                                                   : PLANCHE_CLI_OK;
}

int planche_cli_cache(int argc, char **argv)
{
    struct planche_cli_options options;
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_CACHE, "cache", argc, argv, &first,
                                   &status))
        return status;
    const char *name = first < argc ? argv[first] : "show";
    const struct action *action = PLANCHE_CLI_FIND_NAMED(actions, name);
    if (action == NULL)
        return refuse(name);
    if (argc - first > 1)
        return planche_cli_usage_error("cache", "unexpected '%s'", argv[first + 1]);
    if (action->run != prune && options.all)
        return planche_cli_usage_error("cache", "--all is for cache prune");
    return act(action, &options);
}
