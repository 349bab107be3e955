/* SPDX-License-Identifier: MIT */
/* Work folder: its name, its lock, the records of finished pages, and its removal. */
#include "book/workdir.h"

#include "base/status.h"
#include "base/text.h"
#include "codec/codec.h"
#include "io/digest.h"
#include "io/temp_name.h"
#include "io/tree.h"
#include "os/fd.h"
#include "os/file.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_CHARS   ((size_t)2 * PLANCHE_DIGEST_BYTES)
#define SETTINGS       "settings"
#define USUAL          "usual"
#define OUTPUT         "output"
#define SETTINGS_HEAD  "planche "
#define RECORD_HEAD    "planche-page 2"
#define IDENTITY_CHARS 48

static bool parse_digest(const char *text, uint8_t digest[PLANCHE_DIGEST_BYTES])
{
    bool whole = strlen(text) == DIGEST_CHARS;
    for (size_t i = 0; whole && i < PLANCHE_DIGEST_BYTES; i++)
        whole = sscanf(text + 2 * i, "%2" SCNx8, &digest[i]) == 1;
    return whole;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

enum planche_status planche_workdir_name(char folder[PLANCHE_WORKDIR_FOLDER], const char *output,
                                         struct planche_error *error)
{
    if (planche_temp_name(folder, PLANCHE_WORKDIR_FOLDER, output) >= PLANCHE_WORKDIR_FOLDER)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long", output);
    return PLANCHE_OK;
}

static enum planche_status say(struct planche_error *error, const struct planche_workdir *work,
                               int reason)
{
    bool no_folder;
    const char *why = planche_file_why_unmade(work->folder, reason, &no_folder);
    return planche_fail(error, no_folder ? PLANCHE_ERROR_NOT_FOUND : PLANCHE_ERROR_IO,
                        "%s: cannot be written: %s (in the folder %s)", work->output, why,
                        work->folder);
}

/* In a folder that takes no work folder: its output may be one that takes files. */
static enum planche_status say_unmade(struct planche_error *error,
                                      const struct planche_workdir *work, int reason)
{
    struct planche_file_info output;
    bool refused = reason == EACCES || reason == EPERM || reason == EROFS;
    if (!refused || planche_file_find_link(work->output, &output) != PLANCHE_FILE_PRESENT ||
        output.kind != PLANCHE_FILE_FOLDER)
        return say(error, work, reason);
    return planche_fail(error, PLANCHE_ERROR_IO,
                        "%s: its pages are kept beside it, in %s, until all are made, and that "
                        "cannot be written: %s; write into a folder in it, %s/NAME",
                        work->output, work->folder, strerror(reason), work->output);
}

static enum planche_status lock_folder(struct planche_workdir *work, struct planche_error *error)
{
    struct planche_file_info there;
    switch (planche_folder_lock_take(&work->lock, work->folder)) {
    case PLANCHE_FOLDER_LOCK_TAKEN:
    case PLANCHE_FOLDER_LOCK_UNKNOWN:
        return PLANCHE_OK;
    case PLANCHE_FOLDER_LOCK_UNTRUSTED:
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: the folder %s is another's, or others may write into it: nothing "
                            "in it can be relied on; remove it",
                            work->output, work->folder);
    case PLANCHE_FOLDER_LOCK_BUSY:
        return planche_fail(error, PLANCHE_ERROR_EXISTS,
                            "%s: another run is making this book now; wait until it has ended",
                            work->output);
    case PLANCHE_FOLDER_LOCK_FAILED:
        break;
    }
    int reason = errno;
    if (planche_file_find_link(work->folder, &there) == PLANCHE_FILE_PRESENT &&
        there.kind != PLANCHE_FILE_FOLDER)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: its pages are kept in the folder %s until all are made, but a %s "
                            "of that name is there; rename or remove it",
                            work->output, work->folder,
                            there.kind == PLANCHE_FILE_LINK ? "link" : "file");
    return say_unmade(error, work, reason);
}

/* Which files survive the run that made them, and work folders of books in the book. */
static bool is_finished(const char *name)
{
    return strspn(name, "0123456789abcdef") == DIGEST_CHARS || planche_name_is_work(name);
}

static bool is_own_record(const char *name)
{
    return strcmp(name, SETTINGS) == 0 || strcmp(name, USUAL) == 0 || strcmp(name, OUTPUT) == 0;
}

