/* SPDX-License-Identifier: MIT */
/* Upstream: its address. */
#include "proxy/upstream.h"

#include "base/status.h"
#include "http/text.h"

#include <planche/job.h>

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_PORT "80"

/* Keeps the addresses of a list that a TCP connection can be made to. */
static unsigned keep_addresses(union planche_proxy_address *out, const struct addrinfo *list)
{
    unsigned count = 0;
    for (; list != NULL && count < PLANCHE_PROXY_ADDRESSES; list = list->ai_next) {
        bool known = list->ai_family == AF_INET || list->ai_family == AF_INET6;
        if (known && list->ai_addrlen <= sizeof *out)
            memcpy(&out[count++], list->ai_addr, list->ai_addrlen);
    }
    return count;
}

static int look_up(const struct planche_proxy_upstream *upstream, int flags,
                   union planche_proxy_address *out, unsigned *count)
{
    const struct addrinfo wanted = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    struct addrinfo *found = NULL;
    *count = 0;
    int problem = getaddrinfo(upstream->host, upstream->port, &wanted, &found);
    if (problem != 0)
        return problem;
    *count = keep_addresses(out, found);
    freeaddrinfo(found);
    return *count > 0 ? 0 : EAI_NONAME;
}

static enum planche_status refuse(struct planche_error *error, const char *address, const char *why)
{
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%.200s: %s", address, why);
}

/* Cuts "host", "host:port" or "[number]:port" in two. */
static bool split(struct planche_proxy_upstream *upstream, const char *text)
{
    const char *end = *text == '[' ? strchr(text, ']') : text + strcspn(text, ":");
    if (end == NULL)
        return false;
    bool bracket = *text == '[';
    size_t length = (size_t)(end - text) - bracket;
    const char *port = end + bracket;
    uint64_t number;
    if (length == 0 || length >= sizeof upstream->host)
        return false;
    memcpy(upstream->host, text + bracket, length);
    upstream->host[length] = 0;
    if (*port == 0) {
        snprintf(upstream->port, sizeof upstream->port, DEFAULT_PORT);
        return true;
    }
    if (*port != ':' || !planche_http_decimal(port + 1, &number) || number == 0 ||
        number > UINT16_MAX)
        return false;
    snprintf(upstream->port, sizeof upstream->port, "%u", (unsigned)number);
    return true;
}

enum planche_status planche_proxy_upstream_parse(struct planche_proxy_upstream *upstream,
                                                 const char *address, struct planche_error *error)
{
    char text[sizeof upstream->name];
    if (strncasecmp(address, "https://", 8) == 0)
        return refuse(error, address,
                      "TLS to the upstream is for a proxy or tunnel in between; give its http:// "
                      "address in the same network");
    if (strncasecmp(address, "http://", 7) != 0)
        return refuse(error, address, "an address such as http://komga:25600 is wanted");
    const char *rest = address + 7;
    size_t length = strcspn(rest, "/");
    if (strcmp(rest + length, "/") != 0 && rest[length] != 0)
        return refuse(error, address,
                      "the upstream has no path here: clients' paths are passed on as they are");
    if (strpbrk(rest, "@?# \t") != NULL || length >= sizeof text)
        return refuse(error, address, "names, passwords and queries have no place in it");
    memcpy(text, rest, length);
    text[length] = 0;
    if (!split(upstream, text))
        return refuse(error, address, "an address such as http://komga:25600 is wanted");
    bool v6 = strchr(upstream->host, ':') != NULL;
    snprintf(upstream->name, sizeof upstream->name, v6 ? "[%s]:%s" : "%s:%s", upstream->host,
             upstream->port);
    upstream->numeric =
        look_up(upstream, AI_NUMERICHOST, upstream->addresses, &upstream->count) == 0;
    return PLANCHE_OK;
}

/* On the look-up's thread. */
static enum planche_status run_look_up(void *user, struct planche_cancel *cancel)
{
    struct planche_proxy_upstream *upstream = user;
    (void)cancel;
    upstream->problem = look_up(upstream, AI_ADDRCONFIG, upstream->found, &upstream->found_count);
    return PLANCHE_OK;
}

/* On any thread. */
static void look_up_done(void *user, enum planche_status status)
{
    struct planche_proxy_upstream *upstream = user;
    if (status != PLANCHE_OK)
        upstream->problem = EAI_AGAIN;
    planche_http_loop_post(upstream->loop, &upstream->resolved);
}

static void on_resolved(void *user)
{
    struct planche_proxy_upstream *upstream = user;
    char problem[256];
    upstream->resolving = false;
    if (upstream->problem == 0) {
        memcpy(upstream->addresses, upstream->found, sizeof upstream->addresses);
        upstream->count = upstream->found_count;
        upstream->found_all(upstream, NULL);
        return;
    }
    snprintf(problem, sizeof problem, "its name cannot be resolved: %s",
             gai_strerror(upstream->problem));
    upstream->found_all(upstream, problem);
}

void planche_proxy_resolve(struct planche_proxy_upstream *upstream)
{
    struct planche_job_queue_options options = PLANCHE_JOB_QUEUE_OPTIONS_INIT;
    struct planche_job job = PLANCHE_JOB_INIT;
    if (upstream->numeric) {
        upstream->found_all(upstream, NULL);
        return;
    }
    if (upstream->resolving)
        return;
    options.workers = 1;
    options.capacity = 1;
    job.run = run_look_up;
    job.done = look_up_done;
    job.user = upstream;
    upstream->resolved = (struct planche_http_task){.run = on_resolved, .user = upstream};
    upstream->resolving = true;
    bool begun = (upstream->resolver != NULL ||
                  planche_job_queue_create(&upstream->resolver, &options, NULL) == PLANCHE_OK) &&
                 planche_job_try_submit(upstream->resolver, &job, NULL, NULL) == PLANCHE_OK;
    if (begun)
        return;
    upstream->resolving = false;
    upstream->found_all(upstream, "there is no thread to resolve its name");
}

void planche_proxy_upstream_close(struct planche_proxy_upstream *upstream)
{
    if (upstream->resolver != NULL) {
        planche_job_queue_shutdown(upstream->resolver);
        planche_http_loop_flush(upstream->loop);
    }
    planche_job_queue_destroy(&upstream->resolver);
}
