/* SPDX-License-Identifier: MIT */
/* Archives for tests, and what the tests of all kinds share. */
#include "books.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

const struct planche_archive_limits wide = {
    .entries = 100000, .entry_bytes = 1 << 30, .total_bytes = 1 << 30, .ratio = 2000};

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->room) {
        bytes->room = (bytes->size + size) * 2;
        bytes->data = realloc(bytes->data, bytes->room);
        assert_non_null(bytes->data);
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

void bytes_text(struct bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

void bytes_16(struct bytes *bytes, unsigned value)
{
    bytes_add(bytes, (uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8)}, 2);
}

void bytes_32(struct bytes *bytes, uint32_t value)
{
    bytes_16(bytes, value & 0xffff);
    bytes_16(bytes, value >> 16);
}

void bytes_64(struct bytes *bytes, uint64_t value)
{
    bytes_32(bytes, (uint32_t)value);
    bytes_32(bytes, (uint32_t)(value >> 32));
}

void bytes_write(struct bytes *bytes, const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->size, file), bytes->size);
    assert_int_equal(fclose(file), 0);
    free(bytes->data);
    *bytes = (struct bytes){0};
}

static struct bytes deflated(const void *data, size_t size)
{
    z_stream stream = {0};
    struct bytes out = {.room = size + 1000};
    out.data = malloc(out.room);
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)data;
    stream.avail_in = (uInt)size;
    stream.next_out = out.data;
    stream.avail_out = (uInt)out.room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.size = stream.total_out;
    deflateEnd(&stream);
    return out;
}

struct made {
    struct bytes content;
    uint32_t crc;
    size_t size, start;
};

static void put_common(struct bytes *zip, const struct zip_entry *entry, const struct made *made,
                       size_t extra, bool central)
{
    bytes_16(zip, 20);
    bytes_16(zip, (entry->encrypted ? 1u : 0u) | (entry->utf8 ? 0x800u : 0u));
    bytes_16(zip, entry->method ? entry->method : entry->packed ? 8 : 0);
    bytes_16(zip, 0x6000);
    bytes_16(zip, entry->dos_date ? entry->dos_date : 0x5821);
    bytes_32(zip, made->crc + (uint32_t)entry->lie_crc);
    if (central && entry->zip64) {
        bytes_32(zip, UINT32_MAX);
        bytes_32(zip, UINT32_MAX);
    } else {
        bytes_32(zip, (uint32_t)made->content.size + (uint32_t)(central ? entry->lie_packed : 0));
        bytes_32(zip, (uint32_t)made->size + (uint32_t)(central ? entry->lie_size : 0));
    }
    bytes_16(zip, (unsigned)(entry->name_size ? entry->name_size : strlen(entry->name)));
    bytes_16(zip, (unsigned)extra);
}

static void put_name(struct bytes *zip, const struct zip_entry *entry)
{
    bytes_add(zip, entry->name, entry->name_size ? entry->name_size : strlen(entry->name));
}

static struct bytes make_extra(const struct zip_entry *entry, const struct made *made)
{
    struct bytes extra = {0};
    if (entry->zip64) {
        bytes_16(&extra, 1);
        bytes_16(&extra, 24);
        bytes_64(&extra, made->size);
        bytes_64(&extra, made->content.size);
        bytes_64(&extra, made->start);
    }
    if (entry->utf8_name) {
        bytes_16(&extra, 0x7075);
        bytes_16(&extra, (unsigned)strlen(entry->utf8_name) + 5);
        bytes_add(&extra, "\1", 1);
        bytes_32(&extra, (uint32_t)crc32(0, (const Bytef *)entry->name, (uInt)strlen(entry->name)));
        bytes_text(&extra, entry->utf8_name);
    }
    return extra;
}

static void put_local(struct bytes *zip, const struct zip_entry *entry, struct made *made)
{
    const void *data = entry->data ? entry->data : "";
    made->size = entry->size ? entry->size : strlen(data);
    made->crc = (uint32_t)crc32(0, data, (uInt)made->size);
    if (entry->packed)
        made->content = deflated(data, made->size);
    else
        bytes_add(&made->content, data, made->size);
    made->start = zip->size;
    if (entry->central_only)
        return;
    bytes_32(zip, 0x04034b50);
    put_common(zip, entry, made, 0, false);
    put_name(zip, entry);
    bytes_add(zip, made->content.data, made->content.size);
}

