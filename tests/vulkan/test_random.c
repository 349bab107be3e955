/* SPDX-License-Identifier: MIT */
/* The Vulkan backend against the double-precision reference on random networks of every layer, on
 * every path that the device has; and against itself: the same bits for every size of tiles.
 *
 *   random [SEED [COUNT]]     tries other networks than the usual ones */
#include "backend/vulkan/vulkan.h"

#include "expected.h"
#include "support/need_model.h"
#include "support/quick.h"
#include "vulkan_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Less than this is a mistake somewhere, not rounding: tensors in half precision have 11 bits. */
#define MIN_PSNR_F32 90.0
#define MIN_PSNR_F16 45.0

#define WORKERS 2

static uint64_t first_seed = 1;
static int count = 4;

/* Small enough that padding reflects more than once, and some that are several tiles. */
static void pick_size(uint64_t seed, int *width, int *height)
{
    uint64_t state = seed;
    int most = test_random_int(&state, 0, 3) == 0 ? 5 : 40;
    *width = test_random_int(&state, 1, most);
    *height = test_random_int(&state, 1, most);
}

/* To values that samples of 16 bits hold. */
static void round_page(struct page *page)
{
    for (int c = 0; c < PLANCHE_PLANES; c++)
        for (int i = 0; i < page->width * page->height; i++)
            page->planes[c][i] =
                (float)(int)(page->planes[c][i] * 65535 + 0.5f) * (1.0f / 65535.0f);
}

/* A page in flight. */
struct flight {
    const struct page *page;
    int colours;
    int64_t width, height, fetched, emitted;
    float *result; /* planes */
};

static enum planche_status fetch(void *user, int64_t y, void *row, struct planche_error *error)
{
    struct flight *flight = user;
    const struct page *page = flight->page;
    uint16_t *samples = row;
    (void)error;
    assert_int_equal(y, flight->fetched++);
    for (int x = 0; x < page->width; x++)
        for (int c = 0; c < flight->colours; c++)
            *samples++ = (uint16_t)(page->planes[c][y * page->width + x] * 65535 + 0.5f);
    return PLANCHE_OK;
}

static enum planche_status emit(void *user, int64_t y, const void *row, struct planche_error *error)
{
    struct flight *flight = user;
    (void)error;
    assert_int_equal(y, flight->emitted++);
    for (int c = 0; c < flight->colours; c++)
        memcpy(&flight->result[(c * flight->height + y) * flight->width],
               (const float *)row + c * flight->width, (size_t)flight->width * sizeof(float));
    return PLANCHE_OK;
}

static void check_progress(void *user, double done)
{
    (void)user;
    assert_true(done >= 0 && done <= 1);
}

/* The result's planes before clamping, to be freed with free(); NULL: the device has no such path.
 */
static float *run(const struct network *network, const struct page *page,
                  enum planche_gpu_path path, unsigned tile, unsigned *tiles)
{
    char device[16];
    struct planche_budget budget;
    struct planche_gpu_pool *gpus;
    struct planche_error error;
    struct planche_gpu_page_result result;
    int64_t scale = network->net->recipe.scale;
    const int colours = network->recipe.colours == 1 ? 1 : PLANCHE_PLANES;
    struct flight flight = {.page = page,
                            .colours = colours,
                            .width = page->width * scale,
                            .height = page->height * scale};
    const struct planche_page_io io = {
        .user = &flight, .fetch_row = fetch, .emit_row = emit, .progress = check_progress};
    const struct planche_gpu_pool_options options = {
        .devices = device, .path = path, .tile = tile, .pool = pool_of(WORKERS)};
    const struct planche_gpu_page as = {
        .width = (uint32_t)page->width,
        .height = (uint32_t)page->height,
        .colours = (unsigned)colours,
        .depth = 16,
        .floats = true,
        .chunk = 1 << 20,
    };
    snprintf(device, sizeof(device), "%u", gpu_need().index);
    planche_budget_init(&budget, 0);
    enum planche_status status =
        planche_gpu_pool_create(&gpus, network->net, &options, &budget, &error);
    if (status == PLANCHE_ERROR_UNSUPPORTED && gpu_may_lack(path))
        return NULL;
    if (status)
        fail_msg("%s", error.message);
    flight.result = malloc((size_t)(colours * flight.width * flight.height) * sizeof(float));
    if (planche_gpu_pool_run(gpus, &as, &io, &budget, &result, &error))
        fail_msg("%s", error.message);
    assert_int_equal(flight.fetched, page->height);
    assert_int_equal(flight.emitted, flight.height);
    planche_gpu_pool_destroy(&gpus);
    assert_int_equal(atomic_load(&budget.used), 0);
    *tiles = result.tiles;
    return flight.result;
}

static void check_tiles(const struct network *network, const struct page *page,
                        enum planche_gpu_path path, const float *expected, size_t values,
                        uint64_t seed)
{
    unsigned tiles;
    uint64_t state = seed;
    unsigned side = (unsigned)test_random_int(&state, 4, 8) * 4;
    float *actual = run(network, page, path, side, &tiles);
    bool cut = page->width > (int)side || page->height > (int)side;
    assert_true(tiles > 1 || !cut);
    for (size_t i = 0; i < values; i++)
        if (memcmp(&actual[i], &expected[i], sizeof(float)) != 0)
            fail_msg("seed %llu, %s, tiles of %u: value %zu is %.9g, not %.9g",
                     (unsigned long long)seed, planche_gpu_path_name(path), side, i,
                     (double)actual[i], (double)expected[i]);
    free(actual);
}

