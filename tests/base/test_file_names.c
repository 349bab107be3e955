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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_junk),
        cmocka_unit_test(test_covers),
        cmocka_unit_test(test_partners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
