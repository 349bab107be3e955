/* SPDX-License-Identifier: MIT */
/* Hidden names beside an output for what is not finished. */
#ifndef PLANCHE_IO_TEMP_NAME_H
#define PLANCHE_IO_TEMP_NAME_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a hidden name besides those of the output's folder, with the 0 at its end. */
#define PLANCHE_TEMP_NAME_BYTES 256

/* The bytes of a path before the file's name: its folder, with the slash. */
size_t planche_temp_name_folder(const char *path);
/* "folder/.NAME.planche" for "folder/NAME". It fits where NAME does: of a long one only the first
 * bytes are in it, and a digest that tells it from others. Returns its length, also if that is more
 * than there is room for. */
size_t planche_temp_name(char *to, size_t size, const char *path);
/* The same for one of many: "folder/.NAME.planche-0123456789abcdef". */
size_t planche_temp_name_numbered(char *to, size_t size, const char *path, uint64_t number);

#endif
