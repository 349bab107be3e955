/* SPDX-License-Identifier: MIT */
/* Programs that wait for a page. */
#include "codec/isolation.h"

#include "base/status.h"
#include "codec/decode_protocol.h"
#include "io/sandbox.h"
#include "os/thread.h"

#include <errno.h>
#include <string.h>

#define PATIENCE_MS UINT64_C(10000)

/* A program that leaves the processors to others waits for them, which is no fault of its file. */
#define BACKGROUND_PATIENCE_MS UINT64_C(60000)

const struct planche_helper_kind planche_decode_kind = {
    .name = PLANCHE_DECODE_PROGRAM,
    .variable = "PLANCHE_DECODE",
    .version = PLANCHE_DECODE_VERSION,
    .uses = "this format takes",
    .task = "decode",
    .input = "image",
};

struct planche_isolation {
    struct planche_isolation_options options;
    struct planche_mutex lock; /* of all below */
    unsigned count, starting;
    struct planche_isolation_child children[PLANCHE_ISOLATION_KEPT];
};

static void drop(struct planche_isolation_child *child)
{
    planche_helper_stop(&child->helper);
    planche_shared_destroy(&child->input);
    planche_shared_destroy(&child->window);
}

/* Starts a program, whose memory counts in budget. */
static enum planche_status start(const struct planche_isolation *isolation,
                                 struct planche_isolation_child *child,
                                 struct planche_budget *budget, const char *subject,
                                 struct planche_error *error)
{
    *child = (struct planche_isolation_child){PLANCHE_HELPER_NONE, PLANCHE_SHARED_NONE,
                                              PLANCHE_SHARED_NONE};
    if (!planche_shared_create(&child->input) || !planche_shared_create(&child->window)) {
        planche_fail(error, planche_status_of(errno), "%s: no memory can be shared with %s: %s",
                     subject, planche_decode_kind.name, strerror(errno));
        drop(child);
        return error->status;
    }
    const int inherited[] = {child->input.fd, child->window.fd};
    const struct planche_helper_options options = {
        .kind = &planche_decode_kind,
        .format = PLANCHE_DECODE_PAGES,
        .subject = subject,
        .inherited = inherited,
        .inherited_count = 2,
        .seconds = PLANCHE_DECODE_SECONDS(isolation->options.max_pixels),
        .first_bytes = PLANCHE_DECODE_FIRST_BYTES,
        .most_bytes = PLANCHE_DECODE_MAX_BYTES,
        .budget = budget,
    };
    enum planche_status status = planche_helper_start(&child->helper, &options, error);
    if (status)
        drop(child);
    else if (isolation->options.background)
        planche_process_lower(&child->helper.child);
    return status;
}

bool planche_isolation_suits(enum planche_format format)
{
    return format == PLANCHE_FORMAT_JPEG || format == PLANCHE_FORMAT_PNG ||
           format == PLANCHE_FORMAT_WEBP || format == PLANCHE_FORMAT_BMP ||
           format == PLANCHE_FORMAT_QOI || format == PLANCHE_FORMAT_TGA ||
           format == PLANCHE_FORMAT_PSD;
}

/* The last one that waits. False: none does. */
static bool pop(struct planche_isolation *isolation, struct planche_isolation_child *child)
{
    planche_mutex_lock(&isolation->lock);
    bool found = isolation->count > 0;
    if (found)
        *child = isolation->children[--isolation->count];
    planche_mutex_unlock(&isolation->lock);
    return found;
}

/* Gives the decoder a program that waits. Error: BUDGET. */
static enum planche_status hand_over(struct planche_isolation_child *child,
                                     const struct planche_decoder *decoder,
                                     struct planche_error *error)
{
    struct planche_helper *helper = &child->helper;
    uint64_t bytes = helper->reserved;
    planche_helper_take_back(helper, bytes);
    helper->budget = decoder->budget;
    helper->subject = decoder->name;
    helper->child.cancel = decoder->cancel;
    if (planche_budget_reserve(decoder->budget, bytes)) {
        helper->reserved = bytes;
        return PLANCHE_OK;
    }
    drop(child);
    return planche_fail_memory(error, decoder->budget, bytes, decoder->name);
}

