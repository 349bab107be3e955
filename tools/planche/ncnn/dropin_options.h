/* SPDX-License-Identifier: MIT */
/* Command lines of the three ncnn programs. */
#ifndef PLANCHE_CLI_NCNN_DROPIN_OPTIONS_H
#define PLANCHE_CLI_NCNN_DROPIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum planche_cli_peer_kind { PLANCHE_CLI_REALCUGAN, PLANCHE_CLI_REALESRGAN, PLANCHE_CLI_WAIFU2X };

/* An ncnn program that drop-in mode stands in for. */
struct planche_cli_peer {
    enum planche_cli_peer_kind kind;
    const char *name;
    const char *letters; /* for getopt */
    const char *model;   /* default of -m */
    int noise;           /* default of -n */
    int scale;           /* default of -s */
    uint64_t scales;     /* bit N: -s N is known */
    bool talks_on_stderr;
    bool percents; /* prints progress as "12.00%" */
};

/* A command line of such a program. */
struct planche_cli_dropin_options {
    const struct planche_cli_peer *peer;
    const char *input, *output;
    const char *model;     /* folder of -m */
    const char *network;   /* Real-ESRGAN: -n */
    const char *format;    /* -f */
    int noise, scale, gap; /* of -n, -s and -c */
    bool verbose, tta;
    char backend[128]; /* of -g, as the engine's options have it */
    unsigned tile;     /* of -t */
};

/* The ncnn program whose name argv[0] has, or NULL. */
const struct planche_cli_peer *planche_cli_dropin_peer(const char *program);
/* Fills *options, whose strings are argv's and the peer's. False: after a message or the help
 * text. */
bool planche_cli_dropin_parse(struct planche_cli_dropin_options *options,
                              const struct planche_cli_peer *peer, int argc, char **argv);

#endif
