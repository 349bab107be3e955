/* SPDX-License-Identifier: MIT */
/* Planche's own networks: their files, levels, forms, and those in the library. */
#include "model/load.h"
#include "model/own/format.h"
#include "model/own/networks.h"
#include "support/oom.h"
#include "support/own_network.h"

#include "support/testing.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An altered file cannot take more: it must be enough. */
#define BUDGET (UINT64_C(16) << 20)

struct outcome {
    enum planche_status status;
    struct planche_error error;
};

static struct outcome load(const uint8_t *data, size_t size, struct planche_model_form form,
                           struct planche_net **out)
{
    const struct planche_model_source source = {
        .param_path = "a.planche", .param = data, .param_size = size, .form = form};
    struct outcome outcome = {.error = {.message = ""}};
    static struct planche_budget budget;
    struct planche_net *net;
    planche_budget_init(&budget, BUDGET);
    outcome.status = planche_model_load(&net, &source, NULL, &budget, &outcome.error);
    assert_true((net != NULL) == (outcome.status == PLANCHE_OK));
    if (out) {
        *out = net;
        return outcome;
    }
    planche_net_destroy(&net);
    assert_int_equal(budget.used, 0);
    return outcome;
}

static void expect(const struct own_file *file, size_t size, enum planche_status status,
                   const char *part)
{
    const struct outcome outcome =
        load(file->data, size, (struct planche_model_form){.level = -1}, NULL);
    if (outcome.status != status || !strstr(outcome.error.message, part))
        fail_msg("status %d, %s; not status %d, %s", (int)outcome.status, outcome.error.message,
                 (int)status, part);
}

/* One byte is another, and then as it was. */
static void expect_with(const struct own_file *file, size_t at, uint8_t value,
                        enum planche_status status, const char *part)
{
    uint8_t was = file->data[at];
    file->data[at] = value;
    expect(file, file->size, status, part);
    file->data[at] = was;
}

static void test_header(void **state)
{
    const struct own_file file = own_file_make(5, 1, 2, 3, 1);
    const enum planche_status model = PLANCHE_ERROR_MODEL;
    (void)state;
    expect(&file, file.size, PLANCHE_OK, "");
    expect_with(&file, 0, 'p', model, "not a network of Planche's own");
    expect_with(&file, 7, 'X', model, "not a network of Planche's own");
    expect_with(&file, 8, 0, PLANCHE_ERROR_UNSUPPORTED, "version 0; this library reads versions 1");
    expect_with(&file, 8, 3, PLANCHE_ERROR_UNSUPPORTED, "version 3; this library reads versions 1");
    expect_with(&file, 9, 1, PLANCHE_ERROR_UNSUPPORTED, "version 257");
    expect_with(&file, 10, 0, model, "0 channels");
    expect_with(&file, 11, 3, model, "773 channels");
    expect_with(&file, 12, 65, model, "65 layers");
    expect_with(&file, 14, 0, model, "scale 0");
    expect_with(&file, 14, 5, model, "scale 5");
    expect_with(&file, 15, 2, model, "2 colours");
    expect_with(&file, 16, 4, model, "4 levels");
    for (size_t at = 17; at < PLANCHE_OWN_HEADER; at++)
        expect_with(&file, at, 1, model, "end is not as it should be");
    /* Within the limits, but not as long as the file. */
    expect_with(&file, 10, 6, model, "where the header says");
    expect_with(&file, 12, 64, model, "where the header says");
    expect_with(&file, 14, 3, model, "where the header says");
    free(file.data);
}

/* What version 2 has: a middle, and kernels in bytes. */
static void test_middle_header(void **state)
{
    static const struct own_form form = {5, 1, 2, 3, 6, 1, true}, plain = {5, 1, 2, 3, 0, 0, true};
    const struct own_file file = own_file_make_form(&form, 1);
    const struct own_file even = own_file_make_form(&plain, 1);
    const enum planche_status model = PLANCHE_ERROR_MODEL;
    (void)state;
    expect(&file, file.size, PLANCHE_OK, "");
    expect(&even, even.size, PLANCHE_OK, "");
    expect_with(&file, 8, 1, model, "end is not as it should be");
    expect_with(&even, 8, 1, model, "end is not as it should be");
    expect_with(&file, 17, 2, model, "end is not as it should be");
    expect_with(&file, 18, 0, model, "a middle of 0 channels and 1 layers");
    expect_with(&file, 19, 3, model, "a middle of 774 channels");
    expect_with(&file, 20, 0, model, "a middle of 6 channels and 0 layers");
    expect_with(&file, 20, 65, model, "65 layers");
    expect_with(&file, 21, 1, model, "257 layers");
    expect_with(&file, 22, 1, model, "end is not as it should be");
    expect_with(&file, 23, 1, model, "end is not as it should be");
    /* Within the limits, but not as long as the file. */
    expect_with(&file, 17, 0, model, "where the header says");
    expect_with(&file, 18, 7, model, "where the header says");
    expect_with(&file, 20, 64, model, "where the header says");
    free(file.data);
    free(even.data);
}

