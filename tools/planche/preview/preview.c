/* SPDX-License-Identifier: MIT */
/* planche preview: part of a page, enlarged by several models side by side, beside Lanczos. */
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/logging.h"
#include "cli/mistakes.h"
#include "cli/model_options.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "os/clock.h"
#include "preview/detail.h"
#include "preview/open.h"
#include "preview/resample.h"
#include "preview/show.h"
#include "preview/sixel.h"

#include "base/status.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SCALE 2
#define DEFAULT_SIDE  300 /* of the crop, pixels of the page */
#define COLUMNS       3
#define GAP           8

/* What the panes have in common. */
struct sheet {
    const struct planche_cli_options *options;
    struct planche_cli_crop crop;
    struct planche_cli_picture page; /* the crop */
    struct planche_cli_picture picture;
    uint32_t scale, pane_width, pane_height;
    unsigned panes, room; /* drawn, and there is room for */
    const char *path;
    struct planche_page_result look; /* what the whole page would choose with the last engine */
};

static enum planche_status choose_crop(struct sheet *sheet, const struct planche_image *image,
                                       struct planche_error *error)
{
    struct planche_pixels pixels = PLANCHE_PIXELS_INIT;
    struct planche_cli_picture whole;
    enum planche_status status = planche_image_get_pixels(image, &pixels, error);
    if (status != PLANCHE_OK)
        return status;
    sheet->crop = (struct planche_cli_crop){
        .width = pixels.width < DEFAULT_SIDE ? pixels.width : DEFAULT_SIDE,
        .height = pixels.height < DEFAULT_SIDE ? pixels.height : DEFAULT_SIDE,
    };
    const struct planche_cli_crop all = {.width = pixels.width, .height = pixels.height};
    status = planche_cli_picture_take(&whole, image, &all, error);
    if (status != PLANCHE_OK)
        return status;
    planche_cli_detail_find(&whole, &sheet->crop);
    planche_cli_picture_free(&whole);
    return PLANCHE_OK;
}

static enum planche_status take_page(struct sheet *sheet, const char *path,
                                     struct planche_error *error)
{
    const struct planche_cli_options *options = sheet->options;
    struct planche_image *image = NULL;
    enum planche_status status = planche_cli_open_image(&image, path, options, error);
    sheet->crop = options->crop;
    if (status == PLANCHE_OK && options->crop.width == 0)
        status = choose_crop(sheet, image, error);
    if (status == PLANCHE_OK)
        status = planche_cli_picture_take(&sheet->page, image, &sheet->crop, error);
    planche_image_destroy(&image);
    return status;
}

/* Room for so many panes, in rows of three. */
static bool make_sheet(struct sheet *sheet, unsigned panes)
{
    unsigned columns = panes > 0 && panes < COLUMNS ? panes : COLUMNS;
    unsigned rows = (panes + columns - 1) / columns;
    uint64_t width = (uint64_t)sheet->crop.width * sheet->scale;
    uint64_t height = (uint64_t)sheet->crop.height * sheet->scale;
    uint64_t all_width = columns * width + (columns - 1) * GAP;
    uint64_t all_height = rows * height + (rows - 1) * GAP;
    sheet->pane_width = (uint32_t)width;
    sheet->pane_height = (uint32_t)height;
    sheet->room = panes;
    return all_width <= INT_MAX && all_height <= INT_MAX &&
           planche_cli_picture_make(&sheet->picture, (uint32_t)all_width, (uint32_t)all_height);
}

/* What a pane shows. model and networks NULL: Lanczos. */
struct pane {
    const char *model, *networks;
    bool chosen; /* the page has chosen its level: that of sheet->look */
    double seconds;
};

static bool tell_json(const struct sheet *sheet, const struct pane *shown)
{
    json_t *object = json_object();
    bool chosen = shown->chosen;
    json_object_set_new(object, "pane", json_integer(sheet->panes));
    json_object_set_new(object, "model",
                        shown->model ? planche_cli_json_text(shown->model) : json_null());
    json_object_set_new(object, "variant", planche_cli_json_text(shown->networks));
    json_object_set_new(object, "level", chosen ? json_real(sheet->look.level) : json_null());
    json_object_set_new(object, "reason", chosen ? json_string(sheet->look.reason) : json_null());
    json_object_set_new(object, "ms", json_real(shown->seconds * 1000));
    return planche_cli_json_print(object);
}

