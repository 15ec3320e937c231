/* JSON: what is refused, and getters that name file and key. */
#include "base/json.h"
#include "base/mem.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <math.h>

static cJSON *parse(const char *text)
{
    acf_error e;
    cJSON *tree;
    assert_ok(acf_json_parse(&tree, text, strlen(text), "x.json", &e), &e);
    return tree;
}

static void refuses(const char *text, size_t len, const char *message)
{
    acf_error e;
    cJSON *tree;
    assert_fails(acf_json_parse(&tree, text, len, "x.json", &e), ACF_ERR_FORMAT, message, &e);
    assert_null(tree);
}

static void refuses_broken_texts(void **state)
{
    (void)state;
    refuses("", 0, "x.json: is empty, expected JSON");
    refuses("{\"a\": 1", 7, "x.json:1:");
    refuses("{\n\"a\": 1,\n}", 11, "x.json:3:1: malformed JSON");
    refuses("{} x", 4, "malformed JSON");
    refuses("{}{}", 4, "malformed JSON");
    refuses("{\"a\": 1}\0", 9, "x.json:1: NUL byte in JSON text");
    refuses("\n{\"a\0\": 1}", 10, "x.json:2: NUL byte in JSON text");
    refuses("{\"a\\u0000b\": 1}", 15, "x.json:1: '\\u0000' in a JSON string");
    refuses("{\"a", 3, "malformed JSON");
    refuses("{\"a\\", 4, "malformed JSON");
    refuses("nul", 3, "malformed JSON");
}

static void limits_nesting(void **state)
{
    (void)state;
    char deep[200];
    for (int depth = 64; depth <= 65; depth++) {
        memset(deep, '[', (size_t)depth);
        memset(deep + depth, ']', (size_t)depth);
        if (depth == 64) {
            acf_error e;
            cJSON *tree;
            assert_ok(acf_json_parse(&tree, deep, 128, "x.json", &e), &e);
            cJSON_Delete(tree);
        } else {
            refuses(deep, 130, "x.json:1: JSON nested deeper than 64 levels");
        }
    }
    cJSON *tree = parse("[\"[[[[\\\"[[[[\"]"); /* inside strings brackets do not nest */
    assert_string_equal(tree->child->valuestring, "[[[[\"[[[[");
    cJSON_Delete(tree);
}

static void every_cut_of_a_text_is_refused(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\": [1, 2.5, {\"b\": \"x\\n\\u00e9\"}], \"c\": null, \"d\": true}";
    for (size_t len = 1; len < strlen(text); len++)
        refuses(text, len, "malformed JSON");
    cJSON_Delete(parse(text));
    cJSON_Delete(parse(" \r\n\t{} \r\n\t"));
}

static void reads_files(void **state)
{
    acf_error e;
    cJSON *tree;
    const char *path = tmpdir_path(*state, "a.json");
    tmpdir_write_text(path, "{\"n\": 3}\n");
    assert_ok(acf_json_read(&tree, path, 100, &e), &e);
    assert_int_equal(cJSON_GetObjectItem(tree, "n")->valueint, 3);
    cJSON_Delete(tree);
    assert_fails(acf_json_read(&tree, path, 4, &e), ACF_ERR_FORMAT, "a.json: holds 9 bytes", &e);
    assert_fails(acf_json_read_in(&tree, *state, "a.json", 4, &e), ACF_ERR_FORMAT,
                 "a.json: holds 9 bytes", &e);
    assert_ok(acf_json_read_in(&tree, *state, "a.json", 100, &e), &e);
    assert_non_null(tree);
    cJSON_Delete(tree);
    assert_ok(acf_json_read_in(&tree, *state, "none", 100, &e), &e);
    assert_null(tree);
    assert_null(tree);
    assert_fails(acf_json_read(&tree, tmpdir_path(*state, "none"), 4, &e), ACF_ERR_IO,
                 "none: cannot open", &e);
}

static void gets_numbers(void **state)
{
    (void)state;
    acf_error e;
    double x;
    int64_t n;
    cJSON *t = parse("{\"x\": 2.5, \"n\": -7, \"big\": 9007199254740993, \"huge\": 1e300,"
                     " \"text\": \"1\", \"null\": null, \"inf\": 1e999}");
    assert_ok(acf_json_number(&x, t, "x", 0, 3, 9, "f", &e), &e);
    assert_number(x, 2.5, 0);
    assert_ok(acf_json_number(&x, t, "none", 0, 3, 9, "f", &e), &e);
    assert_number(x, 9, 0);
    assert_ok(acf_json_number(&x, t, "null", 0, 3, 9, "f", &e), &e);
    assert_number(x, 9, 0);
    assert_fails(acf_json_number(&x, t, "x", 0, 2, 9, "f.json", &e), ACF_ERR_FORMAT,
                 "f.json: 'x' = 2.5 is out of range [0, 2]", &e);
    assert_fails(acf_json_number(&x, t, "text", 0, 2, 9, "f", &e), ACF_ERR_FORMAT,
                 "f: 'text' is not a number", &e);
    assert_fails(acf_json_number(&x, t, "inf", 0, 1e308, 9, "f", &e), ACF_ERR_FORMAT, "'inf'", &e);

    assert_ok(acf_json_int(&n, t, "n", -10, 10, 1, "f", &e), &e);
    assert_int_equal(n, -7);
    assert_ok(acf_json_int(&n, t, "null", -10, 10, 1, "f", &e), &e);
    assert_int_equal(n, 1);
    assert_fails(acf_json_int(&n, t, "n", 0, 10, 1, "f", &e), ACF_ERR_FORMAT,
                 "f: 'n' = -7 is out of range [0, 10]", &e);
    assert_fails(acf_json_int(&n, t, "x", 0, 10, 1, "f", &e), ACF_ERR_FORMAT,
                 "f: 'x' = 2.5 is not an integer", &e);
    assert_fails(acf_json_int(&n, t, "huge", INT64_MIN, INT64_MAX, 1, "f", &e), ACF_ERR_FORMAT,
                 "'huge'", &e);
    cJSON_Delete(t);
}

