/* SPDX-License-Identifier: MIT */
/* On a GPU the bytes of a page do not depend on the size of tiles or on the memory it may take, and
 * are within a level of the CPU's: known networks with and without page-wide averages, and random
 * ones; all kinds of pixels, pages of all shapes.
 *
 *   invariance small              the tests' own network and random ones
 *   invariance known              networks of the catalogue
 *   invariance SEED [COUNT]       other random networks than the usual ones */
#include "api_test.h"
#include "random_graph.h"
#include "support/need_model.h"
#include "support/own_network.h"
#include "support/quick.h"
#include "vulkan_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t first_seed = 1;
static int count;

/* A page, and how it is run. */
struct kind {
    enum planche_pixel_format format;
    uint32_t width, height;
    int tta;
    double reduced; /* the result's width, of that which the network makes; 0: all of it */
    /* The networks that run it: cheap ones run all; those of the catalogue, which are slow in
     * software, KNOWN ones, and RARE ones in a full run. */
    enum { CHEAP, RARE, KNOWN } on;
};

static const struct kind kinds[] = {
    {PLANCHE_PIXELS_RGB8, 50, 37, 0, 0, KNOWN},        {PLANCHE_PIXELS_RGBA16, 19, 30, 0, 0, KNOWN},
    {PLANCHE_PIXELS_RGB8, 1, 1, 0, 0, KNOWN},          {PLANCHE_PIXELS_RGB8, 40, 17, 0, 0.55, RARE},
    {PLANCHE_PIXELS_GREY8, 35, 50, 0, 0, CHEAP},       {PLANCHE_PIXELS_RGBA8, 50, 33, 0, 0, CHEAP},
    {PLANCHE_PIXELS_GREY_ALPHA8, 18, 20, 0, 0, CHEAP}, {PLANCHE_PIXELS_RGB16, 33, 47, 0, 0, CHEAP},
    {PLANCHE_PIXELS_GREY16, 17, 31, 0, 0, CHEAP},      {PLANCHE_PIXELS_GREY8, 1, 300, 0, 0, RARE},
    {PLANCHE_PIXELS_RGB8, 300, 1, 0, 0, CHEAP},        {PLANCHE_PIXELS_RGBA8, 21, 18, 1, 0, CHEAP},
    {PLANCHE_PIXELS_RGBA16, 23, 34, 0, 0.7, CHEAP},
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* A network, and what becomes of the pages when each is one tile. */
struct subject {
    const char *name;
    struct planche_engine_options options;
    enum planche_gpu_path path;
    unsigned scale;
    bool cheap;
    bool random; /* rounding may be worth more than a level */
    bool greys;  /* KNOWN kinds, and grey ones, which have a network of their own */
    struct image pages[KINDS], expected[KINDS];
};

static bool is_tried(const struct subject *s, size_t k)
{
    if (s->greys && kinds[k].on == CHEAP && image_channels(kinds[k].format) < 3)
        return true;
    return s->cheap || kinds[k].on == KNOWN || (kinds[k].on == RARE && (s->random || test_full()));
}

static uint32_t reduced(const struct kind *kind, unsigned scale)
{
    return (uint32_t)(kind->reduced * kind->width * scale);
}

/* The result's size is the engine's to say. */
static void make_result(const struct subject *s, size_t k, struct image *out)
{
    const struct kind *kind = &kinds[k];
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    struct planche_page_result foreseen = PLANCHE_PAGE_RESULT_INIT;
    options.width = reduced(kind, s->scale);
    assert_int_equal(
        planche_page_predict(kind->width, kind->height, s->scale, 0, &options, &foreseen, NULL),
        PLANCHE_OK);
    image_make(out, kind->format, foreseen.output_width, foreseen.output_height, 0, 0);
}

static struct planche_page_result
run_kind(const struct subject *s, const struct planche_engine *engine, size_t k, struct image *out)
{
    struct planche_page_options options = PLANCHE_PAGE_OPTIONS_INIT;
    options.tta = kinds[k].tta;
    options.width = reduced(&kinds[k], s->scale);
    make_result(s, k, out);
    return gpu_run(engine, &s->pages[k].pixels, &out->pixels, &options);
}

static struct planche_engine *engine_for(const struct subject *s, unsigned tile, uint64_t memory)
{
    struct planche_engine_options options = s->options;
    options.tile = tile;
    options.gpu_memory = memory;
    return gpu_engine(options, s->path);
}

/* Samples may be so far apart; 0: they are the same. */
static void expect_near(const struct subject *s, size_t k, const struct image *actual, int most,
                        const char *how)
{
    const struct planche_pixels *a = &actual->pixels, *e = &s->expected[k].pixels;
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++)
            for (unsigned c = 0; c < image_channels(a->format); c++) {
                unsigned is = image_sample(a, x, y, c), other = image_sample(e, x, y, c);
                if (abs((int)is - (int)other) <= most)
                    continue;
                fail_msg("%s, %s, page of %u x %u, format %d%s, %s: channel %u at (%u, %u) is %u, "
                         "the whole page's %u",
                         s->name, planche_gpu_path_name(s->path), kinds[k].width, kinds[k].height,
                         (int)a->format, kinds[k].tta ? ", tta" : "", how, c, x, y, is, other);
            }
}

