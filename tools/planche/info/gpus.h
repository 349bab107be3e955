/* SPDX-License-Identifier: MIT */
/* GPU list: the GPUs of the machine, for people and programs. */
#ifndef PLANCHE_CLI_INFO_GPUS_H
#define PLANCHE_CLI_INFO_GPUS_H

#include <jansson.h>

/* A few lines for each GPU; one line if there is none, or no Vulkan. */
void planche_cli_gpus_print(void);
/* Adds "gpus", an array, to object, and "gpus_problem" where Vulkan cannot be loaded. */
void planche_cli_gpus_json(json_t *object);

#endif
