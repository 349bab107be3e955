/* SPDX-License-Identifier: MIT */
/* Intrusive lists of jobs; whoever has the mutex may use them. */
#ifndef PLANCHE_JOB_LIST_H
#define PLANCHE_JOB_LIST_H

#include "job/state.h"

void planche_job_list_append(struct planche_job_slot **list, struct planche_job_slot *slot);
void planche_job_list_remove(struct planche_job_slot **list, struct planche_job_slot *slot);
struct planche_job_slot *planche_job_list_find(struct planche_job_slot *list, uint64_t id);

#endif
