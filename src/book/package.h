/* SPDX-License-Identifier: MIT */
/* EPUB package document (OPF): what is in the book, in which order it is read, and what it says of
 * itself. */
#ifndef PLANCHE_BOOK_PACKAGE_H
#define PLANCHE_BOOK_PACKAGE_H

#include "archive/name.h"
#include "base/markup.h"

#include <planche/error.h>

/* A file of the manifest. */
struct planche_package_item {
    char *id, *path; /* path: its name in the archive */
    bool nav, cover; /* the table of contents; the image of the cover */
};

/* Where a page lies if two are shown side by side. */
enum planche_package_spread {
    PLANCHE_SPREAD_ANY,
    PLANCHE_SPREAD_HALF,   /* left or right */
    PLANCHE_SPREAD_CENTRE, /* across both: it is a double page */
};

/* A place in the reading order. */
struct planche_package_place {
    char *id; /* of an item */
    enum planche_package_spread spread;
};

/* What a package says of the book, by the elements of ComicInfo.xml that have the same meaning. */
enum planche_package_fact {
    PLANCHE_FACT_TITLE,
    PLANCHE_FACT_SERIES,
    PLANCHE_FACT_NUMBER,
    PLANCHE_FACT_SUMMARY,
    PLANCHE_FACT_YEAR,
    PLANCHE_FACT_MONTH,
    PLANCHE_FACT_DAY,
    PLANCHE_FACT_WRITER,
    PLANCHE_FACT_PENCILLER,
    PLANCHE_FACT_COLORIST,
    PLANCHE_FACT_TRANSLATOR,
    PLANCHE_FACT_PUBLISHER,
    PLANCHE_FACT_LANGUAGE,
    PLANCHE_FACTS
};

/* A package document that was read. Zero but for the budget. */
struct planche_package {
    struct planche_budget *budget;
    struct planche_package_item *items; /* sorted by id */
    size_t item_count, item_room;
    struct planche_package_place *spine;
    size_t spine_count, spine_room;
    char *facts[PLANCHE_FACTS]; /* XML text, as it can stand in an element; NULL: not said */
    bool right_to_left;
};

/* Reads the document of this name in the archive; what is not well-formed is read as far as it can
 * be. Free follows in any case. Errors: MEMORY, BUDGET; DATA if it has no reading order. */
enum planche_status planche_package_read(struct planche_package *package, const char *name,
                                         const char *data, size_t size,
                                         struct planche_error *error);
/* The item with this id, or NULL. */
const struct planche_package_item *planche_package_find(const struct planche_package *package,
                                                        const char *id);
void planche_package_free(struct planche_package *package);

/* The path of the package document as META-INF/container.xml has it. False: it does not say. */
bool planche_package_locate(const char *data, size_t size, char path[PLANCHE_ENTRY_NAME_BYTES + 1]);

#endif
