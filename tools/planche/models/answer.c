/* SPDX-License-Identifier: MIT */
/* Head of an answer over HTTP. */
#include "models/answer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A header's value in size bytes, without the spaces around it; what does not fit is left out. */
static bool take_header(const char *line, size_t length, const char *name, char *to, size_t size)
{
    size_t start = strlen(name);
    if (length < start || strncasecmp(line, name, start) != 0)
        return false;
    while (start < length && (line[start] == ' ' || line[start] == '\t'))
        start++;
    while (length > start &&
           (line[length - 1] == '\r' || line[length - 1] == '\n' || line[length - 1] == ' '))
        length--;
    bool fits = length - start < size && memchr(line + start, 0, length - start) == NULL;
    memcpy(to, line + start, fits ? length - start : 0);
    to[fits ? length - start : 0] = 0;
    return true;
}

/* "bytes 100-199/2000"; of what cannot be given, a star in place of the part. */
static void take_range(struct planche_cli_answer *answer, const char *text)
{
    if (strncmp(text, "bytes ", 6) != 0)
        return;
    const char *slash = strchr(text, '/');
    answer->first = text[6] == '*' ? 0 : strtoull(text + 6, NULL, 10);
    answer->whole = slash != NULL ? strtoull(slash + 1, NULL, 10) : 0;
}

/* "HTTP/1.1 200 OK" */
static long take_code(const char *line, size_t length)
{
    const char *space = memchr(line, ' ', length);
    size_t at = space != NULL ? (size_t)(space - line) + 1 : length;
    long code = 0;
    for (; at < length && line[at] >= '0' && line[at] <= '9' && code < 1000; at++)
        code = 10 * code + (line[at] - '0');
    return code;
}

void planche_cli_answer_take(struct planche_cli_answer *answer, const char *line, size_t length)
{
    char text[256] = "";
    if (length > 5 && strncmp(line, "HTTP/", 5) == 0)
        *answer = (struct planche_cli_answer){.code = take_code(line, length)};
    else if (take_header(line, length, "content-length:", text, sizeof text))
        answer->length = strtoull(text, NULL, 10);
    else if (take_header(line, length, "content-range:", text, sizeof text))
        take_range(answer, text);
    else if (take_header(line, length, "content-type:", text, sizeof text))
        snprintf(answer->type, sizeof answer->type, "%.60s", text);
    else if (take_header(line, length, "etag:", text, sizeof text) && text[0] == '"')
        memcpy(answer->tag, text, sizeof answer->tag);
}
