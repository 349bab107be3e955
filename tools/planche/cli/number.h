/* SPDX-License-Identifier: MIT */
/* Number parsing and formatting: whole numbers, counts and sizes as people write them. */
#ifndef PLANCHE_CLI_NUMBER_H
#define PLANCHE_CLI_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number in low..high, nothing else around it. */
bool planche_cli_parse_integer(const char *text, long low, long high, long *out);
/* A number in low..high, with or without decimals, nothing else around it. */
bool planche_cli_parse_number(const char *text, double low, double high, double *out);
/* Bytes: "256M", "1.5G", "2GiB", "300000000"; K, M, G and T are powers of 1024. At least 1. */
bool planche_cli_parse_bytes(const char *text, uint64_t *out);
/* A count: "500M", "2.5G", "1000000"; K, M and G are powers of 1000. At least 1. */
bool planche_cli_parse_count(const char *text, uint64_t *out);
/* Seconds: "90m", "12h", "30d", "2w", at most 100 years; -1 for "none". */
bool planche_cli_parse_age(const char *text, int64_t *out);
/* "3.2 MiB" into text, which is returned. */
const char *planche_cli_format_bytes(uint64_t bytes, char *text, size_t size);

#endif
