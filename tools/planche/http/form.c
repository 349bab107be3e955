/* SPDX-License-Identifier: MIT */
/* Forms with a file in them, piece by piece. A delimiter has one CR, its first byte: so whatever
 * looked like one and was none can be given on without looking at it again. */
#include "http/form.h"

#include "http/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool planche_http_form_begin(struct planche_http_form *form, const char *type)
{
    static const char expected[] = "multipart/form-data";
    char boundary[PLANCHE_HTTP_MAX_BOUNDARY + 1];
    const size_t length = sizeof expected - 1;
    if (type == NULL || strncasecmp(type, expected, length) != 0 || type[length] == 0 ||
        strchr("; \t", type[length]) == NULL ||
        !planche_http_parameter(type, "boundary", boundary, sizeof boundary) || *boundary == 0 ||
        strpbrk(boundary, "\r\n") != NULL)
        return false;
    *form = (struct planche_http_form){.state = PLANCHE_HTTP_FORM_PREAMBLE};
    int written = snprintf(form->delimiter, sizeof form->delimiter, "\r\n--%s", boundary);
    form->length = (size_t)written;
    form->matched = form->borrowed = 2; /* the first one has no line before it */
    return true;
}

/* Content of a part, or of none. */
static bool give(const struct planche_http_form *form, const char *data, size_t size,
                 planche_http_form_fn take, void *user)
{
    return form->state != PLANCHE_HTTP_FORM_FILE || size == 0 || take(user, data, size);
}

/* What was taken for the beginning of a delimiter is content. */
static bool give_matched(struct planche_http_form *form, planche_http_form_fn take, void *user)
{
    size_t borrowed = form->borrowed, matched = form->matched;
    form->matched = form->borrowed = 0;
    return give(form, form->delimiter + borrowed, matched - borrowed, take, user);
}

/* Takes content, or a byte of a delimiter; *used: bytes of data, 0: the first has to be looked at
 * once more. False: the taker wants no more. */
static bool take_content(struct planche_http_form *form, const char *data, size_t size,
                         planche_http_form_fn take, void *user, size_t *used)
{
    const char *found = form->matched == 0 ? memchr(data, '\r', size) : NULL;
    *used = 1;
    if (form->matched == 0 && found != data) {
        *used = found != NULL ? (size_t)(found - data) : size;
        return give(form, data, *used, take, user);
    }
    if (*data != form->delimiter[form->matched]) {
        *used = 0;
        return give_matched(form, take, user);
    }
    if (++form->matched == form->length) {
        form->state = PLANCHE_HTTP_FORM_LINE;
        form->matched = form->borrowed = form->head_size = 0;
    }
    return true;
}

/* Behind a delimiter: "--", or spaces and the end of the line. */
static void take_line(struct planche_http_form *form, char byte)
{
    char *head = form->head;
    if (form->head_size == sizeof form->head) {
        form->state = PLANCHE_HTTP_FORM_BROKEN;
        return;
    }
    head[form->head_size++] = byte;
    size_t size = form->head_size;
    bool blank = byte == ' ' || byte == '\t' || byte == '\r';
    bool dashes = byte == '-' && (size == 1 || (size == 2 && head[0] == '-'));
    if (dashes && size == 2)
        form->state = PLANCHE_HTTP_FORM_DONE;
    else if (size >= 2 && byte == '\n' && head[size - 2] == '\r')
        form->state = PLANCHE_HTTP_FORM_PART;
    else if ((!blank && !dashes) || (size >= 2 && (head[size - 2] == '\r' || head[0] == '-')))
        form->state = PLANCHE_HTTP_FORM_BROKEN;
    if (form->state == PLANCHE_HTTP_FORM_PART)
        form->head_size = 0;
}

/* The head of a part is there. What follows may be a delimiter at once: its line end is that of the
 * head's empty line. */
static void begin_part(struct planche_http_form *form, size_t size)
{
    struct planche_http_part part = {0};
    planche_http_multipart_head(form->head, size, &part);
    bool wanted = part.is_file && !form->found;
    form->state = wanted ? PLANCHE_HTTP_FORM_FILE : PLANCHE_HTTP_FORM_OTHER;
    if (wanted) {
        form->found = true;
        form->part = part;
    }
    form->matched = form->borrowed = 2;
}

static void take_head(struct planche_http_form *form, char byte)
{
    if (form->head_size == sizeof form->head) {
        form->state = PLANCHE_HTTP_FORM_BROKEN;
        return;
    }
    form->head[form->head_size++] = byte;
    size_t size = form->head_size;
    if (size == 2 && memcmp(form->head, "\r\n", 2) == 0)
        begin_part(form, 0);
    else if (size >= 4 && memcmp(form->head + size - 4, "\r\n\r\n", 4) == 0)
        begin_part(form, size - 4);
}

bool planche_http_form_take(struct planche_http_form *form, const char *data, size_t size,
                            planche_http_form_fn take, void *user)
{
    size_t at = 0;
    while (at < size) {
        size_t used = 1;
        switch (form->state) {
        case PLANCHE_HTTP_FORM_LINE:
            take_line(form, data[at]);
            break;
        case PLANCHE_HTTP_FORM_PART:
            take_head(form, data[at]);
            break;
        case PLANCHE_HTTP_FORM_DONE:
            return true;
        case PLANCHE_HTTP_FORM_BROKEN:
            return false;
        default:
            if (!take_content(form, data + at, size - at, take, user, &used))
                return false;
            break;
        }
        at += used;
    }
    return form->state != PLANCHE_HTTP_FORM_BROKEN;
}
