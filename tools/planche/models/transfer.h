/* SPDX-License-Identifier: MIT */
/* Transfers over HTTP, by libcurl, which is loaded when the first one begins: it brings some thirty
 * libraries with it that nothing else needs. */
#ifndef PLANCHE_MODELS_TRANSFER_H
#define PLANCHE_MODELS_TRANSFER_H

#include <planche/error.h>
#include <stdbool.h>
#include <stdint.h>

struct planche_cli_transfer {
    const char *address; /* http:// or https:// */
    const char *path;    /* file that grows; what is in it is not fetched again */
    uint64_t max_bytes;
    bool quiet; /* no progress is shown */
};

/* Fetches the file at an address, a packed tarball. What breaks off is tried again from there, a
 * few times; what is there stays for the next call. Proxies and certificates are libcurl's and
 * those that curl's variables name. Errors: ARGUMENT (PLANCHE_FETCH_TIMEOUT), UNSUPPORTED (no
 * libcurl), IO (no network, no answer in time, cut off, no room), DATA (the server sent something
 * else), LIMIT, CANCELLED. *is_local: of IO, that the reason is this machine's disk. */
enum planche_status planche_cli_transfer_run(const struct planche_cli_transfer *transfer,
                                             bool *is_local, struct planche_error *error);

#endif
