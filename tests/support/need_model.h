/* SPDX-License-Identifier: MIT */
/* Tests that need fetched models or a GPU: skipped loudly without them, or failed when the
 * environment variable PLANCHE_REQUIRE_MODELS or PLANCHE_REQUIRE_VULKAN is 1. */
#ifndef PLANCHE_TESTS_SUPPORT_NEED_MODEL_H
#define PLANCHE_TESTS_SUPPORT_NEED_MODEL_H

#include <planche/model.h>

/* The variant if its files are cached (scale 0 and DEFAULT: the model's own). Otherwise says so
 * loudly and ends the running cmocka test: as skipped, or as failed when models are required. */
const struct planche_model_variant *test_need_model(const char *model, unsigned scale,
                                                    enum planche_denoise denoise);

/* Says loudly what is missing and ends the running cmocka test: as skipped, or as failed if the
 * environment variable `require` is 1. */
void test_lack(const char *require, const char *what);

/* What main returns after cmocka_run_group_tests(): 1 if tests failed, 77 (which meson shows as
 * skipped) if one of these skipped one, else 0. */
int test_exit_status(int failed);

#endif
