/* SPDX-License-Identifier: MIT */
/* Any bytes as TOML: keys of a table are all different, and texts have no control characters but
 * the tab, unless an escape says so. */
#include "toml/toml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right)
        abort();
}

static void check_value(const struct planche_toml *value, unsigned depth)
{
    check(depth < 100 && value->line >= 1);
    check((value->type == PLANCHE_TOML_STRING) == (value->text != NULL));
    for (const struct planche_toml *one = value->first; one != NULL; one = one->next) {
        check((one->key != NULL) == (value->type == PLANCHE_TOML_TABLE));
        if (one->key != NULL)
            check(planche_toml_get(value, one->key) == one);
        check_value(one, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct planche_toml *file = NULL;
    struct planche_error error = {0};
    enum planche_status status =
        planche_toml_parse(&file, (const char *)data, size, "fuzz", &error);
    check((status == PLANCHE_OK) == (file != NULL));
    if (file != NULL)
        check_value(file, 0);
    else
        check(*error.message != 0);
    planche_toml_free(file);
    return 0;
}
