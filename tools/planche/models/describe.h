/* SPDX-License-Identifier: MIT */
/* Description of a model's file: a line of a table, all of it, or JSON. */
#ifndef PLANCHE_MODELS_DESCRIBE_H
#define PLANCHE_MODELS_DESCRIBE_H

#include <planche/planche.h>
#include <stdbool.h>
#include <stdint.h>

struct planche_cli_description {
    const char *path;
    struct planche_model_facts facts;
    uint64_t bytes;         /* of its one or two files */
    char licence[128];      /* "": nothing tells */
    char licence_from[512]; /* the file beside it that tells; "": the file itself */
    bool usable;
    char reason[PLANCHE_ERROR_MESSAGE_SIZE]; /* why not, without the path */
    double us;                               /* per pixel of a page; 0: not measured */
};

/* Looks at a file, and with `speed` also measures how fast it is here. */
void planche_cli_describe(struct planche_cli_description *out, const char *path, bool speed);
void planche_cli_describe_heading(bool speed);
void planche_cli_describe_line(const struct planche_cli_description *description, bool speed);
void planche_cli_describe_all(const struct planche_cli_description *description);
bool planche_cli_describe_json(const struct planche_cli_description *description);

#endif
