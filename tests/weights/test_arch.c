/* SPDX-License-Identifier: MIT */
/* Architectures of state dicts: each network in each form of file, run by the engine's kernels, is
 * what a forward pass in double precision says, and the forms give the same bytes. */
#include "expected.h"
#include "support/quick.h"

#include <math.h>
#include <stdarg.h>
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
    assert_int_equal(network->net->tensors[0].channels, net->channels == 1 ? 1 : 3);
}

/* first: of each instruction set, what the first form gave; NULL: nothing yet. */
static double check_isas(struct network *network, const struct page *page, const double *expected,
                         float *first[MAX_ISAS])
{
    double worst = INFINITY;
    /* A quick run leaves out all instruction sets but the last for every form behind the first:
     * portable C takes most of the time. The forms are still compared, at the last. */
    bool all = !test_quick() || !first[isa_count - 1];
    for (int i = all ? 0 : isa_count - 1; i < isa_count; i++) {
        struct planche_program *program = compile(network, &isas[i], 1);
        const struct run_options options = {.workers = 1};
        struct run_report report;
        float *actual = run_page(program, page, &options, &report);
        size_t values = (size_t)report.width * (size_t)report.height * PLANCHE_PLANES;
        worst = fmin(worst, psnr(actual, expected, values));
        if (first[i]) {
            assert_memory_equal(actual, first[i], values * sizeof(float));
            free(actual);
        } else {
            first[i] = actual;
        }
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
    float *first[MAX_ISAS] = {NULL};
    struct page page;
    net->make(&dict, net);
    page_make(&page, net->run == swin_run ? 31 : 11, 9, seed);
    for (int form = 0; form < FORMS; form++) {
        struct file file = write_form(&dict, form);
        struct network network;
        if (form == SAFETENSORS && (dict.unclipped || dict.antialiased)) { /* which it cannot say */
            free(file.data);
            continue;
        }
        load(&network, net, &file, form);
        if (!expected)
            expected = net_case_expected(&f, net, &network.net->recipe, &page);
        worst = fmin(worst, check_isas(&network, &page, expected, first));
        network_free(&network);
        free(file.data);
    }
    print_message("%-20s %.1f dB\n", net->name, worst);
    if (!(worst >= MIN_PSNR))
        fail_msg("%s: %.1f dB", net->name, worst);
    free(expected);
    for (int i = 0; i < isa_count; i++)
        free(first[i]);
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

/* The place of a tensor's name in a file's head. */
static uint8_t *name_in(const struct file *file, const char *name)
{
    char quoted[128];
    size_t length = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\":", name);
    for (uint8_t *at = file->data; at + length <= file->data + file->size; at++)
        if (memcmp(at, quoted, length) == 0)
            return at;
    return NULL;
}

/* Loads a network of which a tensor has another name. Whether an error names the tensor; any error
 * names the file. */
static bool names_tensor(const struct net_case *net, struct file *file, const char *name)
{
    char path[128], key[96];
    uint8_t *at = name_in(file, name);
    const struct planche_model_source source = {
        .param_path = path, .param = file->data, .param_size = file->size};
    struct planche_budget budget;
    struct planche_error error = {.message = ""};
    struct planche_net *made;
    snprintf(path, sizeof(path), "folder/%s.safetensors", net->name);
    assert_non_null(at);
    planche_budget_init(&budget, 0);
    at[1] = '_';
    enum planche_status status = planche_model_load(&made, &source, NULL, &budget, &error);
    at[1] = (uint8_t)name[0];
    if (status && (!strstr(error.message, path) ||
                   (status != PLANCHE_ERROR_MODEL && status != PLANCHE_ERROR_UNSUPPORTED)))
        fail_msg("%s without %s: %s", net->name, name, error.message);
    planche_net_destroy(&made);
    assert_int_equal(budget.used, 0);
    snprintf(key, sizeof(key), "%.90s", name);
    if (strrchr(key, '.'))
        *strrchr(key, '.') = '\0';
    return status && strstr(error.message, key);
}

/* Whatever tensor is missing: what can still be read is read, an error names the file. */
static void test_missing(void **state)
{
    (void)state;
    for (int i = 0; i < net_case_count; i++) {
        const struct net_case *net = &net_cases[i];
        struct dict dict = {.random = 3};
        int named = 0;
        net->make(&dict, net);
        struct file file = dict_safetensors(&dict);
        for (int t = 0; t < dict.count; t++)
            named += names_tensor(net, &file, dict.tensors[t].name);
        if (named * 8 < dict.count)
            fail_msg("%s: only %d of %d tensors that are missing are named", net->name, named,
                     dict.count);
        free(file.data);
        dict_free(&dict);
    }
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

/* The layers of a MoSRv2 network as ncnn's converters write them, and their weights. */
struct ncnn_writer {
    const struct dict *dict;
    struct file param, bin;
    int layers;
};

static void write_line(struct ncnn_writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void write_line(struct ncnn_writer *writer, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    file_put(&writer->param, line, (size_t)length);
    file_put(&writer->param, "\n", 1);
    writer->layers++;
}

/* Weights of a key, in the order of two of its tensors; a kernel has a tag before it. */
static void write_weights(struct ncnn_writer *writer, const char *key, bool kernel,
                          const char *first, const char *second)
{
    const char *parts[] = {first, second};
    char name[96];
    if (kernel)
        file_number(&writer->bin, 0, 4);
    for (int i = 0; i < 2 && parts[i]; i++) {
        snprintf(name, sizeof(name), "%s%s", key, parts[i]);
        const struct dict_tensor *tensor = dict_find(writer->dict, name);
        assert_non_null(tensor);
        put_floats(&writer->bin, tensor);
    }
}

/* options: behind the parameters of the kernel. */
static void write_conv(struct ncnn_writer *writer, const char *key, const char *blobs,
                       const char *options)
{
    char name[96];
    snprintf(name, sizeof(name), "%s.weight", key);
    const struct dict_tensor *weight = dict_find(writer->dict, name);
    bool separate = weight->shape[1] == 1;
    write_line(writer, "Convolution%s %s 1 1 %s 0=%d 1=%d 11=%d 4=%d 14=%d 5=1 6=%zu%s",
               separate ? "DepthWise" : "", key, blobs, weight->shape[0], weight->shape[3],
               weight->shape[2], weight->shape[3] / 2, weight->shape[2] / 2, weight->count,
               options);
    write_weights(writer, key, true, ".weight", ".bias");
}

/* Reads blob x<at>, makes x<at + 1>. */
static void write_block(struct ncnn_writer *writer, const struct net_case *net, int at, int order)
{
    static const char *const names[] = {"hw", "w", "h"};
    int nf = net->features, hidden = nf * 3 / 2, part = nf / 8;
    char key[64], blobs[32], groups[16];
    snprintf(key, sizeof(key), "gblocks.%d", at);
    write_line(writer, "Split s%d 1 2 x%d a%d y%d", at, at, at, at);
    write_line(writer, "MemoryData %s 0 1 g%d 0=1 1=1 2=%d", key, at, nf);
    write_weights(writer, key, false, ".gamma", NULL);
    write_line(writer, "Permute p%d 1 1 y%d b%d 0=%d", at, at, at, order);
    write_line(writer, "LayerNorm l%d 1 1 b%d c%d 0=%d 1=1e-6", at, at, at, nf);
    write_weights(writer, key, false, ".norm.weight", ".norm.bias");
    write_line(writer, "Permute q%d 1 1 c%d d%d 0=%d", at, at, at, order == 3 ? 4 : order);
    snprintf(key, sizeof(key), "gblocks.%d.fc1", at);
    snprintf(blobs, sizeof(blobs), "d%d e%d", at, at);
    write_conv(writer, key, blobs, "");
    write_line(writer, "Slice v%d 1 3 e%d f%d h%d i%d -23300=3,%d,%d,%d", at, at, at, at, at,
               hidden, hidden - nf, nf);
    write_line(writer, "Slice w%d 1 4 i%d j%d k0%d k1%d k2%d -23300=4,%d,%d,%d,-233 1=0", at, at,
               at, at, at, at, nf - 3 * part, part, part);
    snprintf(groups, sizeof(groups), " 7=%d", part);
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof(key), "gblocks.%d.conv.dwconv_%s", at, names[i]);
        snprintf(blobs, sizeof(blobs), "k%d%d m%d%d", i, at, i, at);
        write_conv(writer, key, blobs, groups);
    }
    write_line(writer, "Concat n%d 4 1 j%d m0%d m1%d m2%d o%d", at, at, at, at, at, at);
    write_line(writer, "Mish r%d 1 1 f%d t%d", at, at, at);
    write_line(writer, "Concat z%d 2 1 h%d o%d u%d", at, at, at, at);
    write_line(writer, "BinaryOp aa%d 2 1 t%d u%d ab%d 0=2", at, at, at, at);
    snprintf(key, sizeof(key), "gblocks.%d.fc2", at);
    snprintf(blobs, sizeof(blobs), "ab%d ac%d", at, at);
    write_conv(writer, key, blobs, " 9=5");
    write_line(writer, "BinaryOp ad%d 2 1 ac%d g%d ae%d 0=2", at, at, at, at);
    write_line(writer, "BinaryOp af%d 2 1 ae%d a%d x%d", at, at, at, at + 1);
}

/* As OpenComic's third models are, which are MoSRv2. */
static void write_mosr(struct ncnn_writer *writer, const struct net_case *net, int order)
{
    static const char *const tail[][2] = {{"0", " 9=5"}, {"2", " 9=5"}, {"4", ""}};
    char key[32], blobs[32];
    int at = 1;
    write_line(writer, "Input in 0 1 in");
    write_line(writer, "Split s 1 2 in page x");
    write_conv(writer, "gblocks.0", "x x1", "");
    for (; at <= net->depth; at++)
        write_block(writer, net, at, order);
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof(key), "gblocks.%d", at + 2 * i);
        snprintf(blobs, sizeof(blobs), i ? "tail%d tail%d" : "x%d tail%d", i ? i : at, i + 1);
        write_conv(writer, key, blobs, tail[i][1]);
    }
    write_conv(writer, "to_img.0", "tail3 tail4", "");
    write_line(writer, "PixelShuffle ps 1 1 tail4 tail5 0=%d", net->scale);
    write_line(writer, "Interp up 1 1 page up 0=2 1=%d 2=%d", net->scale, net->scale);
    write_line(writer, "BinaryOp sum 2 1 tail5 up out0");
}

