/* Growing strings. */
#include "base/mem.h"
#include "base/str.h"
#include "support/cm.h"

static void appends_and_prints(void **state)
{
    (void)state;
    acf_str s = {0};
    acf_error e;
    assert_ok(acf_str_puts(&s, "", &e), &e);
    assert_string_equal(s.data, "");
    assert_ok(acf_str_append(&s, "a\0b", 3, &e), &e);
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.data, "a\0b", 4);
    assert_ok(acf_str_append(&s, NULL, 0, &e), &e);
    acf_str_clear(&s);
    assert_string_equal(s.data, "");
    assert_ok(acf_str_printf(&s, &e, "%s=%d", "key", 42), &e);
    assert_ok(acf_str_puts(&s, ";", &e), &e);
    assert_string_equal(s.data, "key=42;");
    assert_int_equal(s.len, 7);
    acf_str_cut(&s, 3);
    assert_string_equal(s.data, "key");
    assert_int_equal(s.len, 3);
    assert_ok(acf_str_put_cell(&s, "\ta\r\nb\t\"", &e), &e);
    assert_string_equal(s.data, "key a  b \""); /* what was there before is left alone */
    acf_str_free(&s);
    assert_null(s.data);
    acf_str_clear(&s);
    acf_str_free(&s);
}

static void grows_to_any_length(void **state)
{
    (void)state;
    acf_str s = {0};
    acf_error e;
    for (int i = 0; i < 3000; i++)
        assert_ok(acf_str_printf(&s, &e, "%04d", i), &e);
    assert_int_equal(s.len, 12000);
    assert_memory_equal(s.data + 4 * 1234, "1234", 4);
    assert_int_equal(strlen(s.data), s.len);
    assert_ok(acf_str_printf(&s, &e, "%*s|", 5000, ""), &e); /* longer than what is there */
    assert_int_equal(s.len, 17001);
    assert_int_equal(s.data[17000], '|');
    acf_str_free(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(appends_and_prints),
    cmocka_unit_test(grows_to_any_length),
};

TEST_MAIN(tests)
