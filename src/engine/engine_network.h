/* SPDX-License-Identifier: MIT */
/* Networks of an engine: each one a file of the model, with the executors that run it.
 *
 * The first network of the engine's own chain is loaded with the engine. The others are loaded, and
 * their executors made, by the first page that needs them, which has stepped back from the door of
 * admission, with memory that is set aside from pages to come. All are kept for as long as that
 * memory is not wanted: a page holds those that it runs on, and of the others the one that was
 * unused longest is given up first. */
#ifndef PLANCHE_ENGINE_ENGINE_NETWORK_H
#define PLANCHE_ENGINE_ENGINE_NETWORK_H

#include "base/alloc.h"
#include "base/cancel.h"
#include "engine/executors.h"
#include "engine/scale_chain.h"
#include "model/digest.h"
#include "net/net.h"

enum planche_network_phase {
    PLANCHE_NETWORK_UNLOADED,
    PLANCHE_NETWORK_LOADING, /* or given up, by a page's thread, without the mutex */
    PLANCHE_NETWORK_LOADED
};

struct planche_engine_network {
    /* Under the mutex of all. */
    enum planche_network_phase phase;
    unsigned users;          /* pages that hold it */
    int64_t last_use;        /* of planche_clock_ns */
    struct planche_net *net; /* while it is loaded */
    /* Constant once it was loaded, also if it is given up and loaded again. */
    bool known;
    struct planche_recipe recipe;
    const char *name; /* that of the set, of this network's files or of its kind */
    double macs_per_pixel;
    uint64_t weight_bytes; /* of its kernels, before they are packed */
    struct planche_model_digest digest;
    struct planche_executors executors;
    struct planche_budget budget; /* of one that is loaded later */
    _Atomic uint64_t aside;       /* bytes of admission that it has */
    uint64_t needed;              /* of the primary one: what loading it took at most */
    atomic_bool lean;             /* the kernels were dropped */
};

/* All networks of an engine, by their index in its set. */
struct planche_engine_networks {
    struct planche_engine_network list[PLANCHE_MAX_NETWORKS];
    const struct planche_scale_set *set; /* the owner's; changed under the mutex */
    unsigned primary;      /* was loaded with the engine; PLANCHE_MAX_NETWORKS: none */
    bool keeps_primary;    /* it is never given up */
    _Atomic uint64_t lost; /* bytes of the engine that it had, once it was given up */
    const struct planche_executors *leader; /* executors that others follow */
    char *directory;                        /* of files of variants; NULL: the cache */
    struct planche_budget *budget;
    struct planche_admission *admission;
    struct planche_mutex mutex;
    struct planche_cond changed; /* a phase */
};

/* set, registry, budget and admission outlive the networks. */
void planche_engine_networks_init(struct planche_engine_networks *networks,
                                  const struct planche_scale_set *set,
                                  const struct planche_executor_registry *registry,
                                  struct planche_budget *budget,
                                  struct planche_admission *admission);
void planche_engine_networks_destroy(struct planche_engine_networks *networks);

/* Where the files of variants are; NULL: the cache. Errors: MEMORY. */
enum planche_status planche_engine_networks_place(struct planche_engine_networks *networks,
                                                  const char *directory,
                                                  struct planche_error *error);
/* Loads the primary network, whose `aside` is the owner's to set: what it takes of the engine.
 * Errors: as planche_engine_create. */
enum planche_status planche_engine_networks_load(struct planche_engine_networks *networks,
                                                 struct planche_error *error);

/* Goes on with another set, which has the networks that are loaded at the same places. The one
 * before it stays, since names point into it. Nobody loads a network or runs one meanwhile. */
void planche_engine_networks_follow(struct planche_engine_networks *networks,
                                    const struct planche_scale_set *set);

/* The executor that runs a network of the set on this kind of machine, or, if it has none there, on
 * the last of its list; the caller holds the network until it gives it back with
 * planche_engine_networks_release. NULL: it is not made, and nothing is held. Thread-safe, as is
 * what follows. */
const struct planche_executor *
planche_engine_networks_take(struct planche_engine_networks *networks, unsigned index,
                             const struct planche_executor_ops *ops);
/* The same, but loads the network and makes that executor if need be. Errors: those of loading and
 * of the executor; CANCELLED, DEADLINE while memory, or another page that does it, is waited for.
 */
enum planche_status planche_engine_networks_make(struct planche_engine_networks *networks,
                                                 unsigned index,
                                                 const struct planche_executor_ops *ops,
                                                 const struct planche_cancel_token *cancel,
                                                 const struct planche_executor **executor,
                                                 struct planche_error *error);
void planche_engine_networks_release(struct planche_engine_networks *networks, unsigned index);

/* Of networks that may be given up, the one that was unused longest. */
struct planche_idle_network {
    struct planche_engine_networks *networks; /* NULL: there is none */
    unsigned index;
    int64_t last_use;
    unsigned count; /* of those that may be given up */
    unsigned users; /* of all */
};
/* Makes *idle that of these networks if it was unused longer, and counts their users. */
void planche_engine_networks_find_idle(struct planche_engine_networks *networks,
                                       struct planche_idle_network *idle);
/* Gives it up. False: it is in use by now. */
bool planche_engine_networks_unload(const struct planche_idle_network *idle);

/* Bytes that networks and executors take that were made later. */
uint64_t planche_engine_networks_bytes(struct planche_engine_networks *networks);

#endif