/* Pastes a pane and says what it shows. */
static bool add_pane(struct sheet *sheet, const struct planche_cli_picture *pane,
                     const struct pane *shown)
{
    uint32_t column = sheet->panes % COLUMNS, row = sheet->panes / COLUMNS;
    planche_cli_picture_paste(&sheet->picture, pane, column * (sheet->pane_width + GAP),
                              row * (sheet->pane_height + GAP));
    sheet->panes++;
    if (sheet->options->json)
        return tell_json(sheet, shown);
    if (shown->model == NULL)
        planche_cli_print("%u  Lanczos", sheet->panes);
    else if (shown->chosen)
        planche_cli_print("%u  %s (%s), %.2f s, level %g (%s)", sheet->panes, shown->model,
                          shown->networks, shown->seconds, sheet->look.level, sheet->look.reason);
    else
        planche_cli_print("%u  %s (%s), %.2f s", sheet->panes, shown->model, shown->networks,
                          shown->seconds);
    return true;
}

static enum planche_status draw_lanczos(struct sheet *sheet, struct planche_error *error)
{
    struct planche_cli_picture pane;
    if (!planche_cli_resample(&pane, &sheet->page, sheet->pane_width, sheet->pane_height))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    bool said = add_pane(sheet, &pane, &(struct pane){0});
    planche_cli_picture_free(&pane);
    return said ? PLANCHE_OK : planche_fail(error, PLANCHE_ERROR_IO, "nobody reads the output");
}

/* Packs the green channel at the beginning of the picture's memory. */
static struct planche_pixels make_grey(struct planche_cli_picture *picture)
{
    struct planche_pixels pixels = planche_cli_picture_pixels(picture);
    size_t count = (size_t)picture->width * picture->height;
    for (size_t i = 0; i < count; i++)
        picture->rgb[i] = picture->rgb[i * PLANCHE_CLI_PICTURE_CHANNELS + 1];
    pixels.format = PLANCHE_PIXELS_GREY8;
    pixels.stride = picture->width;
    return pixels;
}

/* The way back, from the end. */
static void make_colour(struct planche_cli_picture *picture)
{
    for (size_t i = (size_t)picture->width * picture->height; i-- > 0;)
        for (unsigned c = PLANCHE_CLI_PICTURE_CHANNELS; c-- > 0;)
            picture->rgb[i * PLANCHE_CLI_PICTURE_CHANNELS + c] = picture->rgb[i];
}

static enum planche_status run_model(struct sheet *sheet, const struct planche_engine *engine,
                                     struct planche_cli_picture *pane,
                                     struct planche_page_result *result,
                                     struct planche_error *error)
{
    struct planche_page_options page = PLANCHE_PAGE_OPTIONS_INIT;
    page.scale = sheet->scale;
    page.tta = sheet->options->page.tta;
    if (!planche_cli_picture_make(pane, sheet->pane_width, sheet->pane_height))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    bool grey =
        sheet->look.grey; /* the whole page has no colours: one channel, as in the command */
    const struct planche_pixels in =
        grey ? make_grey(&sheet->page) : planche_cli_picture_pixels(&sheet->page);
    struct planche_pixels out = planche_cli_picture_pixels(pane);
    if (grey) {
        out.format = PLANCHE_PIXELS_GREY8;
        out.stride = out.width;
    }
    enum planche_status status = planche_engine_run_pixels(engine, &in, &out, &page, result, error);
    if (grey) {
        make_colour(&sheet->page);
        make_colour(pane);
    }
    return status;
}

/* An engine for a model, which is at the level that the page chooses, if it chooses: pixels, which
 * it runs, do not. */
