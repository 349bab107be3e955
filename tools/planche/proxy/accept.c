/* SPDX-License-Identifier: MIT */
/* Accept: in which format a client takes a page. A page stays in its family: some clients look at
 * what the server's lists say of its type. Others than JPEG and PNG are for clients that name them,
 * or get such a page anyway: those that say image and a star often do not know all there are. */
#include "proxy/accept.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a member of the list, of size bytes, says of a type. */
static enum planche_proxy_said read_member(const char *member, size_t size, const char *type)
{
    size_t length = strlen(type);
    if (size < length || strncasecmp(member, type, length) != 0 ||
        (size > length && strchr("; \t", member[length]) == NULL))
        return PLANCHE_PROXY_UNSAID;
    for (const char *q = member + length; q + 2 < member + size; q++) {
        if ((q[0] == 'q' || q[0] == 'Q') && q[1] == '=' && (q[-1] == ';' || q[-1] == ' '))
            return strtod(q + 2, NULL) > 0 ? PLANCHE_PROXY_ACCEPTS : PLANCHE_PROXY_REFUSES;
    }
    return PLANCHE_PROXY_ACCEPTS;
}

static void read_field(struct planche_proxy_accepted *accepted, const char *field)
{
    static const struct {
        const char *name;
        enum planche_proxy_type type;
    } types[] = {{"image/jpeg", PLANCHE_PROXY_JPEG}, {"image/jpg", PLANCHE_PROXY_JPEG},
                 {"image/png", PLANCHE_PROXY_PNG},   {"image/webp", PLANCHE_PROXY_WEBP},
                 {"image/avif", PLANCHE_PROXY_AVIF}, {"image/jxl", PLANCHE_PROXY_JXL},
                 {"image/*", PLANCHE_PROXY_IMAGES},  {"*/*", PLANCHE_PROXY_ALL_TYPES}};
    while (*field) {
        field += strspn(field, " \t,");
        size_t size = strcspn(field, ",");
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            enum planche_proxy_said said = read_member(field, size, types[i].name);
            if (said != PLANCHE_PROXY_UNSAID &&
                accepted->said[types[i].type] != PLANCHE_PROXY_ACCEPTS)
                accepted->said[types[i].type] = said;
        }
        field += size;
    }
}

struct planche_proxy_accepted planche_proxy_read_accept(const struct planche_http_head *head)
{
    struct planche_proxy_accepted accepted = {.silent = true};
    for (size_t i = 0; i < head->count; i++) {
        const char *value = head->fields[i].value;
        if (strcasecmp(head->fields[i].name, "accept") != 0 || value == NULL || *value == 0)
            continue;
        accepted.silent = false;
        read_field(&accepted, value);
    }
    return accepted;
}

/* Whether images are accepted of which nothing is said. */
static bool accepts_any(const struct planche_proxy_accepted *accepted)
{
    enum planche_proxy_said images = accepted->said[PLANCHE_PROXY_IMAGES];
    if (images == PLANCHE_PROXY_UNSAID)
        images = accepted->said[PLANCHE_PROXY_ALL_TYPES];
    return accepted->silent || images == PLANCHE_PROXY_ACCEPTS;
}

/* Whether a client takes a format for a page of a type. */
static bool takes(const struct planche_proxy_accepted *accepted, const char *format,
                  const char *type, bool plain)
{
    static const struct {
        const char *format, *type;
    } formats[] = {[PLANCHE_PROXY_JPEG] = {"jpg", "image/jpeg"},
                   [PLANCHE_PROXY_PNG] = {"png", "image/png"},
                   [PLANCHE_PROXY_WEBP] = {"webp", "image/webp"},
                   [PLANCHE_PROXY_AVIF] = {"avif", "image/avif"},
                   [PLANCHE_PROXY_JXL] = {"jxl", "image/jxl"}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(format, formats[i].format) != 0)
            continue;
        bool common = i == PLANCHE_PROXY_JPEG || i == PLANCHE_PROXY_PNG;
        if (accepted->said[i] == PLANCHE_PROXY_UNSAID)
            return accepts_any(accepted) &&
                   (common || (!plain && strcmp(type, formats[i].type) == 0));
        return accepted->said[i] == PLANCHE_PROXY_ACCEPTS && (common || !plain);
    }
    return false;
}

/* What a page becomes if nobody says otherwise. */
static const char *family_of(const struct planche_proxy_accepted *accepted, const char *type,
                             bool plain)
{
    if (strcmp(type, "image/jpeg") == 0)
        return "jpg";
    if (takes(accepted, "webp", type, plain))
        return "webp";
    bool lossless = strcmp(type, "image/png") == 0 || strcmp(type, "image/gif") == 0 ||
                    strcmp(type, "image/bmp") == 0 || strcmp(type, "image/tiff") == 0;
    return lossless ? "png" : "jpg";
}

const char *planche_proxy_choose_format(const struct planche_proxy_accepted *accepted,
                                        const char *type, const char *wanted, bool plain)
{
    static const char *const others[] = {"jpg", "png", "webp"};
    const char *family = family_of(accepted, type, plain);
    if (wanted != NULL && takes(accepted, wanted, type, plain))
        return wanted;
    if (takes(accepted, family, type, plain))
        return family;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (takes(accepted, others[i], type, plain))
            return others[i];
    }
    return NULL;
}
