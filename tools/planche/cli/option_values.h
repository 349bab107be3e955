/* SPDX-License-Identifier: MIT */
/* Option values: the struct that options.def's rows are stored in, and the setter of each row. */
#ifndef PLANCHE_CLI_OPTION_VALUES_H
#define PLANCHE_CLI_OPTION_VALUES_H

#include <planche/planche.h>
#include <stdbool.h>

/* The denoise level when -n was not given. */
#define PLANCHE_CLI_NO_LEVEL (-2.0)

/* Most pages in flight. */
#define PLANCHE_CLI_MAX_JOBS 64

/* How the progress of a run is shown. */
enum planche_cli_progress_mode {
    PLANCHE_CLI_PROGRESS_AUTO,
    PLANCHE_CLI_PROGRESS_BAR,
    PLANCHE_CLI_PROGRESS_PLAIN,
    PLANCHE_CLI_PROGRESS_JSON,
    PLANCHE_CLI_PROGRESS_NONE
};

/* How a picture is shown on the terminal. */
enum planche_cli_show {
    PLANCHE_CLI_SHOW_AUTO,
    PLANCHE_CLI_SHOW_SIXEL,
    PLANCHE_CLI_SHOW_KITTY,
    PLANCHE_CLI_SHOW_NONE
};

/* Most models of one planche bench. */
#define PLANCHE_CLI_MAX_MODELS 64

/* At least as many as options.def has rows. */
#define PLANCHE_CLI_MAX_OPTIONS 128

/* Where the value of an option comes from, the weakest first. */
enum planche_cli_source {
    PLANCHE_CLI_SOURCE_NONE,
    PLANCHE_CLI_SOURCE_FILE,    /* the configuration file, above all tables */
    PLANCHE_CLI_SOURCE_SECTION, /* its table for the sub-command */
    PLANCHE_CLI_SOURCE_ENVIRONMENT,
    PLANCHE_CLI_SOURCE_TYPED /* the command line */
};

/* A rectangle of a page, in its pixels. */
struct planche_cli_crop {
    uint32_t width, height, x, y;
};

/* Which lines of the log are written: these and those before them. */
enum planche_cli_log_level {
    PLANCHE_CLI_LOG_ERROR,
    PLANCHE_CLI_LOG_WARN,
    PLANCHE_CLI_LOG_INFO,
    PLANCHE_CLI_LOG_DEBUG
};

/* Most addresses to listen on, and most names of a server. */
#define PLANCHE_CLI_MAX_LISTEN 16
#define PLANCHE_CLI_MAX_HOSTS  16
#define PLANCHE_CLI_MAX_ROOTS  16

/* Options of planche serve alone. */
struct planche_cli_serve_options {
    const char *listen[PLANCHE_CLI_MAX_LISTEN], *hosts[PLANCHE_CLI_MAX_HOSTS];
    const char *roots[PLANCHE_CLI_MAX_ROOTS]; /* of libraries */
    unsigned listen_count, host_count, root_count;
    const char *books;                 /* folder; NULL: the user's */
    uint64_t books_size, books_upload; /* bytes */
    unsigned books_keep;               /* hours */
    const char *token_file;            /* NULL: none */
    const char *upstream, *rules;      /* NULL: none */
    unsigned upstream_timeout_s, prefetch;
    double min_gain;
    bool check;
    bool no_token, no_cache, open;
    bool isolate, no_isolate;
    unsigned max_connections, queue;
    unsigned deadline_s, unload_s, watchdog_s;
    enum planche_cli_log_level log_level;
    bool log_json;
};

/* Options of a queue that machines share. */
struct planche_cli_queue_options {
    const char *url;                           /* NULL: none */
    const char *auth, *ca, *certificate, *key; /* files; NULL: none */
    const char *store;       /* a folder, or the address of a server; NULL: the queue itself */
    const char *store_token; /* file with the token of that server; NULL: none */
    unsigned lease_s;
    unsigned wait_s;   /* serve: for a worker to be heard of */
    bool number;       /* --queue was a number last */
    bool makes_itself; /* serve: pages for which no worker is there */
    bool same_bytes;   /* one arithmetic for all pages */
    bool insecure;
    bool isolates; /* results are decoded in processes of their own */
};

struct planche_cli_options {
    struct planche_engine_options engine; /* denoise is left alone: see level */
    struct planche_page_options page;
    struct planche_book_options book; /* page is left alone */
    enum planche_format book_format;  /* of pages in books: page.format is that of files */
    bool limit_said;                  /* --on-limit was given */
    const char *book_option;          /* one that was given and is for books only; NULL: none */
    double level; /* of -n, in the model's own numbers, or PLANCHE_CLI_NO_LEVEL */
    const char *output;
    const char *from, *registry;                /* models fetch */
    const char *given[PLANCHE_CLI_MAX_OPTIONS]; /* by rows of the table; of a switch "" */
    enum planche_cli_source source[PLANCHE_CLI_MAX_OPTIONS];
    const struct planche_cli_config *config; /* what was read of defaults; static */
    bool keep_format;                        /* -f keep */
    bool skip_others;                        /* --others skip */
    bool update, skip_existing;              /* of outputs that are there */
    bool json, quiet, verbose, all, dry_run, speed;
    unsigned engines;   /* stdio: engines kept at once */
    uint64_t max_bytes; /* stdio: of one request's bytes */
    /* what -m named, in turn (engine.model is the last); bench: and of what to measure */
    const char *models[PLANCHE_CLI_MAX_MODELS];
    unsigned model_count, runs, seconds;
    uint32_t width, height;
    struct planche_cli_serve_options serve;
    struct planche_cli_queue_options queue;
    struct planche_cli_crop crop; /* preview; width 0: not given */
    bool profile, paths;
    const char *profile_name; /* --for; NULL: none */
    enum planche_cli_progress_mode progress;
    enum planche_cli_show show; /* preview */
    const char *cache;          /* folder of results; NULL: the user's */
    uint64_t cache_max_size;    /* bytes; 0: the default */
    int64_t cache_max_age;      /* seconds; 0: the default, -1: none */
};

/* Whether a row of the table has a value to store, as all but --help and --version have. */
bool planche_cli_option_stores(size_t index);
/* Stores the value of a row's option (NULL for a switch). False: it is no value of it. */
bool planche_cli_option_store(size_t index, struct planche_cli_options *options, const char *value);
/* Whether an option has a value, from wherever. */
bool planche_cli_option_is_given(const struct planche_cli_options *options, const char *name);
/* Whether the command line has a value for it. */
bool planche_cli_option_is_typed(const struct planche_cli_options *options, const char *name);
/* Whether that value was not meant for this sub-command alone. */
bool planche_cli_option_is_for_all(const struct planche_cli_options *options, const char *name);

#endif
