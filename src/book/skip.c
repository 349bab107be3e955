/* SPDX-License-Identifier: MIT */
/* Skip rules: pages that need no enlarging. */
#include "book/steps.h"

#include "codec/provenance.h"

/* In an EPUB, pictures smaller than this either way are no pages but ornaments, and so are those of
 * very few pixels one way: rules, borders. */
#define MIN_PAGE_SIDE    200
#define MIN_PAGE_SHORTER 64

static bool is_marked(const struct planche_image_info *info)
{
    struct planche_provenance mark = PLANCHE_PROVENANCE_INIT;
    if (info->metadata && info->metadata->xmp.size)
        planche_provenance_find(&mark, info->metadata->xmp.data, info->metadata->xmp.size);
    return mark.source[0] != 0;
}

bool planche_book_skip_page(const struct planche_book *book, struct planche_entry *entry,
                            const struct planche_image_info *info)
{
    uint32_t longer = info->width > info->height ? info->width : info->height;
    entry->width = info->width;
    entry->height = info->height;
    uint32_t shorter = info->width < info->height ? info->width : info->height;
    if (book->from == PLANCHE_CONTAINER_EPUB &&
        (longer < MIN_PAGE_SIDE || shorter < MIN_PAGE_SHORTER))
        entry->outcome = PLANCHE_BOOK_COPIED;
    else if (book->options.skip_above && longer > book->options.skip_above)
        entry->outcome = PLANCHE_BOOK_LARGE;
    else if (!book->options.again && is_marked(info))
        entry->outcome = PLANCHE_BOOK_ALREADY_ENLARGED;
    else
        return false;
    return true;
}
