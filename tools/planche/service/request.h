/* SPDX-License-Identifier: MIT */
/* Request of the resident process: the content of a line of JSON. */
#ifndef PLANCHE_CLI_SERVICE_REQUEST_H
#define PLANCHE_CLI_SERVICE_REQUEST_H

#include "cli/options.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct planche_cli_request {
    json_t *body;                         /* owns every string below but the defaults' */
    const json_t *id;                     /* NULL: none */
    struct planche_engine_options engine; /* only model, scale and denoise matter */
    struct planche_page_options page;
    const char *input, *output; /* paths; NULL: bytes */
    uint64_t bytes;             /* that follow the line */
    void *data;                 /* those bytes, once read; own */
    enum planche_priority priority;
    uint64_t deadline_ms; /* 0: none */
    bool wants_progress;
    const json_t *cancel; /* the id of requests to cancel: all that this one asks for; NULL: none */
};

/* Parses a line; what it leaves out comes from defaults. request->bytes is right even when
 * something else is wrong, if the line is an object that states a sensible number. On failure the
 * request must be cleared as well. */
enum planche_status planche_cli_request_parse(struct planche_cli_request *request, const char *line,
                                              size_t length,
                                              const struct planche_cli_options *defaults,
                                              struct planche_error *error);
/* The same of an object, which it takes. */
enum planche_status planche_cli_request_take(struct planche_cli_request *request, json_t *body,
                                             const struct planche_cli_options *defaults,
                                             struct planche_error *error);
void planche_cli_request_clear(struct planche_cli_request *request);

#endif
