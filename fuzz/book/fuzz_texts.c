/* SPDX-License-Identifier: MIT */
/* Files in books that speak of pages: an input is such a file, taken for one of each kind. */
#include "book/comicinfo.h"
#include "book/epub.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct planche_renamed *find(void *user, const char *name)
{
    static const struct planche_renamed page = {"O/i/1.jpg", "O/i/1.jpg.webp", "image/webp"},
                                        bare = {"cover", "cover.png", "image/png"};
    (void)user;
    return strcmp(name, page.from) == 0 ? &page : strcmp(name, bare.from) == 0 ? &bare : NULL;
}

/* What is changed can be read again, and does not change any more. */
static void edit_twice(const char *name, const char *data, size_t size)
{
    struct planche_text_buffer once = {0}, twice = {0};
    bool understood = planche_epub_edit(name, data, size, find, NULL, &once);
    if (understood &&
        !planche_epub_edit(name, once.data ? once.data : "", once.size, find, NULL, &twice))
        abort();
    if (understood &&
        (once.size != twice.size || (once.size && memcmp(once.data, twice.data, once.size) != 0)))
        abort();
    planche_text_buffer_free(&once);
    planche_text_buffer_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct planche_comicinfo_image images[] = {
        {.number = 0, .outputs = 2, .changed = true, .bytes = 12345, .width = 67, .height = 89},
        {.number = 2, .outputs = 0},
        {.number = 2, .outputs = 1},
    };
    struct planche_text_buffer out = {0};
    planche_comicinfo_edit((const char *)data, size, images, 3, &out);
    planche_text_buffer_free(&out);
    edit_twice("O/package.opf", (const char *)data, size);
    edit_twice("cover.xhtml", (const char *)data, size);
    edit_twice("O/style.css", (const char *)data, size);
    return 0;
}
