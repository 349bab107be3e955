/* SPDX-License-Identifier: MIT */
/* Number parsing and formatting: whole numbers, counts and sizes as people write them. */
#include "cli/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool planche_cli_parse_integer(const char *text, long low, long high, long *out)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end != 0 || isspace((unsigned char)*text) || errno != 0)
        return false;
    *out = value;
    return value >= low && value <= high;
}

bool planche_cli_parse_number(const char *text, double low, double high, double *out)
{
    size_t length = strspn(text, "-.0123456789"); /* no exponents, no words, no hexadecimal */
    char *end;
    double value = strtod(text, &end);
    if (length == 0 || text[length] != 0 || *end != 0)
        return false;
    *out = value;
    return value >= low && value <= high;
}

/* The power that a suffix stands for: "" 0, "K" 1, "M" 2, ...; -1 if it is none. tail is what may
 * follow the letter. */
static int suffix_power(const char *suffix, const char *const *tails)
{
    static const char letters[] = "KMGT";
    if (*suffix == 0)
        return 0;
    const char *letter = strchr(letters, toupper((unsigned char)*suffix));
    for (; letter != NULL && *tails != NULL; tails++) {
        if (strcasecmp(suffix + 1, *tails) == 0)
            return (int)(letter - letters) + 1;
    }
    return -1;
}

static bool parse_scaled(const char *text, double base, const char *const *tails, uint64_t *out)
{
    if (!isdigit((unsigned char)*text) || text[1] == 'x' || text[1] == 'X')
        return false;
    char *end;
    double value = strtod(text, &end);
    int power = suffix_power(end, tails);
    if (power < 0)
        return false;
    for (int i = 0; i < power; i++)
        value *= base;
    if (!(value >= 1.0 && value < 9.0e18))
        return false;
    *out = (uint64_t)value;
    return true;
}

bool planche_cli_parse_bytes(const char *text, uint64_t *out)
{
    static const char *const tails[] = {"", "B", "iB", NULL};
    return parse_scaled(text, 1024.0, tails, out);
}

bool planche_cli_parse_count(const char *text, uint64_t *out)
{
    static const char *const tails[] = {"", "px", NULL};
    return parse_scaled(text, 1000.0, tails, out);
}

bool planche_cli_parse_age(const char *text, int64_t *out)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    const int64_t most = INT64_C(36525) * 86400;
    char *end;
    *out = -1;
    if (strcasecmp(text, "none") == 0)
        return true;
    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (tolower((unsigned char)*end) == units[i].letter && end[1] == 0 && errno == 0 &&
            value >= 1 && value <= most / units[i].seconds) {
            *out = value * units[i].seconds;
            return true;
        }
    }
    return false;
}

const char *planche_cli_format_bytes(uint64_t bytes, char *text, size_t size)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    unsigned unit = 0;
    for (; value >= 1024.0 && unit < 4; unit++)
        value /= 1024.0;
    snprintf(text, size, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}
