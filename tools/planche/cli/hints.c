/* SPDX-License-Identifier: MIT */
/* Hints: the fields of the library's structs, translated into options of the command. */
#include "cli/hints.h"

#include "cli/option_table.h"

#include <stdio.h>
#include <string.h>

static bool no_options;
static unsigned shares = 1, most_bodies; /* see planche_cli_hint_engines */

void planche_cli_hint_no_options(void)
{
    no_options = true;
}

void planche_cli_hint_engines(unsigned engines)
{
    shares = engines;
}

void planche_cli_hint_bodies(unsigned mib)
{
    most_bodies = mib;
}

/* The --memory of which each of so many engines has part MiB. */
static unsigned long long whole_memory(unsigned long long part, unsigned engines)
{
    unsigned long long rest = part * engines, bodies = rest / 3 + 1;
    if (most_bodies == 0)
        return rest;
    return rest + (bodies < most_bodies ? bodies : most_bodies);
}

/* "(option memory = 57M)" is what one engine needs. False: it is another hint, or all is the
 * engine's. */
static bool put_memory(const char *field, const char *value, char *put, size_t size)
{
    unsigned long long part;
    char unit;
    if (strcmp(field, "memory") != 0 || (shares == 1 && most_bodies == 0) ||
        sscanf(value, "%9llu%c", &part, &unit) != 2 || unit != 'M')
        return false;
    if (shares == 1)
        snprintf(put, size, "(--memory %lluM)", whole_memory(part, 1));
    else
        snprintf(put, size, "(--memory %lluM, which %u engines share; %lluM with --engines 1)",
                 whole_memory(part, shares), shares, whole_memory(part, 1));
    return true;
}

/* Fields whose options are called otherwise. */
static const struct {
    const char *field, *option;
} renamed[] = {
    {"max_entry_bytes", "max-entry-size"},
    {"max_bytes", "max-book-size"},
    {"model_directory", "model-dir"},
    {"provenance", "no-mark"},
};

static bool find_option(const char *field, char *name, size_t size)
{
    snprintf(name, size, "%s", field);
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++) {
        if (strcmp(renamed[i].field, field) == 0)
            snprintf(name, size, "%s", renamed[i].option);
    }
    for (char *c = name; *c; c++)
        *c = *c == '_' ? '-' : *c;
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        if (strcmp(planche_cli_option_table[i].name, name) == 0)
            return true;
    }
    return false;
}

/* What "(option FIELD)" and "(option FIELD = VALUE)" become; the bytes of message that it stands
 * for, 0: it is none. */
static size_t translate_field(const char *message, char *put, size_t size)
{
    char field[40] = "", value[40] = "", name[48];
    int bytes = 0;
    if (sscanf(message, "(option %39[a-z_])%n", field, &bytes) != 1 || bytes == 0)
        sscanf(message, "(option %39[a-z_] = %39[0-9A-Za-z])%n", field, value, &bytes);
    if (bytes == 0 || !find_option(field, name, sizeof name))
        return 0;
    if (!put_memory(field, value, put, size))
        snprintf(put, size, "(--%s%s%s)", name, *value ? " " : "", value);
    return (size_t)bytes;
}

static size_t translate_fetch(const char *message, char *put, size_t size)
{
    char model[100] = "";
    int bytes = 0;
    if (sscanf(message, "fetch the model %99[A-Za-z0-9:.-]%n", model, &bytes) != 1)
        return 0;
    snprintf(put, size, "run 'planche models fetch %s'", model);
    return (size_t)bytes;
}

static size_t translate_list(const char *message, char *put, size_t size)
{
    static const char list[] = "see the list of GPUs";
    if (strncmp(message, list, sizeof list - 1) != 0)
        return 0;
    snprintf(put, size, "planche info lists them");
    return sizeof list - 1;
}

/* The bytes of message that stand for a hint, and the hint; 0: none. */
static size_t translate(const char *message, char *put, size_t size)
{
    size_t bytes = translate_field(message, put, size);
    if (bytes && no_options)
        put[0] = 0;
    if (!bytes)
        bytes = translate_fetch(message, put, size);
    return bytes ? bytes : translate_list(message, put, size);
}

const char *planche_cli_hint(const char *message, char *text, size_t size)
{
    size_t used = 0;
    while (*message && used + 1 < size) {
        char put[160];
        size_t bytes = translate(message, put, sizeof put);
        if (!bytes) {
            text[used++] = *message++;
            continue;
        }
        size_t length = strlen(put);
        if (put[0] == 0 && used > 0 && text[used - 1] == ' ')
            used--;
        length = length < size - used - 1 ? length : size - used - 1;
        memcpy(text + used, put, length);
        used += length;
        message += bytes;
    }
    text[used] = 0;
    return text;
}

void planche_cli_hint_name(char *message, size_t size, const char *name)
{
    static const char unnamed[] = "page: ";
    const char *rest = message + sizeof unnamed - 1;
    size_t head = name ? strlen(name) + 2 : 0;
    if (strncmp(message, unnamed, sizeof unnamed - 1) != 0 || head >= size)
        return;
    size_t tail = strlen(rest);
    tail = tail < size - head - 1 ? tail : size - head - 1;
    memmove(message + head, rest, tail);
    message[head + tail] = 0;
    if (name) {
        memcpy(message, name, head - 2);
        memcpy(message + head - 2, ": ", 2);
    }
}
