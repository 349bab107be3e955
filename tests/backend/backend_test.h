/* SPDX-License-Identifier: MIT */
/* What the backend's tests share: networks, pages, and running one through the other. */
#ifndef PLANCHE_TESTS_BACKEND_TEST_H
#define PLANCHE_TESTS_BACKEND_TEST_H

#include "backend/cpu/plan.h"
#include "model/load.h"
#include "reference.h"
#include "support/random.h"
#include "support/testing.h"

#include <planche/model.h>

/* Planes of values in 0..1. */
struct page {
    int width, height;
    float *planes[PLANCHE_PLANES];
};

/* Smooth in places, noisy in others. */
void page_make(struct page *page, int width, int height, uint64_t seed);
/* A rectangle of a sample page: 8-bit samples in 0..1, rounded once as the engine does. */
void page_make_crop(struct page *page, const char *sample, int x, int y, int width, int height);
void page_free(struct page *page);

/* A network, and the reference's view of the same files. */
struct network {
    struct planche_budget budget;
    struct planche_net *net;
    struct ref_net *reference;
    struct ref_recipe recipe; /* the engine's own; tests of known models take the reference's */
};

/* A failure is the loader's. */
enum planche_status network_load_memory(struct network *network,
                                        const struct planche_model_source *source,
                                        struct planche_error *error);
/* Seeds from here on make networks of random_operators.h. */
#define OPERATORS_SEED 1000000
/* False: the loader does not support it (a message is printed). */
bool network_make_random(struct network *network, uint64_t seed);
void network_load(struct network *network, const char *param, const char *bin,
                  const struct planche_model_variant *variant);
/* Of the catalogue; the files are there, or it is built in: for grey pages if that is so. */
void network_load_known(struct network *network, const struct planche_model_variant *variant,
                        bool grey);
/* The reference's recipe for the network of a known model. Whether sides must be even depends on
 * the form of a built-in network, which its file tells: that is the engine's. */
struct ref_recipe network_recipe(const struct network *network,
                                 const struct planche_model_variant *variant);
/* Of a file of Planche's own networks, in memory. */
void network_load_own(struct network *network, const uint8_t *data, size_t size,
                      const struct planche_model_form *form);
void network_free(struct network *network);

/* Instruction sets to try, portable C first. */
struct isa {
    uint32_t features;
    const char *name;
    enum planche_precision precision;
};
#define MAX_ISAS 4
/* Those with kernels of a precision that this CPU has and PLANCHE_CPU_MASK allows; says what it
 * leaves out. */
int isa_list(enum planche_precision precision, struct isa list[MAX_ISAS]);

/* One pool for every number of workers below 9, for as long as the program runs. */
struct planche_pool *pool_of(unsigned workers);

/* workers pack the weights. */
struct planche_program *compile(struct network *network, const struct isa *isa, unsigned workers);

/* How often an enlargement is added to a shuffle: by one node (compile.c), or by nodes of their
 * own.
 */
struct sums {
    int fused, apart;
    int tails; /* convolutions that do four elementwise steps or more */
};
void count_sums(const struct planche_program *program, struct sums *sums);

struct run_options {
    uint64_t memory; /* 0: no limit */
    enum planche_se se;
    unsigned workers;        /* 0: 1 */
    int64_t stripe, segment; /* 0: what the plan says */
};

/* What a run was like. */
struct run_report {
    int width, height; /* of the result */
    uint64_t planned;  /* bytes that the plan stated */
    uint64_t own;      /* of those, what the plan itself may take: the caller's rows are not */
    uint64_t book;     /* bookkeeping that comes on top: the plan, a pass, vectors */
    uint64_t taken;    /* most bytes in use, planning included */
    bool stripes, segments, retained, sampled;
};

/* Runs a page and returns the result's three planes of width * height values, recipe's range
 * undone, to be freed with free(). Fails the test on any error, on rows fetched from beyond the
 * page, and unless every pixel of the result came once. report may be NULL. */
float *run_page(const struct planche_program *program, const struct page *page,
                const struct run_options *options, struct run_report *report);

/* The plan's status for a budget, and the smallest budget it names. */
enum planche_status try_plan(const struct planche_program *program, int width, int height,
                             const struct run_options *options, uint64_t *smallest);

/* A page through the reference, as planes like run_page; NULL: the sizes do not suit the network.
 */
double *run_reference(const struct network *network, const struct ref_recipe *recipe,
                      const struct page *page);

/* dB for a peak of the greater of 1 and the largest value of expected. */
double psnr(const float *actual, const double *expected, size_t count);

/* The greatest difference once values are rounded to 8 bits. */
int worst_level(const float *actual, const double *expected, size_t count);

#endif