static bool remove_entry(const struct planche_workdir *work, const char *name)
{
    char path[PATH_MAX];
    if (!planche_name_is_work(name))
        return planche_file_remove_at(work->lock.fd, name);
    snprintf(path, sizeof path, "%s/%s", work->folder, name);
    return planche_tree_remove(path);
}

/* Removes what is in the folder, but for what is finished if keep is set. *finished: there is
 * something finished, or that cannot be told. Returns what failed first, as in errno; 0: nothing.
 */
static int clean(const struct planche_workdir *work, bool keep, bool *finished)
{
    struct planche_listing listing;
    const char *name;
    int reason = 0;
    *finished = true;
    if (!planche_listing_open_fd(&listing, work->lock.fd))
        return errno;
    *finished = false;
    while ((name = planche_listing_next(&listing))) {
        *finished |= is_finished(name);
        if (!is_own_record(name) && !(keep && is_finished(name)) && !remove_entry(work, name) &&
            !reason)
            reason = errno;
    }
    *finished |= errno != 0;
    reason = reason ? reason : errno;
    planche_listing_close(&listing);
    return reason;
}

/* Also if it is not there. */
static bool remove_own(const struct planche_workdir *work, const char *name)
{
    return planche_file_remove_at(work->lock.fd, name) || errno == ENOENT;
}

/* The record of the output goes last: whoever is killed here, or fails, is followed by another. */
static void remove_folder(const struct planche_workdir *work)
{
    bool finished;
    int reason = clean(work, false, &finished);
    if (!reason && !(remove_own(work, USUAL) && remove_own(work, SETTINGS) &&
                     remove_own(work, OUTPUT) && planche_folder_remove(work->folder)))
        reason = errno;
    if (reason)
        planche_log_write(work->log, PLANCHE_LOG_WARNING,
                          "%s: its work folder %s cannot be removed: %s; remove it when that "
                          "is possible",
                          work->output, work->folder, strerror(reason));
}

/* Outputs that a killed run was putting together, ".NAME.planche-0123456789abcdef". */
static void remove_temporaries(const struct planche_workdir *work)
{
    const char *hidden = base_of(work->folder);
    size_t folder = (size_t)(hidden - work->folder), length = strlen(hidden);
    char path[PATH_MAX + NAME_MAX + 1];
    struct planche_listing beside;
    const char *name;
    snprintf(path, sizeof path, "%.*s", (int)folder, work->folder);
    if (!planche_listing_open(&beside, folder ? path : "."))
        return;
    while ((name = planche_listing_next(&beside))) {
        if (strncmp(name, hidden, length) != 0 || name[length] != '-' ||
            strspn(name + length + 1, "0123456789abcdef") != 16 || strlen(name) != length + 17)
            continue;
        snprintf(path, sizeof path, "%.*s%s", (int)folder, work->folder, name);
        planche_tree_remove(path);
    }
    planche_listing_close(&beside);
}

/* A regular file in the folder; -1: errno says why not, ENOENT also for what is no file. */
static int open_file(const struct planche_workdir *work, const char *path,
                     struct planche_file_info *info)
{
    int fd = planche_fd_open_at(work->lock.fd, base_of(path), PLANCHE_FD_NO_LINK, info);
    if (fd >= 0 && info->kind != PLANCHE_FILE_REGULAR) {
        planche_fd_close(&fd);
        errno = ENOENT;
    }
    return fd;
}

/* The first bytes of a small file; 0 when there are none: errno says why, or is 0. */
static size_t read_small(const struct planche_workdir *work, const char *path, char *text,
                         size_t size)
{
    struct planche_file_info info;
    int fd = open_file(work, path, &info);
    int64_t got = fd >= 0 ? planche_fd_read_all(fd, text, size - 1) : -1;
    int reason = got < 0 ? errno : 0;
    size_t length = got > 0 ? (size_t)got : 0;
    planche_fd_close(&fd);
    text[length] = 0;
    errno = reason;
    return length;
}

/* Whether a file in the folder is there and is what was recorded: after a crash of the machine, or
 * on a bad disk, it may have its size and not its content. */
static bool is_whole(const struct planche_workdir *work, const char *path,
                     const struct planche_made_part *part)
{
    struct planche_file_info info;
    uint8_t digest[PLANCHE_DIGEST_BYTES];
    int fd = open_file(work, path, &info);
    bool whole = fd >= 0 && info.size == part->bytes && planche_fd_digest(fd, digest) &&
                 memcmp(digest, part->digest, sizeof digest) == 0;
    planche_fd_close(&fd);
    return whole;
}

