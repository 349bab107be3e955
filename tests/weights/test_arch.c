/* SPDX-License-Identifier: MIT */
/* Architectures of state dicts: each network in each form of file, run by the engine's kernels, is
 * what a forward pass in double precision says, and the forms give the same bytes. */
#include "backend_test.h"
#include "nets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What single precision leaves in networks of these sizes is above 110 dB. */
#define MIN_PSNR 100.0

enum { SAFETENSORS, ZIP, LEGACY, FORMS };

static const char *const extensions[FORMS] = {".safetensors", ".pth", ".pth"};

static struct file write_form(const struct dict *dict, int form)
{
    return form == SAFETENSORS ? dict_safetensors(dict)
           : form == ZIP       ? dict_zip(dict)
                               : dict_legacy(dict);
}

static struct isa isas[MAX_ISAS];
static int isa_count;

static void load(struct network *network, const struct net_case *net, const struct file *file,
                 int form)
{
    char name[128];
    struct planche_error error;
    snprintf(name, sizeof(name), "folder/%s%s", net->name, extensions[form]);
    const struct planche_model_source source = {
        .param_path = name, .param = file->data, .param_size = file->size};
    *network = (struct network){0};
    planche_budget_init(&network->budget, 0);
    if (planche_model_load(&network->net, &source, NULL, &network->budget, &error))
        fail_msg("%s: %s", net->name, error.message);
    assert_int_equal(network->net->recipe.scale, net->scale);
    assert_int_equal(network->net->tensors[0].channels, net->channels);
}

/* A coordinate as reflection about the edges finds it, as often as it takes. */
static int reflect(int at, int size)
{
    int period = size > 1 ? 2 * (size - 1) : 1;
    at = ((at % period) + period) % period;
    return at < size ? at : period - at;
}

/* The page as the recipe extends it, in colours or the first plane alone. */
static struct picture extend(struct forward *f, const struct planche_recipe *recipe,
                             const struct page *page, int channels)
{
    int m = (int)recipe->multiple, pad = (int)recipe->pad;
    struct picture x = f_new(f, channels, (page->height + m - 1) / m * m + 2 * pad,
                             (page->width + m - 1) / m * m + 2 * pad);
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < x.h; i++)
            for (int j = 0; j < x.w; j++)
                x.v[(c * x.h + i) * x.w + j] =
                    recipe->in_scale *
                        page->planes[c][reflect(i - pad, page->height) * page->width +
                                        reflect(j - pad, page->width)] +
                    recipe->in_bias;
    return x;
}

/* Planes of the result, three of them. */
static double *run_forward(struct forward *f, const struct net_case *net,
                           const struct planche_recipe *recipe, const struct page *page)
{
    struct picture y = net->run(f, net, extend(f, recipe, page, net->channels));
    int width = page->width * net->scale, height = page->height * net->scale;
    double *planes = calloc(3 * (size_t)width * (size_t)height, sizeof(double));
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < height; i++)
            for (int j = 0; j < width; j++)
                planes[(c * height + i) * width + j] =
                    recipe->out_scale *
                        y.v[((net->channels == 3 ? c : 0) * y.h + i + (int)recipe->crop) * y.w + j +
                            (int)recipe->crop] +
                    recipe->out_bias;
    return planes;
}

static double check_isas(struct network *network, const struct page *page, const double *expected,
                         float **first)
{
    double worst = INFINITY;
    for (int i = 0; i < isa_count; i++) {
        struct planche_program *program = compile(network, &isas[i], 1);
        const struct run_options options = {.workers = 1};
        struct run_report report;
        float *actual = run_page(program, page, &options, &report);
        size_t values = (size_t)report.width * (size_t)report.height * PLANCHE_PLANES;
        worst = fmin(worst, psnr(actual, expected, values));
        if (i == 0 && *first)
            assert_memory_equal(actual, *first, values * sizeof(float));
        if (i == 0 && !*first)
            *first = actual;
        else
            free(actual);
        planche_program_destroy(&program);
    }
    return worst;
}

