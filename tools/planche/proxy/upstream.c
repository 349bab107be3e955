/* SPDX-License-Identifier: MIT */
/* Upstream: its address. */
#include "proxy/upstream.h"

#include "base/status.h"
#include "http/text.h"
#include "os/clock.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_PORT "80"

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
    planche_proxy_find_addresses(upstream->host, upstream->port, true, &upstream->found);
    upstream->numeric = upstream->found.problem == 0;
    return PLANCHE_OK;
}

static void on_resolved(void *user, const struct planche_proxy_found *found)
{
    struct planche_proxy_upstream *upstream = user;
    char problem[256];
    upstream->resolving = NULL;
    planche_http_timer_stop(&upstream->late);
    if (found->problem == 0) {
        upstream->found = *found;
        upstream->found_all(upstream, NULL);
        return;
    }
    snprintf(problem, sizeof problem, "its name cannot be resolved: %s",
             gai_strerror(found->problem));
    upstream->found_all(upstream, problem);
}

/* The next call asks again. */
static void on_late(void *user)
{
    struct planche_proxy_upstream *upstream = user;
    planche_proxy_resolve_abandon(upstream->resolving);
    upstream->resolving = NULL;
    upstream->found_all(upstream, "its name cannot be resolved: the system does not answer");
}

void planche_proxy_resolve(struct planche_proxy_upstream *upstream)
{
    if (upstream->numeric) {
        upstream->found_all(upstream, NULL);
        return;
    }
    if (upstream->resolving != NULL)
        return;
    upstream->resolving = planche_proxy_resolve_begin(upstream->loop, upstream->host,
                                                      upstream->port, on_resolved, upstream);
    if (upstream->resolving == NULL) {
        upstream->found_all(upstream, "there is no thread to resolve its name");
        return;
    }
    upstream->late = (struct planche_http_timer){.fire = on_late, .user = upstream};
    planche_http_timer_set(upstream->loop, &upstream->late,
                           planche_clock_ns() + upstream->resolve_ns);
}

void planche_proxy_upstream_close(struct planche_proxy_upstream *upstream)
{
    planche_http_timer_stop(&upstream->late);
    planche_proxy_resolve_abandon(upstream->resolving);
    upstream->resolving = NULL;
    planche_http_loop_flush(upstream->loop); /* it may have been posted */
}
