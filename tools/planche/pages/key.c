/* SPDX-License-Identifier: MIT */
/* Keys: what a result depends on, as one text. */
#include "pages/key.h"

#include "base/text.h"
#include "cli/model_options.h"
#include "io/digest.h"

#include <stdio.h>
#include <string.h>

/* Of a model file the stamp stands for its content: it is not read for every page. */
static void write_model(char *text, size_t size, const char *model)
{
    struct planche_stamp stamp = {0};
    char weights[4096];
    size_t stem = strlen(model) - strlen(".param");
    if (!planche_cli_model_is_path(model)) {
        snprintf(text, size, "%s", model);
        return;
    }
    snprintf(weights, sizeof weights, "%.*s.bin", (int)stem, model);
    if (!planche_stamp_take(&stamp, weights))
        stamp.bytes = 0; /* making the engine says what is wrong */
    snprintf(text, size, "%s %llu %lld", model, (unsigned long long)stamp.bytes,
             (long long)stamp.time);
}

void planche_pages_key(char key[PLANCHE_PAGES_KEY], const void *data, size_t size,
                       const struct planche_cli_request *request,
                       const struct planche_engine_options *base)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    char input[PLANCHE_IO_DIGEST_TEXT], model[4096 + 64], text[8192];
    const struct planche_engine_options *engine = &request->engine;
    const struct planche_page_options *page = &request->page;
    planche_digest_of(data, size, digest);
    planche_text_hex(input, digest, sizeof digest);
    write_model(model, sizeof model,
                engine->model != NULL ? engine->model : PLANCHE_CLI_DEFAULT_MODEL);
    int length = snprintf(
        text, sizeof text, "planche %s\n%s\n%s\n%u %d %d %d %d\n%d %d %d %d %d %d %u %u %d %u %d\n",
        planche_version(), input, model, engine->scale, (int)engine->denoise, (int)base->se,
        (int)base->precision, base->backend != NULL, (int)page->format, page->quality,
        page->lossless, page->png_level, page->tta, (int)page->grey, page->width, page->height,
        (int)page->fit, page->scale, page->provenance);
    planche_digest_of(text, length > 0 ? (size_t)length : 0, digest);
    planche_text_hex(key, digest, sizeof digest);
}
