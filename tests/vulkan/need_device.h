/* SPDX-License-Identifier: MIT */
/* Tests that need a Vulkan device: without one they are skipped loudly, or failed when the
 * environment variable PLANCHE_REQUIRE_VULKAN is 1. Programs end with test_exit_status(). */
#ifndef PLANCHE_TESTS_VULKAN_NEED_DEVICE_H
#define PLANCHE_TESTS_VULKAN_NEED_DEVICE_H

#include "backend/vulkan/memory.h"
#include "backend/vulkan/open_device.h"
#include "support/need_model.h"

/* The number of the device to test: PLANCHE_TEST_GPU, or else the first. */
uint32_t test_device_index(void);
/* Vulkan with at least one device. Otherwise ends the running cmocka test. */
struct planche_vk *test_need_vulkan(void);
/* The device, open; a path that it lacks ends the running test as skipped. Messages of its log are
 * printed. */
struct planche_gpu_device *test_need_device(const struct planche_vk *vk, enum planche_gpu_path path,
                                            struct planche_budget *budget);

#endif