static void gets_words(void **state)
{
    (void)state;
    acf_error e;
    bool b;
    const char *s;
    cJSON *t = parse("{\"b\": true, \"s\": \"text\", \"n\": 1, \"null\": null, \"S\": \"other\"}");
    assert_ok(acf_json_bool(&b, t, "b", false, "f", &e), &e);
    assert_true(b);
    assert_ok(acf_json_bool(&b, t, "null", false, "f", &e), &e);
    assert_false(b);
    assert_fails(acf_json_bool(&b, t, "n", false, "f", &e), ACF_ERR_FORMAT,
                 "f: 'n' is neither true nor false", &e);
    assert_ok(acf_json_string(&s, t, "s", NULL, "f", &e), &e);
    assert_string_equal(s, "text");
    assert_ok(acf_json_string(&s, t, "S", NULL, "f", &e), &e); /* case matters */
    assert_string_equal(s, "other");
    assert_ok(acf_json_string(&s, t, "none", "fallback", "f", &e), &e);
    assert_string_equal(s, "fallback");
    assert_fails(acf_json_string(&s, t, "b", NULL, "f", &e), ACF_ERR_FORMAT,
                 "f: 'b' is not a string", &e);
    cJSON_Delete(t);
    t = parse("[1]"); /* no object: nothing is there */
    assert_ok(acf_json_string(&s, t, "s", "fallback", "f", &e), &e);
    assert_string_equal(s, "fallback");
    cJSON_Delete(t);
}

/* To the last bit but one: cJSON prints 15 digits where these are within 2^-52. */
static void numbers_survive_printing(void **state)
{
    (void)state;
    acf_error e;
    static const double x[] = {0.1, 1.0 / 3, 1e-300, -2.5e17, 9007199254740991.0, 5e-324};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
        cJSON *t = cJSON_CreateObject();
        assert_ok(acf_json_check(cJSON_AddNumberToObject(t, "x", x[i]), &e), &e);
        char *text = acf_json_print(t, false, &e);
        cJSON *back = parse(text);
        assert_number(cJSON_GetObjectItem(back, "x")->valuedouble, x[i], fabs(x[i]) * 0x1p-52);
        acf_free(text);
        cJSON_Delete(t);
        cJSON_Delete(back);
    }
    cJSON *t = parse("{\"a\": [1]}");
    char *flat = acf_json_print(t, false, &e), *tall = acf_json_print(t, true, &e);
    assert_string_equal(flat, "{\"a\":[1]}");
    assert_int_equal(tall[strlen(tall) - 1], '\n');
    acf_free(flat);
    acf_free(tall);
    cJSON_Delete(t);
    assert_fails(acf_json_check(NULL, &e), ACF_ERR_RESOURCE, "not enough memory", &e);
}

/* What is not defined has no key, or null where the key must be there. */
static void undefined_numbers_are_left_out_or_null(void **state)
{
    (void)state;
    acf_error e;
    cJSON *t = cJSON_CreateObject();
    const double none = (double)NAN;
    assert_true(acf_json_put_number(t, "a", none) && acf_json_put_pair(t, "b", 1, none));
    assert_true(acf_json_put_number_or_null(t, "c", none) &&
                acf_json_put_number_or_null(t, "d", 2));
    assert_true(acf_json_put_pair_or_null(t, "e", none, 1) &&
                acf_json_put_pair_or_null(t, "f", 1, 2));
    char *text = acf_json_print(t, false, &e);
    assert_string_equal(text, "{\"c\":null,\"d\":2,\"e\":null,\"f\":[1,2]}");
    acf_free(text);
    cJSON_Delete(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(refuses_broken_texts),
    cmocka_unit_test(limits_nesting),
    cmocka_unit_test(every_cut_of_a_text_is_refused),
    TEST(reads_files),
    cmocka_unit_test(gets_numbers),
    cmocka_unit_test(gets_words),
    cmocka_unit_test(numbers_survive_printing),
    cmocka_unit_test(undefined_numbers_are_left_out_or_null),
};

TEST_MAIN(tests)