/* As the CPU has it: what is not the network's, alpha and grey among it, is the same arithmetic. */
static void check_cpu(const struct subject *s)
{
    struct planche_engine_options options = s->options;
    struct planche_engine *engine;
    options.struct_size = sizeof(options);
    options.backend = "cpu";
    assert_int_equal(planche_engine_create(&engine, &options, NULL), PLANCHE_OK);
    for (size_t k = 0; k < KINDS; k++) {
        struct image out;
        if (!is_tried(s, k))
            continue;
        run_kind(s, engine, k, &out);
        expect_near(s, k, &out, image_depth(kinds[k].format) == 8 ? 1 : 257, "the CPU's");
        image_free(&out);
    }
    planche_engine_destroy(&engine);
}

/* Every page as one tile. */
static bool subject_make(struct subject *s)
{
    struct planche_engine_info info = PLANCHE_ENGINE_INFO_INIT;
    struct planche_engine *engine = engine_for(s, 512, 0);
    if (!engine)
        return false;
    planche_engine_get_info(engine, &info, NULL);
    s->scale = info.scale;
    for (size_t k = 0; k < KINDS; k++) {
        if (!is_tried(s, k))
            continue;
        image_make(&s->pages[k], kinds[k].format, kinds[k].width, kinds[k].height, 0, 0);
        image_draw(&s->pages[k], k);
        const struct planche_page_result result = run_kind(s, engine, k, &s->expected[k]);
        gpu_expect(&result);
        assert_int_equal(result.tiles, kinds[k].tta ? 8 : 1);
    }
    planche_engine_destroy(&engine);
    return true;
}

static void subject_free(struct subject *s)
{
    for (size_t k = 0; k < KINDS; k++) {
        image_free(&s->pages[k]);
        image_free(&s->expected[k]);
    }
}

static void check_tile(const struct subject *s, unsigned tile)
{
    struct planche_engine *engine = engine_for(s, tile, 0);
    char how[32];
    snprintf(how, sizeof(how), "tiles of %u", tile);
    for (size_t k = 0; k < KINDS; k++) {
        struct image out;
        if (!is_tried(s, k))
            continue;
        const struct planche_page_result result = run_kind(s, engine, k, &out);
        gpu_expect(&result);
        if (kinds[k].width > tile || kinds[k].height > tile)
            assert_true(result.tiles > (kinds[k].tta ? 8 : 1));
        expect_near(s, k, &out, 0, how);
        image_free(&out);
    }
    planche_engine_destroy(&engine);
}

