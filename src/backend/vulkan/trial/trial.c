/* SPDX-License-Identifier: MIT */
/* The trial's run: all examples in one block of memory and one batch. */
#include "backend/vulkan/trial/trial.h"

#include "backend/vulkan/conv_matmul.h"
#include "backend/vulkan/create_program.h"
#include "backend/vulkan/pack_weights.h"
#include "backend/vulkan/record.h"
#include "backend/vulkan/trial/example.h"
#include "backend/vulkan/tune/tuning.h"
#include "base/status.h"
#include "base/trace.h"

struct trial {
    struct planche_gpu_context *context;
    struct planche_gpu_example *examples;
    int count;
    uint64_t bytes;
    struct planche_gpu_memory device, upload, download;
    struct planche_pool *pool;
    atomic_int status; /* of filling: the first that failed */
};

/* Whether an earlier step has the same pipeline, or the same kernel for a product alike. */
static bool is_tried(const struct trial *trial, const struct planche_gpu_step *made)
{
    for (int i = 0; i < trial->count; i++) {
        const struct planche_gpu_step *earlier =
            &trial->context->program->steps[trial->examples[i].step];
        if (made->kernel ? earlier->kernel == made->kernel &&
                               earlier->product.inputs == made->product.inputs &&
                               earlier->product.outputs == made->product.outputs
                         : earlier->pipeline == made->pipeline)
            return true;
    }
    return false;
}

static enum planche_status make_examples(struct trial *trial, struct planche_error *error)
{
    const struct planche_gpu_program *program = trial->context->program;
    size_t most = (size_t)program->net->step_count;
    trial->examples = planche_calloc(program->budget, most, sizeof(*trial->examples));
    if (!trial->examples)
        return planche_fail_memory(error, program->budget, most * sizeof(*trial->examples),
                                   "a trial of a GPU");
    for (int s = 0; s < program->net->step_count; s++)
        if (planche_gpu_matrix_variants(program, s) &&
            (program->steps[s].pipeline || program->steps[s].kernel) &&
            !is_tried(trial, &program->steps[s]))
            planche_gpu_example_init(&trial->examples[trial->count++], program, s, &trial->bytes);
    return PLANCHE_OK;
}

static void fill_one(void *user, size_t index, unsigned worker)
{
    struct trial *trial = user;
    struct planche_error ignored;
    enum planche_status status =
        planche_gpu_example_fill(&trial->examples[index], trial->upload.host, &ignored);
    (void)worker;
    if (status)
        atomic_store(&trial->status, (int)status);
}

/* What the host computes of real networks' layers takes one thread as long as opening the device.
 */
static enum planche_status fill(struct trial *trial, struct planche_error *error)
{
    planche_pool_run(trial->pool, (size_t)trial->count, fill_one, trial);
    if (!atomic_load(&trial->status))
        return PLANCHE_OK;
    return planche_fail(error, (enum planche_status)atomic_load(&trial->status),
                        "no memory for a trial of a GPU");
}

static void check_one(void *user, size_t index, unsigned worker)
{
    struct trial *trial = user;
    struct planche_gpu_example *example = &trial->examples[index];
    (void)worker;
    example->holds = planche_gpu_example_holds(example, trial->download.host);
}

static enum planche_status make_memory(struct trial *trial, struct planche_error *error)
{
    struct planche_gpu_device *device = trial->context->device;
    enum planche_status status = planche_gpu_memory_create(&trial->device, device, trial->bytes,
                                                           PLANCHE_GPU_MEMORY_DEVICE, error);
    if (!status)
        status = planche_gpu_memory_create(&trial->upload, device, trial->bytes,
                                           PLANCHE_GPU_MEMORY_UPLOAD, error);
    if (!status)
        status = planche_gpu_memory_create(&trial->download, device, trial->bytes,
                                           PLANCHE_GPU_MEMORY_DOWNLOAD, error);
    if (!status)
        status = fill(trial, error);
    if (!status)
        status = planche_gpu_copy_now(&trial->device, &trial->upload, trial->bytes, error);
    return status;
}