enum planche_status planche_workdir_measure(const struct planche_workdir *work, const char *path,
                                            struct planche_made_part *part,
                                            struct planche_error *error)
{
    struct planche_file_info info;
    int fd = open_file(work, path, &info);
    bool known = fd >= 0 && planche_fd_digest(fd, part->digest);
    int reason = errno;
    planche_fd_close(&fd);
    part->bytes = known ? info.size : 0;
    return known ? PLANCHE_OK
                 : planche_fail(error, PLANCHE_ERROR_IO, "%s: %s", path, strerror(reason));
}

enum planche_status planche_workdir_write(const struct planche_workdir *work, const char *path,
                                          const void *data, size_t size,
                                          struct planche_error *error)
{
    /* A failed run may have given the file to the output as well, where it stays as it is. */
    int fd = planche_fd_create_anew(path, 0666), reason = 0;
    if (fd < 0)
        return say(error, work, errno);
    if (!planche_fd_write(fd, data, size) || !planche_fd_has_size(fd, size))
        reason = errno;
    if (!planche_fd_close(&fd) && !reason)
        reason = errno;
    return reason ? say(error, work, reason) : PLANCHE_OK;
}

static bool is_page_file(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    if (strspn(name, "0123456789abcdef") == DIGEST_CHARS)
        return name[DIGEST_CHARS] == '.' || name[DIGEST_CHARS] == '-';
    return digits > 0 && (strcmp(name + digits, ".in") == 0 || strcmp(name + digits, ".out") == 0);
}

/* Whether a run that was killed, or a machine that crashed, can have left a file of that name in a
 * folder without settings. A record is empty then, or it is that of the output, which goes last. */
static bool is_remnant(const struct planche_workdir *work, const char *name)
{
    char text[IDENTITY_CHARS];
    uint64_t device, inode;
    int used = 0;
    if (!is_own_record(name))
        return is_page_file(name);
    if (!read_small(work, name, text, sizeof text))
        return errno == 0;
    return strcmp(name, OUTPUT) == 0 &&
           sscanf(text, "%" SCNu64 " %" SCNu64 "%n", &device, &inode, &used) == 2 &&
           strcmp(text + used, "\n") == 0;
}

/* Whether all in the folder can be Planche's though its settings do not say so. Else errno is
 * EEXIST, or says why that cannot be told. */
static bool has_only_remnants(const struct planche_workdir *work)
{
    struct planche_listing listing;
    const char *name;
    bool own = true;
    if (!planche_listing_open_fd(&listing, work->lock.fd))
        return false;
    while (own && (name = planche_listing_next(&listing)))
        own = is_remnant(work, name);
    int reason = own ? errno : EEXIST;
    planche_listing_close(&listing);
    errno = reason;
    return reason == 0;
}

/* Nothing is removed from a folder that somebody else has made under the name of a work folder. */
static enum planche_status check_own(struct planche_workdir *work, bool known, bool own,
                                     struct planche_error *error)
{
    if (own || (known && has_only_remnants(work)))
        return PLANCHE_OK;
    int reason = errno;
    (void)planche_folder_remove(work->folder); /* if it is empty */
    planche_folder_lock_release(&work->lock);
    if (reason != EEXIST)
        return say(error, work, reason);
    return planche_fail(error, PLANCHE_ERROR_EXISTS,
                        "%s: the folder %s, which its pages would be kept in meanwhile, exists "
                        "already, and Planche does not know it; rename or remove it",
                        work->output, work->folder);
}

