/* SPDX-License-Identifier: MIT */
/* Build facts: what the command and its library were made from. */
#include "cli/build_facts.h"

#include "cli/fact.h"
#include "commit.h"

#include <planche/planche.h>
#include <stdio.h>
#include <string.h>

/* Splits a fact, "NAME VALUE", at its first space; returns the value. */
static const char *split(char *fact)
{
    char *space = strchr(fact, ' ');
    if (!space)
        return "";
    *space = 0;
    return space + 1;
}

void planche_cli_build_print(void)
{
    char fact[512];
    planche_cli_print_fact("commit", PLANCHE_COMMIT);
    for (size_t i = 0; planche_build_info(i, fact, sizeof(fact)); i++) {
        const char *value = split(fact);
        planche_cli_print_fact(fact, value);
    }
}

void planche_cli_build_json(json_t *object)
{
    char fact[512];
    json_t *build = json_object();
    for (size_t i = 0; planche_build_info(i, fact, sizeof(fact)); i++) {
        const char *value = split(fact);
        json_object_set_new(build, fact, json_string(value));
    }
    json_object_set_new(object, "commit", json_string(PLANCHE_COMMIT));
    json_object_set_new(object, "build", build);
}

const struct planche_cli_feature planche_cli_features[PLANCHE_CLI_FEATURES] = {
    {PLANCHE_CPU_AVX512, "avx512"},
    {PLANCHE_CPU_AMX, "amx"},
    {PLANCHE_CPU_AVX512BF16, "avx512bf16"},
    {PLANCHE_CPU_AVX512VNNI, "avx512vnni"},
    {PLANCHE_CPU_AVX2, "avx2"},
    {PLANCHE_CPU_AVXVNNI, "avxvnni"},
    {PLANCHE_CPU_NEON, "neon"},
    {PLANCHE_CPU_PORTABLE, "portable"},
};

const char *planche_cli_best_feature(uint32_t features)
{
    size_t i = 0;
    while (i + 1 < PLANCHE_CLI_FEATURES && !(features & planche_cli_features[i].feature))
        i++;
    return planche_cli_features[i].name;
}

void planche_cli_cpu_name(char *name, size_t size)
{
    snprintf(name, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *colon = strstr(line, ": ");
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            line[strcspn(line, "\n")] = 0;
            snprintf(name, size, "%.127s", colon + 2);
            break;
        }
    }
    if (file != NULL)
        fclose(file);
}

const char *planche_cli_feature_list(uint32_t features, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < PLANCHE_CLI_FEATURES && used < size; i++) {
        if (features & planche_cli_features[i].feature)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "",
                                     planche_cli_features[i].name);
    }
    return text;
}
