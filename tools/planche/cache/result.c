/* SPDX-License-Identifier: MIT */
/* Results: shared, immutable content with its type and headers. */
#include "cache/result.h"

#include "base/status.h"
#include "io/digest.h"
#include "os/fd.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <string.h>

#define READ_BYTES ((size_t)64 << 10)

struct planche_cache_result *planche_cache_result_make(struct planche_budget *budget, int fd)
{
    struct planche_cache_result *result = planche_alloc(budget, sizeof *result);
    if (!result)
        return NULL;
    /* All but the text, of which only text_size bytes are ever read. */
    memset(result, 0, offsetof(struct planche_cache_result, text));
    atomic_init(&result->references, 1);
    result->fd = fd;
    return result;
}

struct planche_cache_result *planche_cache_result_hold(struct planche_cache_result *result)
{
    atomic_fetch_add_explicit(&result->references, 1, memory_order_relaxed);
    return result;
}

void planche_cache_result_release(struct planche_cache_result **result)
{
    struct planche_cache_result *held = *result;
    *result = NULL;
    if (!held || atomic_fetch_sub_explicit(&held->references, 1, memory_order_acq_rel) != 1)
        return;
    planche_fd_close(&held->fd);
    if (held->release)
        held->release((void *)held->data);
    planche_free(held);
}

/* A text within text[text_size] at *at, which moves behind it. NULL: there is none. */
static const char *take_text(const struct planche_cache_result *result, size_t *at)
{
    const char *text = result->text + *at;
    const char *end = memchr(text, 0, result->text_size - *at);
    if (!end)
        return NULL;
    /* They go into the heads of answers: a line end would begin another header. */
    for (const char *c = text; c < end; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return NULL;
    }
    *at = (size_t)(end - result->text) + 1;
    return text;
}

bool planche_cache_result_index(struct planche_cache_result *result)
{
    size_t at = 0;
    result->header_count = 0;
    result->type = take_text(result, &at);
    if (!result->type || !*result->type)
        return false;
    while (at < result->text_size) {
        struct planche_cache_header header = {.name = take_text(result, &at)};
        if (!header.name || !*header.name || strpbrk(header.name, ": ") ||
            result->header_count == PLANCHE_CACHE_HEADERS)
            return false;
        header.value = take_text(result, &at);
        if (!header.value)
            return false;
        result->headers[result->header_count++] = header;
    }
    return true;
}

/* False: there is no room. */
static bool add_text(struct planche_cache_result *result, const char *text)
{
    size_t size = strlen(text) + 1;
    if (size > sizeof result->text - result->text_size)
        return false;
    memcpy(result->text + result->text_size, text, size);
    result->text_size += size;
    return true;
}

static bool set_meta(struct planche_cache_result *result, const struct planche_cache_meta *meta)
{
    bool fits = add_text(result, meta->type);
    for (size_t i = 0; fits && i < meta->header_count; i++)
        fits = add_text(result, meta->headers[i].name) && add_text(result, meta->headers[i].value);
    return fits && planche_cache_result_index(result);
}

/* NULL: *status says why. */
static struct planche_cache_result *create(struct planche_budget *budget,
                                           const struct planche_cache_meta *meta,
                                           enum planche_status *status, struct planche_error *error)
{
    struct planche_cache_result *result = planche_cache_result_make(budget, -1);
    *status = PLANCHE_OK;
    if (!result)
        *status = planche_fail_memory(error, budget, sizeof *result, "a result");
    else if (!set_meta(result, meta))
        *status = planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                               "the type and headers of a result are too long, too many or not "
                               "plain text");
    if (*status != PLANCHE_OK)
        planche_cache_result_release(&result);
    return result;
}

enum planche_status planche_cache_result_create(struct planche_cache_result **out,
                                                struct planche_budget *budget, const void *data,
                                                size_t size, void (*release)(void *data),
                                                const struct planche_cache_meta *meta,
                                                struct planche_error *error)
{
    enum planche_status status;
    struct planche_cache_result *result = create(budget, meta, &status, error);
    *out = result;
    if (!result)
        return status;
    result->data = data;
    result->size = size;
    result->release = release;
    planche_digest_of(data, size, result->digest);
    return PLANCHE_OK;
}

bool planche_cache_digest_file(int fd, uint64_t offset, uint64_t size,
                               uint8_t digest[PLANCHE_CACHE_DIGEST_BYTES])
{
    uint8_t buffer[READ_BYTES];
    struct sha256_ctx context;
    sha256_init(&context);
    while (size > 0) {
        size_t wanted = size < sizeof buffer ? (size_t)size : sizeof buffer;
        int64_t got = planche_fd_read_at(fd, buffer, wanted, offset);
        if (got != (int64_t)wanted) {
            errno = got < 0 ? errno : EIO;
            return false;
        }
        sha256_update(&context, wanted, buffer);
        offset += wanted;
        size -= wanted;
    }
    sha256_digest(&context, PLANCHE_CACHE_DIGEST_BYTES, digest);
    return true;
}

bool planche_cache_result_read(const struct planche_cache_result *result, void *data, size_t size,
                               uint64_t offset)
{
    errno = EIO;
    if (offset > result->size || size > result->size - offset)
        return false;
    if (result->data) {
        memcpy(data, (const uint8_t *)result->data + offset, size);
        return true;
    }
    int64_t got = planche_fd_read_at(result->fd, data, size, result->offset + offset);
    errno = got < 0 ? errno : EIO;
    return got == (int64_t)size;
}

const char *planche_cache_result_header(const struct planche_cache_result *result, const char *name)
{
    for (size_t i = 0; i < result->header_count; i++) {
        if (strcmp(result->headers[i].name, name) == 0)
            return result->headers[i].value;
    }
    return NULL;
}
