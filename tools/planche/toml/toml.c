/* SPDX-License-Identifier: MIT */
/* TOML: the parser. It keeps one error, the first, and every function returns at once after it. */
#include "toml/toml.h"

#include "base/status.h"
#include "os/fd.h"
#include "toml/scalar.h"
#include "toml/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void skip_spaces(struct planche_toml_reader *r)
{
    while (r->next < r->end && (*r->next == ' ' || *r->next == '\t'))
        r->next++;
}

static void skip_comment(struct planche_toml_reader *r)
{
    if (r->next == r->end || *r->next != '#')
        return;
    for (; r->next < r->end && *r->next != '\n'; r->next++) {
        unsigned char c = (unsigned char)*r->next;
        bool cr = c == '\r' && r->next + 1 < r->end && r->next[1] == '\n';
        if ((c < ' ' && c != '\t' && !cr) || c == 127) {
            planche_toml_fail(r, "a control character in a comment");
            return;
        }
    }
}

/* A line's end, if it is one. */
static bool take_end(struct planche_toml_reader *r)
{
    if (r->next + 1 < r->end && r->next[0] == '\r' && r->next[1] == '\n')
        r->next++;
    if (r->next == r->end || *r->next != '\n')
        return false;
    r->next++;
    r->line++;
    return true;
}

/* Nothing but a comment may follow on the line. */
static void end_line(struct planche_toml_reader *r)
{
    skip_spaces(r);
    skip_comment(r);
    if (!r->failed && r->next < r->end && !take_end(r))
        planche_toml_fail(r, "something follows that does not belong there");
}

