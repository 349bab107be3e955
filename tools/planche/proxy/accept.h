/* SPDX-License-Identifier: MIT */
/* Accept: in which format a client takes a page. Functions of texts alone. */
#ifndef PLANCHE_PROXY_ACCEPT_H
#define PLANCHE_PROXY_ACCEPT_H

#include "http/head.h"

/* What Accept says of a type. */
enum planche_proxy_said { PLANCHE_PROXY_UNSAID, PLANCHE_PROXY_ACCEPTS, PLANCHE_PROXY_REFUSES };

enum planche_proxy_type {
    PLANCHE_PROXY_JPEG,
    PLANCHE_PROXY_PNG,
    PLANCHE_PROXY_WEBP,
    PLANCHE_PROXY_AVIF,
    PLANCHE_PROXY_JXL,
    PLANCHE_PROXY_IMAGES, /* image and a star */
    PLANCHE_PROXY_ALL_TYPES,
    PLANCHE_PROXY_TYPES
};

/* What the Accept fields of a request say. */
struct planche_proxy_accepted {
    enum planche_proxy_said said[PLANCHE_PROXY_TYPES];
    bool silent; /* there is no such field */
};

struct planche_proxy_accepted planche_proxy_read_accept(const struct planche_http_head *head);
/* The format, by its extension, for a page that is of a type now ("image/png"). wanted: the owner's
 * choice, NULL or "auto": none. plain: for readers that know JPEG and PNG alone. NULL: the client
 * takes none that would be right. */
const char *planche_proxy_choose_format(const struct planche_proxy_accepted *accepted,
                                        const char *type, const char *wanted, bool plain);

#endif