enum planche_status planche_workdir_open(struct planche_workdir *work, const char *output,
                                         const char *settings, bool fresh,
                                         struct planche_budget *budget,
                                         const struct planche_log *log, struct planche_error *error)
{
    char path[PATH_MAX], found[4096];
    bool finished;
    *work = (struct planche_workdir){
        .output = output, .lock = PLANCHE_FOLDER_LOCK_NONE, .budget = budget, .log = log};
    enum planche_status status = planche_workdir_name(work->folder, output, error);
    if (!status)
        status = lock_folder(work, error);
    if (status)
        goto fail;
    snprintf(path, sizeof path, "%s/" SETTINGS, work->folder);
    bool known = read_small(work, path, found, sizeof found) > 0 || errno == 0 ||
                 planche_file_is_absent(errno);
    bool own = strncmp(found, SETTINGS_HEAD, strlen(SETTINGS_HEAD)) == 0;
    status = check_own(work, known, own, error);
    if (status)
        return status;
    if (own)
        remove_temporaries(work);
    planche_file_remove_at(work->lock.fd, OUTPUT);
    bool same = !fresh && strcmp(found, settings) == 0;
    int reason = clean(work, same, &finished);
    if (reason)
        status = say(error, work, reason);
    else if (!same)
        status = planche_workdir_write(work, path, settings, strlen(settings), error);
    if (!status)
        return PLANCHE_OK;
fail:
    planche_workdir_close(work, false);
    return status;
}

enum planche_status planche_workdir_settle(const struct planche_workdir *work, const char *usual,
                                           struct planche_error *error)
{
    char path[PATH_MAX], found[64];
    bool finished;
    snprintf(path, sizeof path, "%s/" USUAL, work->folder);
    size_t length = read_small(work, path, found, sizeof found);
    if (length > 0 && strcmp(found, usual) == 0)
        return PLANCHE_OK;
    int reason = length > 0 ? clean(work, false, &finished) : 0;
    if (reason)
        return say(error, work, reason);
    return planche_workdir_write(work, path, usual, strlen(usual), error);
}

void planche_workdir_close(struct planche_workdir *work, bool done)
{
    if (work->lock.fd < 0)
        return;
    bool finished = false;
    if (!done)
        (void)clean(work, true, &finished); /* what stays is removed by the next run */
    if (done || !finished)
        remove_folder(work);
    else
        (void)remove_own(work, OUTPUT);
    planche_folder_lock_release(&work->lock);
}

/* How a file or folder is told from another that has its name. */
static void format_identity(char text[IDENTITY_CHARS], const struct planche_file_info *info)
{
    snprintf(text, IDENTITY_CHARS, "%" PRIu64 " %" PRIu64 "\n", info->device, info->inode);
}

void planche_workdir_record_output(void *user, const struct planche_file_info *output)
{
    const struct planche_workdir *work = user;
    char path[PATH_MAX], text[IDENTITY_CHARS];
    struct planche_error error;
    format_identity(text, output);
    snprintf(path, sizeof path, "%s/" OUTPUT, work->folder);
    planche_workdir_write(work, path, text, strlen(text), &error);
}

static bool is_recorded_output(const struct planche_workdir *work)
{
    char path[PATH_MAX], noted[IDENTITY_CHARS], text[IDENTITY_CHARS];
    struct planche_file_info info;
    if (planche_file_find_link(work->output, &info) != PLANCHE_FILE_PRESENT)
        return false;
    format_identity(text, &info);
    snprintf(path, sizeof path, "%s/" OUTPUT, work->folder);
    return read_small(work, path, noted, sizeof noted) && strcmp(noted, text) == 0;
}

void planche_workdir_remove_stale(const char *output, const struct planche_log *log)
{
    struct planche_workdir work = {.output = output, .lock = PLANCHE_FOLDER_LOCK_NONE, .log = log};
    struct planche_error error;
    if (planche_workdir_name(work.folder, output, &error))
        return;
    if (planche_folder_lock_take_existing(&work.lock, work.folder) == PLANCHE_FOLDER_LOCK_TAKEN) {
        if (is_recorded_output(&work))
            remove_folder(&work);
        else
            (void)planche_folder_remove(work.folder); /* one that is not empty stays */
    }
    planche_folder_lock_release(&work.lock);
}

void planche_workdir_entry_path(const struct planche_workdir *work, size_t index,
                                enum planche_workdir_file kind, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%zu.%s", work->folder, index,
             kind == PLANCHE_WORKDIR_IN ? "in" : "out");
}

enum planche_status planche_workdir_read(int fd, const char *path, void *data, size_t size,
                                         struct planche_error *error)
{
    int64_t got = planche_fd_read_all(fd, data, size);
    return got == (int64_t)size ? PLANCHE_OK
                                : planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read: %s",
                                               path, planche_fd_short_reason(got));
}

