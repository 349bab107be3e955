/* SPDX-License-Identifier: MIT */
/* State of the translation of an ONNX graph: what each value is, and the layers that are added. */
#ifndef PLANCHE_MODEL_ONNX_STATE_H
#define PLANCHE_MODEL_ONNX_STATE_H

#include "model/onnx/format.h"

#define PLANCHE_ONNX_FOLD ((uint64_t)1 << 20) /* numbers made at load, all together */

enum planche_onnx_kind {
    PLANCHE_ONNX_NOTHING = 0,
    PLANCHE_ONNX_TENSOR, /* known at load */
    PLANCHE_ONNX_PICTURE /* computed for each page */
};

/* Rows or columns at each edge. */
struct planche_onnx_edges {
    int top, left, bottom, right;
};

struct planche_onnx_layout;

struct planche_onnx_value {
    enum planche_onnx_kind kind;
    const struct planche_onnx_tensor *tensor;
    /* PICTURE: a blob of the graph. */
    int blob, channels;
    bool vector; /* one row and one column: averages of the page */
    int rank;    /* of a vector: 2 or 4 */
    struct planche_onnx_number height, width;
    struct planche_onnx_edges edges;    /* that are yet to be put round it, */
    enum planche_pad_mode border;       /* and of what */
    struct planche_onnx_layout *layout; /* how its axes were cut and swapped, or NULL */
};

/* How a layer's weights come out of a tensor. */
enum planche_onnx_kernel_form {
    PLANCHE_ONNX_KERNEL_PLAIN,      /* [out][in of the group][row][column] */
    PLANCHE_ONNX_KERNEL_TRANSPOSED, /* [in][out of the group][row][column] */
    PLANCHE_ONNX_KERNEL_CHOICE      /* of each output one weight is 1, the others are 0 */
};

struct planche_onnx_kernel {
    enum planche_onnx_kernel_form form;
    const struct planche_onnx_tensor *tensor;
    int inputs, groups;
    float factor;
    int *choice; /* by output: which of [in][row][column] */
};

struct planche_onnx_translator {
    struct planche_onnx_model *model;
    struct planche_graph *graph; /* that is filled */
    int multiple;                /* of the input's rows and columns */
    /* What failed depends on the size: it may be well with a larger multiple. */
    bool depends_on_size;
    const struct planche_onnx_node *node; /* in work */
    struct planche_onnx_node end;         /* the network's input or output while it is */
    int end_value;
    struct planche_onnx_value *values;   /* by value of the model */
    int *uses;                           /* by value: inputs of live nodes that it is, and output */
    struct planche_onnx_kernel *kernels; /* by layer */
    int layer_limit;
    uint64_t folded;
    float in_scale, out_scale;
};

typedef struct planche_onnx_translator planche_onnx_t;

/* Fills the graph for sizes that are a multiple. Errors: MODEL, UNSUPPORTED, MEMORY, BUDGET, IO. */
enum planche_status planche_onnx_translate(planche_onnx_t *t);
/* Joins nodes of the model that are one activation or normalisation together. Errors: MEMORY,
 * BUDGET. */
enum planche_status planche_onnx_rewrite(struct planche_onnx_model *model);
/* Sets the scales, and marks nodes that then pass their input on; uses are known. */
void planche_onnx_find_range(planche_onnx_t *t);
/* Reads the weights of all layers, after planche_graph_channels. Errors: likewise. */
enum planche_status planche_onnx_read_kernels(planche_onnx_t *t);

/* Failures of the node in work. */
__attribute__((format(printf, 2, 3))) enum planche_status
planche_onnx_unsupported(planche_onnx_t *t, const char *format, ...);
__attribute__((format(printf, 2, 3))) enum planche_status
planche_onnx_wrong(planche_onnx_t *t, const char *format, ...);
/* "... depends on the size of the page in a way that is not supported" */
enum planche_status planche_onnx_sized(planche_onnx_t *t, const char *what);

/* The node's inputs: NULL if it is left out. */
struct planche_onnx_value *planche_onnx_input(const planche_onnx_t *t, int index);
struct planche_onnx_value *planche_onnx_output(const planche_onnx_t *t, int index);
/* The tensor of an input, or NULL. */
const struct planche_onnx_tensor *planche_onnx_constant(const planche_onnx_t *t, int index);
/* Makes a picture an input's blob: what is yet to be done to it becomes layers. */
enum planche_status planche_onnx_blob(planche_onnx_t *t, struct planche_onnx_value *value,
                                      int *blob);

/* Input `index` so: *value is a copy. Errors: also UNSUPPORTED, if it is no picture. */
enum planche_status planche_onnx_picture(planche_onnx_t *t, int index,
                                         struct planche_onnx_value *value, int *blob);
/* The blob below a layout, which *value keeps: for what works number by number. */
enum planche_status planche_onnx_below(planche_onnx_t *t, int index,
                                       struct planche_onnx_value *value, int *blob);
