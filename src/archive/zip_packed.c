/* SPDX-License-Identifier: MIT */
/* Entries of a ZIP that are packed by something else than deflate. Source: PKWARE's APPNOTE 4.4.5.
 */
#include "archive/zip_packed.h"

#include "base/status.h"

/* A processor unpacks at least so many bytes in a second. */
#define SLOWEST_BYTES ((uint64_t)1 << 20)
#define MIN_SECONDS   UINT64_C(60)
#define MAX_SECONDS   UINT64_C(86400)

/* Methods by their names; kind: what planche-unpack calls it, NULL: it does not know it. */
static const struct method {
    uint16_t number;
    const char *name, *kind;
} methods[] = {
    {1, "Shrink", NULL},       {6, "Implode", NULL},   {9, "Deflate64", NULL},
    {10, "DCL Implode", NULL}, {12, "bzip2", "bzip2"}, {14, "LZMA", "lzma"},
    {20, "zstd", "zstd"},      {93, "zstd", "zstd"},   {95, "xz", "xz"},
    {96, "packed JPEG", NULL}, {97, "WavPack", NULL},  {98, "PPMd", NULL},
};

static const struct method *find(uint16_t method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (methods[i].number == method)
            return &methods[i];
    return NULL;
}

bool planche_zip_packed_known(uint16_t method)
{
    const struct method *found = find(method);
    return found && found->kind;
}

enum planche_status planche_zip_packed_fail(const struct planche_archive *archive, uint16_t method,
                                            struct planche_error *error)
{
    const struct method *found = find(method);
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "%s: %s: is packed by %s (method %u), which Planche does not read; unpack "
                        "the archive with 7-Zip (7z x) and take the folder, or pack it anew",
                        archive->path, archive->name, found ? found->name : "an unknown method",
                        method);
}

enum planche_status planche_zip_packed_start(struct planche_unpacker *unpacker,
                                             const struct planche_archive *archive,
                                             const struct planche_zip_packed *packed,
                                             struct planche_error *error)
{
    char name[PLANCHE_UNPACK_NAME_BYTES + 1];
    struct planche_unpack_entry entry;
    bool end = false;
    uint64_t seconds = MIN_SECONDS + packed->size / SLOWEST_BYTES;
    const struct planche_unpacker_options options = {
        .path = archive->path,
        .fd = archive->fd,
        .kind = find(packed->method)->kind,
        .from = packed->at,
        .bytes = packed->bytes,
        .size = packed->marked_end ? UINT64_MAX : packed->size,
        .seconds = seconds < MAX_SECONDS ? seconds : MAX_SECONDS,
        .budget = archive->budget,
        .cancel = archive->help.cancel,
    };
    enum planche_status status = planche_unpacker_start(unpacker, &options, error);
    unpacker->helper.part = archive->name;
    if (!status)
        status = planche_unpacker_next(unpacker, &entry, name, &end, error);
    if (!status && end)
        status = planche_entry_fail(archive, error, PLANCHE_ERROR_DATA, "is cut short");
    return status;
}
