/* SPDX-License-Identifier: MIT */
/* Book: names and records. */
#include "books/book.h"

#include "cli/json.h"
#include "cli/paths.h"
#include "io/digest.h"
#include "os/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#define ID_BYTES 16

static void put_hex(const uint8_t *data, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", data[i]);
}

void planche_books_make_handle(const char *id, char handle[PLANCHE_BOOKS_HANDLE])
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    planche_digest_of(id, strlen(id), digest);
    put_hex(digest, (PLANCHE_BOOKS_HANDLE - 1) / 2, handle);
}

bool planche_books_make_id(char id[PLANCHE_BOOKS_ID], char handle[PLANCHE_BOOKS_HANDLE])
{
    uint8_t random[ID_BYTES];
    if (!planche_system_random(random, sizeof random))
        return false;
    put_hex(random, sizeof random, id);
    planche_books_make_handle(id, handle);
    return true;
}

/* Characters that file systems, shells or readers of names take for something else: controls,
 * marks of direction, and what Windows forbids. */
static bool is_bad(ucs4_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200e && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff ||
           (c < 0x80 && strchr("<>:\"/\\|?*", (int)c) != NULL);
}

void planche_books_clean_name(const char *text, char name[PLANCHE_BOOKS_NAME])
{
    const char *slash = strrchr(text, '/'), *backslash = strrchr(text, '\\');
    size_t used = 0;
    if (backslash != NULL && (slash == NULL || backslash > slash))
        slash = backslash;
    const uint8_t *at = (const uint8_t *)(slash != NULL ? slash + 1 : text);
    while (*at) {
        ucs4_t c;
        int length = u8_strmbtouc(&c, at);
        bool bad = length <= 0 || is_bad(c) || (used == 0 && (c == '.' || c == ' '));
        length = length > 0 ? length : 1;
        if (used + (size_t)length >= PLANCHE_BOOKS_NAME)
            break;
        if (bad && used > 0)
            name[used++] = '_';
        else if (!bad)
            memcpy(name + used, at, (size_t)length);
        used += bad ? 0 : (size_t)length;
        at += length;
    }
    while (used > 0 && (name[used - 1] == ' ' || name[used - 1] == '.'))
        used--;
    name[used] = 0;
    if (used == 0)
        snprintf(name, PLANCHE_BOOKS_NAME, "book");
}

void planche_books_name_result(struct planche_books_book *book, const char *suffix)
{
    size_t stem = planche_cli_book_stem_length(book->name);
    snprintf(book->result_name, sizeof book->result_name, "%.*s-%s.%s", (int)stem, book->name,
             suffix, planche_container_extension(book->result));
}

json_t *planche_books_make_record(const struct planche_books_book *book)
{
    json_t *record = json_object();
    json_object_set_new(record, "version", json_integer(1));
    json_object_set_new(record, "id", json_string(book->id));
    json_object_set_new(record, "state", json_integer(book->state));
    json_object_set_new(record, "name", json_string(book->name));
    json_object_set_new(record, "path", planche_cli_json_text(book->path));
    json_object_set(record, "settings", book->settings);
    json_object_set_new(record, "container", json_integer(book->container));
    json_object_set_new(record, "created", json_integer(book->created));
    json_object_set_new(record, "order", json_integer(book->order));
    json_object_set_new(record, "finished", json_integer(book->finished));
    json_object_set_new(record, "input_bytes", json_integer((json_int_t)book->input_bytes));
    json_object_set_new(record, "result_bytes", json_integer((json_int_t)book->result_bytes));
    json_object_set_new(record, "result", json_integer(book->result));
    json_object_set_new(record, "result_name", json_string(book->result_name));
    json_object_set_new(record, "pages", json_integer((json_int_t)book->pages));
    json_object_set_new(record, "done", json_integer((json_int_t)book->done));
    json_object_set_new(record, "failed", json_integer((json_int_t)book->failed));
    json_object_set(record, "failures", book->failures != NULL ? book->failures : json_null());
    json_object_set_new(record, "status", json_integer(book->status));
    json_object_set_new(record, "reason", planche_cli_json_text(book->reason));
    json_object_set_new(record, "seconds", json_real(book->seconds));
    return record;
}

static bool take_text(const json_t *record, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(record, key));
    if (text == NULL || strlen(text) >= size)
        return false;
    snprintf(out, size, "%s", text);
    return true;
}

static bool take_count(const json_t *record, const char *key, uint64_t most, uint64_t *out)
{
    const json_t *value = json_object_get(record, key);
    json_int_t number = json_integer_value(value);
    *out = number > 0 ? (uint64_t)number : 0;
    return json_is_integer(value) && number >= 0 && (uint64_t)number <= most;
}

static bool is_id(const char *id)
{
    return strlen(id) == PLANCHE_BOOKS_ID - 1 && strspn(id, "0123456789abcdef") == strlen(id);
}

static bool take_numbers(struct planche_books_book *book, const json_t *record)
{
    uint64_t version, state, container, result, created, order, finished, pages, done, failed,
        status;
    if (!take_count(record, "version", 1, &version) ||
        !take_count(record, "state", PLANCHE_BOOKS_CANCELLED, &state) ||
        !take_count(record, "container", PLANCHE_CONTAINER_EPUB, &container) ||
        !take_count(record, "result", PLANCHE_CONTAINER_EPUB, &result) ||
        !take_count(record, "created", INT64_MAX, &created) ||
        !take_count(record, "order", INT64_MAX, &order) ||
        !take_count(record, "finished", INT64_MAX, &finished) ||
        !take_count(record, "input_bytes", INT64_MAX, &book->input_bytes) ||
        !take_count(record, "result_bytes", INT64_MAX, &book->result_bytes) ||
        !take_count(record, "pages", SIZE_MAX / 2, &pages) ||
        !take_count(record, "done", pages, &done) ||
        !take_count(record, "failed", pages, &failed) ||
        !take_count(record, "status", 599, &status))
        return false;
    book->state = (enum planche_books_state)state;
    book->container = (enum planche_container)container;
    book->result = (enum planche_container)result;
    book->created = (int64_t)created;
    book->order = (int64_t)order;
    book->finished = (int64_t)finished;
    book->pages = (size_t)pages;
    book->done = (size_t)done;
    book->failed = (size_t)failed;
    book->status = (unsigned)status;
    return true;
}

bool planche_books_take_record(struct planche_books_book *book, const json_t *record)
{
    json_t *settings = json_object_get(record, "settings");
    json_t *failures = json_object_get(record, "failures");
    if (!take_text(record, "id", book->id, sizeof book->id) || !is_id(book->id) ||
        !take_text(record, "name", book->name, sizeof book->name) ||
        !take_text(record, "path", book->path, sizeof book->path) ||
        !take_text(record, "result_name", book->result_name, sizeof book->result_name) ||
        !take_text(record, "reason", book->reason, sizeof book->reason) ||
        !take_numbers(book, record) || !json_is_object(settings))
        return false;
    planche_books_make_handle(book->id, book->handle);
    book->parts = (double)book->done;
    book->seconds = json_real_value(json_object_get(record, "seconds"));
    book->settings = json_incref(settings);
    book->failures = json_is_array(failures) ? json_incref(failures) : NULL;
    return true;
}
