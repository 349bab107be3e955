/* SPDX-License-Identifier: MIT */
/* Size and target of a result, known before any work. */
#include "engine/result_size.h"

#include "base/status.h"
#include "engine/engine.h"
#include "engine/split_result.h"

/* More times than this no page is enlarged to reach a target: what is so small is no page. */
#define MAX_AUTO_SCALE 16
/* A strip is higher, a panorama wider, than so many times the other side. */
#define LONG 3

struct size {
    uint64_t width, height;
};

/* a * b / c to the nearest, at least 1; a quotient that fits. */
static uint64_t scale_side(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t side = (a * b + c / 2) / c;
    return side ? side : 1;
}

/* The sides that a page must meet, 0: any. */
static struct size target_of(struct size page, const struct planche_page_options *options)
{
    struct size target = {options->width, options->height};
    if (options->fit != PLANCHE_FIT_SCREEN || !target.width || !target.height)
        return target;
    if (page.height > LONG * page.width)
        target.height = 0;
    else if (page.width > page.height && page.width <= LONG * page.height &&
             target.height > target.width)
        target.width = 0;
    return target;
}

/* The page in proportion, with one side as long as the target's, and none longer. */
static struct size fill(struct size page, struct size target)
{
    bool by_width =
        target.width && (!target.height || page.width * target.height > page.height * target.width);
    if (by_width)
        return (struct size){target.width, scale_side(page.height, target.width, page.width)};
    return (struct size){scale_side(page.width, target.height, page.height), target.height};
}

static struct size multiply(struct size page, uint64_t scale)
{
    return (struct size){page.width * scale, page.height * scale};
}

static bool is_within(struct size size, struct size target)
{
    return (!target.width || size.width <= target.width) &&
           (!target.height || size.height <= target.height);
}

/* The whole scale that makes the page at least as large. */
static unsigned least_scale(struct size page, struct size size)
{
    uint64_t across = (size.width + page.width - 1) / page.width;
    uint64_t down = (size.height + page.height - 1) / page.height;
    uint64_t least = across > down ? across : down;
    return least < MAX_AUTO_SCALE ? (unsigned)least : MAX_AUTO_SCALE;
}

/* The result's size, and the scale that the networks must reach for it. */
static struct size choose_size(struct size page, unsigned scale,
                               const struct planche_page_options *options, unsigned *least)
{
    const struct size target = target_of(page, options);
    struct size size;
    if (scale != PLANCHE_SCALE_AUTO) {
        *least = scale;
        size = multiply(page, scale);
        return is_within(size, target) ? size : fill(size, target);
    }
    size = fill(page, target);
    *least = least_scale(page, size);
    /* A page that would have to be enlarged more than that. */
    return is_within(size, multiply(page, *least)) ? size : multiply(page, *least);
}

static enum planche_status check_limits(struct size network, struct size result,
                                        uint64_t max_pixels, struct planche_error *error)
{
    struct size most = {network.width > result.width ? network.width : result.width,
                        network.height > result.height ? network.height : result.height};
    if (most.width <= INT32_MAX && most.height <= INT32_MAX &&
        most.width * most.height <= max_pixels)
        return PLANCHE_OK;
    return planche_fail(
        error, PLANCHE_ERROR_LIMIT,
        "the result would have %llu x %llu pixels, more than the limit of %llu pixels; "
        "raise the limit (option max_pixels) if that is what you want",
        (unsigned long long)most.width, (unsigned long long)most.height,
        (unsigned long long)max_pixels);
}

static void describe_chain(struct planche_page_result *result, const struct planche_chain *chain,
                           const struct planche_scale_plan *plan)
{
    const struct planche_scale_set *set = &plan->set;
    result->scale = chain->scale;
    result->passes = chain->count;
    for (unsigned i = 0; i < PLANCHE_MAX_PASSES; i++)
        result->pass_scale[i] = i < chain->count ? set->list[chain->networks[i]].scale : 0;
    planche_chain_name(plan, chain, result->networks, sizeof result->networks);
}

enum planche_status planche_result_size(struct planche_page_result *result,
                                        struct planche_chain *chain,
                                        const struct planche_size_rule *rule,
                                        const struct planche_page_options *options,
                                        struct planche_error *error)
{
    const struct planche_scale_plan *plan = rule->plan;
    const struct size page = {result->input_width, result->input_height};
    unsigned scale = options->scale ? options->scale : plan->scale, least;
    const struct size size = choose_size(page, scale, options, &least);
    enum planche_status status = PLANCHE_OK;
    if (scale == plan->scale)
        *chain = plan->chain;
    else
        status = planche_chain_choose(chain, &plan->set, least, error);
    if (!status)
        status = check_limits(multiply(page, chain->scale), size, rule->max_pixels, error);
    if (status)
        return status;
    result->output_width = (uint32_t)size.width;
    result->output_height = (uint32_t)size.height;
    describe_chain(result, chain, plan);
    return PLANCHE_OK;
}

