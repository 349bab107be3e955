/* SPDX-License-Identifier: MIT */
/* Tests that need fetched models. */
#include "need_model.h"

#include "testing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int skipped;

const struct planche_model_variant *test_need_model(const char *model, unsigned scale,
                                                    enum planche_denoise denoise)
{
    const struct planche_model_variant *variant = NULL;
    struct planche_error error;
    if (planche_model_find(model, scale, denoise, &variant, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    if (planche_model_check(variant, NULL, 0, &error) == PLANCHE_OK)
        return variant;
    const char *required = getenv("PLANCHE_REQUIRE_MODELS");
    if (required && strcmp(required, "1") == 0)
        fail_msg("PLANCHE_REQUIRE_MODELS is 1, but: %s", error.message);
    print_message("***** SKIPPED for want of a model: %s\n", error.message);
    skipped++;
    skip();
    return NULL;
}

int test_exit_status(int failed)
{
    if (failed != 0)
        return 1;
    return skipped > 0 ? 77 : 0;
}
