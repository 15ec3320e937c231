/* Errors: one line whatever a file holds, names put before, classes given, exit codes. */
#include "support/cm.h"

#include "base/log.h"

#include <string.h>

static void keeps_one_printable_line(void **state)
{
    (void)state;
    acf_error e;
    assert_int_equal(
        acf_fail(&e, ACF_ERR_DATA, "%s: '%s'", "a\nb", "\x1b[2J\t\x7f\xc2\x9b\xc3\xa4"),
        ACF_ERR_DATA);
    assert_int_equal(e.status, ACF_ERR_DATA);
    assert_string_equal(e.text, "a?b: '?[2J????\xc3\xa4'");
    assert_int_equal(acf_context(ACF_ERR_DATA, &e, "epoch\r%d", 2), ACF_ERR_DATA);
    assert_string_equal(e.text, "epoch?2: a?b: '?[2J????\xc3\xa4'");
}

static void cuts_what_is_too_long(void **state)
{
    (void)state;
    static char text[2 * ACF_ERROR_TEXT];
    acf_error e;
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(acf_fail(&e, ACF_ERR_FAIL, "%s", text), ACF_ERR_FAIL);
    assert_int_equal(strlen(e.text), ACF_ERROR_TEXT - 1);
    assert_int_equal(acf_context(ACF_ERR_FAIL, &e, "name"), ACF_ERR_FAIL);
    assert_memory_equal(e.text, "name: xxx", 9);
    assert_true(strlen(e.text) < ACF_ERROR_TEXT);
    assert_int_equal(acf_context(ACF_ERR_FAIL, &e, "%s", text), ACF_ERR_FAIL);
    assert_int_equal(strlen(e.text), ACF_ERROR_TEXT - 1);
}

static void gives_a_class_to_bare_failures_only(void **state)
{
    (void)state;
    acf_error e = {ACF_ERR_IO, "x"};
    assert_int_equal(acf_reclass(ACF_ERR_IO, ACF_ERR_MODEL, &e), ACF_ERR_MODEL);
    assert_int_equal(e.status, ACF_ERR_MODEL);
    assert_int_equal(acf_reclass(ACF_ERR_FORMAT, ACF_ERR_DATA, NULL), ACF_ERR_DATA);
    assert_int_equal(acf_reclass(ACF_ERR_RESOURCE, ACF_ERR_DATA, &e), ACF_ERR_RESOURCE);
    assert_int_equal(acf_reclass(ACF_OK, ACF_ERR_DATA, &e), ACF_OK);
    assert_int_equal(acf_fail(NULL, ACF_ERR_USAGE, "nobody listens"), ACF_ERR_USAGE);
    assert_int_equal(acf_context(ACF_STOPPED, NULL, "nobody listens"), ACF_STOPPED);
    assert_int_equal(acf_context(ACF_OK, &e, "nothing failed"), ACF_OK);
    assert_string_equal(e.text, "x");
}

static void gives_an_error_to_whoever_listens(void **state)
{
    (void)state;
    const acf_error from = {ACF_ERR_DATA, "a: b"};
    acf_error to = {ACF_OK, ""};
    assert_int_equal(acf_error_give(NULL, &from), ACF_ERR_DATA);
    assert_int_equal(acf_error_give(&to, &from), ACF_ERR_DATA);
    assert_int_equal(to.status, ACF_ERR_DATA);
    assert_string_equal(to.text, "a: b");
}

static void exits_as_documented(void **state)
{
    (void)state;
    static const int code[] = {
        [ACF_OK] = 0,        [ACF_ERR_FAIL] = 1,    [ACF_ERR_USAGE] = 2,    [ACF_ERR_DATA] = 3,
        [ACF_ERR_MODEL] = 4, [ACF_ERR_NUMERIC] = 5, [ACF_ERR_RESOURCE] = 6, [ACF_STOPPED] = 75,
        [ACF_ERR_IO] = 1,    [ACF_ERR_FORMAT] = 1};
    for (int st = 0; st < (int)(sizeof code / sizeof *code); st++)
        assert_int_equal(acf_exit_code((acf_status)st), code[st]);
}

static void keep_line(void *payload, acf_log_level level, const char *line)
{
    (void)level;
    (void)strncpy(payload, line, 31);
}

static void logs_printable_lines(void **state)
{
    (void)state;
    char line[32] = "";
    const acf_log log = {.write = keep_line, .payload = line};
    acf_log_warn(&log, "label '%s'", "\x1b]0;x\x07");
    assert_string_equal(line, "label '?]0;x?'");
    acf_log_info(NULL, "nobody listens");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keeps_one_printable_line),
    cmocka_unit_test(cuts_what_is_too_long),
    cmocka_unit_test(gives_a_class_to_bare_failures_only),
    cmocka_unit_test(gives_an_error_to_whoever_listens),
    cmocka_unit_test(exits_as_documented),
    cmocka_unit_test(logs_printable_lines),
};
TEST_MAIN(tests)
