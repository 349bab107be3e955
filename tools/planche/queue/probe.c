/* SPDX-License-Identifier: MIT */
/* Probe of a server's version: the first line that it says to whoever connects. */
#include "queue/probe.h"

#include "base/status.h"
#include "queue/version.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LINE_BYTES 32768
#define WAIT_S     5
#define PORT       "4222"

struct address {
    char host[256], port[16];
};

static enum planche_status wrong_scheme(const char *url, size_t length, struct planche_error *error)
{
    return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                        "the queue's address begins with nats:// or tls://, not with %.*s://",
                        length < 32 ? (int)length : 32, url);
}

/* "1" to "65535". */
static bool is_port(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= 5 && strspn(text, "0123456789") == length &&
           strtoul(text, NULL, 10) - 1 < 65535;
}

/* "nats://user:password@host:4222", "tls://[::1]", "host". */
static bool split(struct address *address, const char *url)
{
    const char *scheme = strstr(url, "://"), *host = scheme != NULL ? scheme + 3 : url;
    size_t length = strcspn(host, "/");
    for (size_t i = length; i > 0; i--) {
        if (host[i - 1] != '@')
            continue;
        host += i;
        length -= i;
        break;
    }
    const char *end = host + length, *colon = NULL;
    bool bracket = length > 0 && *host == '[';
    const char *close = bracket ? memchr(host, ']', length) : NULL;
    if (bracket && close == NULL)
        return false;
    for (const char *at = bracket ? close : host; at < end; at++)
        colon = *at == ':' ? at : colon;
    const char *from = bracket ? host + 1 : host;
    const char *to = bracket ? close : colon != NULL ? colon : end;
    const char *port = colon != NULL ? colon + 1 : PORT;
    size_t digits = colon != NULL ? (size_t)(end - port) : strlen(PORT);
    if (to == from || (size_t)(to - from) >= sizeof address->host || digits == 0 ||
        digits >= sizeof address->port)
        return false;
    snprintf(address->host, sizeof address->host, "%.*s", (int)(to - from), from);
    snprintf(address->port, sizeof address->port, "%.*s", (int)digits, port);
    return true;
}

/* What is wrong is told without the address, which may have a password. */
static enum planche_status parse(struct address *address, const char *url,
                                 struct planche_error *error)
{
    const char *scheme = strstr(url, "://");
    size_t length = scheme != NULL ? (size_t)(scheme - url) : 0;
    bool known = scheme == NULL || (length == 4 && strncmp(url, "nats", 4) == 0) ||
                 (length == 3 && strncmp(url, "tls", 3) == 0);
    if (!known)
        return wrong_scheme(url, length, error);
    if (!split(address, url))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "the queue's address is not like nats://HOST:4222");
    if (!is_port(address->port))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "the port of the queue's address is a number from 1 to 65535, not %s",
                            address->port);
    return PLANCHE_OK;
}

/* -1: errno says why not. */
static int connect_one(const struct addrinfo *found)
{
    const struct timeval wait = {.tv_sec = WAIT_S};
    int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
        connect(fd, found->ai_addr, found->ai_addrlen) == 0)
        return fd;
    int reason = errno == EINPROGRESS ? ETIMEDOUT : errno;
    close(fd);
    errno = reason;
    return -1;
}

static int connect_any(const struct address *address, const char **reason)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *all = NULL;
    int fd = -1, problem = getaddrinfo(address->host, address->port, &hints, &all);
    if (problem != 0) {
        *reason = gai_strerror(problem);
        return -1;
    }
    for (const struct addrinfo *found = all; found != NULL && fd < 0; found = found->ai_next)
        fd = connect_one(found);
    *reason = strerror(errno);
    freeaddrinfo(all);
    return fd;
}

static size_t read_line(int fd, char *line)
{
    size_t length = 0;
    while (length < LINE_BYTES && memchr(line, '\n', length) == NULL) {
        ssize_t got = recv(fd, line + length, LINE_BYTES - length, 0);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    return length;
}

static enum planche_status probe(const struct address *address, bool insecure,
                                 struct planche_error *error)
{
    char line[LINE_BYTES], version[64];
    const char *reason = "";
    int fd = connect_any(address, &reason);
    if (fd < 0)
        return planche_fail(
            error, PLANCHE_ERROR_IO,
            "the queue at %s:%s does not answer: %s; see whether nats-server -js runs "
            "there and a firewall lets it be reached",
            address->host, address->port, reason);
    size_t length = read_line(fd, line);
    close(fd);
    if (!planche_queue_version_read(line, length, version, sizeof version))
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s:%s is no nats-server: the queue's address names another service",
                            address->host, address->port);
    if (insecure || planche_queue_version_is_fixed(version))
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                        "nats-server %s at %s:%s has known holes; use " PLANCHE_QUEUE_FIXED
                        " or later, or, if only machines that you trust can reach it, give "
                        "--insecure-server",
                        version, address->host, address->port);
}

enum planche_status planche_queue_probe(const char *const *servers, int count, bool insecure,
                                        struct planche_error *error)
{
    bool any = false;
    struct address address;
    for (int i = 0; i < count; i++) {
        enum planche_status status = parse(&address, servers[i], error);
        if (status != PLANCHE_OK)
            return status;
    }
    for (int i = 0; i < count; i++) {
        enum planche_status status = parse(&address, servers[i], error);
        if (status == PLANCHE_OK)
            status = probe(&address, insecure, error);
        if (status != PLANCHE_OK && status != PLANCHE_ERROR_IO)
            return status;
        any = any || status == PLANCHE_OK;
    }
    return any ? PLANCHE_OK : PLANCHE_ERROR_IO;
}