/* Rows of a file of this format and width; 0: that is too wide. */
static uint32_t rows_of_file(enum planche_format format, uint32_t width)
{
    const struct planche_format_caps *caps = planche_format_get_caps(format);
    uint32_t most = caps->max_height;
    if (width > caps->max_width)
        return 0;
    if (caps->max_pixels && caps->max_pixels / width < most)
        most = (uint32_t)(caps->max_pixels / width);
    return most;
}

/* The picture that a file of this format has, with colours: grey is never too much for one. */
static struct planche_image_info describe(const struct planche_result_request *request,
                                          enum planche_format format)
{
    const struct planche_format_caps *caps = planche_format_get_caps(format);
    return (struct planche_image_info){
        .width = request->width,
        .height = request->height,
        .channels = request->alpha && caps->alpha ? 4 : 3,
        .depth = caps->deep ? request->depth : 8,
        .format = format,
    };
}

/* A format for what is too large for that of info: JPEG, which every viewer opens and which is
 * written row by row, in the place of lossy ones if nothing but size is against it. */
static enum planche_format other_format(const struct planche_image_info *info, bool lossless)
{
    const struct planche_format_caps *caps = planche_format_get_caps(PLANCHE_FORMAT_JPEG);
    bool lossy =
        !lossless && (info->format == PLANCHE_FORMAT_WEBP || info->format == PLANCHE_FORMAT_AVIF);
    bool fits = info->width <= caps->max_width && info->height <= caps->max_height &&
                info->channels == 3 && info->depth == 8;
    return lossy && fits ? PLANCHE_FORMAT_JPEG : PLANCHE_FORMAT_PNG;
}

/* Sets parts and rows. */
static enum planche_status split(struct planche_result_target *target,
                                 const struct planche_result_request *request,
                                 const struct planche_page_options *options,
                                 struct planche_error *error)
{
    uint32_t rows = rows_of_file(target->format, request->width);
    target->parts = 1;
    target->rows = request->height;
    if (options->on_limit != PLANCHE_ON_LIMIT_SPLIT || !request->splits || !rows ||
        request->height <= rows)
        return PLANCHE_OK;
    target->parts = request->height / rows + (request->height % rows != 0);
    target->rows = rows;
    if (target->parts <= PLANCHE_MAX_PARTS)
        return PLANCHE_OK;
    return planche_fail(error, PLANCHE_ERROR_LIMIT,
                        "the result would be split into more than %d parts", PLANCHE_MAX_PARTS);
}

enum planche_status planche_result_choose_target(struct planche_result_target *target,
                                                 const struct planche_result_request *request,
                                                 const struct planche_page_options *options,
                                                 struct planche_error *error)
{
    const struct planche_writer_options writer = {
        .quality = options->quality, .lossless = options->lossless, .effort = options->effort};
    *target = (struct planche_result_target){.format = options->format};
    enum planche_status status = split(target, request, options, error);
    if (status)
        return status;
    struct planche_image_info info = describe(request, target->format);
    info.height = target->rows;
    status = planche_writer_check(&info, &writer, error);
    if (status != PLANCHE_ERROR_LIMIT || options->on_limit != PLANCHE_ON_LIMIT_SWITCH)
        return status;
    target->format = other_format(&info, options->lossless);
    info = describe(request, target->format);
    status = planche_writer_check(&info, &writer, error);
    target->switched = !status;
    return status;
}

/* The result's format and parts; its size is known. */
static enum planche_status predict_files(struct planche_page_result *result,
                                         const struct planche_page_options *options,
                                         struct planche_error *error)
{
    const struct planche_result_request request = {
        .width = result->output_width,
        .height = result->output_height,
        .depth = 8,
        .splits = true,
    };
    struct planche_page_options filled = *options;
    struct planche_result_target target;
    if (filled.format == PLANCHE_FORMAT_AUTO)
        filled.format = PLANCHE_FORMAT_WEBP;
    enum planche_status status = planche_result_choose_target(&target, &request, &filled, error);
    result->format = target.format;
    result->switched = target.switched;
    result->parts = target.parts;
    return status;
}

enum planche_status planche_result_predict(struct planche_page_result *result,
                                           const struct planche_size_rule *rule,
                                           const struct planche_page_options *options,
                                           struct planche_error *error)
{
    const struct planche_size_rule filled = {
        .plan = rule->plan, .max_pixels = rule->max_pixels ? rule->max_pixels : PLANCHE_MAX_PIXELS};
    struct planche_chain chain;
    enum planche_status status = planche_result_size(result, &chain, &filled, options, error);
    return status ? status : predict_files(result, options, error);
}
