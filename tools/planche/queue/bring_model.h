/* SPDX-License-Identifier: MIT */
/* Models that come with the jobs of a queue. */
#ifndef PLANCHE_QUEUE_BRING_MODEL_H
#define PLANCHE_QUEUE_BRING_MODEL_H

#include "queue/worker_state.h"

/* Puts the files of a job's model into the folder of models, if it brings them, and sets
 * options->model; path is where it may be kept. Errors: NOT_FOUND, DATA, IO, MEMORY. */
enum planche_status planche_queue_bring_model(struct planche_queue_worker *worker,
                                              const struct planche_queue_job *job,
                                              struct planche_engine_options *options, char *path,
                                              size_t size, struct planche_error *error);

#endif