static void put_central(struct bytes *zip, const struct zip_entry *entry, struct made *made)
{
    struct bytes extra = make_extra(entry, made);
    bytes_32(zip, 0x02014b50);
    bytes_16(zip, entry->mode ? 0x314 : 0x14);
    put_common(zip, entry, made, extra.size, true);
    bytes_16(zip, entry->comment ? (unsigned)strlen(entry->comment) : 0);
    bytes_32(zip, 0);
    bytes_32(zip, entry->mode << 16);
    bytes_32(zip, entry->zip64 ? UINT32_MAX : (uint32_t)made->start + (uint32_t)entry->lie_start);
    put_name(zip, entry);
    bytes_add(zip, extra.data, extra.size);
    if (entry->comment)
        bytes_text(zip, entry->comment);
    free(extra.data);
    free(made->content.data);
}

struct bytes make_zip(const struct zip_entry *entries, size_t count, const char *comment,
                      int lie_count)
{
    struct bytes zip = {0};
    struct made *made = calloc(count + 1, sizeof *made);
    for (size_t i = 0; i < count; i++)
        put_local(&zip, &entries[i], &made[i]);
    size_t start = zip.size;
    for (size_t i = 0; i < count; i++)
        put_central(&zip, &entries[i], &made[i]);
    size_t size = zip.size - start;
    bytes_32(&zip, 0x06054b50);
    bytes_32(&zip, 0);
    bytes_16(&zip, (unsigned)((int)count + lie_count));
    bytes_16(&zip, (unsigned)((int)count + lie_count));
    bytes_32(&zip, (uint32_t)size);
    bytes_32(&zip, (uint32_t)start);
    bytes_16(&zip, comment ? (unsigned)strlen(comment) : 0);
    bytes_text(&zip, comment ? comment : "");
    free(made);
    return zip;
}

static char folder[64];

int enter_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/planche-test-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

int leave_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

unsigned count_files(void)
{
    unsigned count = 0;
    DIR *directory = opendir(".");
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

struct planche_archive *open_book(const char *path)
{
    struct planche_archive *archive;
    struct planche_error error;
    if (planche_archive_open(&archive, path, &wide, NULL, NULL, NULL, &error))
        fail_msg("%s", error.message);
    return archive;
}

/* Pieces of odd sizes. */
static enum planche_status read_entry(struct planche_archive *archive, struct bytes *content,
                                      struct planche_error *error)
{
    char piece[4099];
    size_t got = 1, size = 7;
    enum planche_status status = PLANCHE_OK;
    while (got > 0 && status == PLANCHE_OK) {
        status = planche_archive_read(archive, piece, size, &got, error);
        bytes_add(content, piece, got);
        size = sizeof piece;
    }
    return status;
}

void expect_entry(struct planche_archive *archive, const char *name, const char *text)
{
    struct planche_archive_entry entry;
    struct planche_error error;
    struct bytes content = {0};
    bool end;
    if (planche_archive_next(archive, &entry, &end, &error))
        fail_msg("%s", error.message);
    assert_int_equal(end, !name);
    if (end)
        return;
    assert_string_equal(entry.name, name);
    assert_int_equal(entry.folder, !text);
    if (read_entry(archive, &content, &error))
        fail_msg("%s", error.message);
    assert_int_equal(content.size, text ? strlen(text) : 0);
    if (text)
        assert_memory_equal(content.size ? content.data : (const void *)"", text, content.size);
    free(content.data);
}

enum planche_status read_all(const char *path, const struct planche_archive_limits *limits,
                             struct planche_budget *budget, struct planche_error *error)
{
    struct planche_archive *archive;
    bool end = false;
    enum planche_status status =
        planche_archive_open(&archive, path, limits, budget, NULL, NULL, error);
    while (status == PLANCHE_OK && !end) {
        struct planche_archive_entry entry;
        char piece[4096];
        size_t got = 1;
        status = planche_archive_next(archive, &entry, &end, error);
        while (status == PLANCHE_OK && !end && got > 0)
            status = planche_archive_read(archive, piece, sizeof piece, &got, error);
    }
    planche_archive_close(&archive);
    return status;
}

void expect_failure_within(const char *path, const struct planche_archive_limits *limits,
                           enum planche_status status, const char *words)
{
    struct planche_budget budget;
    struct planche_error error = {.message = ""};
    planche_budget_init(&budget, 0);
    enum planche_status found = read_all(path, limits, &budget, &error);
    if (found != status || error.status != status || !strstr(error.message, words) ||
        !strstr(error.message, path))
        fail_msg("%s: expected status %d and \"%s\", not %d and \"%s\"", path, status, words, found,
                 error.message);
    assert_int_equal(budget.used, 0);
}

void expect_failure(const char *path, enum planche_status status, const char *words)
{
    expect_failure_within(path, &wide, status, words);
}
