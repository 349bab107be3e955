/* SPDX-License-Identifier: MIT */
/* Running a flight, on a worker's thread. */
#ifndef PLANCHE_PAGES_RUN_H
#define PLANCHE_PAGES_RUN_H

#include "pages/flight.h"
#include "service/engine_cache.h"

/* Makes the page: sets what the worker sets in the flight. */
void planche_pages_run(struct planche_pages_flight *flight,
                       struct planche_cli_engine_cache *engines, struct planche_cancel *cancel);

#endif
