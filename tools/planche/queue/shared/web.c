/* SPDX-License-Identifier: MIT */
/* Store by HTTP. */
#include "queue/shared/web.h"

#include "base/cancel.h"
#include "base/status.h"
#include "models/curl.h"
#include "os/thread.h"
#include "service/token.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH            "/v1/store"
#define ADDRESS_BYTES   512
#define RANGE_BYTES     (UINT64_C(1) << 20) /* of an object, by one request */
#define TRIES           4                   /* of a request that breaks off */
#define KEPT            16                  /* connections that wait for the next request */
#define CONNECT_SECONDS 5L
#define SLOWEST_BYTES   1024L /* in a second, for STALL_SECONDS on end */
#define STALL_SECONDS   15L
#define SHORT_SECONDS   10L  /* a request without a body */
#define TOTAL_SECONDS   600L /* an object; as long as a worker tries to tell of a result */

struct planche_queue_web {
    char address[ADDRESS_BYTES];
    const struct planche_libcurl *curl;
    atomic_bool refused; /* the last answer was that this machine may not */
    struct curl_slist *fields;
    struct planche_mutex lock; /* of all that follows */
    CURL *kept[KEPT];
    unsigned count;
};

/* A request, and what its answer's body is read into. */
struct request {
    struct planche_queue_web *web;
    const struct planche_page_options *waits; /* NULL: it cannot be cancelled */
    CURL *easy;
    char *data;
    uint64_t room, done;
    long wanted; /* the status of an answer whose body counts */
    bool beyond; /* it was longer than it may be */
};

static size_t on_body(char *data, size_t one, size_t length, void *user)
{
    struct request *request = user;
    long status = 0;
    (void)one;
    request->web->curl->easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != request->wanted) /* the text of an error: it says nothing that is not known */
        return length;
    request->beyond = length > request->room - request->done;
    if (request->beyond)
        return CURL_WRITEFUNC_ERROR;
    if (length > 0)
        memcpy(request->data + request->done, data, length);
    request->done += length;
    return length;
}

/* Some times a second. Not 0: it ends. */
static int on_progress(void *user, curl_off_t all, curl_off_t now, curl_off_t up_all, curl_off_t up)
{
    const struct request *request = user;
    (void)all, (void)now, (void)up_all, (void)up;
    if (request->waits == NULL)
        return 0;
    if (request->waits->progress != NULL) /* by which who waits learns that it is to stop */
        request->waits->progress(request->waits->progress_user, 0.0);
    return planche_cancel_requested(request->waits->cancel) != 0;
}

static CURL *take_handle(struct planche_queue_web *web)
{
    CURL *easy = NULL;
    planche_mutex_lock(&web->lock);
    if (web->count > 0)
        easy = web->kept[--web->count];
    planche_mutex_unlock(&web->lock);
    return easy != NULL ? easy : web->curl->easy_init();
}

/* Its connection is there for the next request. */
static void keep_handle(struct planche_queue_web *web, CURL *easy)
{
    web->curl->easy_reset(easy);
    planche_mutex_lock(&web->lock);
    bool kept = web->count < KEPT;
    if (kept)
        web->kept[web->count++] = easy;
    planche_mutex_unlock(&web->lock);
    if (!kept)
        web->curl->easy_cleanup(easy);
}

