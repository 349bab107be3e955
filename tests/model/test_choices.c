/* SPDX-License-Identifier: MIT */
/* Texts that name several models: what they mean, and what is wrong with others. */
#include "model/choices.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

/* "rule:levels+a+b|..." as it was understood. */
static void describe(const struct planche_choices *choices, char *text, size_t size)
{
    size_t at = 0;
    for (unsigned i = 0; i < choices->count; i++) {
        const struct planche_alternative *models = &choices->list[i];
        char rule[64];
        planche_page_rule_name(&models->rule, rule, sizeof rule);
        at += (size_t)snprintf(text + at, size - at, "%s[%s]%s", i ? " " : "", rule,
                               models->levels ? "*" : "");
        for (unsigned j = 0; j < models->count; j++)
            at += (size_t)snprintf(text + at, size - at, " %s", models->models[j]);
    }
}

static void test_texts(void **state)
{
    static const struct {
        const char *text, *meaning;
        bool several;
    } cases[] = {
        {"auto", "[] auto", false},
        {"dir/a.pth", "[] dir/a.pth", false},
        {"./a+b.pth", "[] ./a+b.pth", false},
        {"/x/a+b/c.pth", "[] /x/a+b/c.pth", false},
        {"a+b", "[] a b", true},
        {"clean.pth+realcugan", "[] clean.pth realcugan", true},
        {"/x/a.pth+/y+z/b.param+small", "[] /x/a.pth /y+z/b.param small", true},
        {"levels+auto", "[]* auto", true},
        {"greyish", "[] greyish", false},
        {"my:a.pth", "[] my:a.pth", false},
        {"./my:a|b.pth", "[] ./my:a|b.pth", false},
        {"./my:a.pth+small", "[] ./my:a.pth small", true},
        {"grey:a|b", "[grey] a [] b", true},
        {"grey,height<=1250:levels+a+b|colour:c|d", "[grey, height <= 1250]* a b [colour] c [] d",
         true},
        {"height<=7,colour:a|b+c", "[colour, height <= 7] a [] b c", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct planche_choices choices;
        struct planche_error error;
        char text[256];
        if (planche_choices_read(&choices, cases[i].text, NULL, &error))
            fail_msg("%s: %s", cases[i].text, error.message);
        describe(&choices, text, sizeof text);
        assert_string_equal(text, cases[i].meaning);
        assert_int_equal(planche_choices_are_several(cases[i].text), cases[i].several);
        planche_choices_free(&choices);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "name is missing"},
        {"a+", "name is missing"},
        {"+a", "name is missing"},
        {"a++b", "name is missing"},
        {"levels", "needs a model behind it"},
        {"a+levels+b", "only be the first"},
        {"levels+levels+b", "only be the first"},
        {"a+b+c+d+e", "more than 4"},
        {"grey:a", "no model for other pages"},
        {"grey:a|colour:b", "no model for other pages"},
        {"grey:a|b|c", "'b' has no condition"},
        {"a|b", "'a' has no condition"},
        {"grey:a|gray:b|c", "'gray' is no condition that is known"},
        {"gray,height<=9:a|b", "'gray' is no condition that is known"},
        {"grey,height=999:a|b", "'height=999' is no condition that is known"},
        {"height<=99999999999:a|b",
         "'height<=99999999999' is no condition that is known: there are "
         "grey, colour and height<=N, N from 1 to 4294967295"},
        {"height<=0:a.pth|b", "'height<=0' is no condition that is known"},
        {"grey,:a|b", "'' is no condition that is known"},
        {"height<=:a|b", "'height<=' is no condition that is known"},
        {"grey,grey:a|b", "'grey,grey' has two conditions of a kind"},
        {"gray:a", "'gray' is no condition that is known"},
        {"grey:a|gray:b", "'gray' is no condition that is known"},
        {"grey,colour:a|b", "'grey,colour' has two conditions of a kind"},
        {"height<=1,height<=2:a|b", "has two conditions of a kind"},
        {"grey:|a", "name is missing"},
    };
    struct planche_choices choices;
    struct planche_error error;
    char many[1024] = "";
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(planche_choices_read(&choices, cases[i].text, NULL, &error),
                         PLANCHE_ERROR_ARGUMENT);
        if (!strstr(error.message, cases[i].message))
            fail_msg("%s: %s", cases[i].text, error.message);
    }
    for (int i = 0; i < PLANCHE_MAX_ALTERNATIVES; i++)
        strcat(many, "grey:a|");
    strcat(many, "b");
    assert_int_equal(planche_choices_read(&choices, many, NULL, &error), PLANCHE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "more than 16"));
}

static void test_find(void **state)
{
    struct planche_choices choices;
    struct planche_error error;
    (void)state;
    assert_int_equal(planche_choices_read(&choices,
                                          "grey,height<=10:a|grey:b|height<=20:c|colour:d|e", NULL,
                                          &error),
                     PLANCHE_OK);
    assert_int_equal(planche_choices_find(&choices, true, 10), 0);
    assert_int_equal(planche_choices_find(&choices, true, 11), 1);
    assert_int_equal(planche_choices_find(&choices, false, 10), 2);
    assert_int_equal(planche_choices_find(&choices, false, 21), 3);
    planche_choices_free(&choices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_errors),

        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
