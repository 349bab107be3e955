/* SPDX-License-Identifier: MIT */
/* Scanner of the JSON that .safetensors files begin with. Each function takes what it names from
 * the front of the text, with the white space before it; false: something else is there. */
#ifndef PLANCHE_MODEL_WEIGHTS_JSON_H
#define PLANCHE_MODEL_WEIGHTS_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Text that is cut into strings where it lies. */
struct planche_json {
    char *at, *end;
};

/* One of the characters {}[]:, */
bool planche_json_sign(struct planche_json *json, char sign);
/* Nothing but white space is left. */
bool planche_json_ends(struct planche_json *json);
/* A string, terminated and without escapes, in the place of the text. It has no NUL. */
bool planche_json_string(struct planche_json *json, char **out);
/* A whole number that is not negative. */
bool planche_json_count(struct planche_json *json, uint64_t *out);
/* Any value, nested at most 32 times. */
bool planche_json_skip(struct planche_json *json);

#endif
