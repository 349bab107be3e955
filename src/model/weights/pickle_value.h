/* SPDX-License-Identifier: MIT */
/* Values that pickles make, and the part of a file that pickles lie in. */
#ifndef PLANCHE_MODEL_WEIGHTS_PICKLE_VALUE_H
#define PLANCHE_MODEL_WEIGHTS_PICKLE_VALUE_H

#include "model/weights/state.h"

enum planche_pickle_type {
    PLANCHE_PICKLE_NONE, /* also what nobody asks for: numbers with a fraction */
    PLANCHE_PICKLE_MARK,
    PLANCHE_PICKLE_INT, /* also truth: 1, 0 */
    PLANCHE_PICKLE_BIG, /* an integer of more than 64 bits, by its bytes */
    PLANCHE_PICKLE_TEXT,
    PLANCHE_PICKLE_TUPLE,
    PLANCHE_PICKLE_LIST,
    PLANCHE_PICKLE_DICT,
    PLANCHE_PICKLE_GLOBAL,
    PLANCHE_PICKLE_STORAGE,
    PLANCHE_PICKLE_TENSOR
};

/* Names that a pickle may use. */
enum planche_pickle_global {
    PLANCHE_GLOBAL_DICT,      /* collections.OrderedDict */
    PLANCHE_GLOBAL_TENSOR,    /* torch._utils._rebuild_tensor_v2 */
    PLANCHE_GLOBAL_PARAMETER, /* torch._utils._rebuild_parameter */
    PLANCHE_GLOBAL_STORAGE    /* torch.FloatStorage and its kind */
};

struct planche_pickle_value;

/* An element of a list, key NULL, or of a dictionary. */
struct planche_pickle_item {
    struct planche_pickle_item *next;
    const struct planche_pickle_value *key, *value;
};

/* Memory of numbers that tensors are views of. */
struct planche_pickle_storage {
    enum planche_dtype dtype;
    const char *key;
    uint64_t count;
    const struct planche_pickle_storage *next; /* of the reader */
};

struct planche_pickle_tensor {
    const struct planche_pickle_storage *storage;
    uint64_t offset; /* elements */
    struct planche_state_tensor shape;
};

struct planche_pickle_value {
    enum planche_pickle_type type;
    union {
        int64_t integer;
        struct {              /* TEXT, BIG */
            const char *text; /* terminated */
            size_t length;
        };
        struct {
            const struct planche_pickle_value **list;
            size_t count;
        } tuple;
        struct {
            struct planche_pickle_item *first, *last;
        } items; /* LIST, DICT */
        struct {
            enum planche_pickle_global kind;
            enum planche_dtype dtype;
        } global;
        struct planche_pickle_storage storage;
        const struct planche_pickle_tensor *tensor;
    };
};

/* A part of a file that pickles follow each other in. */
struct planche_pickle_reader {
    struct planche_graph *graph; /* whose memory values have */
    const struct planche_model_file *file;
    uint64_t at, end;
    uint8_t *window; /* PLANCHE_PICKLE_WINDOW bytes, of which `held` are those of the file at
                        window_at */
    uint64_t window_at;
    size_t held;
    const struct planche_pickle_storage *storages; /* all that were referred to, the last first */
};
#define PLANCHE_PICKLE_WINDOW ((size_t)64 << 10)

#endif
