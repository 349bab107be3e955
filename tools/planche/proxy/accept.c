/* SPDX-License-Identifier: MIT */
/* Accept: in which format a client takes a page. A page stays in its family: some clients look at
 * what the server's lists say of its type. Others than JPEG and PNG are for clients that name them,
 * since those that say image and a star often do not know all there are. */
#include "proxy/accept.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Whether a member of the list, of size bytes, names a type with a weight above 0. */
static bool names(const char *member, size_t size, const char *type)
{
    size_t length = strlen(type);
    if (size < length || strncasecmp(member, type, length) != 0 ||
        (size > length && strchr("; \t", member[length]) == NULL))
        return false;
    for (const char *q = member + length; q + 2 < member + size; q++) {
        if ((q[0] == 'q' || q[0] == 'Q') && q[1] == '=' && (q[-1] == ';' || q[-1] == ' '))
            return strtod(q + 2, NULL) > 0;
    }
    return true;
}

struct planche_proxy_taste planche_proxy_read_accept(const char *field)
{
    struct planche_proxy_taste taste = {.any = field == NULL || *field == 0};
    while (field != NULL && *field) {
        field += strspn(field, " \t,");
        size_t size = strcspn(field, ",");
        taste.any = taste.any || names(field, size, "*/*") || names(field, size, "image/*");
        taste.jpeg =
            taste.jpeg || names(field, size, "image/jpeg") || names(field, size, "image/jpg");
        taste.png = taste.png || names(field, size, "image/png");
        taste.webp = taste.webp || names(field, size, "image/webp");
        taste.avif = taste.avif || names(field, size, "image/avif");
        taste.jxl = taste.jxl || names(field, size, "image/jxl");
        field += size;
    }
    return taste;
}

static bool takes(const struct planche_proxy_taste *taste, const char *format)
{
    return taste->any || (strcmp(format, "jpg") == 0 && taste->jpeg) ||
           (strcmp(format, "png") == 0 && taste->png) ||
           (strcmp(format, "webp") == 0 && taste->webp) ||
           (strcmp(format, "avif") == 0 && taste->avif) ||
           (strcmp(format, "jxl") == 0 && taste->jxl);
}

/* What a page becomes if nobody says otherwise. */
static const char *family_of(const struct planche_proxy_taste *taste, const char *type, bool plain)
{
    bool webp = taste->webp && !plain;
    if (strcmp(type, "image/jpeg") == 0)
        return "jpg";
    if (strcmp(type, "image/webp") == 0)
        return webp || (taste->any && !plain) ? "webp" : "jpg";
    bool lossless = strcmp(type, "image/png") == 0 || strcmp(type, "image/gif") == 0 ||
                    strcmp(type, "image/bmp") == 0 || strcmp(type, "image/tiff") == 0;
    if (webp)
        return "webp";
    return lossless ? "png" : "jpg";
}

const char *planche_proxy_choose_format(const struct planche_proxy_taste *taste, const char *type,
                                        const char *wanted, bool plain)
{
    static const char *const others[] = {"jpg", "png", "webp"};
    const char *family = family_of(taste, type, plain);
    if (wanted != NULL && takes(taste, wanted))
        return wanted;
    if (takes(taste, family))
        return family;
    for (unsigned i = 0; i < (plain ? 2 : 3); i++) {
        if (takes(taste, others[i]))
            return others[i];
    }
    return NULL;
}
