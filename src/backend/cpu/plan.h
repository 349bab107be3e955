/* SPDX-License-Identifier: MIT */
/* Memory planning for a page: which passes, what is retained between them, whether the page is
 * divided into stripes, and the bytes it takes.
 *
 * A network with L levels of page-wide averages takes L passes that end in averages and one that
 * ends in the page. A later pass starts from the page again, or from tensors that an earlier one
 * retained. */
#ifndef PLANCHE_BACKEND_CPU_PLAN_H
#define PLANCHE_BACKEND_CPU_PLAN_H

#include "backend/cpu/geometry.h"

/* Errors: BUDGET: *smallest (may be NULL) is what would do; LIMIT for a page that cannot be;
 * MEMORY. */
enum planche_status planche_plan_create(struct planche_plan **out,
                                        const struct planche_program *program, int64_t width,
                                        int64_t height, const struct planche_plan_options *options,
                                        struct planche_budget *budget, uint64_t *smallest,
                                        struct planche_error *error);
void planche_plan_destroy(struct planche_plan **plan);

/* Runs the page. Thread-safe for different plans. profile: [node_count] to add to, or NULL. */
enum planche_status planche_plan_run(const struct planche_plan *plan, struct planche_pool *pool,
                                     const struct planche_page_io *io,
                                     struct planche_node_profile *profile,
                                     struct planche_error *error);

#endif
