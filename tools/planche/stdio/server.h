/* SPDX-License-Identifier: MIT */
/* planche stdio: what its parts share. One thread reads requests and submits them to a job queue,
 * whose workers make the pages and write the answers. */
#ifndef PLANCHE_CLI_STDIO_SERVER_H
#define PLANCHE_CLI_STDIO_SERVER_H

#include "base/cancel.h"
#include "os/thread.h"

#include "cli/options.h"
#include "service/engine_cache.h"
#include "service/request.h"
#include "stdio/channel.h"
#include "stdio/output.h"

#include <planche/job.h>

/* Requests that may wait, beside those that run. */
#define PLANCHE_CLI_READ_AHEAD 64

/* A request on its way to its answer. */
struct planche_cli_task {
    struct planche_cli_task *next; /* of those held */
    struct planche_cli_server *server;
    struct planche_cli_request request;
    uint64_t job;                      /* id in the queue */
    struct planche_cancel_token token; /* its handle is there while it runs */
    int64_t next_progress;             /* no progress line before */
    char *line;                        /* the answer, with its newline; own */
    void *data;                        /* that follows it; planche_free_bytes */
    size_t size;
    bool ran;
    bool cancelled; /* by a line of the input */
};

struct planche_cli_server {
    struct planche_cli_options options;
    struct planche_cli_engine_cache *engines;
    struct planche_cli_channel *channel;
    struct planche_cli_output output;
    unsigned jobs; /* workers */
    struct planche_job_queue *queue;

    struct planche_mutex lock; /* of all below */
    struct planche_cond changed;
    struct planche_cli_task *held; /* requests that have no answer yet */
    uint64_t bytes;                /* that came with them */
};

#endif
