/* SPDX-License-Identifier: MIT */
/* RAR, 7z and tar reader: unpacked by libarchive in a sandboxed process of its own, against
 * decompression bombs and faults of its parsers. */
#include "archive/charset.h"
#include "archive/format.h"
#include "archive/unpacker.h"
#include "base/status.h"
#include "base/text.h"
#include "os/file_info.h"

#include <string.h>

/* A processor unpacks at least so many bytes in a second, whatever they are packed by. */
#define SLOWEST_BYTES ((uint64_t)1 << 20)
#define MIN_SECONDS   UINT64_C(60)
#define MAX_SECONDS   UINT64_C(86400)

/* State of the reader. */
struct unpacked {
    struct planche_unpacker unpacker;
    uint64_t size, produced; /* of the entry */
    bool must_read;          /* the entry; unless it has ended, none can follow */
    bool lost;               /* nothing can be read any more */
    bool first, end;         /* found is the first entry, not given out yet; there is none more */
    struct planche_unpack_entry found;
    struct planche_error why;
    struct planche_charset charset; /* of names that are not UTF-8 */
    bool heard;                     /* all names, for charset */
    char raw[PLANCHE_UNPACK_NAME_BYTES + 1];
    char name[3 * PLANCHE_UNPACK_NAME_BYTES + 1];
};

static const char *bad_kind(uint32_t flags)
{
    if (flags & PLANCHE_UNPACK_SYMLINK)
        return "is a symbolic link, which books may not have";
    if (flags & PLANCHE_UNPACK_HARDLINK)
        return "is a hard link, which books may not have";
    return flags & PLANCHE_UNPACK_SPECIAL ? "is a device or another special file" : NULL;
}

/* Of computing time, for as much as the limits let the archive unpack to. */
static uint64_t max_seconds(const struct planche_archive *archive)
{
    uint64_t bytes;
    if (__builtin_mul_overflow(archive->file_size, archive->limits.ratio, &bytes) ||
        bytes > archive->limits.total_bytes)
        bytes = archive->limits.total_bytes;
    uint64_t seconds = MIN_SECONDS + bytes / SLOWEST_BYTES;
    return seconds < MAX_SECONDS ? seconds : MAX_SECONDS;
}

static struct planche_unpacker_options describe(const struct planche_archive *archive)
{
    static const char *const kinds[] = {[PLANCHE_CONTAINER_RAR] = "rar",
                                        [PLANCHE_CONTAINER_7Z] = "7z",
                                        [PLANCHE_CONTAINER_TAR] = "tar"};
    return (struct planche_unpacker_options){.path = archive->path,
                                             .fd = archive->fd,
                                             .kind = kinds[archive->container],
                                             .from = archive->start,
                                             .bytes = archive->file_size - archive->start,
                                             .size = UINT64_MAX,
                                             .seconds = max_seconds(archive),
                                             .budget = archive->budget,
                                             .cancel = archive->help.cancel};
}

/* The next name, of a program that is asked for nothing else. */
static enum planche_status hear_next(struct planche_archive *archive,
                                     struct planche_unpacker *unpacker, bool *end,
                                     struct planche_error *error)
{
    struct unpacked *unpacked = archive->state;
    struct planche_unpack_entry entry;
    char name[PLANCHE_UNPACK_NAME_BYTES + 1];
    enum planche_status status = planche_unpacker_next(unpacker, &entry, name, end, error);
    if (status || *end)
        return status;
    *end = entry.passed > archive->limits.total_bytes;
    return planche_charset_hear(&unpacked->charset, name, strlen(name), unpacked->name)
               ? PLANCHE_OK
               : planche_fail_memory(error, archive->budget, sizeof name, archive->path);
}

/* An archive's names are in one character set, which only all of them tell. So at the first that is
 * not UTF-8, another program walks through the archive. */
static enum planche_status hear_names(struct planche_archive *archive, struct planche_error *error)
{
    struct unpacked *unpacked = archive->state;
    struct planche_unpacker unpacker;
    const struct planche_unpacker_options options = describe(archive);
    bool end = false;
    unpacked->heard = true;
    enum planche_status status = planche_unpacker_start(&unpacker, &options, error);
    for (uint64_t i = 0; !status && !end && i < archive->limits.entries; i++)
        status = hear_next(archive, &unpacker, &end, error);
    planche_unpacker_stop(&unpacker);
    /* What is wrong with the archive is told where it is read. */
    bool own = status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_UNSUPPORTED;
    return own ? PLANCHE_OK : status;
}

/* A name that is too long is refused for its length. */
static enum planche_status decode_name(struct planche_archive *archive, struct planche_error *error)
{
    struct unpacked *unpacked = archive->state;
    enum planche_status status = PLANCHE_OK;
    if (!unpacked->heard && !planche_text_is_utf8(unpacked->raw))
        status = hear_names(archive, error);
    planche_charset_decode(&unpacked->charset, unpacked->raw, strlen(unpacked->raw),
                           unpacked->name);
    return status;
}

static enum planche_status lose(struct unpacked *unpacked, const struct planche_error *why)
{
    unpacked->lost = true;
    unpacked->why = *why;
    return why->status;
}

