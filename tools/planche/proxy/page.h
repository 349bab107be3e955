/* SPDX-License-Identifier: MIT */
/* Page: an exchange whose answer is a page, which is answered larger.
 *
 * Every page is asked of the upstream, with the client's own credentials and without conditions;
 * only then is looked for a result, by what the page's bytes are. Whatever goes wrong on the way to
 * a result, the client gets what the upstream has answered. */
#ifndef PLANCHE_PROXY_PAGE_H
#define PLANCHE_PROXY_PAGE_H

#include "proxy/exchange.h"
#include "proxy/routes.h"

/* Answers a request for a page. */
void planche_proxy_page_begin(struct planche_proxy_exchange *exchange,
                              const struct planche_proxy_match *match);
#endif
