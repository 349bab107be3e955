/* SPDX-License-Identifier: MIT */
/* Client of planche-unpack. */
#include "archive/unpacker.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What it takes without asking: itself, and libarchive's state. */
#define FIRST_BYTES ((uint64_t)4 << 20)
/* Of a RAR at most: dictionaries and PPMd's models together. More can only be a decompression bomb:
 * the filters of RAR 4 may ask for any amount of zeroes. */
#define MAX_RAR_BYTES ((uint64_t)400 << 20)
/* A 7z or xz may declare a dictionary of 4 GiB. */
#define MAX_BYTES ((uint64_t)5 << 30)

const struct planche_helper_kind planche_unpacker_kind = {
    .name = PLANCHE_UNPACK_PROGRAM,
    .variable = "PLANCHE_UNPACK",
    .version = PLANCHE_UNPACK_VERSION,
    .uses = "RAR, 7z, tar and some ZIPs take",
    .task = "unpack",
    .input = "archive",
};

enum planche_status planche_unpacker_next(struct planche_unpacker *unpacker,
                                          struct planche_unpack_entry *entry, char *name, bool *end,
                                          struct planche_error *error)
{
    struct planche_helper_frame frame;
    bool lost;
    enum planche_status status =
        planche_helper_ask(&unpacker->helper, PLANCHE_UNPACK_NEXT, 0, &frame, &lost, error);
    if (status)
        return status;
    *end = frame.type == PLANCHE_UNPACK_END;
    if (*end)
        return frame.size == 0 ? PLANCHE_OK
                               : planche_helper_fail_protocol(&unpacker->helper, error);
    if (frame.type != PLANCHE_UNPACK_ENTRY || frame.size < sizeof *entry ||
        frame.size - sizeof *entry > PLANCHE_UNPACK_NAME_BYTES)
        return planche_helper_fail_protocol(&unpacker->helper, error);
    size_t length = frame.size - sizeof *entry;
    status = planche_helper_receive(&unpacker->helper, entry, sizeof *entry, error);
    if (status == PLANCHE_OK)
        status = planche_helper_receive(&unpacker->helper, name, length, error);
    name[length] = 0;
    return status == PLANCHE_OK && memchr(name, 0, length)
               ? planche_helper_fail_protocol(&unpacker->helper, error)
               : status;
}

enum planche_status planche_unpacker_read(struct planche_unpacker *unpacker, void *data,
                                          size_t size, size_t *got, bool *lost,
                                          struct planche_error *error)
{
    struct planche_helper_frame frame = {0};
    if (size > PLANCHE_UNPACK_DATA_BYTES)
        size = PLANCHE_UNPACK_DATA_BYTES;
    enum planche_status status = planche_helper_ask(&unpacker->helper, PLANCHE_UNPACK_READ,
                                                    (uint32_t)size, &frame, lost, error);
    if (status)
        return status;
    if (frame.type != PLANCHE_UNPACK_DATA || frame.size > size)
        return planche_helper_fail_protocol(&unpacker->helper, error);
    *got = frame.size;
    return planche_helper_receive(&unpacker->helper, data, frame.size, error);
}

enum planche_status planche_unpacker_start(struct planche_unpacker *unpacker,
                                           const struct planche_unpacker_options *options,
                                           struct planche_error *error)
{
    bool rar = strcmp(options->kind, "rar") == 0;
    char what[96];
    snprintf(what, sizeof what, "%s:%" PRIu64 ":%" PRIu64 ":%" PRIu64, options->kind, options->from,
             options->bytes, options->size);
    const struct planche_helper_options how = {
        .kind = &planche_unpacker_kind,
        .format = what,
        .subject = options->path,
        .inherited = &options->fd,
        .inherited_count = 1,
        .seconds = options->seconds,
        .first_bytes = options->first_bytes > FIRST_BYTES ? options->first_bytes : FIRST_BYTES,
        .most_bytes = rar ? MAX_RAR_BYTES : MAX_BYTES,
        .budget = options->budget,
        .cancel = options->cancel,
    };
    return planche_helper_start(&unpacker->helper, &how, error);
}

void planche_unpacker_stop(struct planche_unpacker *unpacker)
{
    planche_helper_stop(&unpacker->helper);
}
