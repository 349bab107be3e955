/* SPDX-License-Identifier: MIT */
/* Networks, pages and running one through the other. */
#include "backend_test.h"

#include "codec/codec.h"
#include "model/own/networks.h"
#include "operators_graph.h"
#include "os/cpu.h"
#include "random_operators.h"
#include "support/own_network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void page_make(struct page *page, int width, int height, uint64_t seed)
{
    uint64_t state = seed;
    double fx = test_random_real(&state, 0.02, 0.4), fy = test_random_real(&state, 0.02, 0.4);
    *page = (struct page){.width = width, .height = height};
    for (int c = 0; c < PLANCHE_PLANES; c++) {
        page->planes[c] = malloc((size_t)width * (size_t)height * sizeof(float));
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                double wave = 0.5 + 0.4 * sin(fx * x + c) * cos(fy * y);
                double noise = test_random_real(&state, 0, 1);
                double part = (x / 8 + y / 8) % 3 ? 0.1 : 1;
                page->planes[c][(size_t)y * (size_t)width + (size_t)x] =
                    (float)(part * noise + (1 - part) * wave);
            }
    }
}

static void read_rows(const char *sample, struct planche_reader *reader, uint8_t *rows,
                      size_t stride, int count)
{
    struct planche_error error;
    if (planche_reader_read(reader, rows, stride, (uint32_t)count, &error))
        fail_msg("%s: %s", sample, error.message);
}

void page_make_crop(struct page *page, const char *sample, int x, int y, int width, int height)
{
    char path[4096];
    struct planche_budget budget;
    struct planche_reader *reader;
    struct planche_error error;
    planche_budget_init(&budget, 0);
    snprintf(path, sizeof(path), "%s/%s", PLANCHE_SAMPLES, sample);
    const struct planche_source source = {.name = path, .path = path};
    const struct planche_reader_options options = {.budget = &budget};
    if (planche_reader_open(&reader, &source, &options, &error))
        fail_msg("%s", error.message);
    const struct planche_image_info *info = planche_reader_info(reader);
    size_t stride = info->width * planche_image_pixel_size(info);
    uint8_t *rows = malloc(stride * (size_t)(y + height));
    read_rows(path, reader, rows, stride, y + height);
    page_make(page, width, height, 1);
    for (int c = 0; c < PLANCHE_PLANES; c++)
        for (int i = 0; i < width * height; i++) {
            size_t at = (size_t)(x + i % width) * info->channels + (info->channels == 3 ? c : 0);
            page->planes[c][i] =
                (float)rows[(size_t)(y + i / width) * stride + at] * (1.0f / 255.0f);
        }
    planche_reader_destroy(&reader);
    free(rows);
}

void page_free(struct page *page)
{
    for (int c = 0; c < PLANCHE_PLANES; c++)
        free(page->planes[c]);
    *page = (struct page){0};
}

static void take_recipe(struct network *network)
{
    const struct planche_recipe *recipe = &network->net->recipe;
    network->recipe = (struct ref_recipe){
        .scale = (int)recipe->scale,
        .multiple = (int)recipe->multiple,
        .pad = (int)recipe->pad,
        .crop = (int)recipe->crop,
        .in_scale = recipe->in_scale,
        .in_bias = recipe->in_bias,
        .out_scale = recipe->out_scale,
        .out_bias = recipe->out_bias,
        .colours = network->net->tensors[0].channels,
    };
}

enum planche_status network_load_memory(struct network *network,
                                        const struct planche_model_source *source,
                                        struct planche_error *error)
{
    *network = (struct network){0};
    planche_budget_init(&network->budget, 0);
    enum planche_status status =
        planche_model_load(&network->net, source, NULL, &network->budget, error);
    if (status)
        return status;
    network->reference =
        ref_load_memory(source->param, source->param_size, source->bin, source->bin_size);
    assert_non_null(network->reference);
    take_recipe(network);
    return PLANCHE_OK;
}

