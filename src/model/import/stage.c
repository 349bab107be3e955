/* SPDX-License-Identifier: MIT */
/* Staging area of an import: copying and hashing. */
#include "model/import/stage.h"

#include "base/file_names.h"
#include "base/status.h"
#include "base/text.h"
#include "io/tree.h"
#include "model/file.h"
#include "model/import/licence.h"
#include "model/loader.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

/* More files than that are no models. */
#define MAX_FILES    4096u
#define BUFFER_BYTES ((size_t)256 << 10)
/* Of a file's own name; the staging area puts a number before it. */
#define MAX_NAME 200u

static enum planche_status no_memory(const struct planche_import_stage *stage, uint64_t bytes,
                                     struct planche_error *error)
{
    return planche_fail_memory(error, stage->budget, bytes, stage->source);
}

/* The staging area lies beside what the files will become: on the same file system. */
static enum planche_status make_folder(struct planche_import_stage *stage,
                                       struct planche_error *error)
{
    char inside[4096];
    if (stage->folder)
        return PLANCHE_OK;
    int length = snprintf(inside, sizeof(inside), "%s/import", stage->directory);
    if (length < 0 || (size_t)length >= sizeof(inside))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: the path is too long",
                            stage->directory);
    if (planche_folder_make_parents(inside, 0777))
        stage->folder = planche_tree_create(inside, 0700, stage->budget);
    if (!stage->folder)
        return planche_fail(
            error, planche_status_of(errno),
            "%s: cannot make a folder here: %s; choose another (option model_directory)",
            stage->directory, strerror(errno));
    return PLANCHE_OK;
}

enum planche_status planche_import_refuse(const struct planche_import_stage *stage,
                                          const char *name, enum planche_status status,
                                          const char *reason, struct planche_error *error)
{
    return strcmp(stage->source, name) == 0
               ? planche_fail(error, status, "%s: %s", name, reason)
               : planche_fail(error, status, "%s: %s: %s", stage->source, name, reason);
}

/* Whether a name of at most MAX_NAME bytes can also be an archive's: a pack of it has to be
 * imported elsewhere. */
static bool is_clean(const char *base)
{
    char clean[MAX_NAME + 1];
    snprintf(clean, sizeof(clean), "%s", base);
    planche_text_clean(clean);
    return strcmp(clean, base) == 0;
}

/* Names the next file. NULL: error says why not. */
static struct planche_import_file *make_file(struct planche_import_stage *stage, const char *name,
                                             struct planche_error *error)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    if (stage->count >= MAX_FILES) {
        planche_fail(error, PLANCHE_ERROR_LIMIT,
                     "%s: has more than %u files that could be of models", stage->source,
                     MAX_FILES);
        return NULL;
    }
    if (strlen(base) > MAX_NAME) {
        planche_import_refuse(stage, name, PLANCHE_ERROR_DATA, "its name is too long", error);
        return NULL;
    }
    if (!is_clean(base)) {
        planche_import_refuse(stage, name, PLANCHE_ERROR_DATA,
                              "its name has control characters or is not UTF-8; rename it", error);
        return NULL;
    }
    size_t bytes = strlen(stage->folder) + strlen(base) + 16;
    struct planche_import_file *files =
        planche_realloc(stage->budget, stage->files, (stage->count + 1) * sizeof(*files));
    if (!files) {
        no_memory(stage, (stage->count + 1) * sizeof(*files), error);
        return NULL;
    }
    stage->files = files;
    struct planche_import_file *file = files + stage->count;
    *file = (struct planche_import_file){.name = planche_strdup(stage->budget, name),
                                         .path = planche_alloc(stage->budget, bytes)};
    stage->count++;
    if (!file->name || !file->path) {
        no_memory(stage, bytes, error);
        return NULL;
    }
    file->base = file->name + (base - name);
    snprintf(file->path, bytes, "%s/%zu-%s", stage->folder, stage->count, base);
    return file;
}

/* The last file is none after all. */
static void drop_file(struct planche_import_stage *stage)
{
    struct planche_import_file *file = stage->files + --stage->count;
    (void)planche_file_remove(file->path);
    planche_free(file->name);
    planche_free(file->path);
}

/* Bytes of a file on their way into the staging area. */
struct copy {
    struct planche_import_stage *stage;
    const char *name;
    planche_import_read_fn read;
    void *user;
    size_t held; /* of stage->buffer, before they are written */
    int fd;
    struct sha256_ctx hash;
    uint64_t size;
};

/* Fills the buffer up to size bytes. *held less: the end. */
static enum planche_status fill(struct copy *copy, size_t size, struct planche_error *error)
{
    size_t got = 1;
    while (copy->held < size && got > 0) {
        enum planche_status status = planche_cancel_fail(copy->stage->cancel, error);
        if (status == PLANCHE_OK)
            status = copy->read(copy->user, copy->stage->buffer + copy->held, size - copy->held,
                                &got, error);
        if (status)
            return status;
        copy->held += got;
    }
    return PLANCHE_OK;
}

static enum planche_status fail_write(struct copy *copy, struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot write %s: %s", copy->stage->directory,
                        copy->name, strerror(errno));
}

