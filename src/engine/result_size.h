/* SPDX-License-Identifier: MIT */
/* Size and target of a result: what a page's header, the options and the limits of formats make of
 * it, known before any work. */
#ifndef PLANCHE_ENGINE_RESULT_SIZE_H
#define PLANCHE_ENGINE_RESULT_SIZE_H

#include "codec/codec.h"
#include "engine/scale_chain.h"

/* What an engine lets its pages become. */
struct planche_size_rule {
    const struct planche_scale_plan *plan;
    uint64_t max_pixels; /* that networks make, and that results have */
};

/* Chooses the networks of a page by its result's input size, and fills in the output size and the
 * scales: as large as options ask for, by the least chain that reaches it. Errors: LIMIT;
 * ARGUMENT: no chain reaches it. */
enum planche_status planche_result_size(struct planche_page_result *result,
                                        struct planche_chain *chain,
                                        const struct planche_size_rule *rule,
                                        const struct planche_page_options *options,
                                        struct planche_error *error);
/* planche_page_predict: fills in what follows from the result's input size. max_pixels 0: the
 * engine's default. Errors: those of planche_result_size and planche_result_choose_target. */
enum planche_status planche_result_predict(struct planche_page_result *result,
                                           const struct planche_size_rule *rule,
                                           const struct planche_page_options *options,
                                           struct planche_error *error);

/* A result before its files are known: what a page's header says of it. */
struct planche_result_request {
    uint32_t width, height; /* of the result */
    bool alpha;             /* of the page */
    unsigned depth;         /* of the page, bits */
    bool splits;            /* it may become several files */
};

/* The result's files as far as a header tells. */
struct planche_result_target {
    enum planche_format format;
    bool switched;  /* the format is another than was asked for */
    unsigned parts; /* files; at least so many if more than 1 */
    uint32_t rows;  /* most rows of a file */
};

/* Decides format, split and switch, for pages that run and for those that are only predicted. The
 * options' format is not AUTO. *target is set in any case. Errors: LIMIT: no format that the
 * options allow can hold it; UNSUPPORTED: the format cannot be written; ARGUMENT: quality, PNG
 * level. */
enum planche_status planche_result_choose_target(struct planche_result_target *target,
                                                 const struct planche_result_request *request,
                                                 const struct planche_page_options *options,
                                                 struct planche_error *error);

#endif