static CURLcode set_up(struct planche_queue_web *web, struct request *request, const char *url)
{
    __typeof__(&curl_easy_setopt) set = web->curl->easy_setopt;
    CURL *easy = request->easy;
    CURLcode code = set(easy, CURLOPT_URL, url);
    code = code ? code : set(easy, CURLOPT_HTTPHEADER, web->fields);
    code = code ? code : set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    code = code ? code : set(easy, CURLOPT_NOSIGNAL, 1L);
    code = code ? code : set(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    code = code ? code : set(easy, CURLOPT_LOW_SPEED_LIMIT, SLOWEST_BYTES);
    code = code ? code : set(easy, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    code = code ? code : set(easy, CURLOPT_TIMEOUT, TOTAL_SECONDS);
    code = code ? code : set(easy, CURLOPT_NOPROGRESS, 0L);
    code = code ? code : set(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    code = code ? code : set(easy, CURLOPT_XFERINFODATA, request);
    code = code ? code : set(easy, CURLOPT_WRITEFUNCTION, on_body);
    return code ? code : set(easy, CURLOPT_WRITEDATA, request);
}

static enum planche_status fail(struct planche_queue_web *web, struct planche_error *error,
                                const char *why)
{
    return planche_fail(error, PLANCHE_ERROR_IO, "the store at %s: %s", web->address, why);
}

/* What the status of an answer means. */
static enum planche_status judge(struct planche_queue_web *web, long status,
                                 struct planche_error *error)
{
    char text[64];
    atomic_store(&web->refused, status == 401 || status == 403);
    if (status >= 200 && status < 300)
        return PLANCHE_OK;
    if (status == 404)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND, "it is not in the store any more");
    if (status == 401)
        return fail(web, error, "it wants another token: give its own with --token-file");
    if (status == 403)
        return fail(web, error,
                    "it lets nobody into its store: start it with a token (--token-file)");
    if (status == 413)
        return planche_fail(error, PLANCHE_ERROR_LIMIT,
                            "the store at %s takes no object of this size (--max-bytes)",
                            web->address);
    snprintf(text, sizeof text, "it answers with status %ld", status);
    return fail(web, error, text);
}

/* Performs a request that is set up, and gives its handle back. */
static enum planche_status perform(struct planche_queue_web *web, struct request *request,
                                   CURLcode code, struct planche_error *error)
{
    long status = 0;
    if (code == CURLE_OK)
        code = web->curl->easy_perform(request->easy);
    web->curl->easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    keep_handle(web, request->easy);
    if (request->beyond)
        return planche_fail(error, PLANCHE_ERROR_DATA, "it is longer in the store than it was");
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return planche_fail(error, PLANCHE_ERROR_CANCELLED, "cancelled");
    if (code == CURLE_OUT_OF_MEMORY)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    if (code != CURLE_OK)
        return fail(web, error, web->curl->easy_strerror(code));
    return judge(web, status, error);
}

static enum planche_status begin(struct planche_queue_web *web, struct request *request,
                                 const char *name, CURLcode *code, struct planche_error *error)
{
    char url[ADDRESS_BYTES + sizeof PATH + 1 + PLANCHE_QUEUE_OBJECT_NAME];
    request->web = web;
    request->easy = take_handle(web);
    if (request->easy == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    snprintf(url, sizeof url, "%s" PATH "%s%s", web->address, *name != 0 ? "/" : "", name);
    *code = set_up(web, request, url);
    return PLANCHE_OK;
}

/* A request without a body. */
static enum planche_status ask(struct planche_queue_web *web, const char *name, const char *method,
                               struct planche_error *error)
{
    struct request request = {0};
    CURLcode code = CURLE_OK;
    enum planche_status status = begin(web, &request, name, &code, error);
    if (status != PLANCHE_OK)
        return status;
    if (code == CURLE_OK)
        code = web->curl->easy_setopt(request.easy, CURLOPT_CUSTOMREQUEST, method);
    if (code == CURLE_OK)
        code = web->curl->easy_setopt(request.easy, CURLOPT_TIMEOUT, SHORT_SECONDS);
    if (code == CURLE_OK && strcmp(method, "HEAD") == 0)
        code = web->curl->easy_setopt(request.easy, CURLOPT_NOBODY, 1L);
    return perform(web, &request, code, error);
}

/* The next range of an object, after the bytes that are there; *done grows also if it breaks off.
 */
static enum planche_status get_range(struct planche_queue_web *web, const char *name, char *data,
                                     uint64_t size, uint64_t *done,
                                     const struct planche_page_options *waits,
                                     struct planche_error *error)
{
    char range[64];
    uint64_t left = size - *done, bytes = left < RANGE_BYTES ? left : RANGE_BYTES;
    struct request request = {.waits = waits, .data = data + *done, .room = bytes, .wanted = 206};
    CURLcode code = CURLE_OK;
    enum planche_status status = begin(web, &request, name, &code, error);
    if (status != PLANCHE_OK)
        return status;
    snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, *done, *done + bytes - 1);
    if (code == CURLE_OK)
        code = web->curl->easy_setopt(request.easy, CURLOPT_RANGE, range);
    status = perform(web, &request, code, error);
    *done += request.done;
    if (status == PLANCHE_OK && request.done == 0)
        status = fail(web, error, "it sends no part of an object");
    return status;
}

enum planche_status planche_queue_web_get(struct planche_queue_web *web, const char *name,
                                          char *data, uint64_t size,
                                          const struct planche_page_options *waits,
                                          struct planche_error *error)
{
    uint64_t done = 0;
    enum planche_status status = PLANCHE_OK;
    for (unsigned tries = 0; done < size && tries < TRIES;) {
        status = get_range(web, name, data, size, &done, waits, error);
        tries += status != PLANCHE_OK;
        if (status != PLANCHE_OK && status != PLANCHE_ERROR_IO)
            return status;
    }
    return done == size ? PLANCHE_OK : status;
}

enum planche_status planche_queue_web_put(struct planche_queue_web *web, const char *name,
                                          const void *data, size_t size,
                                          const struct planche_page_options *waits,
                                          struct planche_error *error)
{
    struct request request = {.waits = waits};
    __typeof__(&curl_easy_setopt) set = web->curl->easy_setopt;
    CURLcode code = CURLE_OK;
    enum planche_status status = begin(web, &request, name, &code, error);
    if (status != PLANCHE_OK)
        return status;
    code = code ? code : set(request.easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    code = code ? code : set(request.easy, CURLOPT_POSTFIELDS, data); /* not copied */
    code = code ? code : set(request.easy, CURLOPT_CUSTOMREQUEST, "PUT");
    status = perform(web, &request, code, error);
    return status == PLANCHE_ERROR_NOT_FOUND ? fail(web, error, "it has no store") : status;
}

enum planche_status planche_queue_web_find(struct planche_queue_web *web, const char *name,
                                           struct planche_error *error)
{
    return ask(web, name, "HEAD", error);
}

enum planche_status planche_queue_web_remove(struct planche_queue_web *web, const char *name,
                                             struct planche_error *error)
{
    return ask(web, name, "DELETE", error);
}

/* Fields of all requests. False: no memory. */
static bool add_field(struct planche_queue_web *web, const char *text)
{
    struct curl_slist *longer = web->curl->slist_append(web->fields, text);
    web->fields = longer != NULL ? longer : web->fields;
    return longer != NULL;
}

static enum planche_status add_fields(struct planche_queue_web *web, const char *token_file,
                                      struct planche_error *error)
{
    char token[PLANCHE_TOKEN_BYTES] = "", line[PLANCHE_TOKEN_BYTES + 32];
    enum planche_status status =
        token_file != NULL ? planche_token_read(token_file, token, error) : PLANCHE_OK;
    if (status != PLANCHE_OK)
        return status;
    snprintf(line, sizeof line, "Authorization: Bearer %s", token);
    /* The body follows at once, and is no form. */
    bool added = add_field(web, "Expect:") &&
                 add_field(web, "Content-Type: application/octet-stream") &&
                 (*token == 0 || add_field(web, line));
    explicit_bzero(token, sizeof token);
    explicit_bzero(line, sizeof line);
    return added ? PLANCHE_OK : planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
}

static void destroy(struct planche_queue_web *web)
{
    while (web->count > 0)
        web->curl->easy_cleanup(web->kept[--web->count]);
    if (web->curl != NULL)
        web->curl->slist_free_all(web->fields);
    planche_mutex_destroy(&web->lock);
    free(web);
}

enum planche_status planche_queue_web_open(struct planche_queue_web **out, const char *address,
                                           const char *token_file, struct planche_error *error)
{
    struct planche_queue_web *web = calloc(1, sizeof *web);
    size_t length = strlen(address);
    bool unfit = true;
    *out = NULL;
    if (web == NULL)
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    planche_mutex_init(&web->lock);
    while (length > 0 && address[length - 1] == '/')
        length--;
    enum planche_status status = planche_libcurl_load(&web->curl, error);
    if (status == PLANCHE_OK && length >= sizeof web->address)
        status = planche_fail(error, PLANCHE_ERROR_ARGUMENT, "--store: the address is too long");
    if (status == PLANCHE_OK)
        status = add_fields(web, token_file, error);
    if (status == PLANCHE_OK) {
        memcpy(web->address, address, length);
        status = ask(web, "", "GET", error);
    }
    if (status == PLANCHE_ERROR_NOT_FOUND)
        status = fail(web, error, "that is no planche serve with a store (--store DIR)");
    else if (!atomic_load(&web->refused))
        unfit = false;
    if (status != PLANCHE_OK && unfit) /* trying again does not help */
        status = error->status = PLANCHE_ERROR_UNSUPPORTED;
    if (status == PLANCHE_OK)
        *out = web;
    else
        destroy(web);
    return status;
}

void planche_queue_web_close(struct planche_queue_web *web)
{
    if (web != NULL)
        destroy(web);
}

bool planche_queue_web_is_refused(struct planche_queue_web *web)
{
    return web != NULL && atomic_load(&web->refused);
}
