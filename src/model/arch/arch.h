/* SPDX-License-Identifier: MIT */
/* Architectures that are told by the names and shapes of a state dict's tensors. Each is a file of
 * this folder that fills the graph through the functions of builder.h; the table is in table.c. */
#ifndef PLANCHE_MODEL_ARCH_ARCH_H
#define PLANCHE_MODEL_ARCH_ARCH_H

#include "model/weights/state.h"

/* How refusals of networks with this upsampler end. */
#define PLANCHE_ARCH_DYSAMPLE                                                                      \
    "that enlarges with DySample, which is not built: it reads the page at distances that the "    \
    "page itself decides and nothing bounds"

struct planche_arch_builder;

/* What a state dict is found to be. */
struct planche_arch_facts {
    int scale, in, out; /* in, out: channels */
    char size[48];      /* "64 channels, 23 blocks" */
};

struct planche_arch {
    const char *name;
    bool (*detect)(const struct planche_state *state);
    /* Adds all layers and fills the facts. NULL: known, but not built, for the reason. */
    void (*build)(struct planche_arch_builder *builder);
    const char *reason;
};

/* Where a layer's numbers come from, and what is made of them. */
struct planche_arch_source {
    const struct planche_state_tensor *weights, *bias, *data;
    /* Fills the layer's weights, and bias if it has one. NULL: they are read as they are. */
    enum planche_status (*fill)(const struct planche_arch_builder *builder,
                                const struct planche_arch_source *source,
                                struct planche_layer *layer);
    const char *key; /* of whatever fill reads */
    int number;      /* likewise: a factor */
};

struct planche_arch_builder {
    struct planche_graph *graph;
    const struct planche_state *state;
    struct planche_arch_facts facts;
    struct planche_error *error;
    enum planche_status status; /* the first failure */
    int layer_limit;
    struct planche_arch_source *sources; /* of each layer */
};

extern const struct planche_arch planche_arch_artcnn, planche_arch_compact, planche_arch_cugan,
    planche_arch_cunet, planche_arch_mosr, planche_arch_mosrv2, planche_arch_plksr,
    planche_arch_rcan, planche_arch_realplksr, planche_arch_rrdb, planche_arch_rtmosr,
    planche_arch_span, planche_arch_spanf3, planche_arch_spanplus, planche_arch_swin_unet,
    planche_arch_waifu2x;

#endif
