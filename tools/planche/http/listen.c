/* SPDX-License-Identifier: MIT */
/* Sockets to listen on. */
#include "http/listen.h"

#include "base/status.h"
#include "http/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG  512
#define FIRST_FD 3 /* of systemd's sockets */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
    struct sockaddr_storage space;
};

static bool is_loopback(const union address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static void write_address(char *text, size_t size, const union address *address)
{
    char number[INET6_ADDRSTRLEN] = "?";
    if (address->any.sa_family == AF_INET)
        inet_ntop(AF_INET, &address->v4.sin_addr, number, sizeof number);
    else if (address->any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &address->v6.sin6_addr, number, sizeof number);
    else
        snprintf(number, sizeof number, "unix");
    snprintf(text, size, "%s", number);
}

void planche_http_peer_name(char *text, size_t size, int fd)
{
    union address address = {.any.sa_family = AF_UNSPEC};
    socklen_t length = sizeof address;
    if (getpeername(fd, &address.any, &length) != 0)
        address.any.sa_family = AF_UNSPEC;
    write_address(text, size, &address);
}

/* What a socket is bound to. False: nothing that HTTP is served on. */
static bool describe(struct planche_http_listener *listener)
{
    union address address = {.any.sa_family = AF_UNSPEC};
    socklen_t length = sizeof address;
    int listening = 0;
    socklen_t size = sizeof listening;
    if (getsockname(listener->fd, &address.any, &length) != 0 ||
        getsockopt(listener->fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening)
        return false;
    if (address.any.sa_family == AF_UNIX) {
        listener->place = PLANCHE_HTTP_UNIX;
        bool named = length > offsetof(struct sockaddr_un, sun_path);
        snprintf(listener->name, sizeof listener->name, "unix:%.*s", named ? 107 : 0,
                 address.local.sun_path);
        return true;
    }
    char number[64];
    bool v6 = address.any.sa_family == AF_INET6;
    write_address(number, sizeof number, &address);
    listener->place = is_loopback(&address) ? PLANCHE_HTTP_LOOPBACK : PLANCHE_HTTP_NETWORK;
    snprintf(listener->name, sizeof listener->name, v6 ? "http://[%s]:%u" : "http://%s:%u", number,
             ntohs(v6 ? address.v6.sin6_port : address.v4.sin_port));
    return v6 || address.any.sa_family == AF_INET;
}

/* A socket that a process has left behind, and nobody listens on, is removed. */
static bool is_abandoned(const union address *address, socklen_t length)
{
    struct stat info;
    if (lstat(address->local.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused = fd >= 0 && connect(fd, &address->any, length) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return refused && unlink(address->local.sun_path) == 0;
}

static bool bind_socket(int fd, const union address *address, socklen_t length)
{
    const int on = 1;
    if (address->any.sa_family == AF_UNIX)
        return bind(fd, &address->any, length) == 0 ||
               (errno == EADDRINUSE && is_abandoned(address, length) &&
                bind(fd, &address->any, length) == 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return bind(fd, &address->any, length) == 0;
}

static enum planche_status open_socket(struct planche_http_listener *listener, const char *text,
                                       const union address *address, socklen_t length,
                                       struct planche_error *error)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    listener->fd = fd;
    listener->made = true;
    if (fd >= 0 && bind_socket(fd, address, length)) {
        if (address->any.sa_family == AF_UNIX)
            snprintf(listener->path, sizeof listener->path, "%s", address->local.sun_path);
        if (listen(fd, BACKLOG) == 0 && describe(listener))
            return PLANCHE_OK;
    }
    int problem = errno;
    planche_http_listener_close(listener);
    if (problem == EADDRINUSE)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s is in use, perhaps by another program: end that, or choose another "
                            "address with --listen",
                            text);
    if (problem == ENOENT)
        return planche_fail(error, PLANCHE_ERROR_IO,
                            "%s: cannot listen there: there is no such folder; make it, or choose "
                            "another address with --listen",
                            text);
    return planche_fail(error, PLANCHE_ERROR_IO,
                        "%s: cannot listen there: %s; choose another address with --listen", text,
                        strerror(problem));
}

static enum planche_status read_path(union address *address, socklen_t *length, const char *text,
                                     struct planche_error *error)
{
    const char *path = text + strlen("unix:");
    *address = (union address){.local.sun_family = AF_UNIX};
    *length = sizeof address->local;
    if (*path == 0 || strlen(path) >= sizeof address->local.sun_path)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: the path of a socket has 1 to %zu bytes", text,
                            sizeof address->local.sun_path - 1);
    memcpy(address->local.sun_path, path, strlen(path) + 1);
    return PLANCHE_OK;
}

/* Cuts "[host]:port" or "host:port" in two. */
static bool split(const char *text, char *host, size_t size, const char **port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon[1] == 0)
        return false;
    bool bracket = *text == '[';
    size_t length = (size_t)(colon - text);
    if (bracket && (length < 2 || text[length - 1] != ']'))
        return false;
    text += bracket;
    length -= bracket ? 2 : 0;
    if (length == 0 || length >= size || (!bracket && memchr(text, ':', length) != NULL))
        return false;
    memcpy(host, text, length);
    host[length] = 0;
    *port = colon + 1;
    return true;
}

static enum planche_status read_address(union address *address, socklen_t *length, const char *text,
                                        struct planche_error *error)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char host[256];
    const char *port;
    uint64_t number;
    struct addrinfo *found = NULL;
    if (strncmp(text, "unix:", 5) == 0)
        return read_path(address, length, text, error);
    if (!split(text, host, sizeof host, &port))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: an address such as 127.0.0.1:8377, [::1]:8377 or "
                            "unix:/run/planche/http.sock is wanted",
                            text);
    if (!planche_http_decimal(port, &number) || number > UINT16_MAX)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s: a port is a number from 1 to 65535, or 0 for one that is free",
                            text);
    int problem = getaddrinfo(host, port, &wanted, &found);
    if (problem != 0)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "%s: no such address: %s", text,
                            gai_strerror(problem));
    *length = found->ai_addrlen;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return PLANCHE_OK;
}

