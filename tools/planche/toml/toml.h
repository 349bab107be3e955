/* SPDX-License-Identifier: MIT */
/* TOML 1.0 for files of settings: tables, arrays of tables, inline tables, strings of one line,
 * integers, floats, booleans and arrays. Times and strings of several lines are refused by their
 * names; so is whatever the language does not allow, with its line. */
#ifndef PLANCHE_TOML_TOML_H
#define PLANCHE_TOML_TOML_H

#include "toml/tree.h"

#include <planche/error.h>

#include <stddef.h>

/* Parses data[0..size). name stands before errors ("rules.toml:3: ..."). Errors: ARGUMENT, MEMORY.
 */
enum planche_status planche_toml_parse(struct planche_toml **out, const char *data, size_t size,
                                       const char *name, struct planche_error *error);
/* Reads an open file to its end; path stands before errors. Errors: IO, ARGUMENT, MEMORY. */
enum planche_status planche_toml_read_open(struct planche_toml **out, int fd, const char *path,
                                           struct planche_error *error);
/* Opens and reads a file. Errors: IO, ARGUMENT, MEMORY. */
enum planche_status planche_toml_read(struct planche_toml **out, const char *path,
                                      struct planche_error *error);
#endif
