/* SPDX-License-Identifier: MIT */
/* Chains of networks: which networks of a model follow each other to make a scale. Nothing here
 * loads anything. */
#ifndef PLANCHE_ENGINE_SCALE_CHAIN_H
#define PLANCHE_ENGINE_SCALE_CHAIN_H

#include "model/file.h"

#include <planche/engine.h>
#include <stdbool.h>
#include <stddef.h>

/* Most networks that pages of one engine use: four scales for first passes, one of which does not
 * enlarge, three for later ones, the same for grey pages, and the heads of a chain of models. */
#define PLANCHE_MAX_NETWORKS 24
/* Most that a page is enlarged. */
#define PLANCHE_MAX_SCALE 64

/* A network that chains are made of. */
struct planche_scale_network {
    const struct planche_model_variant *variant; /* NULL: of a file */
    const char *path;                            /* of the file, not owned */
    unsigned scale;
    bool first; /* has the denoise level that was asked for */
    bool later; /* runs on what another network has made: removes no noise if the model has such */
    /* Of Planche's own networks. */
    bool own;
    struct planche_model_form form; /* of a file: complete; else its level, and grey */
    unsigned grey;                  /* the same for pages without colours: 1 + its index; 0: none */
    char name[48];                  /* as marks have it: "up2x-conservative" */
};

/* Networks of a model at one denoise level. */
struct planche_scale_set {
    struct planche_scale_network list[PLANCHE_MAX_NETWORKS];
    unsigned count;
    unsigned heads; /* networks at the beginning of the list that begin each chain */
    bool denoises;  /* pages that are not enlarged run through a network of scale 1 */
};

/* Networks, by their index in a set, in the order in which a page runs through them. None: the page
 * is not computed. */
struct planche_chain {
    unsigned count, scale; /* scale: the product of theirs */
    unsigned networks[PLANCHE_MAX_PASSES];
};

/* What an engine's options mean for a model of the catalogue: its set, the scale (the model's
 * default for 0), and the chain that makes it. Errors: NOT_FOUND: the model; ARGUMENT: it has not
 * this level, or no chain reaches the scale. */
struct planche_scale_plan {
    struct planche_scale_set set;
    struct planche_chain chain;
    unsigned scale; /* of results, before the page's own options; chain.scale is this or more */
};
enum planche_status planche_scale_plan_make(struct planche_scale_plan *plan,
                                            const struct planche_engine_options *options,
                                            struct planche_error *error);
/* Begins one for a model file (options->model may be NULL), with the network that is to be loaded
 * to know its scale. Errors: ARGUMENT: it has no such level. */
enum planche_status planche_scale_plan_begin_file(struct planche_scale_plan *plan,
                                                  const struct planche_engine_options *options,
                                                  struct planche_error *error);
/* A whole one for a model file, whose network enlarges as that first one does. Errors: ARGUMENT. */
enum planche_status planche_scale_plan_make_file(struct planche_scale_plan *plan,
                                                 const struct planche_engine_options *options,
                                                 unsigned network_scale,
                                                 struct planche_error *error);

/* The networks of a chain as marks name them: "up2x-conservative 2x + up2x-no-denoise 2x"; one that
 * follows itself is counted: "scale2.0x_model 2x (2 times)"; "none". What does not fit is left out.
 */
void planche_chain_name(const struct planche_scale_plan *plan, const struct planche_chain *chain,
                        char *text, size_t size);

/* The chain that enlarges at least `least` times: the least product, of those the fewest passes, of
 * those the one with the least arithmetic (smaller scales first). All begin with the heads. For 1
 * it is a network of scale 1 if the set denoises, else none. Errors: ARGUMENT: there is none. */
enum planche_status planche_chain_choose(struct planche_chain *chain,
                                         const struct planche_scale_set *set, unsigned least,
                                         struct planche_error *error);

#endif
