/* SPDX-License-Identifier: MIT */
/* The command under the names of three ncnn programs (realcugan-, realesrgan- and
 * waifu2x-ncnn-vulkan): their options, defaults, file names and messages, for the programs and
 * scripts that call them. Only what fails exits differently: not with 0. */
#ifndef PLANCHE_CLI_NCNN_DROPIN_H
#define PLANCHE_CLI_NCNN_DROPIN_H

#include <planche/planche.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What these programs exit with when the command line or the model does not do; also after -h. */
#define PLANCHE_CLI_DROPIN_NOT_STARTED 255

enum planche_cli_peer_kind { PLANCHE_CLI_REALCUGAN, PLANCHE_CLI_REALESRGAN, PLANCHE_CLI_WAIFU2X };

struct planche_cli_peer {
    enum planche_cli_peer_kind kind;
    const char *name;
    const char *letters; /* for getopt */
    const char *model;   /* default of -m */
    int noise;           /* default of -n */
    int scale;           /* default of -s */
    uint64_t scales;     /* bit N: -s N is known */
    bool talks_on_stderr;
    bool percents; /* prints how far a page is */
};

struct planche_cli_dropin {
    const struct planche_cli_peer *peer;
    const char *input, *output;
    const char *model;   /* folder of -m */
    const char *network; /* Real-ESRGAN: -n */
    const char *format;  /* -f */
    int noise, scale, gap;
    bool verbose, tta;
    char backend[128]; /* of -g, as the engine's options have it */
    unsigned tile;     /* of -t */
};

/* The program that argv[0] is the name of, or NULL. */
const struct planche_cli_peer *planche_cli_dropin_peer(const char *program);
/* Runs as that program; returns the exit status. */
int planche_cli_dropin(const struct planche_cli_peer *peer, int argc, char **argv);

/* dropin_options.c: false after a message or the help text. */
bool planche_cli_dropin_parse(struct planche_cli_dropin *options,
                              const struct planche_cli_peer *peer, int argc, char **argv);
void planche_cli_dropin_help(const struct planche_cli_peer *peer, FILE *to);

/* dropin_model.c: which model the options mean. program is argv[0]; path (size bytes) may hold what
 * engine->model points to afterwards. Errors: NOT_FOUND, ARGUMENT. */
enum planche_status planche_cli_dropin_model(const struct planche_cli_dropin *options,
                                             const char *program,
                                             struct planche_engine_options *engine, char *path,
                                             size_t size, struct planche_error *error);

struct planche_cli_dropin_page {
    char *input, *output;
    enum planche_format format;
};

/* dropin_pages.c: one page, or those of the folder of -i. NULL after a message. */
struct planche_cli_dropin_page *planche_cli_dropin_pages(const struct planche_cli_dropin *options,
                                                         size_t *count);
void planche_cli_dropin_pages_free(struct planche_cli_dropin_page *pages, size_t count);

#endif
