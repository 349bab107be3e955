/* SPDX-License-Identifier: MIT */
/* Networks of an engine: each one a file of the model, with the executors that run it.
 *
 * The first network of the engine's own chain is loaded with the engine. The others are loaded, and
 * their executors made, when the first page needs them, with memory that is set aside from pages to
 * come; so the caller has no reservation, or it could wait for itself. */
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
    PLANCHE_NETWORK_LOADING, /* by a page's thread, without the mutex */
    PLANCHE_NETWORK_LOADED
};

struct planche_engine_network {
    enum planche_network_phase phase; /* under the mutex of all */
    /* Constant once it is loaded. */
    struct planche_net *net;
    const char *name; /* that of the set, of this network's files or of its kind */
    double macs_per_pixel;
    uint64_t weight_bytes; /* of its kernels, before they are packed */
    struct planche_model_digest digest;
    struct planche_executors executors;
    struct planche_budget budget; /* of one that is loaded later */
    atomic_bool lean;             /* the kernels were dropped */
};

/* All networks of an engine, by their index in its set. */
struct planche_engine_networks {
    struct planche_engine_network list[PLANCHE_MAX_NETWORKS];
    const struct planche_scale_set *set; /* the owner's; changed under the mutex */
    unsigned primary; /* was loaded with the engine; PLANCHE_MAX_NETWORKS: none */
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
/* Loads the primary network. Errors: as planche_engine_create. */
enum planche_status planche_engine_networks_load(struct planche_engine_networks *networks,
                                                 struct planche_error *error);

/* Goes on with another set, which has the networks that are loaded at the same places. The one
 * before it stays, since names point into it. Nobody loads a network or runs one meanwhile. */
void planche_engine_networks_follow(struct planche_engine_networks *networks,
                                    const struct planche_scale_set *set);

/* The executor that runs a network of the set on this kind of machine, or, if it has none
 * there, on the last of its list. NULL: it is not made. Thread-safe, as is what follows. */
const struct planche_executor *
planche_engine_networks_find(struct planche_engine_networks *networks, unsigned index,
                             const struct planche_executor_ops *ops);
/* Loads the network and makes that executor. Errors: those of loading and of the executor;
 * CANCELLED, DEADLINE while memory, or another page that does it, is waited for. */
enum planche_status planche_engine_networks_make(struct planche_engine_networks *networks,
                                                 unsigned index,
                                                 const struct planche_executor_ops *ops,
                                                 const struct planche_cancel_token *cancel,
                                                 struct planche_error *error);
/* Bytes that networks and executors take that were made later. */
uint64_t planche_engine_networks_bytes(struct planche_engine_networks *networks);

#endif
