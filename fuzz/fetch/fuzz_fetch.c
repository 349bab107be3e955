/* SPDX-License-Identifier: MIT */
/* Heads of answers over HTTP: an input is their lines, as libcurl gives them one by one. */
#include "models/answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line is a block of its own, so that a read behind it is found. */
static void take(struct planche_cli_answer *answer, const uint8_t *line, size_t length)
{
    char *copy = malloc(length);
    if (!copy)
        return;
    memcpy(copy, line, length);
    planche_cli_answer_take(answer, copy, length);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct planche_cli_answer answer = {0};
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) + 1 : size;
        take(&answer, data, length);
        data += length;
        size -= length;
    }
    if (!memchr(answer.tag, 0, sizeof answer.tag) || !memchr(answer.type, 0, sizeof answer.type) ||
        answer.code < 0 || (answer.tag[0] && answer.tag[0] != '"'))
        abort();
    return 0;
}
