/* SPDX-License-Identifier: MIT */
/* Source of an output: what it was when the output was made from it. */
#ifndef PLANCHE_CLI_ENLARGE_ORIGIN_H
#define PLANCHE_CLI_ENLARGE_ORIGIN_H

#include "base/cancel.h"
#include "io/digest.h"
#include "os/thread.h"

/* One that is being read. It stays where it is from begin to end. */
struct planche_cli_origin {
    const char *path;
    bool known; /* stamp is what it was at the beginning */
    struct planche_stamp stamp;
    char
        digest[PLANCHE_IO_DIGEST_TEXT]; /* of its content; "": not known, or it has changed since */
    bool digested, beside;
    const struct planche_cancel *cancel;
    struct planche_cancel stopped;
    struct planche_thread thread;
};

/* Before the source is read. beside: its digest is made by a thread of its own meanwhile, so that
 * nothing waits for it in the end: for books, which may be large. cancel (NULL: none) gives the
 * digest up, also while the end waits for it. */
void planche_cli_origin_begin(struct planche_cli_origin *origin, const char *path, bool beside,
                              const struct planche_cancel *cancel);
/* When the source has been read. made: the digest is wanted; else it is given up. Waits for it. */
void planche_cli_origin_end(struct planche_cli_origin *origin, bool made);

#endif