static bool make_operators(struct network *network, uint64_t seed)
{
    struct random_graph graph;
    struct planche_error error;
    *network = (struct network){0};
    planche_budget_init(&network->budget, 0);
    random_operators_make(&graph, seed);
    network->reference = ref_load_memory(graph.param, graph.param_size, graph.bin, graph.bin_size);
    assert_non_null(network->reference);
    if (operators_net(&network->net, network->reference, &network->budget, &error))
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
    random_graph_free(&graph);
    take_recipe(network);
    network->recipe.colours = ref_colours(network->reference);
    return true;
}

bool network_make_random(struct network *network, uint64_t seed)
{
    if (seed >= OPERATORS_SEED)
        return make_operators(network, seed);
    struct random_graph graph;
    struct planche_error error;
    random_graph_make(&graph, seed);
    struct planche_model_source source = {
        .param = graph.param,
        .param_size = graph.param_size,
        .bin = graph.bin,
        .bin_size = graph.bin_size,
    };
    enum planche_status status = network_load_memory(network, &source, &error);
    if (status == PLANCHE_ERROR_UNSUPPORTED)
        print_message("seed %llu is not supported: %s\n", (unsigned long long)seed, error.message);
    else if (status)
        fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
    random_graph_free(&graph);
    return status == PLANCHE_OK;
}

void network_load(struct network *network, const char *param, const char *bin,
                  const struct planche_model_variant *variant)
{
    struct planche_model_source source = {.param_path = param, .bin_path = bin};
    struct planche_error error;
    *network = (struct network){0};
    planche_budget_init(&network->budget, 0);
    if (planche_model_load(&network->net, &source, variant, &network->budget, &error))
        fail_msg("%s", error.message);
    network->reference = ref_load(param, bin);
    assert_non_null(network->reference);
    take_recipe(network);
}

void network_load_own(struct network *network, const uint8_t *data, size_t size,
                      const struct planche_model_form *form)
{
    struct planche_model_source source = {.param = data, .param_size = size, .form = *form};
    struct own_ncnn files = own_file_to_ncnn(data, form->level, form->grey, form->clean);
    struct planche_error error;
    *network = (struct network){0};
    planche_budget_init(&network->budget, 0);
    if (planche_model_load(&network->net, &source, NULL, &network->budget, &error))
        fail_msg("%s", error.message);
    network->reference = ref_load_memory(files.param, files.param_size, files.bin, files.bin_size);
    assert_non_null(network->reference);
    own_ncnn_free(&files);
    take_recipe(network);
}

static void load_built_in(struct network *network, const struct planche_model_variant *variant,
                          bool grey)
{
    struct planche_model_form form = {.level = planche_own_level(variant)};
    const struct planche_own_network *own = planche_own_find(variant, grey, &form);
    network_load_own(network, own->data, own->size, &form);
}

void network_load_known(struct network *network, const struct planche_model_variant *variant,
                        bool grey)
{
    if (!variant->package) {
        load_built_in(network, variant, grey);
        return;
    }
    char directory[4096], param[8192], bin[8192];
    struct planche_error error;
    if (planche_model_directory(directory, sizeof(directory), &error))
        fail_msg("%s", error.message);
    snprintf(param, sizeof(param), "%s/%s.param", directory, variant->file);
    snprintf(bin, sizeof(bin), "%s/%s.bin", directory, variant->file);
    network_load(network, param, bin, variant);
}

struct ref_recipe network_recipe(const struct network *network,
                                 const struct planche_model_variant *variant)
{
    struct ref_recipe recipe = ref_recipe_for(variant->model, (int)variant->scale);
    if (!variant->package)
        recipe.multiple = network->recipe.multiple;
    return recipe;
}

void network_free(struct network *network)
{
    planche_net_destroy(&network->net);
    ref_destroy(&network->reference);
    assert_int_equal(atomic_load(&network->budget.used), 0);
}

#define AVX512 (PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2 | PLANCHE_CPU_AVX512)