enum planche_status planche_http_listen_check(const char *text, struct planche_error *error)
{
    union address address = {.any.sa_family = AF_UNSPEC};
    socklen_t length = 0;
    return read_address(&address, &length, text, error);
}

enum planche_status planche_http_listen(struct planche_http_listener *listener, const char *text,
                                        struct planche_error *error)
{
    union address address = {.any.sa_family = AF_UNSPEC};
    socklen_t length = 0;
    *listener = (struct planche_http_listener){.fd = -1};
    enum planche_status status = read_address(&address, &length, text, error);
    return status == PLANCHE_OK ? open_socket(listener, text, &address, length, error) : status;
}

unsigned planche_http_listen_inherited(struct planche_http_listener *listeners, unsigned count)
{
    const char *process = getenv("LISTEN_PID"), *number = getenv("LISTEN_FDS");
    unsigned found = 0;
    bool mine = process != NULL && number != NULL && strtol(process, NULL, 10) == (long)getpid();
    long there = mine ? strtol(number, NULL, 10) : 0;
    for (long i = 0; i < there && found < count; i++) {
        struct planche_http_listener *listener = &listeners[found];
        *listener = (struct planche_http_listener){.fd = FIRST_FD + (int)i};
        int flags = fcntl(listener->fd, F_GETFL);
        if (flags < 0 || fcntl(listener->fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
            fcntl(listener->fd, F_SETFD, FD_CLOEXEC) != 0 || !describe(listener))
            continue;
        found++;
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return found;
}

void planche_http_listener_close(struct planche_http_listener *listener)
{
    /* A program that another thread starts just now has the socket too until its exec(): closing
     * would leave it open for new connections. One that was handed over stays its owner's. */
    if (listener->fd >= 0 && listener->made)
        shutdown(listener->fd, SHUT_RDWR);
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
    if (*listener->path)
        unlink(listener->path);
    *listener->path = 0;
}
