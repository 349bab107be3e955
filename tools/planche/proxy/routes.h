/* SPDX-License-Identifier: MIT */
/* Routes: which addresses are pages, and which page comes next. Functions of texts alone. */
#ifndef PLANCHE_PROXY_ROUTES_H
#define PLANCHE_PROXY_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum planche_proxy_route_flags {
    PLANCHE_PROXY_OPDS = 1,
    PLANCHE_PROXY_PROGRESS = 2,
    PLANCHE_PROXY_BOOKMARKS = 4
};

enum planche_proxy_server { PLANCHE_PROXY_KOMGA, PLANCHE_PROXY_KAVITA, PLANCHE_PROXY_SUWAYOMI };

#define PLANCHE_PROXY_NAME 64 /* bytes of an id with the 0 */

/* A page's address. What begins with at lies in the target. */
struct planche_proxy_match {
    enum planche_proxy_server server;
    unsigned flags;
    size_t prefix;                 /* before the part that is the server's: a path in front of it */
    size_t number_at, number_size; /* of the page's number */
    uint32_t number;
    char book[PLANCHE_PROXY_NAME]; /* what the page belongs to, among its server's; "": not known */
    char series[PLANCHE_PROXY_NAME]; /* and its series; "": not known */
    char library[PLANCHE_PROXY_NAME];
    char key[PLANCHE_PROXY_NAME]; /* that the address has, a secret: Kavita's; "": none */
};

/* Whether a target is a page's. path_length: up to its '?'. */
bool planche_proxy_match_page(const char *target, size_t path_length,
                              struct planche_proxy_match *match);
/* The target of another page of the same book, by an address that records no progress. False: it is
 * too long. */
bool planche_proxy_page_target(const char *target, const struct planche_proxy_match *match,
                               uint32_t number, char *out, size_t size);

#endif