int isa_list(enum planche_precision precision, struct isa list[MAX_ISAS])
{
    static const struct isa all[] = {
        {PLANCHE_CPU_PORTABLE, "portable", PLANCHE_PRECISION_F32},
        {PLANCHE_CPU_PORTABLE | PLANCHE_CPU_AVX2, "avx2", PLANCHE_PRECISION_F32},
        {AVX512, "avx512", PLANCHE_PRECISION_F32},
        {PLANCHE_CPU_PORTABLE | PLANCHE_CPU_NEON, "neon", PLANCHE_PRECISION_F32},
        {PLANCHE_CPU_PORTABLE, "portable bf16", PLANCHE_PRECISION_BF16},
        {AVX512 | PLANCHE_CPU_AVX512BF16, "avx512bf16", PLANCHE_PRECISION_BF16},
        {AVX512 | PLANCHE_CPU_AVX512BF16 | PLANCHE_CPU_AMX, "amx", PLANCHE_PRECISION_BF16},
    };
    const uint32_t features = planche_cpu_permit(planche_cpu_select(0));
    int count = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (all[i].precision != precision)
            continue;
        if ((features & all[i].features) == all[i].features)
            list[count++] = all[i];
        else
            print_message("SKIPPED: this CPU has no %s\n", all[i].name);
    }
    return count;
}

struct planche_pool *pool_of(unsigned workers)
{
    static struct planche_pool *pools[9];
    struct planche_error error;
    assert_true(workers < 9);
    if (!pools[workers] && planche_pool_create(&pools[workers], workers, NULL, &error))
        fail_msg("%s", error.message);
    return pools[workers];
}

struct planche_program *compile(struct network *network, const struct isa *isa, unsigned workers)
{
    struct planche_program *program;
    struct planche_error error;
    if (planche_program_create(&program, network->net, isa->features, isa->precision,
                               planche_cpu_l2_bytes(), pool_of(workers), &network->budget, &error))
        fail_msg("%s", error.message);
    return program;
}

static bool reads(const struct planche_program *program, const struct planche_node *node,
                  enum planche_node_kind kind)
{
    for (int e = 0; e < node->edge_count; e++) {
        int producer = program->tensors[node->edges[e].view.tensor].producer;
        if (program->nodes[producer].kind == kind)
            return true;
    }
    return false;
}

void count_sums(const struct planche_program *program, struct sums *sums)
{
    for (int n = 0; n < program->node_count; n++) {
        const struct planche_node *node = &program->nodes[n];
        sums->tails += node->conv && node->tail.count >= 4;
        sums->fused += node->shuffle > 0 && node->edge_count == 2;
        sums->apart += node->kind == PLANCHE_NODE_BINARY &&
                       reads(program, node, PLANCHE_NODE_SHUFFLE) &&
                       reads(program, node, PLANCHE_NODE_INTERP);
    }
}

/* A page that is running. */
struct run {
    const struct page *page;
    const struct planche_recipe *recipe;
    int width, height;
    int channels; /* of the network */
    float *result;
    uint8_t *came; /* what is known of each pixel */
    int64_t last_fetched;
    double done;
};

static enum planche_status fetch(void *user, int64_t y, int64_t x, size_t count,
                                 float *const planes[PLANCHE_PLANES], struct planche_error *error)
{
    struct run *run = user;
    (void)error;
    assert_true(y >= 0 && y < run->page->height && x >= 0 && count > 0 &&
                x + (int64_t)count <= run->page->width);
    for (int c = 0; c < run->channels; c++)
        for (size_t i = 0; i < count; i++)
            planes[c][i] = run->page->planes[c][(size_t)(y * run->page->width + x) + i] *
                               run->recipe->in_scale +
                           run->recipe->in_bias;
    return PLANCHE_OK;
}

/* Every pixel is put once, from any thread, then told of once. */
enum { PUT = 1, TOLD, WRONG };

