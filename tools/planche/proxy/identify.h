/* SPDX-License-Identifier: MIT */
/* Identify: which series and library a page belongs to. Addresses say it of some; of others the
 * upstream is asked, with the reader's own credentials, and the answer is remembered for a while.
 * It chooses a rule and nothing else: who may see a page is asked for each page. */
#ifndef PLANCHE_PROXY_IDENTIFY_H
#define PLANCHE_PROXY_IDENTIFY_H

#include "proxy/body.h"
#include "proxy/routes.h"
#include "proxy/rules.h"
#include "proxy/state.h"

#define PLANCHE_PROXY_BOOKS 256 /* that are remembered */

struct planche_proxy_book {
    char server[16], book[PLANCHE_PROXY_NAME]; /* "": free */
    char
        series[PLANCHE_PROXY_NAME]; /* as the address says it: Suwayomi's books are numbers in it */
    struct planche_proxy_identity identity;
    int64_t expires;
};

/* A look-up; zeroed before it is begun. Owned by who waits, and stays where it is. */
struct planche_proxy_look_up {
    void (*done)(void *user);
    void *user;
    struct planche_proxy *proxy;
    struct planche_proxy_match match;
    struct planche_proxy_identity identity; /* the result */
    struct planche_proxy_call call;
    struct planche_proxy_body body;
    unsigned status; /* of the answer; 0: none */
    bool right;      /* the answer is one */
};

/* Finds the identity; done is called, perhaps before this returns, also if there is none. */
void planche_proxy_identify(struct planche_proxy *proxy, const struct planche_http_connection *c,
                            const struct planche_proxy_match *match,
                            struct planche_proxy_look_up *look_up);
/* Gives it up. Of one that is over: fine. */
void planche_proxy_identify_cancel(struct planche_proxy_look_up *look_up);

#endif