static double macs_of(const struct planche_gpu_example *example)
{
    const struct planche_gpu_program *program = example->program;
    const struct planche_gpu_product *product = &program->steps[example->step].product;
    const struct planche_step *step = &program->net->steps[example->step];
    if (!product->taps_x)
        return 9.0 * planche_gpu_padded_inputs(program, step) * program->pitches[step->output] *
               example->out_width * example->out_height;
    return (double)product->taps_x * product->taps_y * product->inputs * product->outputs *
           example->out_width * example->out_height / (product->phases * product->phases);
}

/* Of an example: its weights laid out as lanes hold them, if they are. */
static void add_preparation(struct planche_gpu_tile *tile,
                            const struct planche_gpu_example *example, uint64_t block)
{
    const struct planche_gpu_step *step = &example->program->steps[example->step];
    struct planche_gpu_args *args = &tile->args[tile->count];
    int32_t fragments = planche_gpu_matrix_fragments(&step->product);
    *args = (struct planche_gpu_args){
        .out = {.address = block + example->weights, .width = fragments, .height = 1, .pitch = 1}};
    args->in[0].address = block + example->rows;
    args->weights = args->out.address;
    tile->dispatches[tile->count++] = (struct planche_gpu_dispatch){
        .pipeline = step->prepare, .groups = {(uint32_t)fragments, 1, 1}};
}

/* Kernels take turns of two groups of threads, which few multiprocessors make them do here. */
static void add_product(struct planche_gpu_tile *tile, const struct planche_gpu_example *example,
                        uint64_t block)
{
    const struct planche_gpu_step *step = &example->program->steps[example->step];
    struct planche_gpu_args *args = &tile->args[tile->count];
    planche_gpu_example_args(example, block, args);
    struct planche_gpu_dispatch *dispatch = &tile->dispatches[tile->count++];
    *dispatch = (struct planche_gpu_dispatch){.pipeline = step->pipeline,
                                              .kernel = step->kernel ? step : NULL,
                                              .processors = (uint32_t)step->product.blocks,
                                              .groups = {0, 0, 1},
                                              .profile = example->step + 1,
                                              .macs = macs_of(example)};
    planche_gpu_product_groups(step, &args->out, dispatch->groups);
    if (step->shape.channels)
        dispatch->groups[2] =
            (uint32_t)((args->out.pitch + step->shape.channels - 1) / step->shape.channels);
}

/* In a slot of its own, which leaves no trace in what is known of the device's speed. */
static enum planche_status run_tile(struct planche_gpu_context *context,
                                    const struct planche_gpu_tile *tile,
                                    struct planche_error *error)
{
    struct planche_gpu_recording recording = {.context = context};
    uint64_t bytes = (uint64_t)tile->count * planche_gpu_args_stride(context->device);
    double speed = atomic_load(&context->macs_per_ms);
    enum planche_status status = planche_gpu_page_slot_create(
        &recording.slot, context->device, planche_gpu_context_timestamps(context), context->budget,
        error);
    if (!status)
        status = planche_gpu_page_slot_ensure_size(recording.slot, bytes, error);
    if (!status)
        status = planche_gpu_record_tile(&recording, tile, error);
    if (!status)
        status = planche_gpu_record_wait(&recording, recording.value, error);
    planche_gpu_page_slot_destroy(&recording.slot);
    atomic_store(&context->macs_per_ms, speed);
    atomic_store(&context->timed, false);
    return status;
}

