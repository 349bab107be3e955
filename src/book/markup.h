/* SPDX-License-Identifier: MIT */
/* Just enough of XML and HTML to change attributes where they stand and nothing else: tags and
 * their attributes, whatever surrounds them. */
#ifndef PLANCHE_BOOK_MARKUP_H
#define PLANCHE_BOOK_MARKUP_H

#include "base/alloc.h"

/* A part of a text. */
struct planche_span {
    size_t at, end;
};

/* A text that grows. */
struct planche_text {
    struct planche_budget *budget;
    char *data;
    size_t size, capacity;
    bool failed; /* memory was short, and what came since is lost */
};
void planche_text_put(struct planche_text *text, const char *data, size_t size);
void planche_text_free(struct planche_text *text);

struct planche_tag {
    struct planche_span whole; /* from '<' to behind '>' */
    struct planche_span name;
    bool closing; /* "</name>" */
    bool empty;   /* "<name/>" */
};
/* The next tag from *at on, which is then behind it; comments, declarations and the like are passed
 * over. False: there is none, or *broken is set: it has no end. */
bool planche_markup_next(const char *data, size_t size, size_t *at, struct planche_tag *tag,
                         bool *broken);

struct planche_attribute {
    struct planche_span name, value; /* value: without the quotes */
};
/* The next attribute of a tag; *at is tag->name.end before the first. */
bool planche_markup_attribute(const char *data, const struct planche_tag *tag, size_t *at,
                              struct planche_attribute *attribute);

/* Whether a name with its prefix left out, whatever its case, is this. */
bool planche_markup_is(const char *data, struct planche_span name, const char *wanted);

#endif