/* The axis that is the channels, neither more nor less; -1: there is none. *rank: of all axes. */
int planche_onnx_channel_axis(const struct planche_onnx_value *value, int *rank);
bool planche_onnx_same_layout(const struct planche_onnx_value *a,
                              const struct planche_onnx_value *b);
/* Gives the channel axis of a value's layout as many channels as the value has now. */
enum planche_status planche_onnx_resize_layout(planche_onnx_t *t, struct planche_onnx_value *value);
/* Likewise, for the two parts: pending edges become a layer; a layout does. */
enum planche_status planche_onnx_settle(planche_onnx_t *t, struct planche_onnx_value *value);
enum planche_status planche_onnx_apply_layout(planche_onnx_t *t, struct planche_onnx_value *value);

/* Attributes; the fallback if the node lacks it. */
int64_t planche_onnx_integer(const planche_onnx_t *t, const char *name, int64_t fallback);
float planche_onnx_real(const planche_onnx_t *t, const char *name, float fallback);
const char *planche_onnx_text(const planche_onnx_t *t, const char *name, const char *fallback);
/* A list of integers from an attribute or, if index >= 0, from that input: *list is NULL and *count
 * 0 if there is neither. None may depend on the size. */
enum planche_status planche_onnx_integers(planche_onnx_t *t, const char *name, int index,
                                          int64_t **list, int *count);
/* An axis, of which negative ones count from the end; false if it is none of rank axes. */
bool planche_onnx_axis(int64_t axis, int rank, int *out);

/* A layer with up to two inputs (b is -1 for one) and one output that the node in work makes.
 * channels: of the output. NULL without room: *status says why. */
struct planche_layer *planche_onnx_layer(planche_onnx_t *t, enum planche_layer_type type, int a,
                                         int b, enum planche_status *status);
/* The same with any number of inputs. */
struct planche_layer *planche_onnx_layers(planche_onnx_t *t, enum planche_layer_type type,
                                          const int *inputs, int count,
                                          enum planche_status *status);

/* Numbers that may depend on the size. */
struct planche_onnx_number planche_onnx_plain(double value);
bool planche_onnx_is_constant(struct planche_onnx_number a);
bool planche_onnx_is_whole(struct planche_onnx_number a);
bool planche_onnx_same(struct planche_onnx_number a, struct planche_onnx_number b);
struct planche_onnx_number planche_onnx_plus(struct planche_onnx_number a, double b);
struct planche_onnx_number planche_onnx_times(struct planche_onnx_number a, double b);
struct planche_onnx_number planche_onnx_minus(struct planche_onnx_number a,
                                              struct planche_onnx_number b);
/* Its sign for large pages; false if that depends on their shape. */
bool planche_onnx_sign(struct planche_onnx_number a, int *sign);
/* The quotient rounded down; false if it is not of the same kind. */
bool planche_onnx_floor_div(struct planche_onnx_number a, double b,
                            struct planche_onnx_number *out);

/* A tensor of the node's: numbers all 0. NULL: *status says why. */
struct planche_onnx_tensor *planche_onnx_make(planche_onnx_t *t, int type, int rank,
                                              const int64_t *dims, enum planche_status *status);
/* Folding of a node whose inputs are known, or that asks for a shape. *known: it is one of these
 * nodes. */
enum planche_status planche_onnx_fold(planche_onnx_t *t, bool *known);

/* Nodes that compute pictures; each sets the node's outputs. */
typedef enum planche_status planche_onnx_handler(planche_onnx_t *t);
planche_onnx_handler planche_onnx_conv, planche_onnx_conv_transpose, planche_onnx_gemm,
    planche_onnx_prelu, planche_onnx_activation, planche_onnx_clip, planche_onnx_binary,
    planche_onnx_batch_norm, planche_onnx_norm, planche_onnx_concat, planche_onnx_split,
    planche_onnx_slice, planche_onnx_depth_to_space, planche_onnx_space_to_depth,
    planche_onnx_resize, planche_onnx_pad, planche_onnx_average, planche_onnx_alias,
    planche_onnx_reshape;

/* The outputs of the node are what a value is. */
void planche_onnx_set(planche_onnx_t *t, const struct planche_onnx_value *value);
/* A picture with a layer's blob, for the rest like another. */
struct planche_onnx_value planche_onnx_made(const struct planche_layer *layer,
                                            const struct planche_onnx_value *like);
/* A blob whose channels (rows, columns of blocks) are chosen from another one's. side: of blocks,
 * which become one place. choice: by output, which of [in][row][column]; kept. */
struct planche_layer *planche_onnx_choose(planche_onnx_t *t, int blob, int inputs, int outputs,
                                          int side, int *choice, enum planche_status *status);
/* Memory that lives as long as the graph. NULL: *status says so. */
void *planche_onnx_take(planche_onnx_t *t, size_t count, size_t size, enum planche_status *status);
/* Floats that are the graph's own. Errors: MEMORY, BUDGET, MODEL, IO. */
enum planche_status planche_onnx_values(planche_onnx_t *t, const struct planche_onnx_tensor *tensor,
                                        float **values);

#endif
