/* SPDX-License-Identifier: MIT */
/* State machine of a page: what one try to run a page has, and in which order it gets it.
 *
 *   from      to        by
 *   NEW       OPENED    planche_page_open
 *   OPENED    RESOLVED  planche_page_resolve
 *   RESOLVED  PLANNED   planche_page_admit, planche_page_run_deferred
 *   PLANNED   ADMITTED  planche_page_admit, planche_page_run_deferred
 *   PLANNED   DEFERRED  planche_page_admit, of a page that defers its scans
 *   DEFERRED  RESOLVED  planche_page_run_deferred: once more, from the pixels
 *   ADMITTED  RUNNING   page.c
 *   RUNNING   ENCODING  page.c, of a page that a writer takes
 *   any       NEW       planche_page_close
 *
 * Up to PLANNED a page is at the door of admission.h: it takes memory that no reservation covers.
 * When that is not enough, a page that is NEW or RESOLVED stays so and goes on from there once
 * there is more. All functions are called by the page's thread. */
#ifndef PLANCHE_ENGINE_PAGE_STATE_H
#define PLANCHE_ENGINE_PAGE_STATE_H

#include "engine/page_job.h"
#include "engine/page_passes.h"
#include "engine/result_metadata.h"
#include "engine/result_size.h"

/* Each state has what those before it have, unless it says otherwise. */
enum planche_page_state {
    /* Nothing is open. */
    PLANCHE_PAGE_NEW,
    /* The reader is open, the filter agrees, and the header has decided the sizes of page and
     * result, the networks, the result's format and how many files it has at least. */
    PLANCHE_PAGE_OPENED,
    /* Everything about the result is decided: its parts, channels and metadata; the output is
     * described. The page's pixels have been scanned as far as options ask for it, unless the page
     * defers that: then it is taken for what its header says. */
    PLANCHE_PAGE_RESOLVED,
    /* The network has a plan, and `fixed` is what the page takes beside it. */
    PLANCHE_PAGE_PLANNED,
    /* The page is inside, admitted on its header, with a reservation; scans that read its file
     * (grey, hash) are due before it runs. */
    PLANCHE_PAGE_DEFERRED,
    /* The page is inside, with a reservation that covers its plan. Nothing is left to decide. */
    PLANCHE_PAGE_ADMITTED,
    /* Rows flow, and the sink may have been given bytes. */
    PLANCHE_PAGE_RUNNING,
    /* The network is done and what only it needed is given back. */
    PLANCHE_PAGE_ENCODING,
};

/* Networks that nobody gives up while the page runs on them. */
struct planche_page_held {
    struct planche_engine_networks *networks;
    unsigned count, list[PLANCHE_MAX_PASSES];
};

/* A page while it is tried once. */
struct planche_page {
    struct planche_page_job *job;
    const struct planche_engine *engine;
    enum planche_page_state state;
    struct planche_budget budget;
    struct planche_input input;
    struct planche_output output;
    struct planche_result_target target; /* by the header; of a page that a writer takes */
    struct planche_split_result parts;
    uint8_t *variation; /* of the page's rows; NULL: it will not be split */
    struct planche_result_metadata metadata;
    struct planche_transfer *tone;              /* of a page that is made smaller */
    const struct planche_executor_ops *machine; /* that this try runs on */
    struct planche_page_held held;
    bool has_networks; /* passes are chosen */
    struct planche_page_passes passes;
    uint64_t fixed; /* bytes it takes beside the plans of its networks */
};

/* page_state.c */

/* Goes on to another state; the table above must have the transition. */
void planche_page_set_state(struct planche_page *page, enum planche_page_state state);
/* Progress of the two parts of a page's work, done in 0..1, for callbacks; job is the page's. */
void planche_page_network_progress(void *job, double done);
void planche_page_writer_progress(void *job, double done);

/* page_target.c: what the result is. */

/* Decides by the page's header and size; of pages that a writer takes. Errors: LIMIT, UNSUPPORTED,
 * ARGUMENT. */
enum planche_status planche_page_choose_target(struct planche_page *page,
                                               struct planche_error *error);
bool planche_page_is_to_be_split(const struct planche_page *page);
/* Whether the page, which is at the door, is to be admitted on its header: GPUs take pages faster
 * than one after the other could be decoded at the door. Without its colours a page takes no more
 * memory than with them. False once it is DEFERRED. */
bool planche_page_defers_scans(const struct planche_page *page);
/* Decides the rest and describes the output. Errors: ARGUMENT (pixels that do not fit), LIMIT (too
 * many parts), MEMORY, BUDGET; those of the file when its hash is wanted. */
enum planche_status planche_page_describe_result(struct planche_page *page,
                                                 struct planche_error *error);
/* Frees what it and the scan made; also when there is nothing. */
void planche_page_drop_result(struct planche_page *page);

/* page_open.c: what is read of the page before its rows flow. */

/* NEW -> OPENED, at the door, where networks that the page needs are made; job->unmade: they could
 * not be. After an error the page is NEW. */
enum planche_status planche_page_open(struct planche_page *page, struct planche_error *error);
/* Opens the page's file and measures it: job->signs. Nothing stays open. */
enum planche_status planche_page_measure(struct planche_page *page, struct planche_error *error);
/* OPENED or DEFERRED -> RESOLVED. If a page that is DEFERRED fails and job->unready is set, it
 * needs other networks, and must come to the door again for them. */
enum planche_status planche_page_resolve(struct planche_page *page, struct planche_error *error);
/* What was seen of a page, and what follows from it, as results have it. */
void planche_page_tell_signs(struct planche_page_result *result, const struct planche_signs *signs);
void planche_page_tell_choice(struct planche_page_result *result,
                              const struct planche_auto_choice *choice);
/* Any -> NEW. Output, parts and network are closed by then. */
void planche_page_close(struct planche_page *page);

/* page_admit.c: memory. */

/* NEW -> ADMITTED or DEFERRED: waits for the page's turn and for the memory that it needs; the job
 * has a reservation then. alone: with all the memory, once nobody else is inside. Errors: those of
 * opening and resolving; BUDGET: the page needs more than there can be; CANCELLED, DEADLINE. */
enum planche_status planche_page_admit(struct planche_page *page, bool alone,
                                       struct planche_error *error);
/* Looks at a page without running it: job->signs are set, and whether the result is grey. It has
 * all the memory that pages may take meanwhile: it waits until none is inside. Errors: those of
 * opening and reading the file, and of the filter; LIMIT, BUDGET; CANCELLED, DEADLINE. */
enum planche_status planche_page_look(struct planche_page_job *job, struct planche_error *error);
/* DEFERRED -> ADMITTED: makes the scans that were put off. A page that is ADMITTED stays so. */
enum planche_status planche_page_run_deferred(struct planche_page *page,
                                              struct planche_error *error);
/* The network is done: gives back what only it needed, so that the next page can begin beside the
 * encoder, which keeps one thread busy. */
void planche_page_shrink_reservation(struct planche_page *page);

#endif
