/* SPDX-License-Identifier: MIT */
/* The metadata of results: marks, and profiles of pages that become grey. */
#include "engine/result_metadata.h"

#include "codec/metadata.h"
#include "codec/provenance.h"
#include "image/icc.h"

#include <planche/version.h>
#include <stdio.h>

void planche_result_metadata_init(struct planche_result_metadata *result,
                                  const struct planche_metadata *page)
{
    *result = (struct planche_result_metadata){0};
    if (page)
        result->metadata = *page;
}

void planche_result_metadata_free(struct planche_result_metadata *result)
{
    planche_blob_free(&result->xmp);
    planche_blob_free(&result->icc);
}

enum planche_status planche_result_metadata_add_provenance(struct planche_result_metadata *result,
                                                           const char *networks,
                                                           const struct planche_source *source,
                                                           const struct planche_log *log,
                                                           struct planche_budget *budget,
                                                           struct planche_error *error)
{
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    enum planche_status status = planche_provenance_digest(&mark, source, budget, error);
    if (status)
        return status;
    snprintf(mark.model, sizeof mark.model, "%s", networks);
    snprintf(mark.version, sizeof mark.version, "%s", PLANCHE_VERSION);
    status = planche_provenance_add(&result->xmp, &result->metadata.xmp, &mark, budget, error);
    if (status)
        return status;
    if (result->xmp.size)
        result->metadata.xmp = result->xmp;
    else
        planche_log_write(log, PLANCHE_LOG_WARNING,
                          "%s: its XMP is none that can be added to: the result is not marked",
                          source->name);
    return PLANCHE_OK;
}

enum planche_status planche_result_metadata_make_grey(struct planche_result_metadata *result,
                                                      struct planche_budget *budget, bool *possible,
                                                      struct planche_error *error)
{
    const struct planche_blob *rgb = &result->metadata.icc;
    *possible = true;
    if (rgb->size == 0)
        return PLANCHE_OK;
    enum planche_status status = planche_icc_rgb_to_grey(
        budget, rgb->data, rgb->size, &result->icc.data, &result->icc.size, error);
    *possible = !status && result->icc.size;
    if (*possible)
        result->metadata.icc = result->icc;
    return status;
}
