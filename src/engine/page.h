/* SPDX-License-Identifier: MIT */
/* Page execution: a page through an engine, whatever it comes from and goes to. */
#ifndef PLANCHE_ENGINE_PAGE_H
#define PLANCHE_ENGINE_PAGE_H

#include "engine/page_job.h"

/* Runs the page and fills job->result. A page that one executor cannot make runs once more on the
 * next of the engine's list; one that lacks memory on the last, beside others or for an estimate
 * that was too low, once more alone, with all the memory. What the sink took of the engine's budget
 * still counts as the page's afterwards: planche_page_leave must follow once that is given back. */
enum planche_status planche_page_run(struct planche_page_job *job, struct planche_error *error);
void planche_page_leave(struct planche_page_job *job);

#endif