static void check_length(struct own_file file)
{
    for (size_t size = 0; size < file.size; size++)
        expect(&file, size, PLANCHE_ERROR_MODEL, "a.planche: ");
    file.data = realloc(file.data, file.size + 1);
    file.data[file.size] = 0;
    expect(&file, file.size + 1, PLANCHE_ERROR_MODEL, "where the header says");
    free(file.data);
}

static void test_length(void **state)
{
    static const struct own_form form = {2, 0, 1, 1, 3, 1, true};
    (void)state;
    check_length(own_file_make(3, 0, 1, 1, 2));
    check_length(own_file_make_form(&form, 2));
}

/* Infinite or no number, wherever it stands. */
static void test_numbers(void **state)
{
    struct own_file file = own_file_make(2, 1, 2, 1, 3);
    (void)state;
    for (size_t at = PLANCHE_OWN_HEADER + 1; at < file.size; at += 2) {
        expect_with(&file, at, 0x7c, PLANCHE_ERROR_MODEL, "is not finite");
        expect_with(&file, at, 0xff, PLANCHE_ERROR_MODEL, "is not finite");
    }
    free(file.data);
}

/* Ranges of kernels in bytes are numbers, too; a byte cannot be wrong. */
static void test_ranges(void **state)
{
    static const struct own_form form = {2, 1, 1, 1, 0, 0, true};
    struct own_file file = own_file_make_form(&form, 3);
    const size_t ranges = PLANCHE_OWN_HEADER + 2 * (2 * 9 + 2 * PLANCHE_OWN_LEVELS + 2);
    (void)state;
    for (size_t at = ranges; at < ranges + 4; at += 2)
        expect_with(&file, at + 1, 0x7c, PLANCHE_ERROR_MODEL, "is not finite");
    for (size_t at = ranges + 4; at < ranges + 4 + 2 * 2 * 9; at++)
        for (unsigned value = 0; value < 256; value += 51)
            expect_with(&file, at, (uint8_t)value, PLANCHE_OK, "");
    free(file.data);
}

/* Arrays of step k of a network, as many as there are. */
static const struct planche_step *step_of(const struct planche_net *net, int k)
{
    for (int i = 0; i < net->step_count; i++)
        if (net->steps[i].op == PLANCHE_STEP_CONV && k-- == 0)
            return &net->steps[i];
    fail();
    return NULL;
}

static void expect_near(double actual, double expected)
{
    if (!(actual - expected < 1e-6 && expected - actual < 1e-6))
        fail_msg("%.9g, not %.9g", actual, expected);
}

static struct planche_net *load_form(const struct own_file *file, struct planche_model_form form)
{
    struct planche_net *net;
    const struct outcome outcome = load(file->data, file->size, form, &net);
    if (outcome.status)
        fail_msg("%s", outcome.error.message);
    return net;
}

/* The biases lie between those of the levels beside them; beyond the ends are the ends. */
static void test_levels(void **state)
{
    static const struct {
        double level, low, high, part;
    } cases[] = {{-1, -1, 0, 0},   {-0.25, -1, 0, 0.75}, {0, 0, 1, 0},   {1.5, 1, 2, 0.5},
                 {2.9, 2, 3, 0.9}, {3, 2, 3, 1},         {-2, -1, 0, 0}, {4, 2, 3, 1}};
    const struct own_file file = own_file_make(4, 1, 2, 3, 4);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct planche_net *nets[3];
        const double levels[] = {cases[i].level, cases[i].low, cases[i].high};
        for (int n = 0; n < 3; n++)
            nets[n] = load_form(&file, (struct planche_model_form){.level = levels[n]});
        for (int k = 0; k < 3; k++)
            for (int o = 0; o < (k < 2 ? 4 : 12); o++)
                expect_near(step_of(nets[0], k)->bias[o],
                            step_of(nets[1], k)->bias[o] * (1 - cases[i].part) +
                                step_of(nets[2], k)->bias[o] * cases[i].part);
        for (int n = 0; n < 3; n++)
            planche_net_destroy(&nets[n]);
    }
    free(file.data);
}