static enum planche_status flush(struct copy *copy, struct planche_error *error)
{
    sha256_update(&copy->hash, copy->held, copy->stage->buffer);
    copy->size += copy->held;
    if (copy->size > PLANCHE_MODEL_FILE_LIMIT) {
        char reason[64];
        snprintf(reason, sizeof(reason), "has more than %llu bytes",
                 (unsigned long long)PLANCHE_MODEL_FILE_LIMIT);
        return planche_import_refuse(copy->stage, copy->name, PLANCHE_ERROR_LIMIT, reason, error);
    }
    if (!planche_fd_write(copy->fd, copy->stage->buffer, copy->held))
        return fail_write(copy, error);
    copy->held = 0;
    return PLANCHE_OK;
}

static enum planche_status write_all(struct copy *copy, struct planche_import_file *file,
                                     struct planche_error *error)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    enum planche_status status = PLANCHE_OK;
    sha256_init(&copy->hash);
    copy->fd = planche_fd_create(file->path, 0600);
    if (copy->fd < 0)
        return fail_write(copy, error);
    while (status == PLANCHE_OK && copy->held > 0) {
        status = flush(copy, error);
        if (status == PLANCHE_OK)
            status = fill(copy, BUFFER_BYTES, error);
    }
    if (!planche_fd_close(&copy->fd) && status == PLANCHE_OK)
        status = fail_write(copy, error);
    sha256_digest(&copy->hash, sizeof(digest), digest);
    planche_text_hex(file->sha256, digest, sizeof(digest));
    file->size = copy->size;
    return status;
}

/* Whether a file is kept for the licence that it may tell. *held: its bytes, if it is. No licence
 * is missed enough to fail for it. */
static enum planche_status take_licence(struct copy *copy, bool *taken, struct planche_error *error)
{
    struct planche_import_stage *stage = copy->stage;
    const char *slash = strrchr(copy->name, '/'), *base = slash ? slash + 1 : copy->name;
    *taken = planche_name_is_licence(copy->name) && !stage->package &&
             stage->licences < PLANCHE_IMPORT_LICENCES && strlen(base) <= MAX_NAME &&
             is_clean(base);
    enum planche_status status =
        *taken ? fill(copy, PLANCHE_IMPORT_LICENCE_BYTES + 1, error) : PLANCHE_OK;
    *taken = *taken && !status && copy->held <= PLANCHE_IMPORT_LICENCE_BYTES;
    if (*taken)
        status = planche_import_tells_licence(taken, base, (const char *)stage->buffer, copy->held,
                                              stage->budget, error);
    stage->licences += *taken;
    return status;
}

/* A model's second file has no head that tells it; so it is taken by its name. */
static bool may_belong(const char *name, bool model)
{
    const char *slash = strrchr(name, '/');
    return model || planche_text_ends(name, ".bin") ||
           strcmp(slash ? slash + 1 : name, PLANCHE_IMPORT_SUMS) == 0;
}

/* Remembers the name of a file that is of no model: a list of sums may have it. */
static enum planche_status pass_over(struct planche_import_stage *stage, const char *name,
                                     struct planche_error *error)
{
    size_t count = stage->passed_count;
    if (count == stage->passed_room) {
        size_t room = count ? 2 * count : 64;
        char **passed =
            planche_realloc(stage->budget, stage->passed, room * sizeof(*stage->passed));
        if (!passed)
            return no_memory(stage, room * sizeof(*passed), error);
        stage->passed = passed;
        stage->passed_room = room;
    }
    stage->passed[count] = planche_strdup(stage->budget, name);
    if (!stage->passed[count])
        return no_memory(stage, strlen(name) + 1, error);
    stage->passed_count++;
    return PLANCHE_OK;
}

enum planche_status planche_import_stage_add(struct planche_import_stage *stage, const char *name,
                                             planche_import_read_fn read, void *user,
                                             struct planche_error *error)
{
    struct copy copy = {.stage = stage, .name = name, .read = read, .user = user, .fd = -1};
    if (!stage->buffer)
        stage->buffer = planche_alloc(stage->budget, BUFFER_BYTES);
    if (!stage->buffer)
        return no_memory(stage, BUFFER_BYTES, error);
    enum planche_status status = fill(&copy, PLANCHE_MODEL_HEAD, error);
    if (status)
        return status;
    bool model = planche_model_recognise(name, stage->buffer, copy.held);
    bool belongs = may_belong(name, model), licence = false;
    if (!belongs)
        status = take_licence(&copy, &licence, error);
    if (!status && !belongs && !licence)
        return pass_over(stage, name, error);
    if (status)
        return status;
    if (copy.held == 0) /* it lacks its content, which a list of sums tells */
        return PLANCHE_OK;
    status = make_folder(stage, error);
    if (status)
        return status;
    struct planche_import_file *file = make_file(stage, name, error);
    if (!file)
        return error->status;
    file->model = model;
    file->licence = licence;
    status = write_all(&copy, file, error);
    if (status)
        drop_file(stage);
    return status;
}

void planche_import_stage_free(struct planche_import_stage *stage)
{
    if (stage->folder)
        (void)planche_tree_remove(stage->folder);
    for (size_t i = 0; i < stage->count; i++) {
        planche_free(stage->files[i].name);
        planche_free(stage->files[i].path);
    }
    for (size_t i = 0; i < stage->passed_count; i++)
        planche_free(stage->passed[i]);
    planche_free(stage->passed);
    planche_free(stage->files);
    planche_free(stage->folder);
    planche_free(stage->buffer);
    stage->passed = NULL;
    stage->passed_count = 0;
    stage->passed_room = 0;
    stage->files = NULL;
    stage->folder = NULL;
    stage->buffer = NULL;
    stage->count = stage->licences = 0;
}