/* Returns the decibels; infinity: the device has no such path. */
static double check_path(const struct network *network, const struct page *page,
                         enum planche_gpu_path path, const double *expected, uint64_t seed)
{
    unsigned tiles;
    int64_t scale = network->net->recipe.scale;
    /* The reference has three planes of a grey page as well. */
    int colours = network->recipe.colours == 1 ? 1 : PLANCHE_PLANES;
    size_t values = (size_t)(page->width * page->height * scale * scale * colours);
    float *actual = run(network, page, path, 64, &tiles);
    if (!actual)
        return HUGE_VAL;
    double decibels = psnr(actual, expected, values);
    if (!(decibels >= (path == PLANCHE_GPU_PATH_F32 ? MIN_PSNR_F32 : MIN_PSNR_F16)))
        fail_msg("seed %llu, %s, page of %d x %d: %.1f dB", (unsigned long long)seed,
                 planche_gpu_path_name(path), page->width, page->height, decibels);
    if (seed % 2 == path % 2)
        check_tiles(network, page, path, actual, values, seed);
    free(actual);
    return decibels;
}

static void test_random_networks(void **state)
{
    double worst[PLANCHE_GPU_PATH_WGMMA + 1];
    gpu_need();
    gpu_add_matrices();
    int done = 0;
    (void)state;
    for (int path = 0; path <= PLANCHE_GPU_PATH_WGMMA; path++)
        worst[path] = HUGE_VAL;
    for (int i = 0; i < 2 * count; i++) {
        struct network network;
        struct page page;
        int width, height;
        uint64_t seed = first_seed + (uint64_t)(i / 2) + (i % 2 ? OPERATORS_SEED : 0);
        pick_size(seed, &width, &height);
        if (!network_make_random(&network, seed)) {
            network_free(&network);
            continue;
        }
        page_make(&page, width, height, seed);
        round_page(&page);
        double *expected = run_reference(&network, &network.recipe, &page);
        assert_non_null(expected);
        for (int path = PLANCHE_GPU_PATH_F32; path <= PLANCHE_GPU_PATH_WGMMA; path++)
            worst[path] = fmin(worst[path], check_path(&network, &page, (enum planche_gpu_path)path,
                                                       expected, seed));
        free(expected);
        page_free(&page);
        network_free(&network);
        done++;
    }
    for (int path = PLANCHE_GPU_PATH_F32; path <= PLANCHE_GPU_PATH_WGMMA; path++)
        if (worst[path] < HUGE_VAL)
            print_message("%-4s at least %.1f dB in %d networks\n",
                          planche_gpu_path_name((enum planche_gpu_path)path), worst[path], done);
    assert_true(done * 10 >= 2 * count * 8);
}

/* waifu2x's swin_unet: attention within windows, which tiles do not cut. */
static void check_windows(const struct net_case *net, uint64_t seed)
{
    struct dict dict = {.random = seed};
    struct forward f = {.dict = &dict};
    struct network network = {0};
    struct planche_error error;
    struct page page;
    net->make(&dict, net);
    struct file file = dict_zip(&dict);
    const struct planche_model_source source = {
        .param_path = net->name, .param = file.data, .param_size = file.size};
    planche_budget_init(&network.budget, 0);
    if (planche_model_load(&network.net, &source, NULL, &network.budget, &error))
        fail_msg("%s", error.message);
    network.recipe.colours = net->channels;
    page_make(&page, 31, 9, seed);
    round_page(&page);
    double *expected = net_case_expected(&f, net, &network.net->recipe, &page);
    for (int path = PLANCHE_GPU_PATH_F32; path <= PLANCHE_GPU_PATH_NV2; path++) {
        double decibels = check_path(&network, &page, (enum planche_gpu_path)path, expected, seed);
        if (decibels < HUGE_VAL)
            print_message("%s, %s: %.1f dB\n", net->name,
                          planche_gpu_path_name((enum planche_gpu_path)path), decibels);
    }
    free(expected);
    page_free(&page);
    network_free(&network);
    free(file.data);
    forward_free(&f);
    dict_free(&dict);
}

static void test_windows(void **state)
{
    static const struct net_case nets[] = {
        {"heads-2x.pth", swin_make, swin_run, 3, 2, 32, 2, 0, 0},
        {"normed-4x.pth", swin_make, swin_run, 1, 4, 16, 2, 1, 0},
    };
    (void)state;
    gpu_need();
    gpu_add_matrices();
    for (size_t i = 0; i < (test_full() ? sizeof(nets) / sizeof(nets[0]) : 1); i++)
        check_windows(&nets[i], i + 1);
}

/* What no shader does is refused by its name, so that the CPU can take the network. */
static void test_refused(void **state)
{
    char device[16];
    struct network network;
    struct planche_budget budget;
    struct planche_gpu_pool *gpus;
    struct planche_error error;
    const struct planche_gpu_pool_options options = {
        .devices = device, .path = PLANCHE_GPU_PATH_F32, .pool = pool_of(WORKERS)};
    (void)state;
    snprintf(device, sizeof(device), "%u", gpu_need().index);
    assert_true(network_make_random(&network, 1));
    struct planche_step *step = &network.net->steps[0];
    assert_int_equal(step->op, PLANCHE_STEP_CONV);
    step->pad_top = step->inputs[0].top = 1;
    planche_budget_init(&budget, 0);
    assert_int_equal(planche_gpu_pool_create(&gpus, network.net, &options, &budget, &error),
                     PLANCHE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "cropped"));
    assert_non_null(strstr(error.message, step->name));
    assert_int_equal(atomic_load(&budget.used), 0);
    network_free(&network);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_networks),
                                       cmocka_unit_test(test_windows),
                                       cmocka_unit_test(test_refused)};
    if (test_quick())
        count = 2;
    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        count = atoi(argv[2]);
    gpu_set_cache();
    return test_exit_status(cmocka_run_group_tests(tests, NULL, NULL));
}
