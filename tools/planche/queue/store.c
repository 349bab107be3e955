/* SPDX-License-Identifier: MIT */
/* Store of a queue. */
#include "queue/store.h"

#include "base/status.h"
#include "base/text.h"
#include "io/digest.h"
#include "os/fd.h"
#include "os/system.h"
#include "queue/shared/folder.h"
#include "queue/shared/web.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void digest_text(const void *data, size_t size, char text[PLANCHE_QUEUE_SHA256_TEXT])
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    planche_digest_of(data, size, digest);
    planche_text_hex(text, digest, sizeof digest);
}

/* With a number of its own: a page that is put again while its bytes are removed stays. */
static enum planche_status put_named(struct planche_queue *queue, const void *data, size_t size,
                                     struct planche_queue_object *object,
                                     const struct planche_page_options *waits,
                                     struct planche_error *error)
{
    char name[PLANCHE_QUEUE_OBJECT_NAME];
    if (!planche_system_random(&object->file, sizeof object->file))
        return planche_fail(error, PLANCHE_ERROR_IO, "the system has no random numbers");
    object->file = object->file >> 1 | 1; /* as JSON's numbers can be */
    planche_queue_object_name(object->sha256, object->file, name);
    return queue->web != NULL
               ? planche_queue_web_put(queue->web, name, data, size, waits, error)
               : planche_queue_folder_put(queue->options->store, name, data, size, error);
}

enum planche_status planche_queue_put(struct planche_queue *queue,
                                      const struct planche_queue_object *like, const void *data,
                                      size_t size, struct planche_queue_object *object,
                                      const struct planche_page_options *waits,
                                      struct planche_error *error)
{
    *object = (struct planche_queue_object){.size = size};
    size_t count = (size + queue->chunk - 1) / queue->chunk;
    if (size == 0 || size > PLANCHE_QUEUE_MAX_OBJECT || count > PLANCHE_QUEUE_MAX_CHUNKS)
        return planche_fail(error, PLANCHE_ERROR_LIMIT, "%zu bytes are no object of the queue",
                            size);
    digest_text(data, size, object->sha256);
    if (queue->options->store != NULL && (like == NULL || like->file != 0))
        return put_named(queue, data, size, object, waits, error);
    for (size_t i = 0; i < count; i++) {
        size_t at = i * queue->chunk, bytes = size - at < queue->chunk ? size - at : queue->chunk;
        natsStatus status = planche_queue_publish(queue, "planche.store", (const char *)data + at,
                                                  bytes, &object->sequence[i], NULL);
        if (status != NATS_OK) {
            planche_queue_remove(queue, object);
            return planche_queue_fail(error, status, "cannot store a page");
        }
        object->count++;
    }
    return PLANCHE_OK;
}

enum planche_status planche_queue_reaches(const struct planche_queue *queue,
                                          const struct planche_queue_object *object,
                                          struct planche_error *error)
{
    if (object->file == 0 || queue->options->store != NULL)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "pages of the queue lie in a folder that this command does not know: name "
                        "it with --store DIR, or with --store http://HOST:8377 the planche serve "
                        "that has it");
}

/* Where a read of chunks has come to. */
struct reading {
    char *data;
    uint64_t size, done;
};

/* False: there is more than there should be. */
static bool take_chunk(struct reading *reading, natsMsg *message)
{
    int length = planche_libnats.natsMsg_GetDataLength(message);
    bool fits = length >= 0 && (uint64_t)length <= reading->size - reading->done;
    if (fits && length > 0)
        memcpy(reading->data + reading->done, planche_libnats.natsMsg_GetData(message),
               (size_t)length);
    reading->done += fits ? (uint64_t)length : 0;
    return fits;
}

static enum planche_status gone(const struct planche_queue_object *object,
                                struct planche_error *error)
{
    return planche_fail(
        error, PLANCHE_ERROR_NOT_FOUND,
        "its bytes (%.12s...) are not in the store any more: they were purged, or the "
        "store dropped them",
        object->sha256);
}

static enum planche_status get_chunks(struct planche_queue *queue,
                                      const struct planche_queue_object *object,
                                      struct reading *reading, struct planche_error *error)
{
    for (unsigned i = 0; i < object->count; i++) {
        natsMsg *message = NULL;
        natsStatus status = planche_queue_get_next(queue, PLANCHE_QUEUE_STORE, "planche.store",
                                                   object->sequence[i], &message);
        bool right = status == NATS_OK &&
                     planche_libnats.natsMsg_GetSequence(message) == object->sequence[i];
        bool fits = right && take_chunk(reading, message);
        planche_libnats.natsMsg_Destroy(message);
        if (status != NATS_OK && status != NATS_NOT_FOUND)
            return planche_queue_fail(error, status, "cannot read a page");
        if (!right)
            return gone(object, error);
        if (!fits)
            break;
    }
    return PLANCHE_OK;
}

