/* SPDX-License-Identifier: MIT */
/* Settings of an output: the options that were given, as a text, and its digest. */
#include "enlarge/settings.h"
#include "base/text.h"

#include "cli/model_options.h"
#include "cli/option_table.h"
#include "cli/paths.h"
#include "profile/parts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A text that is digested; what does not fit is cut, and then not told apart. */
struct text {
    char text[2048];
    size_t length;
};

static void add(struct text *text, const char *name, const char *value)
{
    int length = snprintf(text->text + text->length, sizeof text->text - text->length, "%s=%s\n",
                          name, value);
    if (length > 0 && text->length + (size_t)length < sizeof text->text)
        text->length += (size_t)length;
}

/* Options that change results, but for those that are told by what they mean: the model, its scale
 * and level, and the format. */
static bool changes_results(const struct planche_cli_option *option)
{
    static const char *const others[] = {
        "output",        "format",    "overwrite", "update",      "skip-existing",
        "others",        "fresh",     "dry-run",   "max-entries", "max-entry-size",
        "max-book-size", "max-ratio", "model",     "scale",       "denoise",
        "model-dir",     "to",        "for",
    };
    if (option->group != PLANCHE_CLI_GROUP_OUTPUT && option->group != PLANCHE_CLI_GROUP_BOOKS &&
        option->group != PLANCHE_CLI_GROUP_MODEL)
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(option->name, others[i]) == 0)
            return false;
    }
    return true;
}

/* "--quality 90" says nothing that is not so without it; "auto" of "auto: CPUs f32, GPUs f16". */
static bool is_preset(const struct planche_cli_option *option, const char *value)
{
    size_t length = strcspn(option->preset, ":;");
    return strlen(value) == length && strncmp(value, option->preset, length) == 0;
}

static void add_options(struct text *text, const struct planche_cli_options *options)
{
    for (size_t i = 0; i < planche_cli_option_count; i++) {
        const struct planche_cli_option *option = &planche_cli_option_table[i];
        const char *value = options->given[i];
        if (value != NULL && changes_results(option) && !is_preset(option, value))
            add(text, option->name, value);
    }
}

/* The network, or of a chain the model. */
static void name_model(const struct planche_engine_options *engine, unsigned scale, char *text,
                       size_t size)
{
    const struct planche_model_variant *variant = NULL;
    const char *model = engine->model != NULL ? engine->model : PLANCHE_CLI_DEFAULT_MODEL;
    const char *base = planche_cli_base_name(model);
    size_t length = strlen(base);
    if (planche_parts_are_several(model)) {
        base = "several";
        length = strlen(base);
    } else if (planche_cli_model_is_path(model)) {
        length = (size_t)(strrchr(base, '.') - base);
    } else if (planche_model_find(model, engine->scale, engine->denoise, &variant, NULL) ==
               PLANCHE_OK) {
        base = planche_cli_base_name(variant->file);
        length = strlen(base);
        scale = variant->scale;
    }
    snprintf(text, size, "%.*s %ux", (int)(length < 48 ? length : 48), base, scale);
}

/* Of a chain or a choice each model: what its text says beside files, and their content. */
static enum planche_status add_part(void *user, const char *name,
                                    const struct planche_model_part *part,
                                    struct planche_error *error)
{
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    char hex[2 * PLANCHE_IO_DIGEST_BYTES + 1], what[64 + PATH_MAX];
    (void)error;
    if (!*name)
        return PLANCHE_OK;
    if (planche_cli_model_is_path(name) && planche_content_digest(name, NULL, digest)) {
        planche_text_hex(hex, digest, sizeof digest);
        name = hex;
    }
    snprintf(what, sizeof what, "%u %d %d %u %d %s", part->alternative, part->grey, part->colour,
             part->height, part->levels, name);
    planche_digest_of(what, strlen(what), digest);
    planche_text_hex(hex, digest, 8);
    add(user, "part", hex);
    return PLANCHE_OK;
}

/* Files of a catalogue model are known; of any other, the weights are what counts. */
static void add_model(struct text *text, const struct planche_engine_options *engine,
                      unsigned scale)
{
    char name[PATH_MAX];
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    name_model(engine, scale, name, sizeof name);
    add(text, "model", name);
    snprintf(name, sizeof name, "%d", (int)engine->denoise);
    add(text, "denoise", name);
    if (planche_cli_model_is_built_in(engine->model) && !engine->has_level &&
        engine->denoise == PLANCHE_DENOISE_DEFAULT)
        add(text, "chosen", "1"); /* PLANCHE_AUTO_VERSION */
    if (engine->has_level) {
        snprintf(name, sizeof name, "%g", engine->level);
        add(text, "level", name);
    }
    struct planche_error ignored; /* a text that cannot be read was refused before */
    if (planche_parts_are_several(engine->model))
        planche_parts_each(engine->model, add_part, text, &ignored);
    if (!planche_cli_model_is_path(engine->model))
        return;
    bool one_file = strcmp(strrchr(engine->model, '.'), ".param") != 0;
    snprintf(name, sizeof name, "%.*s%s", (int)(strrchr(engine->model, '.') - engine->model),
             engine->model, one_file ? strrchr(engine->model, '.') : ".bin");
    if (planche_content_digest(name, NULL, digest)) {
        planche_text_hex(name, digest, sizeof digest);
        add(text, "weights", name);
    }
}

void planche_cli_settings(const struct planche_cli_options *options,
                          const struct planche_cli_item *item, unsigned scale,
                          char text[PLANCHE_CLI_SETTINGS_TEXT])
{
    struct text all = {.text = ""};
    uint8_t digest[PLANCHE_IO_DIGEST_BYTES];
    enum planche_format format = item->book ? options->book_format : options->page.format;
    if (item->format != PLANCHE_FORMAT_AUTO)
        format = item->format;
    if (format == PLANCHE_FORMAT_AUTO && item->container != PLANCHE_CONTAINER_EPUB)
        format = PLANCHE_FORMAT_WEBP;
    add_model(&all, &options->engine, scale);
    if (options->page.scale == PLANCHE_SCALE_AUTO)
        add(&all, "scale", "auto");
    if (options->keep_format)
        add(&all, "keep", "");
    add(&all, "format", format != PLANCHE_FORMAT_AUTO ? planche_format_extension(format) : "");
    add_options(&all, options);
    planche_digest_of(all.text, all.length, digest);
    planche_text_hex(text, digest, (PLANCHE_CLI_SETTINGS_TEXT - 1) / 2);
}
