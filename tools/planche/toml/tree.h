/* SPDX-License-Identifier: MIT */
/* Values of TOML, as a tree. */
#ifndef PLANCHE_TOML_TREE_H
#define PLANCHE_TOML_TREE_H

#include <stdbool.h>
#include <stdint.h>

#define PLANCHE_TOML_MAX_BYTES (1 << 20)
#define PLANCHE_TOML_MAX_DEPTH 32

enum planche_toml_type {
    PLANCHE_TOML_TABLE,
    PLANCHE_TOML_ARRAY,
    PLANCHE_TOML_STRING,
    PLANCHE_TOML_INTEGER,
    PLANCHE_TOML_FLOAT,
    PLANCHE_TOML_BOOLEAN
};

/* A value, with those in it as a list in their order. Read-only for its users. */
struct planche_toml {
    enum planche_toml_type type;
    unsigned line;
    char *key;  /* in its table; NULL: it is the file, or in an array */
    char *text; /* of a string, UTF-8 without NUL */
    int64_t integer;
    double real;
    bool boolean;
    struct planche_toml *first, *next;
    /* Of the parser: the header of a table was there; no more may be added; it came of a dotted
     * key; an array of tables. */
    bool defined, closed, dotted, of_tables;
};

/* NULL is fine. */
void planche_toml_free(struct planche_toml *value);
/* The value of a key of a table; NULL: there is none. */
const struct planche_toml *planche_toml_get(const struct planche_toml *table, const char *key);
/* "a string", "an array": for messages. */
const char *planche_toml_type_name(enum planche_toml_type type);

/* For the parser. A new value; takes key (may be NULL). NULL: no memory, and key is freed. */
struct planche_toml *planche_toml_make(enum planche_toml_type type, unsigned line, char *key);
/* Adds a value at the end of a table or an array. */
void planche_toml_add(struct planche_toml *parent, struct planche_toml *value);
/* The value of a key, to be changed. */
struct planche_toml *planche_toml_find(struct planche_toml *table, const char *key);

#endif
