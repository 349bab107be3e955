/* SPDX-License-Identifier: MIT */
/* Files in books that speak of pages: an input is such a file, taken for one of each kind. */
#include "book/comicinfo.h"
#include "book/epub.h"
#include "book/package.h"
#include "book/shown.h"

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

/* What a package says can stand in an element, and what it adds to a ComicInfo.xml is there. */
static void read_package(const char *data, size_t size)
{
    struct planche_package package = {0};
    struct planche_error error;
    char path[PLANCHE_ENTRY_NAME_BYTES + 1];
    (void)planche_package_locate(data, size, path);
    (void)planche_package_read(&package, "O/package.opf", data, size, &error);
    for (size_t i = 0; i < PLANCHE_FACTS; i++)
        if (package.facts[i] && strpbrk(package.facts[i], "<>"))
            abort();
    const struct planche_comicinfo_field fields[] = {{"Title", package.facts[PLANCHE_FACT_TITLE]},
                                                     {"Summary", "x"}};
    struct planche_text_buffer once = {0}, twice = {0};
    if (!planche_comicinfo_fill(data, size, fields, 2, &once) &&
        (planche_comicinfo_fill(once.data, once.size, fields, 2, &twice) ||
         once.size != twice.size || memcmp(once.data, twice.data, once.size) != 0))
        abort();
    planche_text_buffer_free(&once);
    planche_text_buffer_free(&twice);
    planche_package_free(&package);
}

static bool take_image(void *user, const char *path)
{
    size_t *count = user;
    if (strlen(path) > PLANCHE_ENTRY_NAME_BYTES)
        abort();
    return ++*count < 1000;
}

static void read_shown(const char *data, size_t size)
{
    struct planche_shown shown;
    size_t count = 0;
    planche_shown_read(&shown, "O/t/page.xhtml", data, size, take_image, &count);
    if (strlen(shown.sample) >= PLANCHE_SHOWN_SAMPLE)
        abort();
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
    read_package((const char *)data, size);
    read_shown((const char *)data, size);
    return 0;
}