static enum planche_status find(struct unpacked *unpacked, struct planche_error *error)
{
    if (unpacked->lost) {
        *error = unpacked->why;
        return unpacked->why.status;
    }
    enum planche_status status = planche_unpacker_next(&unpacked->unpacker, &unpacked->found,
                                                       unpacked->raw, &unpacked->end, error);
    return status ? lose(unpacked, error) : PLANCHE_OK;
}

static enum planche_status next(struct planche_archive *archive, struct planche_raw_entry *entry,
                                bool *end, struct planche_error *error)
{
    struct unpacked *unpacked = archive->state;
    const struct planche_unpack_entry *found = &unpacked->found;
    enum planche_status status = unpacked->first ? PLANCHE_OK : find(unpacked, error);
    unpacked->first = false;
    *end = unpacked->end;
    if (status || *end)
        return status;
    bool sized = found->flags & PLANCHE_UNPACK_SIZED;
    unpacked->size = sized ? found->size : PLANCHE_SIZE_UNKNOWN;
    unpacked->produced = 0;
    unpacked->must_read = !sized || found->flags & PLANCHE_UNPACK_SOLID;
    status = decode_name(archive, error);
    if (status)
        return lose(unpacked, error);
    *entry = (struct planche_raw_entry){.name = unpacked->name,
                                        .folder = found->flags & PLANCHE_UNPACK_FOLDER,
                                        .bad = bad_kind(found->flags),
                                        .mtime = found->mtime,
                                        .size = unpacked->size,
                                        .passed = found->passed,
                                        .must_read = unpacked->must_read};
    return PLANCHE_OK;
}

static enum planche_status read_some(struct planche_archive *archive, void *data, size_t size,
                                     size_t *got, struct planche_error *error)
{
    struct unpacked *unpacked = archive->state;
    bool lost = false;
    unpacked->unpacker.helper.part = archive->name;
    enum planche_status status =
        planche_unpacker_read(&unpacked->unpacker, data, size, got, &lost, error);
    unpacked->unpacker.helper.part = "";
    if (status && lost)
        lose(unpacked, error);
    if (status)
        return status;
    unpacked->must_read = unpacked->must_read && *got > 0;
    unpacked->produced += *got;
    bool known = unpacked->size != PLANCHE_SIZE_UNKNOWN;
    if (known &&
        (unpacked->produced > unpacked->size || (*got == 0 && unpacked->produced < unpacked->size)))
        return planche_entry_fail(archive, error, PLANCHE_ERROR_DATA,
                                  "has another size than the archive says");
    return PLANCHE_OK;
}

static enum planche_status read_entry(struct planche_archive *archive, void *data, size_t size,
                                      size_t *got, struct planche_error *error)
{
    struct unpacked *unpacked = archive->state;
    if (unpacked->lost) {
        *error = unpacked->why;
        return unpacked->why.status;
    }
    enum planche_status status = read_some(archive, data, size, got, error);
    if (status && unpacked->must_read && !unpacked->lost)
        lose(unpacked, error);
    return status;
}

static void close_unpacked(struct planche_archive *archive)
{
    struct unpacked *unpacked = archive->state;
    if (!unpacked)
        return;
    struct planche_archive_notes *notes = archive->help.notes;
    if (notes && unpacked->unpacker.helper.reserved > notes->unpack_bytes)
        notes->unpack_bytes = unpacked->unpacker.helper.reserved;
    planche_unpacker_stop(&unpacked->unpacker);
    planche_charset_close(&unpacked->charset);
    planche_free(unpacked);
    archive->state = NULL;
}

static const struct planche_archive_ops ops = {
    .backslashes = true, .ratio = true, .next = next, .read = read_entry, .close = close_unpacked};

enum planche_status planche_unpacked_open(struct planche_archive *archive,
                                          struct planche_error *error)
{
    struct unpacked *unpacked = planche_calloc(archive->budget, 1, sizeof *unpacked);
    archive->ops = &ops;
    archive->state = unpacked;
    if (!unpacked)
        return planche_fail_memory(error, archive->budget, sizeof *unpacked, archive->path);
    struct planche_unpacker_options options = describe(archive);
    options.first_bytes = archive->help.notes ? archive->help.notes->unpack_bytes : 0;
    enum planche_status status = planche_unpacker_start(&unpacked->unpacker, &options, error);
    /* What is wrong with all of the archive shows now. */
    if (status == PLANCHE_OK)
        status = find(unpacked, error);
    unpacked->first = true;
    return status;
}

bool planche_unpacked_is_tar(int fd, const char *path)
{
    struct planche_file_info info;
    if (!planche_fd_info(fd, &info))
        return false;
    const struct planche_unpacker_options options = {.path = path,
                                                     .fd = fd,
                                                     .kind = "tar",
                                                     .bytes = info.size,
                                                     .size = UINT64_MAX,
                                                     .seconds = MIN_SECONDS};
    struct planche_unpacker unpacker;
    struct planche_unpack_entry entry;
    struct planche_error error = {0};
    char name[PLANCHE_UNPACK_NAME_BYTES + 1];
    bool end = false;
    enum planche_status status = planche_unpacker_start(&unpacker, &options, &error);
    bool started = status == PLANCHE_OK;
    if (started)
        status = planche_unpacker_next(&unpacker, &entry, name, &end, &error);
    planche_unpacker_stop(&unpacker);
    /* Without the program or memory nobody knows; who opens it is told why. */
    return !started || status == PLANCHE_ERROR_MEMORY || (status == PLANCHE_OK && !end);
}
