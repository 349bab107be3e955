/* SPDX-License-Identifier: MIT */
/* Parser of ncnn's model files: .param (text: the layers) and .bin (their weights). */
#ifndef PLANCHE_MODEL_NCNN_FORMAT_H
#define PLANCHE_MODEL_NCNN_FORMAT_H

#include "model/file.h"
#include "model/graph.h"

#define PLANCHE_NCNN_MAGIC 7767517 /* what a .param file begins with */
#define PLANCHE_NCNN_ARRAY 64      /* elements of an array parameter */
#define PLANCHE_NCNN_IDS   32      /* parameter ids are below this */

/* One "id=value" of a layer's line; a plain value is an array of one. */
struct planche_ncnn_param {
    int id;
    bool array;
    int count;
    double *values;
    bool integer; /* all values are written as integers */
};

/* All of a layer's line. */
struct planche_ncnn_params {
    int count;
    struct planche_ncnn_param *list;
};

/* A number as .param files have it, whatever the locale; false if text is anything else. */
bool planche_ncnn_number(const char *text, double *value, bool *integer);

/* Fills the graph's layers and blobs. Cuts text, which must live as long as the graph, into words.
 * Errors: MODEL (names the line), UNSUPPORTED, MEMORY, BUDGET. */
enum planche_status planche_ncnn_parse(struct planche_graph *graph, char *text,
                                       struct planche_error *error);
/* Fills a layer's attributes from its type's name and its numbered parameters. Errors: MODEL,
 * UNSUPPORTED. */
enum planche_status planche_ncnn_decode(const struct planche_graph *graph,
                                        struct planche_layer *layer,
                                        const struct planche_ncnn_params *params,
                                        struct planche_error *error);
/* Reads the weights of all layers, after planche_graph_channels. Errors: IO, MODEL, UNSUPPORTED,
 * MEMORY, BUDGET. */
enum planche_status planche_ncnn_read_weights(struct planche_graph *graph,
                                              struct planche_model_file *file,
                                              struct planche_error *error);

#endif
