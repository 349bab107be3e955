/* SPDX-License-Identifier: MIT */
/* Random small ncnn networks of every layer and many odd parameters, valid by construction: 3
 * channels in, 3 out, an integer scale of 1 to 4, consistent at input sizes that are a multiple of
 * 8. The same seed gives the same files everywhere. */
#ifndef PLANCHE_TESTS_RANDOM_GRAPH_H
#define PLANCHE_TESTS_RANDOM_GRAPH_H

#include <stddef.h>
#include <stdint.h>

/* Input heights and widths that work: multiples of 8 from this on. */
#define RANDOM_GRAPH_LEAST 96

struct random_graph {
    char *param;
    size_t param_size;
    uint8_t *bin;
    size_t bin_size, bin_room;
};

void random_graph_make(struct random_graph *graph, uint64_t seed);
void random_graph_free(struct random_graph *graph);

/* Add to bin: the lowest bytes of a word, or a float, the lowest byte first. */
void random_graph_put_bytes(struct random_graph *graph, uint32_t bits, int count);
void random_graph_put_float(struct random_graph *graph, double value);
/* As many random floats, drawn by the generator of that state. */
void random_graph_put_floats(struct random_graph *graph, uint64_t *state, int count, double least,
                             double most);

#endif