static enum planche_status make_engine(struct sheet *sheet, struct planche_engine **engine,
                                       const char *model, bool *chosen, struct planche_error *error)
{
    struct planche_engine_options options = sheet->options->engine;
    unsigned ignored;
    options.model = model;
    options.scale = 0;
    enum planche_status status =
        planche_cli_choose(&options, sheet->options->level, &ignored, error);
    options.scale = 0;
    if (status == PLANCHE_OK)
        status = planche_engine_create(engine, &options, error);
    struct planche_page_result look = PLANCHE_PAGE_RESULT_INIT;
    if (status == PLANCHE_OK)
        status = planche_engine_look(*engine, sheet->path, &look, error);
    if (status != PLANCHE_OK)
        return status;
    *chosen = look.chosen != 0;
    sheet->look = look;
    if (!look.chosen || look.level <= -1)
        return PLANCHE_OK;
    planche_engine_destroy(engine);
    options.has_level = 1;
    options.level = look.level;
    return planche_engine_create(engine, &options, error);
}

static enum planche_status draw_model(struct sheet *sheet, const char *model,
                                      struct planche_error *error)
{
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
    struct planche_engine *engine = NULL;
    struct planche_cli_picture picture = {0};
    char networks[256];
    struct pane pane = {.model = model, .networks = networks};
    enum planche_status status = make_engine(sheet, &engine, model, &pane.chosen, error);
    double start = planche_clock_ms();
    if (status == PLANCHE_OK)
        status = run_model(sheet, engine, &picture, &result, error);
    if (status == PLANCHE_OK) {
        planche_engine_get_info(engine, &info, NULL);
        planche_cli_json_networks(&result, &info, networks, sizeof networks);
        pane.seconds = (planche_clock_ms() - start) / 1000;
        if (!add_pane(sheet, &picture, &pane))
            status = planche_fail(error, PLANCHE_ERROR_IO, "nobody reads the output");
    }
    planche_cli_picture_free(&picture);
    planche_engine_destroy(&engine);
    return status;
}

/* Without -m: every model whose default files are there. Returns how many. */
static unsigned list_cached(const char *models[PLANCHE_CLI_MAX_MODELS],
                            const struct planche_cli_options *options)
{
    unsigned count = 0;
    const char *last = "";
    for (size_t i = 0; i < planche_model_variant_count(); i++) {
        const struct planche_model_variant *variant = planche_model_variant_get(i);
        if (strcmp(variant->model, last) == 0)
            continue;
        last = variant->model;
        if (count < PLANCHE_CLI_MAX_MODELS &&
            planche_model_check(variant, options->engine.model_directory, 0, NULL) == PLANCHE_OK)
            models[count++] = last;
    }
    if (count == 0)
        models[count++] = PLANCHE_CLI_DEFAULT_MODEL; /* whose absence has a message */
    return count;
}

/* page.jpg becomes page-preview.png. */
static bool name_output(char *name, size_t size, const struct planche_cli_options *options,
                        const char *input)
{
    const char *slash = strrchr(input, '/'), *dot = strrchr(slash ? slash : input, '.');
    size_t stem = dot != NULL && dot != input ? (size_t)(dot - input) : strlen(input);
    int length = options->output != NULL
                     ? snprintf(name, size, "%s", options->output)
                     : snprintf(name, size, "%.*s-preview.png", (int)stem, input);
    return length > 0 && (size_t)length < size;
}

/* A model that fails leaves no pane; the others are shown. */
static int draw_all(struct sheet *sheet, const char *const *models, unsigned count)
{
    struct planche_error error = {0};
    int status = PLANCHE_CLI_OK;
    if (draw_lanczos(sheet, &error) != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_PAGE_FAILED;
    }
    for (unsigned i = 0; i < count; i++) {
        if (draw_model(sheet, models[i], &error) == PLANCHE_OK)
            continue;
        planche_cli_message("%s: %s", models[i], error.message);
        status = PLANCHE_CLI_PAGE_FAILED;
    }
    return status;
}

/* On the terminal, if it can. False: out of memory. */
static bool show(const struct sheet *sheet)
{
    enum planche_cli_show how =
        sheet->options->json && sheet->options->show == PLANCHE_CLI_SHOW_AUTO
            ? PLANCHE_CLI_SHOW_NONE
            : planche_cli_show_find(sheet->options->show);
    return how == PLANCHE_CLI_SHOW_NONE || planche_cli_show_picture(&sheet->picture, how);
}

