/* SPDX-License-Identifier: MIT */
/* The CPU's executor, for the engine's registry. */
#ifndef PLANCHE_BACKEND_CPU_CPU_H
#define PLANCHE_BACKEND_CPU_CPU_H

#include "backend/executor.h"

extern const struct planche_executor_ops planche_cpu_executor;

#endif
