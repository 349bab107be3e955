/* SPDX-License-Identifier: MIT */
/* Store by HTTP, in a build without libcurl. */
#include "base/status.h"
#include "queue/shared/web.h"

enum planche_status planche_queue_web_open(struct planche_queue_web **out, const char *address,
                                           const char *token_file, struct planche_error *error)
{
    (void)address, (void)token_file;
    *out = NULL;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "--store: this planche was built without libcurl: name a folder");
}

void planche_queue_web_close(struct planche_queue_web *web)
{
    (void)web;
}

static enum planche_status refuse(struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED, "there is no libcurl");
}

enum planche_status planche_queue_web_get(struct planche_queue_web *web, const char *name,
                                          char *data, uint64_t size,
                                          const struct planche_page_options *waits,
                                          struct planche_error *error)
{
    (void)web, (void)name, (void)data, (void)size, (void)waits;
    return refuse(error);
}

enum planche_status planche_queue_web_put(struct planche_queue_web *web, const char *name,
                                          const void *data, size_t size,
                                          const struct planche_page_options *waits,
                                          struct planche_error *error)
{
    (void)web, (void)name, (void)data, (void)size, (void)waits;
    return refuse(error);
}

enum planche_status planche_queue_web_find(struct planche_queue_web *web, const char *name,
                                           struct planche_error *error)
{
    (void)web, (void)name;
    return refuse(error);
}

enum planche_status planche_queue_web_remove(struct planche_queue_web *web, const char *name,
                                             struct planche_error *error)
{
    (void)web, (void)name;
    return refuse(error);
}

bool planche_queue_web_is_refused(struct planche_queue_web *web)
{
    (void)web;
    return false;
}
