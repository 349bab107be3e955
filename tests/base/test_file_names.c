/* SPDX-License-Identifier: MIT */
/* File names with a meaning of their own. */
#include "support/testing.h"

#include "base/file_names.h"

static void test_junk(void **state)
{
    static const char *const junk[] = {
        "Thumbs.db",     "ch1/thumbs.DB",      "desktop.ini",          ".DS_Store", "a/.DS_Store",
        "__MACOSX/",     "__MACOSX/a/._1.jpg", "a/__MACOSX/1.jpg",     "._1.jpg",   "a/._1.jpg",
        "@eaDir/1.jpg/", ".thumbs/1.jpg",      "a/thumbs/1_thumb.jpg",
    };
    static const char *const no_junk[] = {
        "1.jpg",    "thumbs.jpg", "a/thumbs",      "thumbs",   "a thumbs/1.jpg", "MACOSX/1.jpg",
        "._/1.jpg", "",           "Thumbs.db.jpg", ".nomedia", "ComicInfo.xml",  "folder/1.jpg",
    };
    (void)state;
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
        if (!planche_name_is_junk(junk[i]))
            fail_msg("%s is junk", junk[i]);
    for (size_t i = 0; i < sizeof no_junk / sizeof *no_junk; i++)
        if (planche_name_is_junk(no_junk[i]))
            fail_msg("%s is no junk", no_junk[i]);
}

static void test_covers(void **state)
{
    (void)state;
    assert_true(planche_name_is_cover("cover.jpg"));
    assert_true(planche_name_is_cover("a/b/Folder.PNG"));
    assert_true(planche_name_is_cover("series/poster.webp"));
    assert_false(planche_name_is_cover("cover"));
    assert_false(planche_name_is_cover("cover/1.jpg"));
    assert_false(planche_name_is_cover("cover 1.jpg"));
    assert_false(planche_name_is_cover("discover.jpg"));
    assert_false(planche_name_is_cover(".jpg"));
}

static void test_partners(void **state)
{
    char name[16];
    (void)state;
    assert_int_equal(planche_name_partner("a/x.param", name, sizeof name), 7);
    assert_string_equal(name, "a/x.bin");
    assert_int_equal(planche_name_partner("a/x.bin", name, sizeof name), 9);
    assert_string_equal(name, "a/x.param");
    assert_int_equal(planche_name_partner("0123456789012345.bin", name, sizeof name), 22);
    assert_string_equal(name, "012345678901234");
    assert_int_equal(planche_name_partner("x.planche", name, sizeof name), 0);
    assert_int_equal(planche_name_partner("bin", name, sizeof name), 0);
}

/* Each name that a model's licence may have is told as one. */
static void test_licences(void **state)
{
    static const char *const first[] = {"a/x.y.json", "a/x.y.txt", "a/x.y.md", "a/x.y.LICENSE",
                                        "a/LICENSE"};
    char name[32];
    bool own;
    size_t count = 0;
    (void)state;
    for (; planche_name_licence("a/x.y.pth", count, name, sizeof name, &own) > 0; count++) {
        assert_true(planche_name_is_licence(name));
        assert_int_equal(own, count < 4);
        if (count < sizeof first / sizeof *first)
            assert_string_equal(name, first[count]);
    }
    assert_true(count > 5);
    assert_int_equal(planche_name_licence("a.b/x", 0, name, sizeof name, &own), 10);
    assert_string_equal(name, "a.b/x.json");
    assert_int_equal(planche_name_licence("0123456789.pth", 0, name, 8, &own), 15);
    assert_string_equal(name, "0123456");
    assert_false(planche_name_is_licence("LICENSE/x"));
    assert_false(planche_name_is_licence("a/x.pth"));
    assert_false(planche_name_is_licence("LICENSES"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_junk),
        cmocka_unit_test(test_covers),
        cmocka_unit_test(test_partners),
        cmocka_unit_test(test_licences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
