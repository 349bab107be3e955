/* SPDX-License-Identifier: MIT */
/* Model lookup of drop-in mode: the files that -m, -n and -s of an ncnn program mean if they are
 * there, else Planche's. */
#include "ncnn/dropin_model.h"

#include "base/status.h"
#include "cli/model_options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The name of the file that these programs load, without .param or .bin. */
static void name_file(const struct planche_cli_dropin_options *o, char *name, size_t size)
{
    static const char *const levels[] = {"conservative", "no-denoise", "denoise1x", "denoise2x",
                                         "denoise3x"};
    switch (o->peer->kind) {
    case PLANCHE_CLI_REALCUGAN:
        snprintf(name, size, "up%dx-%s", o->scale, levels[o->noise + 1]);
        break;
    case PLANCHE_CLI_WAIFU2X:
        if (o->noise == -1)
            snprintf(name, size, "scale2.0x_model");
        else
            snprintf(name, size, "noise%d%s_model", o->noise, o->scale == 1 ? "" : "_scale2.0x");
        break;
    case PLANCHE_CLI_REALESRGAN:
        if (strcmp(o->network, "realesr-animevideov3") == 0)
            snprintf(name, size, "%s-x%d", o->network, o->scale);
        else
            snprintf(name, size, "%s", o->network);
        break;
    }
}

static bool is_readable(const char *stem, const char *extension)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s%s", stem, extension);
    return length > 0 && (size_t)length < sizeof path && access(path, R_OK) == 0;
}

/* Whether FOLDER/MODEL/FILE.param and .bin are there; folder is a path's first `length` bytes. Then
 * path is the .param file's. */
static bool find_in(const char *folder, size_t length, const char *model, const char *file,
                    char *path, size_t size)
{
    int stem = snprintf(path, size, "%.*s%s/%s", (int)length, folder, model, file);
    if (stem < 0 || (size_t)stem + sizeof ".param" > size || !is_readable(path, ".param") ||
        !is_readable(path, ".bin"))
        return false;
    memcpy(path + stem, ".param", sizeof ".param");
    return true;
}

/* Relative to the working directory; else to where the command lies, the link first. */
static bool find_files(const char *model, const char *program, const char *file, char *path,
                       size_t size)
{
    char self[PATH_MAX];
    if (find_in("", 0, model, file, path, size))
        return true;
    if (model[0] == '/')
        return false;
    const char *slash = strrchr(program, '/');
    if (slash != NULL && find_in(program, (size_t)(slash + 1 - program), model, file, path, size))
        return true;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return false;
    self[length] = 0;
    slash = strrchr(self, '/');
    return slash != NULL && find_in(self, (size_t)(slash + 1 - self), model, file, path, size);
}

/* Planche's name for a model that these programs keep in a folder of that name; NULL: none. */
static const char *known_model(const struct planche_cli_dropin_options *o)
{
    static const struct {
        enum planche_cli_peer_kind kind;
        const char *folder, *model; /* NULL: -n names it */
    } known[] = {
        {PLANCHE_CLI_REALCUGAN, "models-se", "realcugan"},
        {PLANCHE_CLI_WAIFU2X, "models-cunet", "waifu2x-cunet"},
        {PLANCHE_CLI_WAIFU2X, "models-upconv_7_anime_style_art_rgb", "waifu2x-upconv7"},
        {PLANCHE_CLI_REALESRGAN, "models", NULL},
    };
    size_t length = strlen(o->model), start;
    while (length > 1 && o->model[length - 1] == '/')
        length--;
    for (start = length; start > 0 && o->model[start - 1] != '/';)
        start--;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].kind == o->peer->kind && strlen(known[i].folder) == length - start &&
            memcmp(known[i].folder, o->model + start, length - start) == 0)
            return known[i].model != NULL ? known[i].model : o->network;
    }
    return NULL;
}

/* waifu2x runs the same file again and again for scales above 2, which its path says. */
static enum planche_status repeat(const struct planche_engine_options *wanted, char *path,
                                  size_t size, struct planche_engine_options *engine,
                                  struct planche_error *error)
{
    const struct planche_model_variant *variant;
    enum planche_status status =
        planche_model_find(wanted->model, 2, wanted->denoise, &variant, error);
    if (!status)
        status = planche_model_check(variant, NULL, 0, error);
    if (!status)
        status = planche_model_path(variant, NULL, path, size, error);
    engine->model = path;
    engine->denoise = PLANCHE_DENOISE_DEFAULT;
    return status;
}

enum planche_status planche_cli_dropin_model(const struct planche_cli_dropin_options *options,
                                             const char *program,
                                             struct planche_engine_options *engine, char *path,
                                             size_t size, struct planche_error *error)
{
    char file[NAME_MAX + 1];
    name_file(options, file, sizeof file);
    bool waifu = options->peer->kind == PLANCHE_CLI_WAIFU2X;
    /* At scale 1 without noise removal pages are copied. */
    bool copies = waifu && options->scale == 1 && options->noise == -1;
    engine->scale = copies ? 2 : (unsigned)options->scale;
    engine->model = path;
    if (find_files(options->model, program, file, path, size))
        return PLANCHE_OK;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_error reason = {0};
    engine->model = known_model(options);
    if (engine->model == NULL)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                            "%s/%s.param and .bin are not there, and Planche knows no files "
                            "for them; put them there",
                            options->model, file);
    if (options->peer->kind != PLANCHE_CLI_REALESRGAN)
        engine->denoise = planche_cli_denoise(engine->model, options->noise);
    if (planche_engine_predict(NULL, engine, 1, 1, NULL, &result, &reason) != PLANCHE_OK)
        return planche_fail(error, PLANCHE_ERROR_NOT_FOUND,
                            "%s/%s.param and .bin are not there, and of Planche's own: %s",
                            options->model, file, reason.message);
    if (waifu && engine->scale > 2) {
        const struct planche_engine_options wanted = *engine;
        return repeat(&wanted, path, size, engine, error);
    }
    return PLANCHE_OK;
}