static int channels_out(const struct planche_net *net)
{
    return net->tensors[net->output.tensor].channels;
}

/* For grey pages the inputs are summed and the colours weighted; at scale 1 parts are averaged. */
static void test_forms(void **state)
{
    const struct own_file file = own_file_make(4, 1, 2, 3, 5);
    struct planche_net *whole = load_form(&file, (struct planche_model_form){.level = 1});
    struct planche_net *both =
        load_form(&file, (struct planche_model_form){.level = 1, .grey = true, .clean = true});
    const double luma[] = {0.299, 0.587, 0.114};
    (void)state;
    assert_int_equal(whole->tensors[0].channels, 3);
    assert_int_equal(channels_out(whole), 3);
    assert_int_equal(whole->recipe.scale, 2);
    assert_int_equal(both->tensors[0].channels, 1);
    assert_int_equal(channels_out(both), 1);
    assert_int_equal(both->recipe.scale, 1);
    for (int o = 0; o < 4; o++)
        for (int tap = 0; tap < 9; tap++) {
            const float *kernel = step_of(whole, 0)->weights + o * 27 + tap;
            expect_near(step_of(both, 0)->weights[o * 9 + tap], kernel[0] + kernel[9] + kernel[18]);
        }
    for (int i = 0; i < 36; i++) {
        double sum = 0;
        for (int o = 0; o < 12; o++)
            sum += luma[o / 4] / 4 * step_of(whole, 2)->weights[o * 36 + i];
        expect_near(step_of(both, 2)->weights[i], sum);
    }
    planche_net_destroy(&whole);
    planche_net_destroy(&both);
    free(file.data);
}

/* Whether the process can write to an address. */
static bool is_writable(const void *address)
{
    unsigned long long begin, end, at = (unsigned long long)(uintptr_t)address;
    char line[512], rights[8];
    bool writable = true;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%llx-%llx %7s", &begin, &end, rights) == 3 && at >= begin && at < end)
            writable = rights[1] == 'w';
    if (maps)
        fclose(maps);
    return writable;
}

/* Every variant of the catalogue loads, in colour and for grey pages. */
static void test_built_in(void **state)
{
    size_t colours[2] = {0};
    (void)state;
    for (size_t i = 0; i < planche_own_variant_count; i++)
        for (int grey = 0; grey <= 1; grey++) {
            const struct planche_model_variant *variant = &planche_own_variants[i];
            struct planche_model_form form = {.level = planche_own_level(variant)};
            const struct planche_own_network *own = planche_own_find(variant, grey, &form);
            struct planche_net *net = NULL;
            const struct outcome outcome = load(own->data, own->size, form, &net);
            if (outcome.status)
                fail_msg("%s: %s", variant->file, outcome.error.message);
            assert_int_equal(net->recipe.scale, variant->scale);
            assert_int_equal(net->tensors[0].channels, grey ? 1 : 3);
            assert_int_equal(channels_out(net), grey ? 1 : 3);
            assert_false(is_writable(own->data));
            planche_net_destroy(&net);
        }
    for (size_t i = 0; i < planche_own_network_count; i++) {
        const struct planche_own_network *own = &planche_own_networks[i];
        bool counts = strcmp(own->model, "small") == 0 || strcmp(own->model, "medium") == 0;
        if (counts && own->scale == 2)
            colours[own->colours == 1] += own->size;
    }
    assert_true(colours[0] > 100000 && colours[0] < 1500000);
    assert_true(colours[1] < 1500000);
}

static enum planche_status load_scenario(void *user, struct planche_budget *budget,
                                         struct planche_error *error)
{
    const struct own_file *file = user;
    const struct planche_model_source source = {
        .param_path = "a.planche",
        .param = file->data,
        .param_size = file->size,
        .form = {.level = 0.5, .grey = true, .clean = true},
    };
    struct planche_net *net;
    enum planche_status status = planche_model_load(&net, &source, NULL, budget, error);
    planche_net_destroy(&net);
    return status;
}

static void test_out_of_memory(void **state)
{
    static const struct own_form form = {6, 2, 3, 3, 5, 1, true};
    struct own_file plain = own_file_make(6, 2, 3, 3, 6), middle = own_file_make_form(&form, 6);
    (void)state;
    assert_true(oom_run("own", load_scenario, &plain, 1) > 10);
    assert_true(oom_run("own, with a middle", load_scenario, &middle, 1) > 10);
    free(plain.data);
    free(middle.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),        cmocka_unit_test(test_middle_header),
        cmocka_unit_test(test_length),        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_ranges),        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_forms),         cmocka_unit_test(test_built_in),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
