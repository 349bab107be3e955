/* SPDX-License-Identifier: MIT */
/* planche compare: how much two images differ. */
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "preview/open.h"
#include "preview/resample.h"
#include "preview/similarity.h"

#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A difference of so many levels is black in the picture of differences. */
#define BLACK_DIFFERENCE 64
/* Editions of one page are cut a little differently. */
#define MOST_OFF 0.02

struct pair {
    struct planche_cli_picture pictures[2];
    uint32_t width[2], height[2]; /* as read */
};

static void free_pair(struct pair *pair)
{
    planche_cli_picture_free(&pair->pictures[0]);
    planche_cli_picture_free(&pair->pictures[1]);
}

/* Whether width and height differ by the same factor, but for pixels cut off or rounded. */
static bool have_one_shape(const struct planche_cli_picture *large,
                           const struct planche_cli_picture *small)
{
    double height = (double)large->height * small->width / large->width;
    return fabs(height - small->height) <= fmax(2, MOST_OFF * small->height);
}

/* The larger picture is reduced to the size of the smaller one: a page and its enlargement can be
 * compared. */
static enum planche_status match_sizes(struct pair *pair, char *const *paths,
                                       struct planche_error *error)
{
    struct planche_cli_picture *a = &pair->pictures[0], *b = &pair->pictures[1], reduced;
    if (a->width == b->width && a->height == b->height)
        return PLANCHE_OK;
    bool a_larger = a->width >= b->width && a->height >= b->height;
    bool b_larger = b->width >= a->width && b->height >= a->height;
    if (!a_larger && !b_larger)
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s has %u x %u pixels and %s %u x %u: one is wider, the other higher; "
                            "only an image and a smaller or larger one of it can be compared",
                            paths[0], a->width, a->height, paths[1], b->width, b->height);
    struct planche_cli_picture *large = a_larger ? a : b;
    const struct planche_cli_picture *small = a_larger ? b : a;
    if (!have_one_shape(large, small))
        return planche_fail(error, PLANCHE_ERROR_ARGUMENT,
                            "%s has %u x %u pixels and %s %u x %u: their shapes differ; only an "
                            "image and a smaller or larger one of it can be compared",
                            paths[0], a->width, a->height, paths[1], b->width, b->height);
    if (!planche_cli_resample(&reduced, large, small->width, small->height))
        return planche_fail(error, PLANCHE_ERROR_MEMORY, "out of memory");
    planche_cli_picture_free(large);
    *large = reduced;
    return PLANCHE_OK;
}

static enum planche_status open_pair(struct pair *pair, char *const *paths,
                                     const struct planche_cli_options *options,
                                     struct planche_error *error)
{
    *pair = (struct pair){0};
    for (int i = 0; i < 2; i++) {
        enum planche_status status =
            planche_cli_open_picture(&pair->pictures[i], paths[i], options, error);
        if (status != PLANCHE_OK)
            return status;
        pair->width[i] = pair->pictures[i].width;
        pair->height[i] = pair->pictures[i].height;
    }
    return match_sizes(pair, paths, error);
}

/* White where nothing differs. */
static void draw_differences(struct planche_cli_picture *a, const struct planche_cli_picture *b)
{
    size_t samples = (size_t)a->width * a->height * PLANCHE_CLI_PICTURE_CHANNELS;
    for (size_t i = 0; i < samples; i++) {
        int difference = abs(a->rgb[i] - b->rgb[i]);
        int dark = difference * 255 / BLACK_DIFFERENCE;
        a->rgb[i] = (uint8_t)(dark > 255 ? 0 : 255 - dark);
    }
}

static json_t *size_of(uint32_t width, uint32_t height)
{
    return json_pack("[i,i]", (int)width, (int)height);
}

static bool print_json(const struct pair *pair, char *const *paths,
                       const struct planche_cli_similarity *s)
{
    json_t *object = json_object();
    json_object_set_new(object, "a", planche_cli_json_text(paths[0]));
    json_object_set_new(object, "b", planche_cli_json_text(paths[1]));
    json_object_set_new(object, "a_size", size_of(pair->width[0], pair->height[0]));
    json_object_set_new(object, "b_size", size_of(pair->width[1], pair->height[1]));
    json_object_set_new(object, "psnr", isinf(s->psnr) ? json_null() : json_real(s->psnr));
    json_object_set_new(object, "ssim", json_real(s->ssim));
    json_object_set_new(object, "mean_difference", json_real(s->mean_difference));
    json_object_set_new(object, "max_difference", json_integer(s->max_difference));
    json_object_set_new(object, "cb_shift", json_real(s->cb_shift));
    json_object_set_new(object, "cr_shift", json_real(s->cr_shift));
    return planche_cli_json_print(object);
}

static void print_text(const struct pair *pair, const struct planche_cli_similarity *s)
{
    for (int i = 0; i < 2; i++) {
        const struct planche_cli_picture *used = &pair->pictures[i];
        printf("%s          %u x %u pixels", i == 0 ? "first " : "second", pair->width[i],
               pair->height[i]);
        if (pair->width[i] != used->width || pair->height[i] != used->height)
            printf(", reduced to %u x %u", used->width, used->height);
        printf("\n");
    }
    if (isinf(s->psnr))
        printf("PSNR            the same to the last bit\n");
    else
        printf("PSNR            %.2f dB\n", s->psnr);
    printf("SSIM            %.5f\n", s->ssim);
    printf("difference      %.3f levels of 255 on average, %u at most\n", s->mean_difference,
           s->max_difference);
    printf("colour shift    %.3f (Cb) and %.3f (Cr) levels on average\n", s->cb_shift, s->cr_shift);
}

static int fail(const struct planche_error *error)
{
    planche_cli_message("%s", error->message);
    return PLANCHE_CLI_PAGE_FAILED;
}

static int compare(struct pair *pair, char *const *paths, const struct planche_cli_options *options)
{
    struct planche_cli_similarity similarity;
    struct planche_error error = {0};
    if (open_pair(pair, paths, options, &error) != PLANCHE_OK)
        return fail(&error);
    if (!planche_cli_similarity_measure(&similarity, &pair->pictures[0], &pair->pictures[1]))
        return planche_cli_no_memory();
    if (!options->json)
        print_text(pair, &similarity);
    else if (!print_json(pair, paths, &similarity))
        return PLANCHE_CLI_PAGE_FAILED;
    if (options->output == NULL)
        return PLANCHE_CLI_OK;
    draw_differences(&pair->pictures[0], &pair->pictures[1]);
    if (planche_cli_save_picture(&pair->pictures[0], options->output, options, &error) !=
        PLANCHE_OK)
        return fail(&error);
    return PLANCHE_CLI_OK;
}

int planche_cli_compare(int argc, char **argv)
{
    struct planche_cli_options options;
    struct pair pair = {0};
    int first, status;
    if (!planche_cli_options_parse(&options, PLANCHE_CLI_COMPARE, "compare", argc, argv, &first,
                                   &status))
        return status;
    if (argc - first != 2)
        return planche_cli_usage_error("compare", "two images are compared, not %d", argc - first);
    status = planche_cli_check_input(argv[first], "");
    if (status == PLANCHE_CLI_OK)
        status = planche_cli_check_input(argv[first + 1], "");
    if (status == PLANCHE_CLI_OK)
        status = compare(&pair, argv + first, &options);
    free_pair(&pair);
    return status;
}
