/* SPDX-License-Identifier: MIT */
/* Memory of a page that is divided into regions. */
#ifndef PLANCHE_BACKEND_CPU_REGIONS_H
#define PLANCHE_BACKEND_CPU_REGIONS_H

#include "backend/cpu/geometry.h"

/* What a page takes when it is divided into regions of stripe x segment pixels and nothing is
 * retained. */
struct planche_regions_size {
    uint64_t bytes;     /* no region of any pass takes more */
    int64_t fetch_rows; /* most rows of the page that a region reads */
    double macs;        /* of all passes, about */
};
/* Errors: MEMORY, LIMIT. */
enum planche_status planche_regions_measure(const struct planche_plan *plan, int64_t stripe,
                                            int64_t segment, struct planche_regions_size *size,
                                            struct planche_error *error);

#endif
