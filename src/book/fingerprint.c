/* SPDX-License-Identifier: MIT */
/* What decides the bytes of a book's pages, as a text: an interrupted run is continued by one with
 * the same. Memory, threads and whatever else leaves the bytes alone are not in it. */
#include "book/book.h"

#include <planche/version.h>

#include <stdio.h>

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

/* The files' names are in it, too: pages are marked with them, and how the engine uses its network
 * depends on them. */
static void describe_model(char *text, size_t size, const struct planche_engine *engine,
                           const uint8_t digest[PLANCHE_MODEL_DIGEST_BYTES])
{
    const struct planche_recipe *recipe = &engine->net->recipe;
    size_t at = 0;
    for (size_t i = 0; i < PLANCHE_MODEL_DIGEST_BYTES; i++)
        at += (size_t)snprintf(text + at, size - at, "%02x", digest[i]);
    snprintf(text + at, size - at, " %.48s %u %u %u %u %a %a %a %a", engine->variant, recipe->scale,
             recipe->multiple, recipe->pad, recipe->crop, (double)recipe->in_scale,
             (double)recipe->in_bias, (double)recipe->out_scale, (double)recipe->out_bias);
}

enum planche_status planche_book_fingerprint(const struct planche_book *book,
                                             char text[PLANCHE_BOOK_FINGERPRINT],
                                             struct planche_error *error)
{
    const struct planche_engine *engine = book->engine;
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    uint8_t digest[PLANCHE_MODEL_DIGEST_BYTES];
    char model[256], page[256];
    enum planche_status status = planche_model_digest_get(&engine->state->origin, digest, error);
    if (status)
        return status;
    planche_engine_get_info(engine, &info);
    describe_model(model, sizeof model, engine, digest);
    describe_page(page, sizeof page, &book->page);
    snprintf(text, PLANCHE_BOOK_FINGERPRINT,
             "planche %s\nmodel %s\nmachine %s %.128s %s\nse %d\nmax_pixels %llu\npage %s\n"
             "book %d %u %d\n",
             planche_version(), model, info.gpu_path ? info.gpu_path : info.backend,
             info.device ? info.device : info.isa, info.precision, (int)engine->se,
             (unsigned long long)engine->max_pixels, page, book->entries.referred,
             book->options.skip_above, book->options.again);
    return PLANCHE_OK;
}
