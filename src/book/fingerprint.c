/* SPDX-License-Identifier: MIT */
/* Fingerprint of a book's settings: a text of all that decides the bytes of its pages. An
 * interrupted run is continued by one with the same. Memory, threads and whatever else leaves the
 * bytes alone are not in it. */
#include "book/steps.h"
#include "engine/internal.h"

#include <planche/version.h>
#include <stdio.h>

/* Who adds an option that changes the bytes of pages adds it to describe_page, and counts it here.
 * The usual level has a file of its own in the work folder.
 */
_Static_assert(sizeof(void *) != 8 || sizeof(struct planche_page_options) == 112,
               "the fingerprint of a book must tell of every option of its pages");

static void describe_page(char *text, size_t size, const struct planche_page_options *page)
{
    snprintf(text, size, "%d %d %d %d %d %u %u %d %d %d %d %u", (int)page->format, page->quality,
             page->lossless, page->effort, page->tta, page->width, page->height, page->provenance,
             (int)page->grey, (int)page->on_limit, (int)page->fit, page->scale);
}

enum planche_status planche_book_fingerprint(const struct planche_book *book,
                                             char text[PLANCHE_BOOK_FINGERPRINT],
                                             struct planche_error *error)
{
    char engine[PLANCHE_ENGINE_FINGERPRINT], page[256];
    enum planche_status status = planche_engine_fingerprint(book->engine, engine, error);
    if (status)
        return status;
    describe_page(page, sizeof page, &book->page);
    snprintf(text, PLANCHE_BOOK_FINGERPRINT, "planche %s\n%spage %s\nbook %d %u %d %d\n",
             PLANCHE_VERSION, engine, page, book->entries.referred, book->options.skip_above,
             book->options.again, book->options.keep_format);
    return PLANCHE_OK;
}
