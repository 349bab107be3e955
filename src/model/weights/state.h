/* SPDX-License-Identifier: MIT */
/* State dict: the named tensors of a file of weights (.safetensors, .pth), by their place in the
 * file. Numbers are read from there once, straight to where a layer wants them. The file is not
 * mapped: one that becomes shorter under a mapping would end the process. */
#ifndef PLANCHE_MODEL_WEIGHTS_STATE_H
#define PLANCHE_MODEL_WEIGHTS_STATE_H

#include "model/file.h"
#include "model/graph.h"

#define PLANCHE_STATE_RANK    6
#define PLANCHE_STATE_TENSORS 65536

enum planche_dtype {
    PLANCHE_DTYPE_F32,
    PLANCHE_DTYPE_F16,
    PLANCHE_DTYPE_BF16,
    PLANCHE_DTYPE_F64,
    PLANCHE_DTYPE_I64,
    PLANCHE_DTYPE_I32,
    PLANCHE_DTYPE_I16,
    PLANCHE_DTYPE_I8,
    PLANCHE_DTYPE_U8,
    PLANCHE_DTYPE_BOOL
};

/* Bytes of an element. */
unsigned planche_dtype_bytes(enum planche_dtype dtype);

/* shape[rank]; strides are in elements. All of it lies inside the file: planche_state_add has
 * checked it. */
struct planche_state_tensor {
    const char *name;
    enum planche_dtype dtype;
    int rank;
    int64_t shape[PLANCHE_STATE_RANK], strides[PLANCHE_STATE_RANK];
    uint64_t count;  /* elements */
    uint64_t at;     /* byte of the file where its first element is */
    uint64_t extent; /* elements from the first to behind the last */
};

struct planche_state {
    struct planche_graph *graph; /* whose memory names have, and whose name messages */
    struct planche_model_file *file;
    int count, limit;
    struct planche_state_tensor *tensors; /* sorted by name once the state is closed */
    const char *licence;                  /* as the file states it; NULL: it does not */
    const char *network;                  /* its name, likewise: "waifu2x.upcunet" */
    bool unclipped;                       /* nunif's no_clip */
    bool antialiased;                     /* and pre_antialias */
};

/* Sets count and extent from a tensor's shape and strides. NULL, or why they are not those of a
 * tensor that can be read. */
const char *planche_state_measure(struct planche_state_tensor *tensor);
/* Fills strides for elements that lie one after the other. */
void planche_state_pack(struct planche_state_tensor *tensor);
/* Adds a measured tensor, whose name outlives the state. Errors: MODEL: it does not lie in the
 * file; there are too many; MEMORY, BUDGET. */
enum planche_status planche_state_add(struct planche_state *state,
                                      const struct planche_state_tensor *tensor,
                                      struct planche_error *error);
/* Once all are added: drops the words that training programs put before all names ("module."), and
 * sorts. Errors: MODEL: a name stands for two tensors, or there is none. */
enum planche_status planche_state_close(struct planche_state *state, struct planche_error *error);
void planche_state_destroy(struct planche_state *state);

/* NULL: there is no tensor of the name. */
const struct planche_state_tensor *planche_state_find(const struct planche_state *state,
                                                      const char *name);
/* Reads a tensor's numbers in the order of its shape, the last axis fastest, to room for as many.
 * Errors: MODEL: it has not `room` numbers, holds integers, or one that is not finite; IO, MEMORY,
 * BUDGET. */
enum planche_status planche_state_read(const struct planche_state *state,
                                       const struct planche_state_tensor *tensor, float *to,
                                       size_t room, struct planche_error *error);

#endif
