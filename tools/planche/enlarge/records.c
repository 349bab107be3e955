/* SPDX-License-Identifier: MIT */
/* Records of outputs: their files in the state directory. */
#include "enlarge/records.h"
#include "base/text.h"

#include "cli/paths.h"
#include "cli/terminal.h"
#include "io/cache_dir.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD       "planche-outputs 1 "
#define LINE_BYTES (4 * NAME_MAX + 256)
/* Lines that are no longer needed, before a file is written anew. */
#define MOST_STALE 64

struct line {
    char *name;   /* own */
    size_t order; /* in the file */
    struct planche_cli_record record;
};

/* The records of the outputs in a folder. */
struct planche_cli_record_folder {
    char *folder, *file; /* canonical; own */
    struct line *lines;  /* sorted by name; one of each */
    size_t count, capacity;
};

/* A name in a line: what ends lines is written as %XX. */
static void write_name(char *to, size_t size, const char *name)
{
    size_t at = 0;
    for (; *name != 0 && at + 4 < size; name++) {
        unsigned char c = (unsigned char)*name;
        bool plain = c > 32 && c != '%' && c != 127;
        at += (size_t)snprintf(to + at, size - at, plain ? "%c" : "%%%02x", c);
    }
    to[at] = 0;
}

static char *read_name(const char *text)
{
    char *name = malloc(strlen(text) + 1), *to = name;
    for (; name != NULL && *text != 0; text++) {
        unsigned value;
        bool escaped = *text == '%' && sscanf(text + 1, "%2x", &value) == 1;
        *to++ = escaped ? (char)value : *text;
        text += escaped ? 2 : 0;
    }
    if (name != NULL)
        *to = 0;
    return name;
}

static int write_line(char text[LINE_BYTES], const char *output_name,
                      const struct planche_cli_record *record)
{
    char name[LINE_BYTES - 200];
    write_name(name, sizeof name, output_name);
    return snprintf(text, LINE_BYTES,
                    "%" PRIu64 " %" PRId64 " %" PRIx64 " %s %s %" PRIx64 " %u %d/%" PRIu64 " %s\n",
                    record->source.bytes, record->source.time, record->source.names,
                    *record->digest != 0 ? record->digest : "-",
                    *record->settings != 0 ? record->settings : "-", record->names, record->parts,
                    record->format, record->bytes, name);
}

/* "/BYTES ", which lines of older versions do not have. Returns what follows. */
static const char *read_bytes(const char *text, uint64_t *bytes)
{
    int used = 0;
    bool known = sscanf(text, "/%" SCNu64 " %n", bytes, &used) == 1 && used > 0;
    return known ? text + used : text + strspn(text, " ");
}

/* Of a damaged line nothing is known. */
static bool read_line(struct line *line, const char *text)
{
    struct planche_cli_record *record = &line->record;
    char digest[PLANCHE_IO_DIGEST_TEXT], settings[PLANCHE_CLI_SETTINGS_TEXT];
    int used = 0;
    if (sscanf(text, "%" SCNu64 " %" SCNd64 " %" SCNx64 " %64s %16s %" SCNx64 " %u %d%n",
               &record->source.bytes, &record->source.time, &record->source.names, digest, settings,
               &record->names, &record->parts, &record->format, &used) != 8 ||
        used == 0)
        return false;
    snprintf(record->digest, sizeof record->digest, "%s", *digest == '-' ? "" : digest);
    snprintf(record->settings, sizeof record->settings, "%s", *settings == '-' ? "" : settings);
    line->name = read_name(read_bytes(text + used, &record->bytes));
    return line->name != NULL;
}

static int compare_lines(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : (left->order > right->order) - (left->order < right->order);
}

static bool make_room(struct planche_cli_record_folder *folder)
{
    if (folder->count < folder->capacity)
        return true;
    size_t capacity = folder->capacity * 2 + 16;
    struct line *lines = reallocarray(folder->lines, capacity, sizeof *lines);
    if (lines == NULL)
        return false;
    folder->lines = lines;
    folder->capacity = capacity;
    return true;
}