static void put(void *user, int64_t y, int64_t x, size_t count,
                const float *const planes[PLANCHE_PLANES])
{
    struct run *run = user;
    assert_true(y >= 0 && y < run->height && x >= 0 && x + (int64_t)count <= run->width);
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)(y * run->width + x) + i;
        run->came[at] = run->came[at] == 0 ? PUT : WRONG;
        for (int c = 0; c < PLANCHE_PLANES; c++)
            run->result[(size_t)c * (size_t)run->width * (size_t)run->height + at] =
                planes[c < run->channels ? c : 0][i] * run->recipe->out_scale +
                run->recipe->out_bias;
    }
}

static enum planche_status emit(void *user, int64_t y, int64_t x, size_t count,
                                struct planche_error *error)
{
    struct run *run = user;
    (void)error;
    assert_true(y >= 0 && y < run->height && x >= 0 && x + (int64_t)count <= run->width);
    for (size_t i = 0; i < count; i++) {
        uint8_t *came = &run->came[(size_t)(y * run->width + x) + i];
        *came = *came == PUT ? TOLD : WRONG;
    }
    return PLANCHE_OK;
}

static void check_progress(void *user, double done)
{
    struct run *run = user;
    assert_true(done >= run->done && done <= 1);
    run->done = done;
}

/* The caller's rows count as if it held bytes of RGB, as the engine does. */
static struct planche_plan_options plan_options(const struct planche_program *program, int width,
                                                const struct run_options *options)
{
    uint64_t row = (uint64_t)width * PLANCHE_PLANES;
    return (struct planche_plan_options){
        .memory = options->memory,
        .fetch_row_bytes = row,
        .emit_row_bytes = row * program->net->recipe.scale,
        .se = options->se,
        .workers = options->workers ? options->workers : 1,
    };
}

/* Regions other than the plan's, which then starts every pass from the page. */
static void cut_plan(struct planche_plan *plan, const struct run_options *options)
{
    plan->stripe = options->stripe ? options->stripe : plan->stripe;
    plan->segment = options->segment ? options->segment : plan->segment;
    for (int level = 0; level < plan->program->levels + 2; level++) {
        plan->checkpoints[level].first = 0;
        for (int t = 0; t < plan->program->tensor_count; t++)
            plan->checkpoints[level].store[t] = false;
    }
}

/* What a pass and the vectors take beside rows (pass_create.c, run.c). */
static uint64_t book_bytes(const struct planche_program *program)
{
    size_t tensor = sizeof(struct planche_buffer) + sizeof(struct planche_retained) +
                    2 * sizeof(void *) + sizeof(int);
    size_t bytes = sizeof(struct planche_pass) + (size_t)program->tensor_count * tensor +
                   (size_t)program->node_count * (sizeof(struct planche_part) +
                                                  sizeof(struct planche_node) + sizeof(int64_t)) +
                   64;
    for (int n = 0; n < program->node_count; n++)
        bytes += (size_t)program->nodes[n].edge_count * sizeof(struct planche_consumer);
    for (int t = 0; t < program->net->tensor_count; t++)
        if (program->net->tensors[t].vector)
            bytes += ((size_t)program->net->tensors[t].channels + PLANCHE_LANES) *
                     (sizeof(float) + sizeof(int64_t));
    return bytes;
}

static void describe(const struct planche_plan *plan, struct run_report *report)
{
    report->planned = plan->bytes;
    report->own = plan->bytes - (uint64_t)plan->fetch_rows * plan->options.fetch_row_bytes -
                  (uint64_t)plan->emit_rows * plan->options.emit_row_bytes;
    report->book = atomic_load(&plan->budget->used) + book_bytes(plan->program);
    report->stripes = plan->stripe < plan->page.page_width;
    report->segments = plan->segment < plan->page.page_height;
    report->sampled = plan->sample_bands > 0;
    for (int level = 1; level <= plan->program->levels; level++)
        report->retained = report->retained || plan->checkpoints[level].first > 0;
}

