/* SPDX-License-Identifier: MIT */
/* Head of an answer over HTTP: what a download wants to know of it. */
#ifndef PLANCHE_MODELS_ANSWER_H
#define PLANCHE_MODELS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

/* Of several answers, as redirections are, the last one counts. */
struct planche_cli_answer {
    long code;
    uint64_t length; /* of the body; 0: not known */
    uint64_t first;  /* of a part: its first byte */
    uint64_t whole;  /* of a part: bytes of the whole; 0: not known */
    char tag[256];   /* strong entity tag, which tells one version from another; "": none */
    char type[64];
};

/* Takes a line of the head, which need not end with 0 and may have any bytes. */
void planche_cli_answer_take(struct planche_cli_answer *answer, const char *line, size_t length);

#endif
