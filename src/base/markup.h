/* SPDX-License-Identifier: MIT */
/* Markup scanner: tags and attributes of XML and HTML, by their places in the text.
 *
 * It serves whoever changes a few bytes of somebody else's document and must leave all others as
 * they are (an EPUB's texts, ComicInfo.xml, XMP packets), and whoever reads a document as it comes
 * (the SVG of a page). Documents need not be well-formed; they are in ASCII or an encoding that
 * extends it, such as UTF-8. Nothing is expanded and nothing is allocated, so hostile text costs no
 * more than its length. */
#ifndef PLANCHE_BASE_MARKUP_H
#define PLANCHE_BASE_MARKUP_H

#include "base/text_buffer.h"

/* A part of a text: from byte `at` to before byte `end`. */
struct planche_span {
    size_t at, end;
};

/* A tag, start or end. */
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
/* Whether a part of the text is this, byte for byte. */
bool planche_markup_equals(const char *data, struct planche_span part, const char *wanted);
/* Whether a part of the text begins like this, byte for byte. */
bool planche_markup_begins(const char *data, struct planche_span part, const char *wanted);

/* An edit: a copy of a text in which parts are replaced, from the front to the back. */
struct planche_markup_edit {
    const char *data;
    size_t copied; /* bytes of data that are in `out`, or replaced */
    struct planche_text_buffer *out;
};
/* Copies what is before byte `at`, which is not before what was copied last. */
void planche_markup_copy_until(struct planche_markup_edit *edit, size_t at);
/* Copies what is before a part, and puts other text in its place. */
void planche_markup_replace(struct planche_markup_edit *edit, struct planche_span part,
                            const char *text, size_t size);

/* Bytes of a tag that a tag reader keeps. */
#define PLANCHE_TAG_READER_BYTES 640

/* A tag reader: tags of a text that comes in pieces of any size. Of a long tag (it may hold an
 * image) only the first bytes are kept. Zeroed, it is at the beginning of a text. */
struct planche_tag_reader {
    char text[PLANCHE_TAG_READER_BYTES + 1]; /* the tag, with '>' at its end and a 0 behind it */
    size_t size;                             /* bytes of the tag that are kept; 0: in no tag */
    int place;                               /* in the tag */
    char last;                               /* byte of the tag that came last */
};
/* Reads from *at on, which is then behind what was read. True: *tag is complete, with places in
 * reader->text, until the next call; comments, declarations and the like count as tags, whose names
 * begin with '!' or '?'. False: all is read. */
bool planche_tag_reader_next(struct planche_tag_reader *reader, const char *data, size_t size,
                             size_t *at, struct planche_tag *tag);

#endif