static enum planche_status get_file(struct planche_queue *queue,
                                    const struct planche_queue_object *object, const char *name,
                                    struct reading *reading, struct planche_error *error)
{
    uint64_t size;
    int fd = planche_queue_folder_open(queue->options->store, name, &size);
    if (fd < 0 && errno == ENOENT)
        return gone(object, error);
    int64_t got = fd >= 0 ? planche_fd_read_all(fd, reading->data, (size_t)reading->size) : -1;
    int reason = errno;
    planche_fd_close(&fd);
    if (got < 0)
        return planche_fail(error, PLANCHE_ERROR_IO, "%s/%s: cannot be read: %s",
                            queue->options->store, name, strerror(reason));
    reading->done = (uint64_t)got;
    return PLANCHE_OK;
}

static enum planche_status get_named(struct planche_queue *queue,
                                     const struct planche_queue_object *object,
                                     struct reading *reading,
                                     const struct planche_page_options *waits,
                                     struct planche_error *error)
{
    char name[PLANCHE_QUEUE_OBJECT_NAME];
    planche_queue_object_name(object->sha256, object->file, name);
    enum planche_status status = planche_queue_reaches(queue, object, error);
    if (status != PLANCHE_OK)
        return status;
    if (queue->web == NULL)
        return get_file(queue, object, name, reading, error);
    status = planche_queue_web_get(queue->web, name, reading->data, reading->size, waits, error);
    reading->done = status == PLANCHE_OK ? reading->size : 0;
    return status == PLANCHE_ERROR_NOT_FOUND ? gone(object, error) : status;
}

enum planche_status planche_queue_get(struct planche_queue *queue,
                                      const struct planche_queue_object *object, void **data,
                                      const struct planche_page_options *waits,
                                      struct planche_error *error)
{
    char sha256[PLANCHE_QUEUE_SHA256_TEXT];
    *data = NULL;
    struct reading reading = {.data = malloc((size_t)object->size), .size = object->size};
    if (reading.data == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY,
                            "no memory for %" PRIu64 " bytes of the store", object->size);
    enum planche_status status = object->file != 0
                                     ? get_named(queue, object, &reading, waits, error)
                                     : get_chunks(queue, object, &reading, error);
    if (status == PLANCHE_OK) {
        digest_text(reading.data, (size_t)reading.done, sha256);
        if (reading.done != object->size || strcmp(sha256, object->sha256) != 0)
            status =
                planche_fail(error, PLANCHE_ERROR_DATA,
                             "its bytes (%.12s...) came out of the store damaged: look at its disk",
                             object->sha256);
    }
    if (status != PLANCHE_OK)
        free(reading.data);
    else
        *data = reading.data;
    return status;
}

/* NATS_OK, unless the store does not answer. */
static natsStatus find_named(struct planche_queue *queue, const struct planche_queue_object *object,
                             bool *there)
{
    char name[PLANCHE_QUEUE_OBJECT_NAME];
    uint64_t size;
    struct planche_error error;
    planche_queue_object_name(object->sha256, object->file, name);
    if (queue->web != NULL) {
        enum planche_status status = planche_queue_web_find(queue->web, name, &error);
        *there = status == PLANCHE_OK;
        return *there || status == PLANCHE_ERROR_NOT_FOUND ? NATS_OK : NATS_IO_ERROR;
    }
    int fd = queue->options->store != NULL
                 ? planche_queue_folder_open(queue->options->store, name, &size)
                 : -1;
    *there = fd >= 0;
    planche_fd_close(&fd);
    return NATS_OK;
}

natsStatus planche_queue_has(struct planche_queue *queue, const struct planche_queue_object *object,
                             bool *there)
{
    natsMsg *message = NULL;
    if (object->file != 0)
        return find_named(queue, object, there);
    natsStatus status = planche_queue_get_next(queue, PLANCHE_QUEUE_STORE, "planche.store",
                                               object->sequence[0], &message);
    *there =
        status == NATS_OK && planche_libnats.natsMsg_GetSequence(message) == object->sequence[0];
    planche_libnats.natsMsg_Destroy(message);
    return status == NATS_NOT_FOUND ? NATS_OK : status;
}

static void remove_named(struct planche_queue *queue, const struct planche_queue_object *object)
{
    char name[PLANCHE_QUEUE_OBJECT_NAME];
    struct planche_error error;
    planche_queue_object_name(object->sha256, object->file, name);
    if (queue->web != NULL)
        planche_queue_web_remove(queue->web, name, &error);
    else if (queue->options->store != NULL)
        planche_queue_folder_remove(queue->options->store, name);
}

void planche_queue_remove(struct planche_queue *queue, const struct planche_queue_object *object)
{
    jsErrCode reason;
    if (object->file != 0)
        remove_named(queue, object);
    for (unsigned i = 0; object->file == 0 && i < object->count; i++)
        planche_libnats.js_DeleteMsg(queue->js, PLANCHE_QUEUE_STORE, object->sequence[i], NULL,
                                     &reason);
}

static bool has_folder(const struct planche_queue *queue)
{
    return queue->options->store != NULL && queue->web == NULL;
}

void planche_queue_sweep(struct planche_queue *queue)
{
    if (has_folder(queue))
        planche_queue_folder_sweep(queue->options->store, PLANCHE_QUEUE_STORE_AGE_S);
}

void planche_queue_empty_folder(struct planche_queue *queue)
{
    if (has_folder(queue))
        planche_queue_folder_sweep(queue->options->store, -1);
}

bool planche_queue_is_refused(const struct planche_queue *queue)
{
    return planche_queue_web_is_refused(queue->web);
}