/* Each network in another type of numbers, round and below what training programs add. */
static void check(const struct net_case *net, uint64_t seed)
{
    struct dict dict = {
        .random = seed,
        .type = (enum dict_type)(seed % 4),
        .wrapper = seed % 3 ? "params_ema" : NULL,
        .prefix = seed % 5 ? NULL : "module.",
    };
    struct forward f = {.dict = &dict};
    double *expected = NULL, worst = INFINITY;
    float *first = NULL;
    struct page page;
    net->make(&dict, net);
    page_make(&page, net->run == swin_run ? 31 : 11, 9, seed);
    for (int form = 0; form < FORMS; form++) {
        struct file file = write_form(&dict, form);
        struct network network;
        if (form == SAFETENSORS && dict.unclipped) { /* which it cannot say */
            free(file.data);
            continue;
        }
        load(&network, net, &file, form);
        if (!expected)
            expected = run_forward(&f, net, &network.net->recipe, &page);
        worst = fmin(worst, check_isas(&network, &page, expected, &first));
        network_free(&network);
        free(file.data);
    }
    print_message("%-20s %.1f dB\n", net->name, worst);
    if (!(worst >= MIN_PSNR))
        fail_msg("%s: %.1f dB", net->name, worst);
    free(expected);
    free(first);
    page_free(&page);
    forward_free(&f);
    dict_free(&dict);
}

static void test_networks(void **state)
{
    (void)state;
    for (int i = 0; i < net_case_count; i++)
        check(&net_cases[i], (uint64_t)i + 1);
}

/* Kernels whose axes lie the other way round in memory give the same. */
static void test_strides(void **state)
{
    const struct net_case *net = &net_cases[1];
    struct dict dict = {.random = 77};
    struct file files[2];
    struct network networks[2];
    (void)state;
    net->make(&dict, net);
    for (int turned = 0; turned <= 1; turned++) {
        for (int i = 0; i < dict.count; i++)
            dict.tensors[i].turned = turned;
        files[turned] = dict_zip(&dict);
        load(&networks[turned], net, &files[turned], ZIP);
    }
    assert_int_equal(networks[0].net->step_count, networks[1].net->step_count);
    for (int s = 0; s < networks[0].net->step_count; s++) {
        const struct planche_step *a = &networks[0].net->steps[s], *b = &networks[1].net->steps[s];
        size_t count = a->weights ? (size_t)networks[0].net->tensors[a->output].channels *
                                        (size_t)planche_step_in_channels(networks[0].net, a) *
                                        (size_t)(a->kernel_w * a->kernel_h)
                                  : 0;
        if (count)
            assert_memory_equal(a->weights, b->weights, count * sizeof(float));
    }
    for (int i = 0; i <= 1; i++) {
        network_free(&networks[i]);
        free(files[i].data);
    }
    dict_free(&dict);
}

/* Windows are made whole wherever a page is divided: the bytes are the same. */
static void test_windows(void **state)
{
    static const struct run_options ways[] = {
        {.workers = 1},
        {.workers = 3},
        {.workers = 2, .stripe = 37, .segment = 29},
        {.workers = 1, .stripe = 64, .segment = 200},
    };
    const struct net_case net = {"windows", swin_make, swin_run, 3, 2, 16, 2, 0, 0};
    struct dict dict = {.random = 5};
    struct network network;
    struct page page;
    float *first = NULL;
    (void)state;
    swin_make(&dict, &net);
    struct file file = dict_zip(&dict);
    load(&network, &net, &file, ZIP);
    page_make(&page, 131, 107, 9);
    struct planche_program *program = compile(&network, &isas[isa_count - 1], 1);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct run_report report;
        float *made = run_page(program, &page, &ways[i], &report);
        if (first)
            assert_memory_equal(made, first,
                                (size_t)report.width * (size_t)report.height * PLANCHE_PLANES *
                                    sizeof(float));
        assert_int_equal(report.stripes, ways[i].stripe > 0);
        if (first)
            free(made);
        else
            first = made;
    }
    free(first);
    planche_program_destroy(&program);
    page_free(&page);
    network_free(&network);
    free(file.data);
    dict_free(&dict);
}

