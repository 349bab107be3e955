/* SPDX-License-Identifier: MIT */
/* What decides the bytes of a book's pages, as a text: an interrupted run is continued by one with
 * the same. Memory, threads and whatever else leaves the bytes alone are not in it. */
#include "base/status.h"
#include "book/book.h"

#include <planche/version.h>

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Who adds an option that changes the bytes of pages adds it to describe_page, and counts it here.
 */
_Static_assert(sizeof(void *) != 8 || sizeof(struct planche_page_options) == 72,
               "the settings of a book must tell of every option of its pages");

static void describe_page(char *text, size_t size, const struct planche_page_options *page)
{
    snprintf(text, size, "%d %d %d %d %d %u %u %d %d %d", (int)page->format, page->quality,
             page->lossless, page->png_level, page->tta, page->width, page->height, page->mark,
             (int)page->grey, (int)page->on_limit);
}

static enum planche_status digest_file(struct sha256_ctx *context, const char *path,
                                       struct planche_error *error)
{
    uint8_t buffer[16384];
    ssize_t got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (got = read(fd, buffer, sizeof buffer)) > 0)
        sha256_update(context, (size_t)got, buffer);
    if (got < 0)
        planche_fail(error, PLANCHE_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return got < 0 ? PLANCHE_ERROR_IO : PLANCHE_OK;
}

/* Models of the catalogue are known by their names, others by what is in their files. */
static enum planche_status describe_model(char *text, size_t size, const char *model,
                                          struct planche_error *error)
{
    static const char extension[] = ".param";
    size_t length = strlen(model), stem = length - (sizeof extension - 1);
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    char bin[PATH_MAX];
    if (length < sizeof extension || strcmp(model + stem, extension) != 0) {
        snprintf(text, size, "%s", model);
        return PLANCHE_OK;
    }
    snprintf(bin, sizeof bin, "%.*s.bin", (int)stem, model);
    sha256_init(&context);
    enum planche_status status = digest_file(&context, model, error);
    if (!status)
        status = digest_file(&context, bin, error);
    sha256_digest(&context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest && 2 * i + 2 < size; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return status;
}

enum planche_status planche_book_settings(const struct planche_book *book, char *text, size_t size,
                                          struct planche_error *error)
{
    const struct planche_engine *engine = book->engine;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    char model[PATH_MAX], page[256];
    planche_engine_get_info(engine, &info);
    describe_page(page, sizeof page, &book->page);
    enum planche_status status = describe_model(model, sizeof model, info.model, error);
    if (status)
        return status;
    int length =
        snprintf(text, size,
                 "planche %s\nmodel %s %s %u\nmachine %s %s %s\nse %d\nmax_pixels %llu\n"
                 "page %s\nbook %d %u %d\n",
                 planche_version(), model, info.variant, info.scale, info.backend, info.isa,
                 info.precision, (int)engine->se, (unsigned long long)engine->max_pixels, page,
                 book->entries.referred, book->options.skip_above, book->options.again);
    if (length < 0 || (size_t)length >= size)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT, "the model's name is too long");
    return PLANCHE_OK;
}
