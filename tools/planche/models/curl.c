/* SPDX-License-Identifier: MIT */
/* Functions of libcurl: the first of its builds that the system has. Their interface is one. */
#include "models/curl.h"

#include "base/status.h"
#include "os/dl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static struct planche_libcurl curl;

/* False: the library lacks a function. */
static bool find_all(void *library)
{
    planche_dl_function found;
#define FIND(name)                                                                                 \
    found = planche_dl_find(library, "curl_" #name);                                               \
    curl.name = (__typeof__(curl.name))found;                                                      \
    if (found == NULL)                                                                             \
        return false;
    FIND(global_init)
    FIND(easy_init)
    FIND(easy_setopt)
    FIND(easy_perform)
    FIND(easy_getinfo)
    FIND(easy_reset)
    FIND(easy_strerror)
    FIND(easy_cleanup)
    FIND(slist_append)
    FIND(slist_free_all)
#undef FIND
    return true;
}

enum planche_status planche_libcurl_load(const struct planche_libcurl **out,
                                         struct planche_error *error)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    static bool ready;
    const char *reason, *given = getenv("PLANCHE_LIBCURL");
    bool chosen = given != NULL && given[0] != 0;
    *out = &curl;
    if (ready)
        return PLANCHE_OK;
    void *library = planche_dl_open(chosen ? given : names[0], &reason);
    if (library == NULL && !chosen)
        library = planche_dl_open(names[1], &reason);
    if (library == NULL)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "libcurl cannot be loaded (%s); install it (apt install libcurl4)",
                            reason);
    if (!find_all(library) || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return planche_fail(error, PLANCHE_ERROR_UNSUPPORTED,
                            "libcurl cannot be used; install version 7.85 or newer");
    ready = true;
    return PLANCHE_OK;
}
