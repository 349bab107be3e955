/* SPDX-License-Identifier: MIT */
/* planche-unpack: unpacks RAR, 7z and tar archives and some entries of ZIPs for libplanche in a
 * process of its own, bounded by the operating system, so that a decompression bomb or a fault in
 * libarchive does no harm. See archive/unpack_protocol.h. */
#include "child/frames.h"
#include "child/start.h"
#include "reader.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void send_error(const struct unpack_reader *reader)
{
    struct planche_helper_error error = {.status = (uint32_t)reader->status,
                                         .fatal = reader->fatal};
    child_send(PLANCHE_HELPER_ERROR, &error, sizeof error, reader->text, strlen(reader->text));
}

static void send_next(struct unpack_reader *reader)
{
    struct planche_unpack_entry entry;
    const char *name;
    bool end;
    if (!unpack_next(reader, &entry, &name, &end))
        send_error(reader);
    else if (end)
        child_send(PLANCHE_UNPACK_END, NULL, 0, NULL, 0);
    else
        child_send(PLANCHE_UNPACK_ENTRY, &entry, sizeof entry, name,
                   strnlen(name, PLANCHE_UNPACK_NAME_BYTES));
}

static void send_data(struct unpack_reader *reader, size_t size)
{
    static uint8_t data[PLANCHE_UNPACK_DATA_BYTES];
    size_t got;
    if (unpack_read(reader, data, size < sizeof data ? size : sizeof data, &got))
        child_send(PLANCHE_UNPACK_DATA, data, got, NULL, 0);
    else
        send_error(reader);
}

/* Opened by the first request, as only answers may say what is wrong. */
static void serve(const struct unpack_source *source)
{
    static struct unpack_reader reader;
    struct planche_helper_request request;
    bool open = false;
    while (child_receive(&request)) {
        if (!open && !(open = unpack_open(&reader, source)))
            send_error(&reader);
        else if (request.verb == PLANCHE_UNPACK_NEXT)
            send_next(&reader);
        else if (request.verb == PLANCHE_UNPACK_READ)
            send_data(&reader, request.size);
        else
            return;
    }
}

/* "WHAT:FROM:BYTES:SIZE". */
static bool take_source(const char *words, struct unpack_source *source)
{
    static const char *const kinds[] = {
        [UNPACK_RAR] = "rar",   [UNPACK_7Z] = "7z", [UNPACK_TAR] = "tar",  [UNPACK_BZIP2] = "bzip2",
        [UNPACK_LZMA] = "lzma", [UNPACK_XZ] = "xz", [UNPACK_ZSTD] = "zstd"};
    uint64_t *const numbers[] = {&source->from, &source->bytes, &source->size};
    size_t length = strcspn(words, ":"), kind = 0, count = sizeof kinds / sizeof kinds[0];
    while (kind < count &&
           (strlen(kinds[kind]) != length || memcmp(words, kinds[kind], length) != 0))
        kind++;
    source->kind = (enum unpack_kind)kind;
    char *at = (char *)words + length;
    for (size_t i = 0; i < 3 && kind < count && *at == ':'; i++) {
        const char *digits = at + 1;
        *numbers[i] = strtoull(digits, &at, 10);
        if (at == digits)
            return false;
        if (i == 2)
            return *at == 0;
    }
    return false;
}

int main(int count, char **words)
{
    static struct unpack_source source;
    struct child_arguments arguments;
    if (!child_take_arguments(count, words, PLANCHE_UNPACK_VERSION, &arguments) ||
        !take_source(arguments.format, &source)) {
        fputs("planche-unpack is a part of libplanche " PLANCHE_UNPACK_VERSION
              ", which starts it to read RAR, 7z, tar and some ZIP archives.\n",
              stderr);
        return PLANCHE_HELPER_EXIT_USAGE;
    }
    /* libarchive knows characters only through the locale. */
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "");
    (void)child_confine(&arguments, false);
    serve(&source);
    return 0;
}
