/* SPDX-License-Identifier: MIT */
/* Tests that need a Vulkan device. */
#include "need_device.h"

#include "support/testing.h"

#include <stdlib.h>

uint32_t test_device_index(void)
{
    const char *index = getenv("PLANCHE_TEST_GPU");
    return index ? (uint32_t)strtoul(index, NULL, 10) : 0;
}

struct planche_vk *test_need_vulkan(void)
{
    struct planche_vk *vk;
    struct planche_error error = {0};
    if (planche_vk_create(&vk, &error) == PLANCHE_OK && vk->device_count > test_device_index())
        return vk;
    planche_vk_destroy(&vk);
    test_lack("PLANCHE_REQUIRE_VULKAN",
              error.message[0] ? error.message : "there is no such Vulkan device");
    return NULL;
}

static void print_line(void *user, enum planche_log_level level, const char *line)
{
    (void)user;
    print_message("log %d: %s\n", (int)level, line);
}

struct planche_gpu_device *test_need_device(const struct planche_vk *vk, enum planche_gpu_path path,
                                            struct planche_budget *budget)
{
    struct planche_gpu_device *device;
    struct planche_error error = {0};
    struct planche_log log = {.fn = print_line, .user = NULL};
    enum planche_status status =
        planche_gpu_device_open(&device, vk, test_device_index(), path, &log, budget, &error);
    if (status == PLANCHE_ERROR_UNSUPPORTED && path > PLANCHE_GPU_PATH_F16) {
        print_message("***** SKIPPED: %s\n", error.message);
        skip();
    }
    if (status != PLANCHE_OK)
        fail_msg("%s", error.message);
    return device;
}