enum planche_status planche_isolation_take(struct planche_isolation *isolation,
                                           struct planche_isolation_child *child,
                                           const struct planche_decoder *decoder,
                                           struct planche_error *error)
{
    while (pop(isolation, child)) {
        if (planche_helper_waits(&child->helper))
            return hand_over(child, decoder, error);
        drop(child); /* somebody has ended it: the page is not to blame */
    }
    enum planche_status status = start(isolation, child, decoder->budget, decoder->name, error);
    child->helper.child.cancel = decoder->cancel;
    return status;
}

/* Starts one with the lock open, unless there are enough. */
static enum planche_status add(struct planche_isolation *isolation, struct planche_error *error)
{
    struct planche_isolation_child child;
    planche_mutex_lock(&isolation->lock);
    bool wanted = isolation->count + isolation->starting < isolation->options.kept;
    isolation->starting += wanted;
    planche_mutex_unlock(&isolation->lock);
    if (!wanted)
        return PLANCHE_OK;
    enum planche_status status =
        start(isolation, &child, isolation->options.budget, "a page", error);
    planche_mutex_lock(&isolation->lock);
    isolation->starting--;
    if (status == PLANCHE_OK)
        isolation->children[isolation->count++] = child;
    planche_mutex_unlock(&isolation->lock);
    return status;
}

void planche_isolation_renew(struct planche_isolation *isolation)
{
    struct planche_error error;
    (void)add(isolation, &error); /* else it is started for the next page, which tells why not */
}

uint64_t planche_isolation_patience(const struct planche_isolation *isolation)
{
    const struct planche_isolation_options *options = &isolation->options;
    return options->patience_ms  ? options->patience_ms
           : options->background ? BACKGROUND_PATIENCE_MS
                                 : PATIENCE_MS;
}

enum planche_status planche_isolation_create(struct planche_isolation **out,
                                             const struct planche_isolation_options *options,
                                             struct planche_error *error)
{
    *out = NULL;
    if (!planche_sandbox_has_network())
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "pages cannot be isolated: the kernel has no filters for system calls "
                            "(seccomp), or they are forbidden here");
    struct planche_isolation *isolation = planche_calloc(options->budget, 1, sizeof *isolation);
    if (!isolation)
        return planche_fail_memory(error, options->budget, sizeof *isolation, "isolation");
    isolation->options = *options;
    planche_mutex_init(&isolation->lock);
    enum planche_status status = add(isolation, error);
    if (status == PLANCHE_OK)
        *out = isolation;
    else
        planche_isolation_destroy(&isolation);
    return status;
}

void planche_isolation_trim(struct planche_isolation *isolation)
{
    struct planche_isolation_child child;
    while (isolation && pop(isolation, &child))
        drop(&child);
}

void planche_isolation_destroy(struct planche_isolation **isolation)
{
    if (!*isolation)
        return;
    planche_isolation_trim(*isolation);
    planche_mutex_destroy(&(*isolation)->lock);
    planche_free(*isolation);
    *isolation = NULL;
}

/* A program that answers is confined; what it is asked for is not there. */
static enum planche_status question(struct planche_isolation_child *child,
                                    struct planche_error *error)
{
    struct planche_helper_frame frame;
    bool lost;
    enum planche_status status =
        planche_helper_tell(&child->helper, PLANCHE_DECODE_FORMAT, PLANCHE_FORMAT_PNG, error);
    if (status == PLANCHE_OK)
        status = planche_helper_ask(&child->helper, PLANCHE_DECODE_OPEN, 1, &frame, &lost, error);
    if (status == PLANCHE_ERROR_DATA)
        return PLANCHE_OK;
    return status ? status : planche_helper_fail_protocol(&child->helper, error);
}

enum planche_status planche_isolation_try(struct planche_error *error)
{
    const struct planche_isolation_options options = {.kept = 1};
    struct planche_isolation *isolation = NULL;
    struct planche_isolation_child child;
    enum planche_status status = planche_isolation_create(&isolation, &options, error);
    if (status || !isolation)
        return status;
    if (pop(isolation, &child)) {
        status = question(&child, error);
        drop(&child);
    }
    planche_isolation_destroy(&isolation);
    return status;
}
