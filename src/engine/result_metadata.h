/* SPDX-License-Identifier: MIT */
/* Result metadata: the page's own, but for what is no longer true of it. */
#ifndef PLANCHE_ENGINE_RESULT_METADATA_H
#define PLANCHE_ENGINE_RESULT_METADATA_H

#include "codec/codec.h"
#include "engine/engine.h"

struct planche_result_metadata {
    struct planche_metadata metadata; /* points into the page's, and into what follows */
    struct planche_blob xmp, icc;     /* made for the result; empty: the page's are kept */
};

/* Begins with what the page has (NULL: nothing), which must stay until free. */
void planche_result_metadata_init(struct planche_result_metadata *result,
                                  const struct planche_metadata *page);
void planche_result_metadata_free(struct planche_result_metadata *result);

/* Puts into the XMP what made the result (as planche_chain_name has it), and of what; log is told
 * if that is not possible. Errors: NOT_FOUND, IO, MEMORY, BUDGET. */
enum planche_status planche_result_metadata_add_provenance(struct planche_result_metadata *result,
                                                           const char *networks,
                                                           const struct planche_source *source,
                                                           const struct planche_log *log,
                                                           struct planche_budget *budget,
                                                           struct planche_error *error);

/* Makes the profile one for the grey that the page's RGB turned out to be. *possible is false, and
 * nothing changed, when its profile has no grey that looks the same. Errors: MEMORY, BUDGET. */
enum planche_status planche_result_metadata_make_grey(struct planche_result_metadata *result,
                                                      struct planche_budget *budget, bool *possible,
                                                      struct planche_error *error);

#endif
