/* SPDX-License-Identifier: MIT */
/* Forms with files in them. A part ends where the delimiter begins: its own length, if it states
 * one, is not asked. */
#include "http/multipart.h"

#include "http/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_PART_HEAD 8192

bool planche_http_multipart_begin(struct planche_http_multipart *form, const char *type,
                                  const char *data, size_t size)
{
    static const char expected[] = "multipart/form-data";
    char boundary[PLANCHE_HTTP_MAX_BOUNDARY + 1];
    const size_t length = sizeof expected - 1;
    if (size == 0 || type == NULL || strncasecmp(type, expected, length) != 0 ||
        (type[length] != 0 && strchr("; \t", type[length]) == NULL) || type[length] == 0 ||
        !planche_http_parameter(type, "boundary", boundary, sizeof boundary) || *boundary == 0)
        return false;
    *form = (struct planche_http_multipart){.data = data, .size = size};
    int written = snprintf(form->delimiter, sizeof form->delimiter, "\r\n--%s", boundary);
    form->length = (size_t)written;
    /* The first delimiter has no line before it, unless there is a preamble. */
    if (size >= form->length - 2 && memcmp(data, form->delimiter + 2, form->length - 2) == 0) {
        form->at = form->length - 2;
        return true;
    }
    const char *found = memmem(data, size, form->delimiter, form->length);
    form->at = found != NULL ? (size_t)(found - data) + form->length : 0;
    return found != NULL;
}

/* Of a line of a part's head. */
static void take_disposition(const char *line, size_t length, struct planche_http_part *part)
{
    static const char field[] = "content-disposition:";
    char value[1024];
    if (length < sizeof field || length - sizeof field + 2 > sizeof value ||
        strncasecmp(line, field, sizeof field - 1) != 0)
        return;
    length -= sizeof field - 1;
    memcpy(value, line + sizeof field - 1, length);
    value[length] = 0;
    char file[sizeof value];
    bool whole = strlen(value) == length;
    if (!whole || !planche_http_parameter(value, "name", part->name, sizeof part->name))
        *part->name = 0;
    bool named = whole && planche_http_parameter(value, "filename", file, sizeof file);
    if (named && strlen(file) < sizeof part->file_name)
        snprintf(part->file_name, sizeof part->file_name, "%s", file);
    part->is_file =
        named || (whole && planche_http_parameter(value, "filename*", file, sizeof file));
}

void planche_http_multipart_head(const char *data, size_t size, struct planche_http_part *part)
{
    *part->name = *part->file_name = 0;
    part->is_file = false;
    while (size > 0) {
        const char *end = memmem(data, size, "\r\n", 2);
        size_t length = end != NULL ? (size_t)(end - data) : size;
        take_disposition(data, length, part);
        length += end != NULL ? 2 : 0;
        data += length;
        size -= length;
    }
}

/* Behind a delimiter: spaces and the end of its line. False: it was the last one, or *broken. */
static bool pass_line_end(struct planche_http_multipart *form, bool *broken)
{
    const char *data = form->data + form->at;
    size_t size = form->size - form->at, spaces = 0;
    *broken = false;
    if (size >= 2 && data[0] == '-' && data[1] == '-')
        return false;
    while (spaces < size && (data[spaces] == ' ' || data[spaces] == '\t'))
        spaces++;
    *broken = size < spaces + 2 || memcmp(data + spaces, "\r\n", 2) != 0;
    form->at += *broken ? 0 : spaces + 2;
    return !*broken;
}

int planche_http_multipart_next(struct planche_http_multipart *form, struct planche_http_part *part)
{
    bool broken;
    if (!pass_line_end(form, &broken))
        return broken ? -1 : 0;
    const char *data = form->data + form->at;
    size_t size = form->size - form->at, head = 0;
    size_t most = size < MAX_PART_HEAD ? size : MAX_PART_HEAD;
    if (size >= 2 && memcmp(data, "\r\n", 2) == 0) { /* no head at all */
        head = 2;
        planche_http_multipart_head(data, 0, part);
    } else {
        const char *end = memmem(data, most, "\r\n\r\n", 4);
        if (end == NULL)
            return -1;
        planche_http_multipart_head(data, (size_t)(end - data), part);
        head = (size_t)(end - data) + 4;
    }
    /* An empty part's delimiter begins with the end of the empty line. */
    const char *begin = data + head - 2;
    const char *end = memmem(begin, size - head + 2, form->delimiter, form->length);
    if (end == NULL)
        return -1;
    part->data = data + head;
    part->size = end > begin ? (size_t)(end - part->data) : 0;
    form->at = (size_t)(end - form->data) + form->length;
    return 1;
}
