/* SPDX-License-Identifier: MIT */
/* A page's job: what the caller asks for, and what comes of it. */
#ifndef PLANCHE_ENGINE_PAGE_JOB_H
#define PLANCHE_ENGINE_PAGE_JOB_H

#include "base/trace.h"
#include "choice/auto_model.h"
#include "choice/points.h"
#include "codec/codec.h"
#include "engine/engine.h"

/* Asked when a page's header has been read, whether to go on. Anything but OK ends the page. */
struct planche_page_filter {
    enum planche_status (*ask)(void *user, const struct planche_image_info *info,
                               struct planche_error *error);
    void *user;
};

/* Where the page comes from and goes to: exactly one of source and in, one of sink and out. */
struct planche_page_job {
    const struct planche_engine *engine;
    struct planche_page_options options; /* format is not AUTO, unless out is set */
    const struct planche_source *source;
    const struct planche_page_filter *filter; /* of a source; NULL: all pages are welcome */
    const struct planche_pixels *in, *out;
    planche_sink_fn sink;
    void *sink_user;
    bool splits; /* sink takes several parts */
    /* Called when the page is known to be fit to run, before the first byte of a part (0 ..) goes
     * to sink; may be NULL. format, parts and switched of the result are final then. Called again
     * for part 0 when the page starts once more: what sink was given is void. */
    enum planche_status (*begin)(void *user, struct planche_budget *budget, unsigned part,
                                 struct planche_error *error);
    /* Bytes that sink takes from the engine's budget for a result of parts like this; may be NULL.
     */
    uint64_t (*sink_memory)(void *user, const struct planche_image_info *info,
                            const struct planche_page_options *options, unsigned parts);
    struct planche_page_result result;
    struct planche_level_set
        set;     /* what it runs by: the engine's own until it has chosen another */
    bool looked; /* its pixels have been seen: what follows is known */
    struct planche_signs signs;
    unsigned way, level;          /* alternative of the engine's choice; index of its level */
    struct planche_points points; /* of a page whose samples are moved; else zeroes */
    struct planche_stretch stretch;
    struct planche_chain chain;                /* networks of the page, once its header was read */
    unsigned networks[PLANCHE_MAX_PASSES];     /* the same, or their forms for grey pages */
    bool unready;                              /* it is inside, and some of them are not made */
    bool unmade;                               /* some could not be made on the machine of a try */
    bool seen_first;                           /* it has been unready: it is scanned at the door */
    struct planche_reservation reservation;    /* none: bytes is 0 */
    const struct planche_cancel_token *parent; /* of the page's token; NULL: none */
    struct planche_cancel_token cancel;        /* from the options, made by planche_page_run */
    struct planche_trace trace;                /* begun by planche_page_run */
    struct planche_log_once log;               /* likewise: of the page, which may run twice */
    bool another;    /* its last try ended with a device that is lost, and there are others */
    double reported; /* progress: it never falls, though the page may run twice */
};

#endif
