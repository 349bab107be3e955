/* SPDX-License-Identifier: MIT */
/* Marks: what pages that Planche has made say about it in their XMP. */
#ifndef PLANCHE_CODEC_PROVENANCE_H
#define PLANCHE_CODEC_PROVENANCE_H

#include "codec/codec.h"

/* The namespace of the properties Source (sha256 of the file the page was made from), Model and
 * Version. */
#define PLANCHE_PROVENANCE_NAMESPACE "urn:planche:1"

/* Fills *mark in from a packet; its source is "" when there is no mark in it. */
void planche_provenance_find(struct planche_provenance *mark, const void *xmp, size_t size);

/* Makes a value one that needs no escapes, in place: what is not fit to be shown becomes '?', and
 * what means something in XML '_'. */
void planche_provenance_clean(char *value);

/* Makes *out the packet with the mark in it, in the place of one that it had; a packet of size 0
 * becomes a new one. *out stays empty when the packet is none that can be added to. Errors: MEMORY,
 * BUDGET. */
enum planche_status planche_provenance_add(struct planche_blob *out, const struct planche_blob *xmp,
                                           const struct planche_provenance *mark,
                                           struct planche_budget *budget,
                                           struct planche_error *error);

/* Sets mark->source to the sha256 of a file's bytes. Errors: NOT_FOUND, IO, MEMORY, BUDGET. */
enum planche_status planche_provenance_digest(struct planche_provenance *mark,
                                              const struct planche_source *source,
                                              struct planche_budget *budget,
                                              struct planche_error *error);

/* What an image file says about itself; its pixels are not decoded. mark->source is "" when it has
 * no mark. budget may be NULL. Errors: those of planche_reader_open. */
enum planche_status planche_source_provenance(struct planche_provenance *mark,
                                              const struct planche_source *source,
                                              struct planche_budget *budget,
                                              struct planche_error *error);

#endif
