/* SPDX-License-Identifier: MIT */
/* Running a flight, on a worker's thread. */
#ifndef PLANCHE_PAGES_RUN_H
#define PLANCHE_PAGES_RUN_H

#include "pages/maker.h"

struct planche_cli_engine_cache;

/* Makes the page: sets what the worker sets in the flight. maker: may be NULL. */
void planche_pages_run(struct planche_pages_flight *flight,
                       struct planche_cli_engine_cache *engines,
                       const struct planche_pages_maker *maker, struct planche_cancel *cancel);

#endif