float *run_page(const struct planche_program *program, const struct page *page,
                const struct run_options *options, struct run_report *report)
{
    int scale = (int)program->net->recipe.scale;
    struct run run = {
        .page = page,
        .recipe = &program->net->recipe,
        .width = page->width * scale,
        .height = page->height * scale,
        .channels = program->net->tensors[0].channels,
    };
    size_t pixels = (size_t)run.width * (size_t)run.height;
    const struct planche_page_io io = {
        .user = &run, .fetch = fetch, .put = put, .emit = emit, .progress = check_progress};
    const struct planche_plan_options planning = plan_options(program, page->width, options);
    struct run_report own;
    struct planche_budget budget;
    struct planche_plan *plan;
    struct planche_error error;
    report = report ? report : &own;
    *report = (struct run_report){.width = run.width, .height = run.height};
    planche_budget_init(&budget, 0);
    run.result = malloc(PLANCHE_PLANES * pixels * sizeof(float));
    run.came = calloc(pixels, 1);
    if (planche_plan_create(&plan, program, page->width, page->height, &planning, &budget, NULL,
                            &error))
        fail_msg("%s", error.message);
    if (options->stripe || options->segment)
        cut_plan(plan, options);
    describe(plan, report);
    atomic_store(&budget.peak, atomic_load(&budget.used)); /* of the run alone */
    if (planche_plan_run(plan, pool_of(planning.workers), &io, NULL, &error))
        fail_msg("%s", error.message);
    report->taken = atomic_load(&budget.peak);
    planche_plan_destroy(&plan);
    assert_int_equal(atomic_load(&budget.used), 0);
    for (size_t i = 0; i < pixels; i++)
        assert_int_equal(run.came[i], TOLD);
    free(run.came);
    return run.result;
}

enum planche_status try_plan(const struct planche_program *program, int width, int height,
                             const struct run_options *options, uint64_t *smallest)
{
    const struct planche_plan_options planning = plan_options(program, width, options);
    struct planche_budget budget;
    struct planche_plan *plan;
    struct planche_error error = {.status = PLANCHE_OK};
    planche_budget_init(&budget, 0);
    enum planche_status status =
        planche_plan_create(&plan, program, width, height, &planning, &budget, smallest, &error);
    assert_int_equal(error.status, status);
    planche_plan_destroy(&plan);
    assert_int_equal(atomic_load(&budget.used), 0);
    return status;
}

double *run_reference(const struct network *network, const struct ref_recipe *recipe,
                      const struct page *page)
{
    size_t in = (size_t)page->width * (size_t)page->height, out = in;
    double *pixels = calloc(in, PLANCHE_PLANES * sizeof(double)), *result, *planes;
    for (size_t i = 0; i < in; i++)
        for (size_t c = 0; c < PLANCHE_PLANES; c++)
            pixels[i * PLANCHE_PLANES + c] = page->planes[c][i];
    bool fits = ref_page(network->reference, recipe, pixels, page->height, page->width, &result);
    free(pixels);
    if (!fits)
        return NULL;
    out *= (size_t)(recipe->scale * recipe->scale);
    planes = malloc(out * PLANCHE_PLANES * sizeof(double));
    for (size_t i = 0; i < out; i++)
        for (size_t c = 0; c < PLANCHE_PLANES; c++)
            planes[c * out + i] = result[i * PLANCHE_PLANES + c];
    free(result);
    return planes;
}

double psnr(const float *actual, const double *expected, size_t count)
{
    double sum = 0, peak = 1;
    for (size_t i = 0; i < count; i++) {
        double difference = actual[i] - expected[i];
        sum += difference * difference;
        peak = fmax(peak, fabs(expected[i]));
    }
    return 10 * log10(peak * peak * (double)count / sum);
}

static int level(double value)
{
    double rounded = floor(value * 255 + 0.5);
    return rounded < 0 ? 0 : rounded > 255 ? 255 : (int)rounded;
}

int worst_level(const float *actual, const double *expected, size_t count)
{
    int worst = 0;
    for (size_t i = 0; i < count; i++) {
        int difference = abs(level(actual[i]) - level(expected[i]));
        worst = difference > worst ? difference : worst;
    }
    return worst;
}