static enum planche_status run(struct trial *trial, struct planche_error *error)
{
    struct planche_gpu_context *context = trial->context;
    struct planche_gpu_job job = {.program = context->program, .tiles.net = context->program->net};
    struct planche_gpu_tile tile;
    enum planche_status status = planche_gpu_tile_init(&tile, &job, context->budget, error);
    for (int i = 0; i < trial->count && !status; i++) {
        const struct planche_gpu_example *example = &trial->examples[i];
        if (example->weights != example->rows)
            add_preparation(&tile, example, trial->device.address);
        add_product(&tile, example, trial->device.address);
    }
    if (!status)
        status = run_tile(context, &tile, error);
    if (!status)
        status = planche_gpu_copy_now(&trial->download, &trial->device, trial->bytes, error);
    planche_gpu_tile_free(&tile);
    return status;
}

static void judge(struct trial *trial)
{
    planche_pool_run(trial->pool, (size_t)trial->count, check_one, trial);
    for (int i = 0; i < trial->count; i++) {
        const struct planche_gpu_example *example = &trial->examples[i];
        if (!example->holds)
            planche_gpu_matrix_refuse(trial->context->device,
                                      planche_gpu_matrix_variants(example->program, example->step),
                                      "in a trial the device computed wrong values");
    }
}

/* Tries the program as it is. */
static enum planche_status try_program(struct planche_gpu_context *context,
                                       struct planche_pool *pool, struct planche_error *error)
{
    struct trial trial = {.context = context, .pool = pool};
    double start = planche_trace_start(&context->device->log, PLANCHE_TRACE_GPU);
    enum planche_status status = make_examples(&trial, error);
    if (!status && trial.count > 0) {
        status = make_memory(&trial, error);
        planche_trace_took(&context->device->log, PLANCHE_TRACE_GPU, start, "filling examples");
        start = planche_trace_start(&context->device->log, PLANCHE_TRACE_GPU);
        if (!status)
            status = run(&trial, error);
        planche_trace_took(&context->device->log, PLANCHE_TRACE_GPU, start, "running examples");
        start = planche_trace_start(&context->device->log, PLANCHE_TRACE_GPU);
        if (!status)
            judge(&trial);
        planche_trace_took(&context->device->log, PLANCHE_TRACE_GPU, start, "checking examples");
    }
    planche_gpu_memory_destroy(&trial.download);
    planche_gpu_memory_destroy(&trial.upload);
    planche_gpu_memory_destroy(&trial.device);
    planche_free(trial.examples);
    return status;
}

/* Makes the program without what is refused. */
static enum planche_status remake(struct planche_gpu_context *context, struct planche_pool *pool,
                                  struct planche_error *error)
{
    struct planche_gpu_device *device = context->device;
    const struct planche_net *net = context->program->net;
    uint64_t memory = context->memory + context->program->weights.size;
    planche_gpu_program_destroy(&context->program);
    if (device->path > PLANCHE_GPU_PATH_F16 &&
        atomic_load(&device->refused) >> PLANCHE_GPU_VARIANT_PLAIN & 1)
        planche_gpu_tuning_change_path(device, PLANCHE_GPU_PATH_F16);
    else if (atomic_load(&device->refused) >> PLANCHE_GPU_VARIANT_WGMMA & 1)
        planche_gpu_tuning_change_path(device, PLANCHE_GPU_PATH_KHR);
    context->turn_limit = device->tuning.pages;
    enum planche_status status =
        planche_gpu_program_create(&context->program, device, net, pool, context->budget, error);
    if (!status && context->program->weights.size >= memory)
        status = planche_fail(error, PLANCHE_ERROR_MEMORY,
                              "%s: the weights alone take all of the GPU memory that there is",
                              device->name);
    if (!status)
        context->memory = memory - context->program->weights.size;
    return status;
}

enum planche_status planche_gpu_trial(struct planche_gpu_context *context,
                                      struct planche_pool *pool, struct planche_error *error)
{
    atomic_uint *refused = &context->device->refused;
    enum planche_status status = PLANCHE_OK;
    for (unsigned known = 0; !status;) { /* when the program was begun */
        if (atomic_load(refused) == known)
            status = try_program(context, pool, error);
        if (status || atomic_load(refused) == known)
            break;
        known = atomic_load(refused);
        status = remake(context, pool, error);
    }
    return status;
}