/* Spaces, comments and ends of lines. */
static void skip_lines(struct planche_toml_reader *r)
{
    do {
        skip_spaces(r);
        skip_comment(r);
    } while (!r->failed && take_end(r));
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* One part of a key; to be freed. NULL: an error. */
static char *take_key(struct planche_toml_reader *r)
{
    skip_spaces(r);
    if (r->next < r->end && (*r->next == '"' || *r->next == '\''))
        return planche_toml_take_string(r);
    const char *start = r->next;
    while (r->next < r->end && is_bare(*r->next))
        r->next++;
    if (r->next == start) {
        planche_toml_fail(r, "a key is wanted");
        return NULL;
    }
    return planche_toml_copy(r, start, (size_t)(r->next - start));
}

static bool take(struct planche_toml_reader *r, char c)
{
    if (r->failed || r->next == r->end || *r->next != c)
        return false;
    r->next++;
    return true;
}

/* The table of a key that is there already, on the way to another key. */
static struct planche_toml *go_into(struct planche_toml_reader *r, struct planche_toml *found,
                                    bool dotted)
{
    if (found->type == PLANCHE_TOML_ARRAY && found->of_tables && !dotted) {
        found = found->first; /* the last of its tables */
        while (found->next != NULL)
            found = found->next;
    }
    if (found->type != PLANCHE_TOML_TABLE || found->closed ||
        (dotted && found->defined && !found->dotted)) {
        planche_toml_fail(r, "%.64s is set already, and no table to add to", found->key);
        return NULL;
    }
    return found;
}

/* The table that a part of a key stands for, which is made if it is not there; takes the key. */
static struct planche_toml *enter(struct planche_toml_reader *r, struct planche_toml *table,
                                  char *key, bool dotted)
{
    struct planche_toml *found = planche_toml_find(table, key);
    if (found != NULL) {
        free(key);
        return go_into(r, found, dotted);
    }
    found = planche_toml_make(PLANCHE_TOML_TABLE, r->line, key);
    if (found == NULL) {
        planche_toml_no_memory(r);
        return NULL;
    }
    found->dotted = found->defined = dotted;
    planche_toml_add(table, found);
    return found;
}

/* Goes down a key with dots: the table that its last part is of, and that part in *key, to be
 * freed. NULL: an error. */
static struct planche_toml *walk(struct planche_toml_reader *r, struct planche_toml *table,
                                 bool dotted, char **key)
{
    *key = take_key(r);
    for (unsigned depth = 0; !r->failed; depth++) {
        skip_spaces(r);
        if (!take(r, '.'))
            break;
        if (depth == PLANCHE_TOML_MAX_DEPTH) {
            planche_toml_fail(r, "a key with too many dots");
            break;
        }
        table = enter(r, table, *key, dotted);
        *key = r->failed ? NULL : take_key(r);
    }
    if (!r->failed)
        return table;
    free(*key);
    *key = NULL;
    return NULL;
}

static struct planche_toml *take_value(struct planche_toml_reader *r, char *key, unsigned depth);

/* KEY = VALUE. */
static void take_pair(struct planche_toml_reader *r, struct planche_toml *table, unsigned depth)
{
    char *key = NULL;
    table = walk(r, table, true, &key);
    if (r->failed)
        return;
    if (planche_toml_find(table, key) != NULL) {
        planche_toml_fail(r, "%.64s is set twice", key);
    } else {
        skip_spaces(r);
        if (!take(r, '='))
            planche_toml_fail(r, "= is wanted after %.64s", key);
    }
    if (r->failed) {
        free(key);
        return;
    }
    skip_spaces(r);
    struct planche_toml *value = take_value(r, key, depth);
    if (value != NULL)
        planche_toml_add(table, value);
}

static void take_array(struct planche_toml_reader *r, struct planche_toml *array, unsigned depth)
{
    struct planche_toml **link = &array->first;
    r->next++;
    for (;;) {
        skip_lines(r);
        if (r->failed || take(r, ']'))
            return;
        *link = take_value(r, NULL, depth + 1);
        if (*link == NULL)
            return;
        link = &(*link)->next;
        skip_lines(r);
        if (!take(r, ',') && !r->failed) {
            if (!take(r, ']'))
                planche_toml_fail(r, "an array has no end: ] or , is wanted");
            return;
        }
    }
}

static void close_tables(struct planche_toml *table)
{
    table->closed = true;
    for (struct planche_toml *value = table->first; value != NULL; value = value->next) {
        if (value->type == PLANCHE_TOML_TABLE)
            close_tables(value);
    }
}

static void take_inline(struct planche_toml_reader *r, struct planche_toml *table, unsigned depth)
{
    r->next++;
    skip_spaces(r);
    if (take(r, '}'))
        return;
    do {
        take_pair(r, table, depth + 1);
        skip_spaces(r);
    } while (take(r, ','));
    if (!r->failed && !take(r, '}'))
        planche_toml_fail(r, "an inline table has no end: } or , is wanted");
}

/* A value, which takes the key. NULL: an error. */
static struct planche_toml *take_value(struct planche_toml_reader *r, char *key, unsigned depth)
{
    struct planche_toml *value = planche_toml_make(PLANCHE_TOML_STRING, r->line, key);
    if (value == NULL) {
        planche_toml_no_memory(r);
        return NULL;
    }
    if (depth >= PLANCHE_TOML_MAX_DEPTH) {
        planche_toml_fail(r, "arrays and tables in more than %d others", PLANCHE_TOML_MAX_DEPTH);
    } else if (r->next < r->end && *r->next == '[') {
        value->type = PLANCHE_TOML_ARRAY;
        take_array(r, value, depth);
    } else if (r->next < r->end && *r->next == '{') {
        value->type = PLANCHE_TOML_TABLE;
        take_inline(r, value, depth);
        close_tables(value);
    } else {
        planche_toml_take_scalar(r, value);
    }
    if (!r->failed)
        return value;
    planche_toml_free(value);
    return NULL;
}

/* [[KEY]]: one more table of an array. */
static struct planche_toml *add_to_array(struct planche_toml_reader *r, struct planche_toml *parent,
                                         char *key)
{
    struct planche_toml *array = planche_toml_find(parent, key);
    if (array != NULL && (array->type != PLANCHE_TOML_ARRAY || !array->of_tables)) {
        planche_toml_fail(r, "%.64s is set already, and no array of tables", key);
        free(key);
        return NULL;
    }
    if (array == NULL) {
        array = planche_toml_make(PLANCHE_TOML_ARRAY, r->line, key);
        if (array != NULL) {
            array->of_tables = true;
            planche_toml_add(parent, array);
        }
    } else {
        free(key);
    }
    struct planche_toml *table =
        array != NULL ? planche_toml_make(PLANCHE_TOML_TABLE, r->line, NULL) : NULL;
    if (table == NULL)
        planche_toml_no_memory(r);
    else
        planche_toml_add(array, table);
    return table;
}

/* [KEY]: a table, which may have been made on the way to others, but only once by itself. */
static struct planche_toml *define(struct planche_toml_reader *r, struct planche_toml *parent,
                                   char *key)
{
    struct planche_toml *found = planche_toml_find(parent, key);
    if (found == NULL)
        return enter(r, parent, key, false);
    if (found->type != PLANCHE_TOML_TABLE || found->defined || found->closed)
        planche_toml_fail(r, "%.64s is set twice", key);
    free(key);
    return r->failed ? NULL : found;
}

/* The line of a table's name: the table that the lines after it belong to. */
static struct planche_toml *take_header(struct planche_toml_reader *r, struct planche_toml *root)
{
    char *key = NULL;
    r->next++;
    bool many = take(r, '[');
    struct planche_toml *table = walk(r, root, false, &key);
    if (r->failed)
        return NULL;
    table = many ? add_to_array(r, table, key) : define(r, table, key);
    if (table != NULL)
        table->defined = true;
    skip_spaces(r);
    if (!r->failed && (!take(r, ']') || (many && !take(r, ']'))))
        planche_toml_fail(r, "the name of a table has no end: %s is wanted", many ? "]]" : "]");
    return table;
}

enum planche_status planche_toml_parse(struct planche_toml **out, const char *data, size_t size,
                                       const char *name, struct planche_error *error)
{
    struct planche_toml_reader reader = {
        .next = data, .end = data + size, .line = 1, .name = name, .error = error};
    struct planche_toml *root = planche_toml_make(PLANCHE_TOML_TABLE, 1, NULL), *table = root;
    *out = NULL;
    if (root == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    if (size > PLANCHE_TOML_MAX_BYTES)
        planche_toml_fail(&reader, "more than %d bytes", PLANCHE_TOML_MAX_BYTES);
    else if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        reader.next += 3; /* a mark of some editors */
    for (;;) {
        skip_lines(&reader);
        if (reader.failed || reader.next == reader.end)
            break;
        if (*reader.next == '[')
            table = take_header(&reader, root);
        else
            take_pair(&reader, table, 0);
        if (!reader.failed)
            end_line(&reader);
    }
    if (!reader.failed) {
        *out = root;
        return PLANCHE_OK;
    }
    planche_toml_free(root);
    return reader.status;
}

enum planche_status planche_toml_read_open(struct planche_toml **out, int fd, const char *path,
                                           struct planche_error *error)
{
    char *data = malloc(PLANCHE_TOML_MAX_BYTES + 1);
    *out = NULL;
    if (data == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    int64_t size = planche_fd_read_all(fd, data, PLANCHE_TOML_MAX_BYTES + 1);
    enum planche_status status =
        size >= 0 ? planche_toml_parse(out, data, (size_t)size, path, error)
                  : planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read: %s", path,
                                 strerror(errno));
    free(data);
    return status;
}

enum planche_status planche_toml_read(struct planche_toml **out, const char *path,
                                      struct planche_error *error)
{
    *out = NULL;
    int fd = planche_fd_open(path, 0, NULL);
    if (fd < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read: %s", path,
                            strerror(errno));
    enum planche_status status = planche_toml_read_open(out, fd, path, error);
    planche_fd_close(&fd);
    return status;
}
