/* SPDX-License-Identifier: MIT */
/* Functions of libcurl. */
#ifndef PLANCHE_MODELS_CURL_H
#define PLANCHE_MODELS_CURL_H

#include <planche/error.h>

/* Its macros check arguments by the names of its functions, which are called through pointers
 * here. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt

struct planche_libcurl {
    __typeof__(&curl_global_init) global_init;
    __typeof__(&curl_easy_init) easy_init;
    __typeof__(&curl_easy_setopt) easy_setopt;
    __typeof__(&curl_easy_perform) easy_perform;
    __typeof__(&curl_easy_getinfo) easy_getinfo;
    __typeof__(&curl_easy_reset) easy_reset;
    __typeof__(&curl_easy_strerror) easy_strerror;
    __typeof__(&curl_easy_cleanup) easy_cleanup;
    __typeof__(&curl_slist_append) slist_append;
    __typeof__(&curl_slist_free_all) slist_free_all;
};

/* Loads it, once; for one thread. Error: UNSUPPORTED. */
enum planche_status planche_libcurl_load(const struct planche_libcurl **out,
                                         struct planche_error *error);

#endif
