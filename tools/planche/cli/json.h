/* SPDX-License-Identifier: MIT */
/* JSON output for programs: one object per line. */
#ifndef PLANCHE_CLI_JSON_H
#define PLANCHE_CLI_JSON_H

#include <jansson.h>
#include <planche/planche.h>
#include <stdbool.h>

/* Outcome of a page: what its JSON object says. */
struct planche_cli_outcome {
    const char *input, *output; /* NULL: bytes */
    enum planche_status status;
    const char *message; /* of the failure */
    bool marked;         /* left alone: Planche has made the input */
    bool large;          /* left alone: above --skip-above */
    struct planche_page_result result;
};

/* Called before the first object is made. */
void planche_cli_json_start(void);
/* A string; bytes that are not UTF-8 (file names may be anything) become '?' each. NULL gives null.
 */
json_t *planche_cli_json_text(const char *text);
/* The same of a message, with the hints of the command (cli/hints.h). */
json_t *planche_cli_json_message(const char *message);
/* Milliseconds to the microsecond. */
json_t *planche_cli_json_ms(double value);
/* Adds a count, or a number of bytes, to object. */
void planche_cli_json_set_count(json_t *object, const char *key, uint64_t count);
/* Writes which networks made the page: one by its name, of a chain all with their scales, "none" if
 * it was only reduced; the engine's own where that is not known. */
void planche_cli_json_networks(const struct planche_page_result *result,
                               const struct planche_engine_info *info, char *text, size_t size);
/* Adds the keys of a page to object. info is NULL when there was no engine. */
void planche_cli_json_page(json_t *object, const struct planche_cli_outcome *outcome,
                           const struct planche_engine_info *info);
/* The object as one line with its newline, to be freed; NULL: no memory. Takes the object. */
char *planche_cli_json_line(json_t *object);
/* Writes the object as one line to stdout. Takes the object. */
bool planche_cli_json_print(json_t *object);

#endif