/* Keeps the last line of each name. */
static void drop_old(struct planche_cli_record_folder *folder)
{
    size_t kept = 0;
    if (folder->count > 0)
        qsort(folder->lines, folder->count, sizeof *folder->lines, compare_lines);
    for (size_t i = 0; i < folder->count; i++) {
        bool last =
            i + 1 == folder->count || strcmp(folder->lines[i].name, folder->lines[i + 1].name) != 0;
        if (last)
            folder->lines[kept++] = folder->lines[i];
        else
            free(folder->lines[i].name);
    }
    folder->count = kept;
}

/* Forgets outputs that there are no more. */
static void drop_missing(struct planche_cli_record_folder *folder)
{
    size_t kept = 0;
    for (size_t i = 0; i < folder->count; i++) {
        char *path = planche_cli_join(folder->folder, folder->lines[i].name);
        bool missing = path != NULL && folder->lines[i].record.parts < 2 &&
                       planche_file_find_link(path, NULL) == PLANCHE_FILE_ABSENT;
        free(path);
        if (missing)
            free(folder->lines[i].name);
        else
            folder->lines[kept++] = folder->lines[i];
    }
    folder->count = kept;
}

/* Another run that adds a line just now loses it, and will look at its output again. */
static void rewrite(struct planche_cli_record_folder *folder)
{
    char text[LINE_BYTES], *temporary = NULL;
    drop_missing(folder);
    if (asprintf(&temporary, "%s.%ld", folder->file, (long)getpid()) < 0)
        return;
    FILE *file = fopen(temporary, "wxe");
    bool ok = file != NULL && fprintf(file, HEAD "%s\n", folder->folder) > 0;
    for (size_t i = 0; ok && i < folder->count; i++) {
        write_line(text, folder->lines[i].name, &folder->lines[i].record);
        ok = fputs(text, file) >= 0;
    }
    if (file != NULL)
        ok = fclose(file) == 0 && ok;
    if (!ok || !planche_file_rename(temporary, folder->file))
        planche_file_remove(temporary);
    free(temporary);
}

static void load(struct planche_cli_record_folder *folder)
{
    FILE *file = fopen(folder->file, "re");
    char *text = NULL;
    size_t size = 0, read = 0;
    if (file == NULL)
        return;
    while (getline(&text, &size, file) > 0) {
        struct line line = {.order = read++};
        text[strcspn(text, "\n")] = 0;
        if (strncmp(text, HEAD, strlen(HEAD)) != 0 && make_room(folder) && read_line(&line, text))
            folder->lines[folder->count++] = line;
    }
    free(text);
    fclose(file);
    drop_old(folder);
    if (read > 2 * folder->count + MOST_STALE)
        rewrite(folder);
}

/* The file is named by a digest of the folder's name. */
static char *name_file(const char *folder)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    char name[16 + PLANCHE_IO_DIGEST_TEXT] = "outputs/", path[PATH_MAX];
    struct planche_error error;
    planche_digest_of(folder, strlen(folder), digest);
    planche_text_hex(name + strlen(name), digest, 16);
    return planche_state_path(path, sizeof path, name, &error) == PLANCHE_OK ? strdup(path) : NULL;
}

/* The folder that an output lies in, loaded. NULL: no memory, or no state directory. */
static struct planche_cli_record_folder *open_folder(struct planche_cli_records *records,
                                                     const char *canonical)
{
    size_t length = (size_t)(planche_cli_base_name(canonical) - canonical);
    for (size_t i = records->count; i-- > 0;) {
        const char *known = records->folders[i].folder;
        if (strlen(known) == length && strncmp(known, canonical, length) == 0)
            return &records->folders[i];
    }
    if (records->count == records->capacity) {
        size_t capacity = records->capacity * 2 + 16;
        void *folders = reallocarray(records->folders, capacity, sizeof *records->folders);
        if (folders == NULL)
            return NULL;
        records->folders = folders;
        records->capacity = capacity;
    }
    struct planche_cli_record_folder folder = {.folder = strndup(canonical, length)};
    folder.file = folder.folder != NULL ? name_file(folder.folder) : NULL;
    if (folder.file == NULL) {
        free(folder.folder);
        return NULL;
    }
    load(&folder);
    records->folders[records->count] = folder;
    return &records->folders[records->count++];
}

