/* SPDX-License-Identifier: MIT */
/* Tests that need what may not be there. */
#include "support/need_model.h"

#include "support/testing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int skipped;

void test_lack(const char *require, const char *what)
{
    const char *required = getenv(require);
    if (required && strcmp(required, "1") == 0)
        fail_msg("%s is 1, but: %s", require, what);
    print_message("***** SKIPPED: %s\n", what);
    skipped++;
    skip();
}

const struct planche_model_variant *test_need_model(const char *model, unsigned scale,
                                                    enum planche_denoise denoise)
{
    const struct planche_model_variant *variant = NULL;
    struct planche_error error;
    if (planche_model_find(model, scale, denoise, &variant, &error) != PLANCHE_OK)
        fail_msg("%s", error.message);
    if (planche_model_check(variant, NULL, 0, &error) == PLANCHE_OK)
        return variant;
    test_lack("PLANCHE_REQUIRE_MODELS", error.message);
    return NULL;
}

int test_exit_status(int failed)
{
    if (failed != 0)
        return 1;
    return skipped > 0 ? 77 : 0;
}
