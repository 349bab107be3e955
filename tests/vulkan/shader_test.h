/* SPDX-License-Identifier: MIT */
/* Running single shaders: a device, memory whose unused bytes are canaries, tensors in it. */
#ifndef PLANCHE_TESTS_SHADER_TEST_H
#define PLANCHE_TESTS_SHADER_TEST_H

#include "backend/vulkan/pipeline.h"
#include "backend/vulkan/shaders/args.h"
#include "need_device.h"
#include "support/random.h"
#include "support/testing.h"

#define MAX_TAKEN 64

struct shader_test {
    struct planche_budget budget;
    struct planche_vk *vk;
    struct planche_gpu_device *device;
    struct planche_gpu_memory memory;
    uint64_t used;
    struct {
        uint64_t begin, end;
    } taken[MAX_TAKEN]; /* what is no canary */
    int taken_count;
    VkCommandPool pool;
    VkCommandBuffer commands;
    VkDescriptorPool descriptors;
    VkDescriptorSet set;
    VkFence fence;
    uint64_t random;
    bool f16; /* activations */
};

/* Runs the tests for f32 and f16; returns an exit status. The seed is the first argument, or 1. */
int shader_test_main(int argc, char **argv, const char *name, const struct CMUnitTest *tests,
                     size_t count);
/* What every test begins with: the device, which is opened by the first, and nothing taken. */
struct shader_test *shader_test_begin(void **state);

/* Forgets what was taken and writes canaries over it. */
void shader_test_reset(struct shader_test *test);
/* Zeroed memory; its address on the device, a multiple of 256. */
uint64_t shader_test_take(struct shader_test *test, uint64_t bytes);
void *shader_test_host(const struct shader_test *test, uint64_t address);
float *shader_test_floats(struct shader_test *test, int count, double least, double most,
                          uint64_t *address);

/* A stored region with random channels and zeros behind them. */
struct planche_gpu_view shader_test_tensor(struct shader_test *test, int width, int height,
                                           int channels);
/* One that a shader is to write: full of something else. */
struct planche_gpu_view shader_test_output(struct shader_test *test, int width, int height,
                                           int channels);
/* Values of the activations' type. */
double shader_test_get(const struct shader_test *test, uint64_t address, int64_t index);
void shader_test_set(const struct shader_test *test, uint64_t address, int64_t index, double value);
/* A pixel of a region; zero outside of it. */
double shader_test_pixel(const struct shader_test *test, const struct planche_gpu_view *view, int x,
                         int y, int channel);
/* Fails unless a value of the region is `want`, but for rounding; `size` is the sum of the absolute
 * values of what was added up. */
void shader_test_expect(const struct shader_test *test, const struct planche_gpu_view *view, int x,
                        int y, int channel, double want, double size);
/* Zeros behind the channels. */
void shader_test_expect_padding(const struct shader_test *test,
                                const struct planche_gpu_view *view);

/* Runs a shader for all of args->out, in one dispatch or several, and checks the canaries. */
void shader_test_run(struct shader_test *test, enum planche_shader shader, const int32_t *constants,
                     unsigned count, const struct planche_gpu_args *args);
/* Likewise a pipeline, for so many workgroups. */
void shader_test_dispatch(struct shader_test *test, VkPipeline pipeline, const uint32_t groups[3],
                          const struct planche_gpu_args *args);

#endif