static int compare_name(const void *name, const void *line)
{
    return strcmp(name, ((const struct line *)line)->name);
}

static struct line *find_line(const struct planche_cli_record_folder *folder, const char *name)
{
    return folder->count > 0
               ? bsearch(name, folder->lines, folder->count, sizeof *folder->lines, compare_name)
               : NULL;
}

const struct planche_cli_record *planche_cli_records_find(struct planche_cli_records *records,
                                                          const char *output)
{
    char *canonical = planche_cli_canonical(output);
    const struct planche_cli_record_folder *folder =
        canonical != NULL ? open_folder(records, canonical) : NULL;
    const struct line *line =
        folder != NULL ? find_line(folder, planche_cli_base_name(canonical)) : NULL;
    free(canonical);
    return line != NULL ? &line->record : NULL;
}

/* There is room. */
static void insert(struct planche_cli_record_folder *folder, const struct line *line)
{
    size_t at = folder->count;
    while (at > 0 && strcmp(folder->lines[at - 1].name, line->name) > 0) {
        folder->lines[at] = folder->lines[at - 1];
        at--;
    }
    folder->lines[at] = *line;
    folder->count++;
}

/* One write, so that lines of several runs do not mix. False: errno says why not. */
static bool append(const struct planche_cli_record_folder *folder, const char *line)
{
    char *whole = NULL;
    if (!planche_folder_make_parents(folder->file, 0700))
        return false;
    bool fresh = planche_file_find(folder->file, NULL) == PLANCHE_FILE_ABSENT;
    int length = fresh ? asprintf(&whole, HEAD "%s\n%s", folder->folder, line)
                       : asprintf(&whole, "%s", line);
    int fd = length > 0 ? open(folder->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    bool ok = fd >= 0 && planche_fd_write(fd, whole, (size_t)length);
    int reason = errno;
    if (!planche_fd_close(&fd) && ok) {
        reason = errno;
        ok = false;
    }
    free(whole);
    errno = reason;
    return ok;
}

void planche_cli_records_add(struct planche_cli_records *records, const char *output,
                             const struct planche_cli_record *record)
{
    char text[LINE_BYTES], *canonical = planche_cli_canonical(output);
    struct planche_cli_record_folder *folder =
        canonical != NULL ? open_folder(records, canonical) : NULL;
    const char *name = canonical != NULL ? planche_cli_base_name(canonical) : "";
    struct line *line = folder != NULL ? find_line(folder, name) : NULL;
    bool ok = folder != NULL && make_room(folder);
    if (ok && line != NULL) {
        line->record = *record;
    } else if (ok) {
        struct line added = {.name = strdup(name), .record = *record};
        ok = added.name != NULL;
        if (ok)
            insert(folder, &added);
    }
    if (ok) {
        write_line(text, name, record);
        if (!append(folder, text) && records->unkept == 0) {
            records->unkept = errno;
            records->unkept_folder = (size_t)(folder - records->folders);
        }
    }
    free(canonical);
}

void planche_cli_records_complain(const struct planche_cli_records *records)
{
    if (records->unkept != 0)
        planche_cli_message(
            "%s: what outputs were made from cannot be noted: %s; make room, or set HOME or "
            "XDG_STATE_HOME to a folder of yours",
            records->folders[records->unkept_folder].file, strerror(records->unkept));
}

void planche_cli_records_free(struct planche_cli_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        struct planche_cli_record_folder *folder = &records->folders[i];
        for (size_t j = 0; j < folder->count; j++)
            free(folder->lines[j].name);
        free(folder->lines);
        free(folder->folder);
        free(folder->file);
    }
    free(records->folders);
    *records = (struct planche_cli_records){0};
}
