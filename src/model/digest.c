/* SPDX-License-Identifier: MIT */
/* The digest of the files of a model that was loaded. */
#include "model/digest.h"

#include "base/status.h"
#include "os/fd.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <string.h>

_Static_assert(PLANCHE_MODEL_DIGEST_BYTES == SHA256_DIGEST_SIZE, "the digest is a sha256");

void planche_model_digest_init(struct planche_model_digest *model)
{
    planche_mutex_init(&model->mutex);
    for (int i = 0; i < PLANCHE_MODEL_DIGEST_FILES; i++)
        model->files[i] = -1;
}

static struct planche_file_info look_at(int fd)
{
    struct planche_file_info info;
    return planche_fd_info(fd, &info) ? info : (struct planche_file_info){0};
}

static bool is_unchanged(const struct planche_file_info *noted, const struct planche_file_info *now)
{
    return planche_file_is_same(noted, now) && now->mtime.tv_sec == noted->mtime.tv_sec &&
           now->mtime.tv_nsec == noted->mtime.tv_nsec;
}

void planche_model_digest_note(struct planche_model_digest *model)
{
    for (int i = 0; i < PLANCHE_MODEL_DIGEST_FILES; i++)
        model->noted[i] = look_at(model->files[i]);
}

bool planche_model_digest_is_of(const struct planche_model_digest *model,
                                const int files[PLANCHE_MODEL_DIGEST_FILES])
{
    for (int i = 0; i < PLANCHE_MODEL_DIGEST_FILES; i++) {
        const struct planche_file_info now = look_at(files[i]);
        if (!is_unchanged(&model->noted[i], &now))
            return false;
    }
    return true;
}

void planche_model_digest_close(struct planche_model_digest *model)
{
    for (int i = 0; i < PLANCHE_MODEL_DIGEST_FILES; i++)
        planche_fd_close(&model->files[i]);
}

static enum planche_status digest_file(struct sha256_ctx *context, int fd,
                                       const struct planche_file_info *noted,
                                       struct planche_error *error)
{
    uint8_t buffer[16384];
    uint64_t at = 0;
    int64_t got;
    while ((got = planche_fd_read_at(fd, buffer, sizeof buffer, at)) != 0) {
        if (got < 0)
            return planche_fail(error, PLANCHE_ERROR_IO, "the model cannot be read again: %s",
                                strerror(errno));
        sha256_update(context, (size_t)got, buffer);
        at += (uint64_t)got;
    }
    const struct planche_file_info now = look_at(fd);
    if (!is_unchanged(noted, &now))
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "the model's files have changed since they were loaded; load it again");
    return PLANCHE_OK;
}

static void digest_data(const struct planche_model_digest *model, struct sha256_ctx *whole)
{
    uint8_t one[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, model->size, model->data);
    sha256_digest(&context, sizeof one, one);
    sha256_update(whole, sizeof one, one);
}

/* Of the files' digests, so that no byte can move from one to the other. */
static enum planche_status make_digest(struct planche_model_digest *model,
                                       struct planche_error *error)
{
    struct sha256_ctx context, whole;
    uint8_t one[SHA256_DIGEST_SIZE];
    enum planche_status status = PLANCHE_OK;
    sha256_init(&whole);
    if (model->data)
        digest_data(model, &whole);
    for (int i = 0; i < PLANCHE_MODEL_DIGEST_FILES && !status; i++) {
        if (model->files[i] < 0)
            continue; /* a model of one file, or of none */
        sha256_init(&context);
        status = digest_file(&context, model->files[i], &model->noted[i], error);
        sha256_digest(&context, sizeof one, one);
        sha256_update(&whole, sizeof one, one);
    }
    if (status)
        return status;
    sha256_digest(&whole, sizeof model->digest, model->digest);
    model->known = true;
    planche_model_digest_close(model);
    return PLANCHE_OK;
}

enum planche_status planche_model_digest_get(struct planche_model_digest *model,
                                             uint8_t digest[PLANCHE_MODEL_DIGEST_BYTES],
                                             struct planche_error *error)
{
    planche_mutex_lock(&model->mutex);
    enum planche_status status = model->known ? PLANCHE_OK : make_digest(model, error);
    memcpy(digest, model->digest, sizeof model->digest);
    planche_mutex_unlock(&model->mutex);
    return status;
}

void planche_model_digest_destroy(struct planche_model_digest *model)
{
    planche_model_digest_close(model);
    planche_mutex_destroy(&model->mutex);
}
