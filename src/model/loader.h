/* SPDX-License-Identifier: MIT */
/* Loader: reads models of one file format into a graph.
 *
 * To add a format: a folder beside ncnn/ with a struct planche_model_loader, which is declared here
 * and listed in load.c. */
#ifndef PLANCHE_MODEL_LOADER_H
#define PLANCHE_MODEL_LOADER_H

#include "model/file.h"
#include "model/graph.h"

/* Bytes of the first file that recognise() is shown. */
#define PLANCHE_MODEL_HEAD 64

struct planche_model_loader {
    const char *format;
    const char *const *extensions; /* of its first file, ".param"; ends with NULL */
    /* Whether a file is of the format, by its name or by how it begins. */
    bool (*recognise)(const char *name, const uint8_t *head, size_t size);
    /* Fills the graph, which knows its budget and name: layers, blobs, and, once
     * planche_graph_order and planche_graph_channels have run, the weights. file is the source's
     * first file, open at its beginning; the caller closes it. Errors: those of
     * planche_model_load. */
    enum planche_status (*load)(struct planche_graph *graph, struct planche_model_file *file,
                                const struct planche_model_source *source,
                                struct planche_error *error);
};

extern const struct planche_model_loader planche_ncnn_loader, planche_own_loader,
    planche_onnx_loader, planche_safetensors_loader, planche_torch_loader;

/* The first of count loaders that recognises a file; the last one, which then says what is wrong,
 * if none does. */
const struct planche_model_loader *
planche_model_loader_choose(const struct planche_model_loader *const *loaders, size_t count,
                            const char *name, const uint8_t *head, size_t size);

/* Whether a loader of this library knows a file, by its name or by how it begins. */
bool planche_model_recognise(const char *name, const uint8_t *head, size_t size);

#endif