/* Slices with several outputs, and a LayerNorm between two Permutes. */
static void test_ncnn_mosr(void **state)
{
    const struct net_case net = {"mosrv2", mosrv2_make, mosrv2_run, 3, 2, 16, 2, 1, 0};
    (void)state;
    for (int order = 3; order <= 5; order += 2) {
        struct dict dict = {.random = 79};
        struct ncnn_writer writer = {.dict = &dict};
        struct forward f = {.dict = &dict};
        struct file param = {0};
        struct network network;
        struct planche_error error;
        struct page page;
        struct run_report report;
        char head[64];
        mosrv2_make(&dict, &net);
        write_mosr(&writer, &net, order);
        file_put(&param, head,
                 (size_t)snprintf(head, sizeof(head), "7767517\n%d %d\n", writer.layers, 200));
        file_put(&param, writer.param.data, writer.param.size);
        const struct planche_model_source source = {.param = param.data,
                                                    .param_size = param.size,
                                                    .bin = writer.bin.data,
                                                    .bin_size = writer.bin.size};
        network = (struct network){0};
        planche_budget_init(&network.budget, 0);
        if (planche_model_load(&network.net, &source, NULL, &network.budget, &error))
            fail_msg("%s", error.message);
        page_make(&page, 13, 12, 5);
        double *expected = net_case_expected(&f, &net, &network.net->recipe, &page);
        struct planche_program *program = compile(&network, &isas[isa_count - 1], 1);
        const struct run_options options = {.workers = 1};
        float *made = run_page(program, &page, &options, &report);
        assert_true(
            psnr(made, expected, (size_t)report.width * (size_t)report.height * PLANCHE_PLANES) >=
            MIN_PSNR);
        free(made);
        free(expected);
        planche_program_destroy(&program);
        network_free(&network);
        page_free(&page);
        forward_free(&f);
        free(param.data);
        free(writer.param.data);
        free(writer.bin.data);
        dict_free(&dict);
    }
}

int main(void)
{
    isa_count = isa_list(PLANCHE_PRECISION_F32, isas);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks), cmocka_unit_test(test_missing),
        cmocka_unit_test(test_strides),  cmocka_unit_test(test_windows),
        cmocka_unit_test(test_ncnn),     cmocka_unit_test(test_ncnn_mosr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