static void put_floats(struct file *file, const struct dict_tensor *tensor)
{
    for (size_t i = 0; i < tensor->count; i++)
        file_put(file, &(float){(float)tensor->values[i]}, sizeof(float));
}

/* A Compact network as ncnn's files have it. */
static void write_ncnn(const struct dict *dict, const struct net_case *net, struct file *param,
                       struct file *bin)
{
    char text[4096], name[32];
    int at =
        snprintf(text, sizeof(text), "7767517\n%d %d\nInput in 0 1 data\nSplit sp 1 2 data d0 b0\n",
                 2 * net->depth + 8, 2 * net->depth + 9);
    for (int i = 0; i <= 2 * net->depth + 2; i++) {
        const struct dict_tensor *weight;
        snprintf(name, sizeof(name), "body.%d.weight", i);
        weight = dict_find(dict, name);
        if (weight->rank == 4) {
            at += snprintf(text + at, sizeof(text) - (size_t)at,
                           "Convolution c%d 1 1 d%d d%d 0=%d 1=3 4=1 5=1 6=%zu\n", i, i, i + 1,
                           weight->shape[0], weight->count);
            file_number(bin, 0, 4);
        } else {
            at += snprintf(text + at, sizeof(text) - (size_t)at, "PReLU p%d 1 1 d%d d%d 0=%d\n", i,
                           i, i + 1, weight->shape[0]);
        }
        put_floats(bin, weight);
        snprintf(name, sizeof(name), "body.%d.bias", i);
        if (dict_find(dict, name))
            put_floats(bin, dict_find(dict, name));
    }
    at += snprintf(text + at, sizeof(text) - (size_t)at,
                   "PixelShuffle ps 1 1 d%d ps 0=%d\nInterp up 1 1 b0 b1 0=1 1=%d 2=%d\n"
                   "BinaryOp sum 2 1 ps b1 output 0=0\n",
                   2 * net->depth + 3, net->scale, net->scale, net->scale);
    file_put(param, text, (size_t)at);
}

/* One network as .param and .bin, and as a state dict: the same bytes. */
static void test_ncnn(void **state)
{
    const struct net_case *net = &net_cases[1];
    struct dict dict = {.random = 78};
    struct file param = {0}, bin = {0}, file;
    struct network networks[2];
    struct planche_error error;
    struct page page;
    float *results[2];
    (void)state;
    net->make(&dict, net);
    file = dict_zip(&dict);
    write_ncnn(&dict, net, &param, &bin);
    const struct planche_model_source source = {
        .param = param.data, .param_size = param.size, .bin = bin.data, .bin_size = bin.size};
    page_make(&page, 13, 12, 5);
    if (network_load_memory(&networks[0], &source, &error))
        fail_msg("%s", error.message);
    load(&networks[1], net, &file, ZIP);
    for (int i = 0; i <= 1; i++) {
        struct planche_program *program = compile(&networks[i], &isas[0], 1);
        const struct run_options options = {.workers = 1};
        results[i] = run_page(program, &page, &options, NULL);
        planche_program_destroy(&program);
        network_free(&networks[i]);
    }
    assert_memory_equal(results[0], results[1], (size_t)3 * 26 * 24 * sizeof(float));
    free(results[0]);
    free(results[1]);
    free(param.data);
    free(bin.data);
    free(file.data);
    page_free(&page);
    dict_free(&dict);
}

int main(void)
{
    isa_count = isa_list(PLANCHE_PRECISION_F32, isas);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_strides),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_ncnn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
