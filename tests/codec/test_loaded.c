/* SPDX-License-Identifier: MIT */
/* Libraries of formats that are loaded when they are needed, and not before. */
#include "support/testing.h"

#include "codec/avif/library.h"
#include "codec/jxl/library.h"
#include "codec/loaded.h"
#include "codec/sonames.h"

#include <dlfcn.h>
#include <string.h>

static bool is_in_process(const char *file)
{
    void *handle = dlopen(file, RTLD_LAZY | RTLD_NOLOAD);
    return handle && dlclose(handle) == 0;
}

static void loads_when_needed(void **state)
{
    struct planche_error error;
    (void)state;
    assert_false(is_in_process(PLANCHE_LIBAVIF));
    assert_false(is_in_process(PLANCHE_LIBJXL));
    assert_int_equal(planche_avif_load("a.avif", &error), PLANCHE_OK);
    assert_true(is_in_process(PLANCHE_LIBAVIF));
    assert_true(strlen(planche_libavif.Version()) > 0);
    assert_int_equal(planche_jxl_load("a.jxl", &error), PLANCHE_OK);
    assert_true(is_in_process(PLANCHE_LIBJXL));
    assert_true(planche_libjxl.DecoderVersion() > 0);
    /* Again, and they are still there. */
    assert_int_equal(planche_avif_load(NULL, &error), PLANCHE_OK);
    assert_int_equal(planche_jxl_load(NULL, &error), PLANCHE_OK);
}

static unsigned asked;

static const char *lacks_one(void *library)
{
    asked++;
    return planche_dl_find(library, "planche_no_such_function") ? NULL : "noSuchFunction";
}

static void says_what_is_missing(void **state)
{
    struct planche_loaded none = {
        .file = "libplanche-none.so.7", .find = lacks_one, .lock = PLANCHE_MUTEX_INIT};
    struct planche_loaded old = {
        .file = PLANCHE_LIBAVIF, .find = lacks_one, .lock = PLANCHE_MUTEX_INIT};
    struct planche_error error;
    (void)state;
    asked = 0;
    assert_int_equal(planche_loaded_get(&none, "a.avif", &error), PLANCHE_ERROR_UNSUPPORTED);
    assert_int_equal(asked, 0);
    assert_non_null(strstr(error.message, "a.avif"));
    assert_non_null(strstr(error.message, "(install libplanche-none.so.7)"));
    /* It may be installed meanwhile, so each file asks anew. */
    for (unsigned i = 1; i <= 2; i++) {
        assert_int_equal(planche_loaded_get(&old, NULL, &error), PLANCHE_ERROR_UNSUPPORTED);
        assert_int_equal(asked, i);
        assert_non_null(strstr(error.message, "noSuchFunction"));
        assert_non_null(strstr(error.message, PLANCHE_LIBAVIF));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_when_needed),
        cmocka_unit_test(says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
