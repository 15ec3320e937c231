/* Plain C strings: distance between words, numbers, what a terminal is not shown. */
#include "base/cstring.h"
#include "support/cm.h"

static void edit_distances(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int want;
    } cases[] = {
        {"", "", 0},
        {"abc", "abc", 0},
        {"", "abc", 3},
        {"lamda", "lambda", 1},   /* one more */
        {"lambdaa", "lambda", 1}, /* one less */
        {"lombda", "lambda", 1},  /* another */
        {"lmabda", "lambda", 1},  /* two turned round */
        {"kitten", "sitting", 3},
        {"ca", "abc", 3}, /* turned letters are not edited again */
        {"abcd", "badc", 2},
        {"a", "b", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(acf_edit_distance(cases[i].a, cases[i].b), cases[i].want);
        assert_int_equal(acf_edit_distance(cases[i].b, cases[i].a), cases[i].want);
    }
}

static void long_words_are_far_from_everything(void **state)
{
    (void)state;
    char just[65], over[66];
    memset(just, 'x', 64);
    just[64] = '\0';
    memset(over, 'x', 65);
    over[65] = '\0';
    assert_int_equal(acf_edit_distance(just, just), 0);
    assert_int_equal(acf_edit_distance(just, ""), 64);
    assert_int_equal(acf_edit_distance(over, over), 64);
    assert_int_equal(acf_edit_distance("a", over), 64);
}

static void a_number_is_all_of_the_text(void **state)
{
    (void)state;
    static const char *const no[] = {"",    " 1",  "1 ", "0x10", "nan", "inf", "1e999",
                                     "1,5", "1-2", "e5", "+",    "one", "1\n"};
    static const struct {
        const char *text;
        double want;
    } yes[] = {{"0", 0}, {"-1.5", -1.5}, {"+.5", .5}, {"2.", 2}, {"1e-3", 1e-3}, {"1E5", 1e5}};
    double x;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(acf_number_parse(&x, no[i]));
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        assert_true(acf_number_parse(&x, yes[i].text));
        assert_true(x == yes[i].want);
    }
}

static void ends_are_whole(void **state)
{
    (void)state;
    assert_true(acf_ends_with("a.bin", ".bin") && acf_ends_with(".bin", ".bin"));
    assert_true(acf_ends_with("a", "") && acf_ends_with("", ""));
    assert_false(acf_ends_with("bin", ".bin") || acf_ends_with("a.bin2", ".bin"));
}

static void control_characters_are_not_shown(void **state)
{
    (void)state;
    char text[] = "a\tb\x1b[31m\x7f \xc2\x9b"
                  "2J \xc2\xa0\xc3\x9b";
    acf_make_printable(text);
    assert_string_equal(text, "a?b?[31m? ??2J \xc2\xa0\xc3\x9b"); /* other UTF-8 stays */
}

static void a_word_of_a_list_is_whole(void **state)
{
    (void)state;
    assert_true(acf_list_has("rte", "rte", 3) && acf_list_has("rte,mrpc", "mrpc", 4));
    assert_true(acf_list_has("rte,,mrpc,", "mrpc", 4) && acf_list_has("acf,ce", "acf_tau", 3));
    assert_false(acf_list_has("", "rte", 3) || acf_list_has("rte-100", "rte", 3));
    assert_false(acf_list_has("rt,te", "rte", 3) || acf_list_has("a,rte", "rte,a", 5));
}

static void the_first_unknown_word_of_a_list(void **state)
{
    (void)state;
    static const char *const names[] = {"rte", "mrpc", "sst2"};
    static const struct {
        const char *list, *want; /* NULL: all are known */
    } cases[] = {{"rte", NULL},      {"mrpc,rte,", NULL}, {"rte,mrp,x", "mrp"},
                 {"sst2x", "sst2x"}, {"rte,,mrpc", ""},   {"", ""},
                 {",", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = 0;
        const char *word = acf_list_unknown(&len, cases[i].list, names, 3);
        assert_true((word == NULL) == (cases[i].want == NULL));
        if (word == NULL) continue;
        assert_int_equal(len, strlen(cases[i].want));
        assert_memory_equal(word, cases[i].want, len);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(edit_distances),
    cmocka_unit_test(long_words_are_far_from_everything),
    cmocka_unit_test(a_number_is_all_of_the_text),
    cmocka_unit_test(ends_are_whole),
    cmocka_unit_test(control_characters_are_not_shown),
    cmocka_unit_test(a_word_of_a_list_is_whole),
    cmocka_unit_test(the_first_unknown_word_of_a_list),
};

TEST_MAIN(tests)
