/* SPDX-License-Identifier: MIT */
/* Models that come with the jobs of a queue: kept in a folder by the digests of their files. */
#include "queue/bring_model.h"

#include "base/status.h"
#include "base/text.h"
#include "io/digest.h"
#include "os/fd.h"
#include "os/file.h"
#include "queue/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One at a time: several pages may bring the same model. */
static struct planche_mutex bring_lock = PLANCHE_MUTEX_INIT;

static const char *extension(const struct planche_queue_job *job, unsigned index)
{
    return index == 0 ? job->extension : "bin";
}

static bool is_there(const char *path, const struct planche_queue_object *object)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    char text[PLANCHE_QUEUE_SHA256_TEXT];
    struct planche_file_info info;
    int fd = planche_fd_open(path, PLANCHE_FD_NO_LINK, &info);
    bool there = fd >= 0 && info.kind == PLANCHE_FILE_REGULAR && info.size == object->size &&
                 planche_fd_digest(fd, digest);
    planche_fd_close(&fd);
    if (!there)
        return false;
    planche_text_hex(text, digest, sizeof digest);
    return strcmp(text, object->sha256) == 0;
}

static enum planche_status refuse(const char *path, int reason, struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "%s: a model cannot be kept: %s", path,
                        strerror(reason));
}

static enum planche_status bring(struct planche_queue_worker *worker,
                                 const struct planche_queue_object *object, const char *path,
                                 struct planche_error *error)
{
    char hidden[PATH_MAX];
    void *data = NULL;
    enum planche_status status = planche_queue_get(&worker->queue, object, &data, NULL, error);
    if (status != PLANCHE_OK)
        return status;
    snprintf(hidden, sizeof hidden, "%s.part", path);
    int fd = planche_fd_create_anew(hidden, 0600);
    bool written = fd >= 0 && planche_fd_write(fd, data, (size_t)object->size);
    int reason = errno;
    free(data);
    bool closed = planche_fd_close(&fd);
    if (written && closed && planche_file_rename(hidden, path))
        return PLANCHE_OK;
    reason = written ? errno : reason; /* of the write, not of the close after it */
    planche_file_remove(hidden);
    return refuse(path, reason, error);
}

enum planche_status planche_queue_bring_model(struct planche_queue_worker *worker,
                                              const struct planche_queue_job *job,
                                              struct planche_engine_options *options, char *path,
                                              size_t size, struct planche_error *error)
{
    char folder[sizeof worker->models + 64];
    enum planche_status status = PLANCHE_OK;
    options->model = job->model;
    if (job->model_files == 0)
        return PLANCHE_OK;
    /* The file keeps its name: results tell of it. */
    snprintf(folder, sizeof folder, "%s/%.16s%.16s", worker->models, job->model_file[0].sha256,
             job->model_file[job->model_files - 1].sha256);
    planche_mutex_lock(&bring_lock);
    for (unsigned i = job->model_files; i-- > 0 && status == PLANCHE_OK;) {
        if (snprintf(path, size, "%s/%s.%s", folder, job->model, extension(job, i)) >= (int)size)
            status = planche_fail(error, PLANCHE_ERROR_IO, "%s: the path is too long", folder);
        else if (!is_there(path, &job->model_file[i])) {
            status = planche_folder_make_parents(path, 0700)
                         ? bring(worker, &job->model_file[i], path, error)
                         : refuse(path, errno, error);
        }
    }
    planche_mutex_unlock(&bring_lock);
    options->model = path; /* of the first file */
    return status;
}
