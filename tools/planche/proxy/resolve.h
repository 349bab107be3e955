/* SPDX-License-Identifier: MIT */
/* Resolving: a host's addresses, found on a thread of its own that nobody waits for, since
 * getaddrinfo may take as long as it likes: neither the loop nor the server's end does. */
#ifndef PLANCHE_PROXY_RESOLVE_H
#define PLANCHE_PROXY_RESOLVE_H

#include "http/loop.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#define PLANCHE_PROXY_ADDRESSES 8

union planche_proxy_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct planche_proxy_found {
    union planche_proxy_address addresses[PLANCHE_PROXY_ADDRESSES];
    unsigned count;
    int problem; /* of getaddrinfo; 0: there is an address at least */
};

struct planche_proxy_resolving;

/* Finds the addresses of a number, or of a name, which may take long. */
void planche_proxy_find_addresses(const char *host, const char *port, bool number,
                                  struct planche_proxy_found *found);
/* Begins to find the addresses of a name. done is called on the loop's thread, once, after this
 * returns; the handle is no more then. NULL: no memory, no thread, or too many of them hang. */
struct planche_proxy_resolving *
planche_proxy_resolve_begin(struct planche_http_loop *loop, const char *host, const char *port,
                            void (*done)(void *user, const struct planche_proxy_found *found),
                            void *user);
/* done is not called any more. The thread may go on for as long as it likes, by itself. NULL is
 * fine. */
void planche_proxy_resolve_abandon(struct planche_proxy_resolving *resolving);

#endif
