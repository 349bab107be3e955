/* SPDX-License-Identifier: MIT */
/* Command line parser: getopt_long with tables made of options.def. */
#include "cli/options.h"

#include "cli/cli.h"
#include "cli/config.h"
#include "cli/devices.h"
#include "cli/imported.h"
#include "cli/mistakes.h"
#include "cli/profile.h"
#include "cli/target.h"
#include "cli/terminal.h"
#include "words/origin.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* getopt_long answers a long option with its index here plus this, beyond every letter. */
#define LONG_BASE 256

/* The number of rows of options.def. */
enum {
    MAX_OPTIONS = 0
#define OPTION(...) +1
#include "cli/options.def"
#undef OPTION
};

struct getopt_tables {
    char letters[3 * MAX_OPTIONS + 2];
    struct option longs[MAX_OPTIONS + 1];
};

static void make_tables(struct getopt_tables *tables, enum planche_cli_command command)
{
    *tables = (struct getopt_tables){.letters = ":"};
    size_t letters = 1, longs = 0;
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        const struct planche_cli_option *option = &planche_cli_option_table[i];
        if (!(option->commands & (unsigned)command))
            continue;
        tables->longs[longs++] = (struct option){
            .name = option->name,
            .has_arg = *option->argument ? required_argument : no_argument,
            .val = LONG_BASE + (int)i,
        };
        if (option->letter != 0)
            tables->letters[letters++] = (char)option->letter;
        if (option->letter != 0 && *option->argument)
            tables->letters[letters++] = ':';
    }
}

/* The table row of an answer of getopt_long. */
static size_t find_row(enum planche_cli_command command, int answer)
{
    if (answer >= LONG_BASE)
        return (size_t)(answer - LONG_BASE);
    size_t i = 0;
    while (planche_cli_option_table[i].letter != answer ||
           !(planche_cli_option_table[i].commands & (unsigned)command))
        i++;
    return i;
}

/* The argument that getopt_long did not take: it goes on behind it only after its last letter. */
static const char *find_word(int argc, char **argv)
{
    const char *before = argv[optind - 1];
    size_t length = strlen(before);
    bool is_letter = optopt != 0 && optopt < LONG_BASE;
    bool within = is_letter && (*before != '-' || before[length - 1] != (char)optopt);
    return within && optind < argc ? argv[optind] : before;
}

/* Reports an error of getopt_long: '?' an unknown option, ':' a missing value. */
static int report_error(enum planche_cli_command command, const char *name, int answer,
                        const char *word)
{
    const struct planche_cli_option *option =
        optopt >= LONG_BASE ? &planche_cli_option_table[optopt - LONG_BASE] : NULL;
    if (answer == ':' && option == NULL)
        option = &planche_cli_option_table[find_row(command, optopt)];
    if (answer == ':')
        return planche_cli_usage_error(option->name, "%s needs a value: %s", word,
                                       option->argument);
    if (option != NULL)
        return planche_cli_usage_error(option->name, "--%s takes no value", option->name);
    return planche_cli_unknown_option(command, name, optopt, word);
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
        .queue = {.lease_s = 60, .wait_s = 10},
        .serve = {.max_connections = 256,
                  .books_size = UINT64_C(20) << 30,
                  .books_upload = UINT64_C(4) << 30,
                  .books_keep = 72,
                  .queue = 32,
                  .deadline_s = 25,
                  .unload_s = 300,
                  .watchdog_s = 600,
                  .upstream_timeout_s = 300,
                  .prefetch = 5,
                  .min_gain = 1.2,
                  .log_level = PLANCHE_CLI_LOG_INFO},
    };
    options->page.provenance = 1;
    options->page.grey = PLANCHE_GREY_AUTO;
}

static void print_devices(void)
{
    const struct planche_cli_device *device;
    for (size_t i = 0; (device = planche_cli_device_get(i)) != NULL; i++)
        planche_cli_print("%-25s %4ux%-4u  %s", device->name, device->width, device->height,
                          device->title);
}

/* Acts on one option. False: the command is done. */
static bool apply(struct planche_cli_options *options, const char *name, size_t row, int *status)
{
    const struct planche_cli_option *option = &planche_cli_option_table[row];
    char what[512];
    if (!planche_cli_option_stores(row)) {
        if (strcmp(option->name, "version") == 0)
            planche_cli_version(0, NULL);
        else
            planche_cli_help_print(name);
        *status = PLANCHE_CLI_OK;
        return false;
    }
    if (strcmp(option->name, "device") == 0 && strcmp(optarg, "list") == 0) {
        print_devices();
        *status = PLANCHE_CLI_OK;
        return false;
    }
    if (!planche_cli_option_store(row, options, optarg)) {
        planche_cli_wrong_value(option, optarg, what, sizeof what);
        *status = planche_cli_usage_error(option->name, "--%s: %s", option->name, what);
        return false;
    }
    options->source[row] = PLANCHE_CLI_SOURCE_TYPED;
    if ((option->commands & PLANCHE_CLI_BOOKS_ONLY) != 0)
        options->book_option = option->name;
    return true;
}