void planche_workdir_page_path(const struct planche_workdir *work, const uint8_t *digest,
                               enum planche_format format, unsigned part, unsigned parts,
                               char path[PATH_MAX])
{
    char name[DIGEST_CHARS + 1], which[16] = "";
    planche_text_hex(name, digest, PLANCHE_DIGEST_BYTES);
    if (parts > 1)
        snprintf(which, sizeof which, "-%u", part + 1);
    snprintf(path, PATH_MAX, "%s/%s%s.%s", work->folder, name, which,
             planche_codec_extension(format));
}

static void record_path(const struct planche_workdir *work, const uint8_t *digest,
                        char path[PATH_MAX])
{
    char name[DIGEST_CHARS + 1];
    planche_text_hex(name, digest, PLANCHE_DIGEST_BYTES);
    snprintf(path, PATH_MAX, "%s/%s.page", work->folder, name);
}

/* Most parts of a page that a record tells of. */
#define MAX_PARTS  1024
#define PART_CHARS (64 + DIGEST_CHARS)

enum planche_status planche_workdir_record(const struct planche_workdir *work,
                                           const struct planche_entry *entry,
                                           struct planche_error *error)
{
    const struct planche_made *made = &entry->made;
    char path[PATH_MAX];
    size_t size = (size_t)made->parts * PART_CHARS + 256, at = 0;
    char *text = planche_alloc(work->budget, size);
    if (!text)
        return planche_fail_memory(error, work->budget, size, entry->name);
    at += (size_t)snprintf(text, size, RECORD_HEAD " %s %u\n",
                           planche_codec_extension(made->format), made->parts);
    for (unsigned p = 0; p < made->parts; p++) {
        char digest[DIGEST_CHARS + 1];
        planche_text_hex(digest, made->part[p].digest, PLANCHE_DIGEST_BYTES);
        at += (size_t)snprintf(text + at, size - at, "%" PRIu32 " %" PRIu32 " %" PRIu64 " %s\n",
                               made->part[p].width, made->part[p].height, made->part[p].bytes,
                               digest);
    }
    snprintf(text + at, size - at, "end\n");
    record_path(work, entry->digest, path);
    enum planche_status status = planche_workdir_write(work, path, text, strlen(text), error);
    planche_free(text);
    return status;
}

/* False: it is not what planche_workdir_record writes, or not what lies there. */
static bool parse_record(const struct planche_workdir *work, struct planche_entry *entry,
                         const char *text)
{
    struct planche_made *made = &entry->made;
    char path[PATH_MAX];
    for (unsigned p = 0; p < made->parts; p++) {
        struct planche_made_part *part = &made->part[p];
        char digest[DIGEST_CHARS + 1];
        int used = 0;
        if (sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu64 " %64[0-9a-f]\n%n", &part->width,
                   &part->height, &part->bytes, digest, &used) != 4 ||
            !parse_digest(digest, part->digest))
            return false;
        text += used;
        planche_workdir_page_path(work, entry->digest, made->format, p, made->parts, path);
        if (!is_whole(work, path, part))
            return false;
    }
    return strcmp(text, "end\n") == 0;
}

static bool parse_head(struct planche_made *made, const char *text, int *used)
{
    char extension[16], name[20];
    if (sscanf(text, RECORD_HEAD " %15[a-z0-9] %u\n%n", extension, &made->parts, used) != 2)
        return false;
    snprintf(name, sizeof name, "x.%s", extension);
    made->format = planche_codec_format_of(name);
    return made->format != PLANCHE_FORMAT_AUTO && made->parts > 0 && made->parts <= MAX_PARTS;
}

enum planche_status planche_workdir_lookup(const struct planche_workdir *work,
                                           struct planche_entry *entry, struct planche_error *error)
{
    char path[PATH_MAX], head[128];
    struct planche_made *made = &entry->made;
    enum planche_status status = PLANCHE_OK;
    char *text = NULL;
    int used = 0;
    record_path(work, entry->digest, path);
    if (!read_small(work, path, head, sizeof head))
        return PLANCHE_OK;
    if (!parse_head(made, head, &used))
        goto nothing;
    size_t size = (size_t)made->parts * PART_CHARS + 256;
    made->part = planche_calloc(work->budget, made->parts, sizeof *made->part);
    text = planche_alloc(work->budget, size);
    if (!made->part || !text)
        status = planche_fail_memory(error, work->budget, size, entry->name);
    else if (read_small(work, path, text, size) && parse_record(work, entry, text + used))
        goto done;
nothing:
    planche_free(made->part);
    *made = (struct planche_made){0};
done:
    planche_free(text);
    return status;
}
