/* SPDX-License-Identifier: MIT */
/* Tuning of a GPU: what suits it best, measured. */
#ifndef PLANCHE_ENGINE_TUNE_TUNE_H
#define PLANCHE_ENGINE_TUNE_TUNE_H

#include <planche/gpu.h>

/* planche_gpu_tune, with options of this library's size. */
enum planche_status planche_tune_run(unsigned index, const struct planche_gpu_tune_options *options,
                                     struct planche_error *error);

#endif