/* What the first look at the command line tells. */
struct glance {
    bool typed[PLANCHE_CLI_MAX_OPTIONS]; /* rows that have a value there */
    bool asks;                           /* for help, the version or a list */
    const char *config;                  /* --config; NULL: not given */
};

/* Looks at a copy of argv, whose order it changes. Mistakes are left to the second look. */
static bool look(struct glance *glance, const struct getopt_tables *tables,
                 enum planche_cli_command command, int argc, char **original)
{
    int answer;
    char **argv = calloc((size_t)argc + 1, sizeof *argv);
    *glance = (struct glance){0};
    if (argv == NULL)
        return false;
    memcpy(argv, original, (size_t)argc * sizeof *argv);
    optind = 0; /* begin anew */
    while ((answer = getopt_long(argc, argv, tables->letters, tables->longs, NULL)) != -1) {
        if (answer == '?' || answer == ':')
            continue;
        size_t row = find_row(command, answer);
        const char *name = planche_cli_option_table[row].name;
        glance->typed[row] = true;
        glance->asks = glance->asks || !planche_cli_option_stores(row) ||
                       (strcmp(name, "device") == 0 && strcmp(optarg, "list") == 0);
        if (strcmp(name, "config") == 0)
            glance->config = optarg;
    }
    free(argv);
    return true;
}

/* Stores what the configuration says. False: a message has said what is wrong with it. */
static bool take_config(struct planche_cli_options *options, enum planche_cli_command command,
                        const struct glance *glance)
{
    static struct planche_cli_config config; /* options point into it */
    planche_cli_config_clear(&config);
    planche_cli_origin_clear();
    options->config = &config;
    if (glance->asks || (planche_cli_config_read(&config, command, glance->config) &&
                         planche_cli_config_apply(&config, options, command, glance->typed)))
        return true;
    if (command == PLANCHE_CLI_DOCTOR) /* which tells it with the rest */
        return true;
    planche_cli_usage_error(config.topic, "%s", config.problem);
    return false;
}

/* --queue is a number for serve alone; what is typed hides an address that stands elsewhere. */
static bool check_queue(struct planche_cli_options *options, enum planche_cli_command command,
                        int *status)
{
    if (command == PLANCHE_CLI_SERVE || !options->queue.number)
        return true;
    options->queue.url = NULL;
    if (command != PLANCHE_CLI_ENLARGE || !planche_cli_option_is_typed(options, "queue"))
        return true;
    *status = planche_cli_usage_error("queue", "--queue: give the queue's address, such as "
                                               "nats://HOST:4222; a number is for planche serve");
    return false;
}

bool planche_cli_options_parse(struct planche_cli_options *options,
                               enum planche_cli_command command, const char *name, int argc,
                               char **argv, int *first, int *status)
{
    struct getopt_tables tables;
    struct glance glance;
    make_tables(&tables, command);
    set_defaults(options);
    opterr = 0;
    if (!look(&glance, &tables, command, argc, argv)) {
        *status = planche_cli_no_memory();
        return false;
    }
    if (!glance.asks)
        planche_cli_config_warn();
    if (!take_config(options, command, &glance)) {
        *status = PLANCHE_CLI_USAGE;
        return false;
    }
    optind = 0;
    for (;;) {
        int answer = getopt_long(argc, argv, tables.letters, tables.longs, NULL);
        if (answer == -1)
            break;
        if (answer == '?' || answer == ':') {
            *status = report_error(command, name, answer, find_word(argc, argv));
            return false;
        }
        if (!apply(options, name, find_row(command, answer), status))
            return false;
    }
    *first = optind;
    if (!planche_cli_profile_settle(options) || !planche_cli_imported_settle(options)) {
        *status = PLANCHE_CLI_USAGE;
        return false;
    }
    if (!check_queue(options, command, status))
        return false;
    if (planche_cli_target_settle(&options->page, options->engine.scale) ||
        command == PLANCHE_CLI_STDIO ||
        command == PLANCHE_CLI_SERVE) /* whose requests have targets */
        return true;
    *status = planche_cli_usage_error("scale", "--scale auto follows from a size: give --fit, "
                                               "--device, --width or --height, too");
    return false;
}
