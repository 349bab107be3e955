/* SPDX-License-Identifier: MIT */
/* What tests of pages on a GPU share. */
#ifndef PLANCHE_TESTS_VULKAN_TEST_H
#define PLANCHE_TESTS_VULKAN_TEST_H

#include <planche/planche.h>
#include <stdbool.h>

/* The device to test. Without one the running test ends: see need_device.h. */
struct planche_gpu_info gpu_need(void);
/* A device counts as lost after ten minutes only; gpu_need calls it. */
void gpu_be_patient(void);

/* For engine options' log: what the engine has warned of, a line each. Whoever reads it empties it.
 */
extern char gpu_warnings[4096];
void gpu_take_warning(void *user, enum planche_log_level level, const char *line);

/* Pipelines are cached in the folder that PLANCHE_TEST_CACHE names, if it does; models stay where
 * they are. Before anything else. */
void gpu_set_cache(void);

/* In a full run a device without matrix units takes the path khr all the same, by plain arithmetic:
 * its code is tried, not the units, and software devices take minutes to compile it. Before devices
 * are opened; others keep their own. */
void gpu_add_matrices(void);

/* Whether the device may be without a path: it has all plain ones up to its fastest. */
bool gpu_may_lack(enum planche_gpu_path path);

/* Writes the network `name`.param and its random weights, `name`.bin, in the test's folder, and
 * returns the path of the former. Convolutions, deconvolutions and inner products have biases. */
const char *gpu_write_model(const char *name, const char *param);

/* An engine on that device with a path; NULL: the device does not have the path. Fails the test on
 * other errors. The caller's options say the rest. */
struct planche_engine *gpu_engine(struct planche_engine_options options,
                                  enum planche_gpu_path path);

/* Runs a page, which must not fail. */
struct planche_page_result gpu_run(const struct planche_engine *engine,
                                   const struct planche_pixels *in,
                                   const struct planche_pixels *out,
                                   const struct planche_page_options *options);
/* Fails the test unless a GPU made the page. */
void gpu_expect(const struct planche_page_result *result);

/* Without a GPU, lavapipe stands in for two: a copy of the file that names it, of this name, makes
 * a second device. Before anything asks Vulkan. */
void gpu_show_software_twice(const char *second);
/* Skips the running test unless the first two devices are of the same kind. */
void gpu_need_two(void);

#endif