/* The tiles, or -1: the GPU cannot do it, and the CPU does, which is not looked at. */
static int check_memory(const struct subject *s, size_t k, uint64_t memory)
{
    const struct planche_gpu_info gpu = gpu_need();
    struct planche_engine_options options = s->options;
    struct planche_engine *engine;
    struct image out;
    char backend[32], how[32];
    snprintf(backend, sizeof(backend), "vulkan:%u", gpu.index);
    snprintf(how, sizeof(how), "%llu KiB", (unsigned long long)memory >> 10);
    options.struct_size = sizeof(options);
    options.backend = backend;
    options.gpu_path = s->path;
    options.gpu_memory = memory;
    if (planche_engine_create(&engine, &options, NULL))
        return -1;
    const struct planche_page_result result = run_kind(s, engine, k, &out);
    if (!result.redone)
        expect_near(s, k, &out, 0, how);
    image_free(&out);
    planche_engine_destroy(&engine);
    return result.redone ? -1 : (int)result.tiles;
}

/* Looks for a memory with which the page is several tiles: between what is too little and what is
 * enough for the whole page. */
static void check_memories(const struct subject *s)
{
    uint64_t little = 0, enough = 64 << 20;
    int tiles = 1;
    for (int i = 0; i < 12 && tiles <= 1; i++) {
        uint64_t memory = (little + enough) / 2;
        tiles = check_memory(s, 0, memory);
        if (tiles < 0)
            little = memory;
        else
            enough = memory;
    }
    print_message("%s: %d tiles with %llu KiB\n", s->name, tiles, (unsigned long long)enough >> 10);
    assert_true(tiles > 1);
}

static bool is_slow(const struct subject *s)
{
    return !s->cheap && !s->random && !s->greys;
}

/* Networks of the catalogue are slow in software: they take one size of tiles and, but for a full
 * run, no halves, which small networks have in all forms. Everything is slow under a sanitizer. */
static void check_subject(struct subject s)
{
    static const unsigned tiles[] = {32, 16, 48};
    for (int path = PLANCHE_GPU_PATH_F32; path <= PLANCHE_GPU_PATH_WGMMA; path++) {
        struct subject on = s;
        bool all = (s.cheap || s.random) && path == PLANCHE_GPU_PATH_F32 && !test_quick();
        on.path = (enum planche_gpu_path)path;
        if (path == PLANCHE_GPU_PATH_F16 && is_slow(&s) && !test_full())
            continue;
        if (!subject_make(&on))
            continue;
        if (!on.random)
            check_cpu(&on);
        bool whole = s.greys && path != PLANCHE_GPU_PATH_F32; /* the CPU's pages are enough */
        for (size_t t = whole ? 1 : 0; t < (!all ? 1 : test_full() ? 3 : 2); t++)
            check_tile(&on, tiles[t]);
        if (all)
            check_memories(&on);
        subject_free(&on);
    }
}

/* Four averages over the page, each of which depends on those before it. */
static void test_averages(void **state)
{
    (void)state;
    test_need_model("realcugan", 2, PLANCHE_DENOISE_CONSERVATIVE);
    check_subject((struct subject){
        .name = "realcugan 2x",
        .options = {.model = "realcugan", .scale = 2, .denoise = PLANCHE_DENOISE_CONSERVATIVE}});
}

static void test_padded(void **state)
{
    (void)state;
    test_need_model("realesr-animevideov3", 2, PLANCHE_DENOISE_NONE);
    check_subject((struct subject){.name = "realesr-animevideov3 2x",
                                   .options = {.model = "realesr-animevideov3", .scale = 2}});
}

static void test_tiny(void **state)
{
    (void)state;
    check_subject((struct subject){
        .name = "the tests' own", .options = {.model = test_model(3)}, .cheap = true});
}

/* A colour file that turns out to be grey once it is inside goes out again to have its network
 * made. */
