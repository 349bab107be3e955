/* SPDX-License-Identifier: MIT */
/* Build facts: what the command and its library were made from, and what the CPU can. */
#ifndef PLANCHE_CLI_BUILD_FACTS_H
#define PLANCHE_CLI_BUILD_FACTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Prints a line a fact: commit, compiler, libraries. */
void planche_cli_build_print(void);
/* Adds "commit" and "build", an object of names and values. */
void planche_cli_build_json(json_t *object);

/* Features of CPUs, the best first. What only --precision bf16 or int8 uses follows its level. */
#define PLANCHE_CLI_FEATURES 8
struct planche_cli_feature {
    uint32_t feature;
    const char *name;
};
extern const struct planche_cli_feature planche_cli_features[PLANCHE_CLI_FEATURES];
/* The name of the best of some features. */
const char *planche_cli_best_feature(uint32_t features);
/* The names of all of them, in text. */
const char *planche_cli_feature_list(uint32_t features, char *text, size_t size);
/* What the system calls the CPU, or "unknown". */
void planche_cli_cpu_name(char *name, size_t size);

#endif
