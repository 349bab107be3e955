/* SPDX-License-Identifier: MIT */
/* Files of PyTorch from version 1.6 on: a ZIP without compression, with data.pkl and data/KEY for
 * each storage in a folder. */
#include "model/weights/torch_zip.h"

#include "archive/zip.h"
#include "archive/zip_directory.h"
#include "base/status.h"
#include "model/weights/pickle.h"

#include <stdio.h>
#include <string.h>

#define PICKLE "data.pkl"

/* An entry of the archive, where its bytes are. */
struct entry {
    struct entry *next;
    const char *name;
    uint64_t at, size;
};

struct zip {
    struct planche_archive archive;
    struct planche_zip_directory directory;
    const struct planche_state *state;
    struct entry *entries;
    struct planche_error *error;
};

bool planche_torch_is_zip(const uint8_t *head, size_t size)
{
    return size >= 4 && get32(head) == ZIP_LOCAL;
}

static enum planche_status damaged(const struct zip *zip, const char *name, const char *what)
{
    return planche_fail(zip->error, PLANCHE_ERROR_MODEL, "%s: %s: %s", zip->archive.path, name,
                        what);
}

/* Finds the bytes behind the entry's own header, whose lengths may differ from the directory's. */
static enum planche_status locate(struct zip *zip, const struct planche_zip_record *record,
                                  struct entry *entry)
{
    uint64_t start = record->start + zip->directory.shift;
    uint8_t head[ZIP_LOCAL_BYTES];
    enum planche_status status =
        planche_model_file_read_at(zip->state->file, head, sizeof(head), start, zip->error);
    if (status)
        return status;
    entry->at = start + sizeof(head) + get16(head + 26) + get16(head + 28);
    entry->size = record->size;
    if (get32(head) != ZIP_LOCAL || record->size != record->packed ||
        entry->at > zip->archive.file_size || entry->size > zip->archive.file_size - entry->at)
        return damaged(zip, record->name, "does not lie in the file: the file is damaged");
    return PLANCHE_OK;
}

static enum planche_status add_entry(struct zip *zip, const struct planche_zip_record *record)
{
    struct planche_graph *graph = zip->state->graph;
    size_t length = strlen(record->name);
    char *name = planche_graph_alloc(graph, length + 1, 1);
    struct entry *entry = planche_graph_alloc(graph, 1, sizeof(*entry));
    if (!name || !entry)
        return planche_graph_no_memory(graph, zip->error);
    memcpy(name, record->name, length);
    if (record->method != ZIP_STORED)
        return planche_fail(zip->error, PLANCHE_ERROR_UNSUPPORTED,
                            "%s: %s: is compressed, which PyTorch does not do: unpack the archive "
                            "and pack it again without compression (zip -0)",
                            zip->archive.path, name);
    entry->name = name;
    entry->next = zip->entries;
    zip->entries = entry;
    return locate(zip, record, entry);
}

static enum planche_status list_entries(struct zip *zip)
{
    enum planche_status status =
        planche_zip_directory_read(&zip->directory, &zip->archive, zip->error);
    for (bool end = false; !status && !end;) {
        struct planche_zip_record record;
        status =
            planche_zip_directory_next(&zip->directory, &zip->archive, &record, &end, zip->error);
        if (!status && !end)
            status = add_entry(zip, &record);
    }
    if (status == PLANCHE_ERROR_DATA || status == PLANCHE_ERROR_LIMIT)
        status = zip->error->status = PLANCHE_ERROR_MODEL;
    return status;
}

/* The folder that data.pkl lies in, with its slash; the pickle's entry. */
static const struct entry *find_pickle(const struct zip *zip, size_t *folder)
{
    size_t end = strlen(PICKLE);
    for (const struct entry *entry = zip->entries; entry; entry = entry->next) {
        size_t length = strlen(entry->name);
        if (length < end || strcmp(entry->name + length - end, PICKLE) != 0)
            continue;
        *folder = length - end;
        if (*folder == 0 || entry->name[*folder - 1] == '/')
            return entry;
    }
    return NULL;
}

static enum planche_status place_storages(const struct zip *zip, const struct entry *pickle,
                                          size_t folder, struct planche_torch_places *places)
{
    for (const struct entry *entry = zip->entries; entry; entry = entry->next) {
        const char *name = entry->name + folder;
        char order[3];
        if (strncmp(entry->name, pickle->name, folder) != 0)
            continue;
        if (strcmp(name, "byteorder") == 0 && entry->size == 3) {
            enum planche_status status =
                planche_model_file_read_at(zip->state->file, order, 3, entry->at, zip->error);
            if (status)
                return status;
            if (memcmp(order, "big", 3) == 0)
                return planche_fail(zip->error, PLANCHE_ERROR_UNSUPPORTED,
                                    "%s: has its numbers the other way round (big-endian)",
                                    zip->archive.path);
        }
        if (strncmp(name, "data/", 5) != 0)
            continue;
        struct planche_torch_place *place = planche_torch_add(zip->state, places);
        if (!place)
            return planche_graph_no_memory(zip->state->graph, zip->error);
        *place = (struct planche_torch_place){name + 5, entry->at, entry->size};
    }
    return PLANCHE_OK;
}

static enum planche_status read_pickle(struct zip *zip, struct planche_pickle_reader *reader,
                                       struct planche_torch_places *places,
                                       const struct planche_pickle_value **object)
{
    size_t folder;
    const struct entry *pickle = find_pickle(zip, &folder);
    if (!pickle)
        return planche_fail(zip->error, PLANCHE_ERROR_MODEL,
                            "%s: is a ZIP in which neither models nor PyTorch's " PICKLE " are",
                            zip->archive.path);
    if (pickle->size > PLANCHE_MODEL_TEXT_LIMIT)
        return damaged(zip, pickle->name, "is too large for a list of tensors");
    reader->at = pickle->at;
    reader->end = pickle->at + pickle->size;
    enum planche_status status = planche_unpickle(reader, object, zip->error);
    return status ? status : place_storages(zip, pickle, folder, places);
}

enum planche_status planche_torch_read_zip(const struct planche_state *state,
                                           struct planche_pickle_reader *reader,
                                           struct planche_torch_places *places,
                                           const struct planche_pickle_value **object,
                                           struct planche_error *error)
{
    char path[1024];
    struct zip zip = {
        .archive = {.path = path,
                    .fd = state->file->fd,
                    .data = state->file->data,
                    .file_size = state->file->size,
                    .budget = state->graph->budget,
                    .limits = {.entries = 2 * (uint64_t)PLANCHE_STATE_TENSORS,
                               .entry_bytes = UINT64_MAX,
                               .total_bytes = UINT64_MAX,
                               .ratio = UINT64_MAX}},
        .state = state,
        .error = error,
    };
    snprintf(path, sizeof(path), "%s", state->file->name);
    enum planche_status status = list_entries(&zip);
    planche_zip_directory_free(&zip.directory);
    return status ? status : read_pickle(&zip, reader, places, object);
}
