/* SPDX-License-Identifier: MIT */
/* Body: an answer of the upstream, collected in memory within the server's budget. */
#ifndef PLANCHE_PROXY_BODY_H
#define PLANCHE_PROXY_BODY_H

#include "http/budget.h"

/* Zeroed but for budget and limit, it is empty. */
struct planche_proxy_body {
    struct planche_http_budget *budget;
    uint64_t limit; /* bytes at most */
    char *data;
    size_t size, capacity;
};

/* Takes room for so many bytes beforehand. False, as for the next one: more than the limit, or
 * there is no room now; what has been collected stays. */
bool planche_proxy_body_reserve(struct planche_proxy_body *body, uint64_t size);
bool planche_proxy_body_add(struct planche_proxy_body *body, const char *data, size_t size);
/* All of it as a blob, with one holder; the body is empty then. NULL: no memory. */
struct planche_http_blob *planche_proxy_body_take(struct planche_proxy_body *body);
void planche_proxy_body_clear(struct planche_proxy_body *body);

#endif