static void check_found_grey(const char *model)
{
    const struct planche_engine_options options = {.model = model};
    struct planche_engine *engine = gpu_engine(options, PLANCHE_GPU_PATH_F32);
    struct planche_page_options page_options = PLANCHE_PAGE_OPTIONS_INIT;
    struct image colour, out, grey, expected;
    enum planche_format format = PLANCHE_FORMAT_PNG;
    void *data;
    size_t size;
    page_options.format = format;
    page_options.grey = PLANCHE_GREY_AUTO;
    image_make(&colour, PLANCHE_PIXELS_RGB8, 20, 15, 0, 99);
    image_make(&grey, PLANCHE_PIXELS_GREY8, 20, 15, 0, 99);
    image_make(&expected, PLANCHE_PIXELS_GREY8, 40, 30, 0, 0);
    struct bytes file = encode(&colour.pixels, format);
    for (int i = 0; i < 2; i++) {
        struct planche_page_result result = PLANCHE_PAGE_RESULT_INIT;
        assert_int_equal(planche_engine_run_bytes(engine, file.data, file.size, &data, &size,
                                                  &page_options, &result, NULL),
                         PLANCHE_OK);
        gpu_expect(&result);
        decode(&out, data, size, &format);
        gpu_run(engine, &grey.pixels, &expected.pixels, NULL);
        image_expect_equal(&out.pixels, &expected.pixels);
        planche_free_bytes(data);
        image_free(&out);
    }
    free(file.data);
    image_free(&colour);
    image_free(&grey);
    image_free(&expected);
    planche_engine_destroy(&engine);
}

/* Grey pages have a network of one channel. The middle is at half the size. */
static void test_own(void **state)
{
    static const struct own_form form = {8, 2, 2, 3, 20, 1, true};
    struct own_file file = own_file_make_form(&form, 5);
    (void)state;
    assert_true(own_file_write(&file, test_path("model-own.planche")));
    free(file.data);
    check_subject((struct subject){
        .name = "own",
        .options = {.model = test_path("model-own.planche"), .has_level = 1, .level = 0.5},
        .greys = true});
    check_found_grey(test_path("model-own.planche"));
}

static void write_random(uint64_t seed)
{
    struct random_graph files;
    random_graph_make(&files, seed);
    test_write(test_path("model-random.param"), files.param, files.param_size);
    test_write(test_path("model-random.bin"), files.bin, files.bin_size);
    random_graph_free(&files);
}

static void test_random_networks(void **state)
{
    int tried = 0;
    (void)state;
    for (uint64_t seed = first_seed; seed < first_seed + (uint64_t)count; seed++) {
        const struct planche_engine_options options = {.struct_size = sizeof(options),
                                                       .model = test_path("model-random.param")};
        struct planche_engine *engine;
        char name[32];
        write_random(seed);
        if (planche_engine_create(&engine, &options, NULL))
            continue;
        planche_engine_destroy(&engine);
        snprintf(name, sizeof(name), "seed %llu", (unsigned long long)seed);
        check_subject((struct subject){.name = name, .options = options, .random = true});
        tried++;
    }
    assert_true(tried > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest small[] = {
        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_random_networks),
    };
    const struct CMUnitTest known[] = {
        cmocka_unit_test(test_padded),
        cmocka_unit_test(test_averages),
    };
    bool only_known = argc > 1 && strcmp(argv[1], "known") == 0;
    bool only_small = argc > 1 && strcmp(argv[1], "small") == 0;
    int failed = 0;
    count = test_full() ? 3 : 1; /* vulkan-random has others */
    if (argc > 1 && !only_known && !only_small)
        first_seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        count = atoi(argv[2]);
    gpu_set_cache();
    if (!only_known)
        failed += cmocka_run_group_tests(small, test_setup, test_teardown);
    if (!only_small && !test_quick())
        failed += cmocka_run_group_tests(known, test_setup, test_teardown);
    return test_exit_status(failed);
}
