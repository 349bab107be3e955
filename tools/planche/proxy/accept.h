/* SPDX-License-Identifier: MIT */
/* Accept: in which format a client takes a page. Functions of texts alone. */
#ifndef PLANCHE_PROXY_ACCEPT_H
#define PLANCHE_PROXY_ACCEPT_H

#include <stdbool.h>

/* What an Accept field says of images. */
struct planche_proxy_taste {
    bool any;                        /* image or all types, or there is no such field */
    bool jpeg, png, webp, avif, jxl; /* named */
};

/* field NULL: there is none. */
struct planche_proxy_taste planche_proxy_read_accept(const char *field);
/* The format, by its extension, for a page that is of a type now ("image/png"). wanted: the owner's
 * choice, NULL: none. plain: for readers that know JPEG and PNG alone. NULL: the client takes none
 * that would be right. */
const char *planche_proxy_choose_format(const struct planche_proxy_taste *taste, const char *type,
                                        const char *wanted, bool plain);

#endif