/* What can be known before the work: that the models are known, and that the picture can be where
 * it is to be. */
static int check(const struct planche_cli_options *options, const char *const *models,
                 unsigned count, const char *output)
{
    struct planche_error error = {0};
    unsigned scale;
    for (unsigned i = 0; i < count; i++) {
        struct planche_engine_options wanted = options->engine;
        wanted.model = models[i];
        if (planche_cli_choose(&wanted, options->level, &scale, &error) != PLANCHE_OK)
            return planche_cli_wrong_model(&wanted, &error);
        if (planche_cli_model_is_path(models[i]) && access(models[i], R_OK) != 0) {
            planche_cli_message("%s: this model cannot be read: %s", models[i], strerror(errno));
            return PLANCHE_CLI_NOT_STARTED;
        }
    }
    if (planche_cli_can_save(output, options, &error))
        return PLANCHE_CLI_OK;
    planche_cli_message("%s", error.message);
    return PLANCHE_CLI_PAGE_FAILED;
}

static int preview(struct sheet *sheet, const char *input)
{
    const struct planche_cli_options *options = sheet->options;
    const char *cached[PLANCHE_CLI_MAX_MODELS];
    /* A default for every sub-command does not say what to look at. */
    bool listed = options->model_count > 0 && !planche_cli_option_is_for_all(options, "model");
    const char *const *models = listed ? options->models : cached;
    unsigned count = listed ? options->model_count : list_cached(cached, options);
    struct planche_error error = {0};
    char output[PATH_MAX];
    if (!name_output(output, sizeof output, options, input))
        return planche_cli_usage_error("preview", "%s: the name is too long", input);
    int wrong = check(options, models, count, output);
    if (wrong != PLANCHE_CLI_OK)
        return wrong;
    if (take_page(sheet, input, &error) != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_PAGE_FAILED;
    }
    if (!make_sheet(sheet, count + 1))
        return planche_cli_no_memory();
    int status = draw_all(sheet, models, count);
    if (sheet->panes <= 1)
        return status;
    if (planche_cli_save_picture(&sheet->picture, output, options, &error) != PLANCHE_OK) {
        planche_cli_message("%s", error.message);
        return PLANCHE_CLI_PAGE_FAILED;
    }
    if (!show(sheet))
        return planche_cli_no_memory();
    if (!options->quiet)
        planche_cli_note("%s: %u panes from the left, %ux%u+%u+%u of the page %u times as large",
                         output, sheet->panes, sheet->crop.width, sheet->crop.height, sheet->crop.x,
                         sheet->crop.y, sheet->scale);
    return status;
}

int planche_cli_preview(int argc, char **argv)
{
    struct planche_cli_options options;
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_PREVIEW, "preview", argc, argv, &first,
                                   &status))
        return status;
    if (argc - first != 1)
        return planche_cli_usage_error("preview", "one page is shown, not %d", argc - first);
    if (strcmp(argv[first], "-") == 0)
        return planche_cli_usage_error("preview", "the page is read from a file, which '-' is none "
                                                  "of: write it to a file and name that");
    if (options.show == PLANCHE_CLI_SHOW_SIXEL && !planche_cli_sixel_is_built())
        return planche_cli_usage_error("show", "--show sixel: this build is without libsixel");
    if (options.json &&
        (options.show == PLANCHE_CLI_SHOW_SIXEL || options.show == PLANCHE_CLI_SHOW_KITTY))
        return planche_cli_usage_error("show", "--show and --json both need standard output");
    struct sheet sheet = {.options = &options,
                          .path = argv[first],
                          .scale = options.engine.scale ? options.engine.scale : DEFAULT_SCALE};
    status = planche_cli_check_input(
        argv[first], ": planche --sample 3 makes three pages of a book, to look at");
    if (status == PLANCHE_CLI_OK)
        status = preview(&sheet, argv[first]);
    planche_cli_picture_free(&sheet.page);
    planche_cli_picture_free(&sheet.picture);
    return status;
}
