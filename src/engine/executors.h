/* SPDX-License-Identifier: MIT */
/* Executor list: what an engine's pages run on, in order of preference.
 *
 * The first is made with the engine. The others take a page that those before them could not make;
 * each is made when the first such page comes, with memory that is set aside from pages to come.
 * The list itself does not change once the engine is made. */
#ifndef PLANCHE_ENGINE_EXECUTORS_H
#define PLANCHE_ENGINE_EXECUTORS_H

#include "backend/executor.h"
#include "engine/admission.h"
#include "os/thread.h"

#define PLANCHE_MAX_EXECUTORS 8

enum planche_executor_phase {
    PLANCHE_EXECUTOR_UNMADE,
    PLANCHE_EXECUTOR_MAKING, /* by a page's thread, without the mutex */
    PLANCHE_EXECUTOR_READY
};

/* Executor of an engine: its functions, what it is made with, and, once it is made, its state. */
struct planche_executor {
    const struct planche_executor_ops *ops;
    struct planche_executor_setup setup;
    enum planche_executor_phase phase; /* under the list's mutex */
    void *state;                       /* constant while it is ready */
    struct planche_executor_info info; /* constant once it was ready */
    struct planche_budget budget;      /* of one that is made when it is needed */
    uint64_t aside;                    /* bytes of admission that such a one has */
    atomic_bool reported;              /* the log knows that it is of no use any more */
};

/* Executor registry: those that an engine can have, in order of preference. The last one can be had
 * everywhere. Immutable. */
struct planche_executor_registry {
    const struct planche_executor_ops *const *ops;
    size_t count; /* 1 .. PLANCHE_MAX_EXECUTORS */
};

/* All that Planche has. */
extern const struct planche_executor_registry planche_executors_registered;

/* Executor list of an engine, which it belongs to: the first is ready, the others may follow. */
struct planche_executors {
    const struct planche_executor_registry *registry;
    struct planche_executor list[PLANCHE_MAX_EXECUTORS];
    unsigned count;
    struct planche_budget *budget; /* the engine's */
    struct planche_admission *admission;
    struct planche_log log;
    char *devices;          /* that were asked for; NULL: all */
    _Atomic uint64_t bytes; /* what those that were made later take */
    struct planche_mutex mutex;
    struct planche_cond changed; /* a phase */
};

/* budget and admission are the engine's; they and the registry outlive the list. */
void planche_executors_init(struct planche_executors *executors,
                            const struct planche_executor_registry *registry,
                            struct planche_budget *budget, struct planche_admission *admission);
void planche_executors_destroy(struct planche_executors *executors);
/* Destroys those that are made; the list stays, and so does what is known of them. Nobody uses or
 * makes one. Returns the bytes of admission that they had, for the caller to put back. */
uint64_t planche_executors_drop(struct planche_executors *executors);

/* Checks the options for what the registry's executors can do. Errors: ARGUMENT, UNSUPPORTED. */
enum planche_status planche_executors_check(const struct planche_executor_registry *registry,
                                            const struct planche_engine_options *options,
                                            struct planche_error *error);
/* Fills the list by the options: makes the first that can be had of those that are wanted, and
 * notes those that may follow. setup: everything but what the options say. Errors: as
 * planche_engine_create. */
enum planche_status planche_executors_open(struct planche_executors *executors,
                                           const struct planche_engine_options *options,
                                           const struct planche_executor_setup *setup,
                                           struct planche_error *error);
/* What is set aside for an executor of the list when it is made later. */
uint64_t planche_executors_bytes(const struct planche_executors *executors, unsigned index);
/* Appends one that is made when a page needs it. */
void planche_executors_add(struct planche_executors *executors,
                           const struct planche_executor_ops *ops,
                           const struct planche_executor_setup *setup);

/* Fills the list, of which none is made, as another one that is open, for another network of the
 * same model; each is made when a page needs it. */
void planche_executors_follow(struct planche_executors *executors,
                              const struct planche_executors *other, const struct planche_net *net);
/* For a list whose executors were dropped, and whose network was loaded again: the next ones are
 * made of that. What else the list tells stays as it is, since other threads read it. */
void planche_executors_renew(struct planche_executors *executors, const struct planche_net *net);

/* The executor, NULL if it is not made. Thread-safe. */
const struct planche_executor *planche_executors_find(struct planche_executors *executors,
                                                      unsigned index);
/* Whether pages can run on it: one that is dead is reported to the log, once. The last one of the
 * list always can. Thread-safe, as is what follows. */
bool planche_executors_is_usable(struct planche_executors *executors, unsigned index);
/* The executor, made ready if it is not. The caller has no reservation, or it could wait for
 * itself. Errors: those of create; CANCELLED, DEADLINE while memory, or another page that makes it,
 * is waited for. */
enum planche_status planche_executors_get(struct planche_executors *executors, unsigned index,
                                          const struct planche_cancel_token *cancel,
                                          const struct planche_executor **executor,
                                          struct planche_error *error);

#endif
