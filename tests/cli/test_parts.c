/* SPDX-License-Identifier: MIT */
/* Parts of models' names: paths as parts of a text, other names in it, and a folder of models that
 * cannot be read. */
#include "profile/parts.h"
#include "profile/profile.h"
#include "support/testing.h"

#include <stdlib.h>
#include <string.h>

static void test_write(void **state)
{
    static const struct {
        const char *path, *text; /* NULL: refused */
    } cases[] = {
        {"small", "small"},
        {"models/a.pth", "models/a.pth"},
        {"my+models/a.pth", "./my+models/a.pth"},
        {"../my+models/a.pth", "../my+models/a.pth"},
        {"/my+models/a.pth", "/my+models/a.pth"},
        {"a+b.pth", "./a+b.pth"},
        {"grey:m/a.pth", "./grey:m/a.pth"},
        {"a|b.pth", NULL},
        {"/m|n/a.pth", NULL},
        {"/a.pth+b/c.pth", NULL},
        {"a.pth+b/c.pth", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL;
        size_t size = 0;
        struct planche_error error = {0};
        FILE *stream = open_memstream(&text, &size);
        assert_non_null(stream);
        enum planche_status status = planche_parts_write(stream, cases[i].path, &error);
        assert_int_equal(fclose(stream), 0);
        assert_int_equal(status, cases[i].text ? PLANCHE_OK : PLANCHE_ERROR_ARGUMENT);
        assert_string_equal(text, cases[i].text ? cases[i].text : "");
        if (!cases[i].text)
            assert_non_null(strstr(error.message, cases[i].path));
        free(text);
    }
}

/* a and b are other models. */
static const char *name_other(void *user, const char *name)
{
    const char *const *others = user;
    return *name && !name[1] && (*name == 'a' || *name == 'b') ? others[*name - 'a'] : NULL;
}

static void test_replace(void **state)
{
    static const struct {
        const char *model, *others[2], *text; /* NULL: refused */
    } cases[] = {
        {"a", {"x.pth", NULL}, "x.pth"},
        {"a", {"/m|n/x.pth", NULL}, "/m|n/x.pth"},
        {"a", {"m+n/x.pth", NULL}, "./m+n/x.pth"},
        {"a+b", {"m+n/x.pth", "y"}, "./m+n/x.pth+y"},
        {"a+b", {"/m|n/x.pth", "y"}, NULL},
        {"grey,height<=9:levels+a|c+b",
         {"x+y/z.pth", "w"},
         "grey,height<=9:levels+./x+y/z.pth|c+w"},
        {"grey:a", {"x", "y"}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL;
        struct planche_error error = {0};
        const char *others[2] = {cases[i].others[0], cases[i].others[1]};
        enum planche_status status =
            planche_parts_replace(&text, cases[i].model, name_other, others, &error);
        assert_int_equal(status, cases[i].text ? PLANCHE_OK : PLANCHE_ERROR_ARGUMENT);
        if (cases[i].text)
            assert_string_equal(text, cases[i].text);
        else
            assert_null(text);
        free(text);
    }
}

/* What is wrong with the folder is told; one that is not there has no models. */
static void test_folder(void **state)
{
    static const char none[] = "none.of/these";
    struct planche_profile profile;
    struct planche_error error = {0};
    char name[400];
    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    assert_int_equal(planche_profile_make_mangajanai(&profile, name, 0, &error), PLANCHE_ERROR_IO);
    assert_non_null(strstr(error.message, "the folder cannot be read: "));
    assert_null(profile.model);
    assert_int_equal(planche_profile_make_mangajanai(&profile, none, 0, &error),
                     PLANCHE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "no file of MangaJaNai is in it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
