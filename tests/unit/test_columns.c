/* Which columns a table has, whether its line 1 is a header, and what is said of it. */
#include "base/str.h"
#include "data/data_summary.h"
#include "support/cm.h"
#include "support/data.h"
#include "support/tmpdir.h"

#include <stdio.h>

static void tells_a_header_from_a_row(void **state)
{
    acf_data_options opt = data_options("text", *state);
    opt.text = "0";
    opt.label = "1";
    data_put(*state, "train.tsv", "text\tlabel\nx\ta\ny\tb\nz\ta\n");
    data_put(*state, "dev.tsv", "text\tlabel\nx\ta\n");
    data_put(*state, "test.tsv", "text\nq\n");
    acf_dataset *d = data_open_ok(&opt);
    assert_true(d->split[ACF_TRAIN].has_header);
    assert_int_equal(d->split[ACF_TRAIN].n, 3);
    assert_int_equal(d->split[ACF_DEV].n, 1);
    assert_int_equal(d->split[ACF_TEST].n, 1);
    acf_data_close(&d);

    data_put(*state, "train.tsv", "w\tb\nx\ta\ny\tb\nz\ta\n");
    data_put(*state, "dev.tsv", "x\ta\n");
    d = data_open_ok(&opt);
    assert_false(d->split[ACF_TRAIN].has_header);
    assert_int_equal(d->split[ACF_TRAIN].n, 4);
    assert_int_equal(d->split[ACF_DEV].n, 1);
    assert_int_equal(d->split[ACF_TEST].n, 2); /* as training: no header */
    acf_data_close(&d);
}

static void keep_line(void *payload, acf_log_level level, const char *line)
{
    (void)level;
    acf_error e;
    assert_ok(acf_str_printf(payload, &e, "%s\n", line), &e);
}

/* Open with what is said on the way, which must be `told`. */
static acf_dataset *open_told(const acf_data_options *opt, const char *told)
{
    acf_dataset *d;
    acf_error e;
    acf_str said = {0};
    const acf_log log = {keep_line, &said};
    assert_ok(acf_data_open(&d, opt, &log, &e), &e);
    assert_string_equal(said.len > 0 ? said.data : "", told);
    acf_str_free(&said);
    return d;
}

static void tells_that_a_header_is_a_guess(void **state)
{
    char told[300];
    acf_data_options opt = data_options("text", *state);
    opt.text = "0";
    opt.label = "1";
    data_put(*state, "train.tsv", "zebra\tsolo\nx\ta\ny\tb\nz\ta\n");
    (void)snprintf(told, sizeof told,
                   "%s/train.tsv: line 1 taken as a header: 'zebra', 'solo'; data.header: no keeps "
                   "it as a row\n",
                   (const char *)*state);
    acf_dataset *d = open_told(&opt, told);
    assert_int_equal(d->split[ACF_TRAIN].n, 3);
    acf_data_close(&d);

    opt.header = ACF_HEADER_YES;
    d = open_told(&opt, "");
    assert_int_equal(d->split[ACF_TRAIN].n, 3);
    acf_data_close(&d);
    opt.header = ACF_HEADER_NO;
    d = open_told(&opt, "");
    assert_int_equal(d->split[ACF_TRAIN].n, 4);
    assert_int_equal(d->K, 3);
    acf_data_close(&d);
}

/* Scores are seldom equal: only a cell that is no number is the name of a column. */
static void keeps_the_first_score(void **state)
{
    acf_data_options opt = data_options("text", *state);
    opt.regression = true;
    opt.text = "0";
    opt.label = "1";
    data_put(*state, "train.tsv", "x\t0.25\ny\t1.5\nz\t-3e-2\n");
    data_put(*state, "dev.tsv", "x\t7\ny\t8\n");
    data_put(*state, "test.tsv", "what\thow much\nx\t9\n");
    acf_dataset *d = data_open_ok(&opt);
    assert_int_equal(d->split[ACF_TRAIN].n, 3);
    assert_int_equal(d->split[ACF_DEV].n, 2);
    assert_int_equal(d->split[ACF_TEST].n, 1);
    assert_true(d->split[ACF_TRAIN].target[0] == 0.25);
    assert_true(d->split[ACF_TEST].target[0] == 9);
    acf_data_close(&d);
}

/* JSON and fastText's lines have names, but no line that is a header. */
static void tells_of_headers_that_are_lines(void **state)
{
    acf_error e;
    const char *const name[] = {"t.tsv", "t.jsonl", "t.txt"};
    const char *const text[] = {"text\tlabel\na\tx\nb\ty\n",
                                "{\"text\": \"a\", \"label\": \"x\"}\n"
                                "{\"text\": \"b\", \"label\": \"y\"}\n",
                                "__label__x a\n__label__y b\n"};
    for (int i = 0; i < 3; i++) {
        acf_str told = {0};
        acf_data_options opt = data_options("text", NULL);
        opt.path[ACF_TRAIN] = data_put(*state, name[i], text[i]);
        acf_dataset *d = data_open_ok(&opt);
        assert_ok(acf_data_summary(&told, d, &e), &e);
        assert_non_null(strstr(told.data, i == 0 ? "2 rows after a header: " : "2 rows: "));
        acf_str_free(&told);
        acf_data_close(&d);
    }
    acf_data_options opt = data_options("text", NULL);
    opt.path[ACF_TRAIN] = data_put(*state, "t.jsonl", "{\"text\": \"a\", \"label\": \"\"}\n[]\n");
    opt.on_bad = ACF_BAD_SKIP;
    data_refuse(&opt, ACF_ERR_DATA, "t.jsonl: has no rows but bad lines");
}

static void tells_that_commas_are_missing(void **state)
{
    acf_data_options opt = data_options("text", NULL);
    opt.path[ACF_TRAIN] = data_put(*state, "t.csv", "text;label\na;x\nb;y\n");
    data_refuse(&opt, ACF_ERR_DATA,
                "t.csv:1: the header has no column 'text' (data.columns.text): 'text;label'; line "
                "1 looks separated by ';', a .csv is by commas");
    opt.text = "0";
    opt.label = "1";
    data_refuse(&opt, ACF_ERR_DATA,
                "t.csv: data.columns.label is column 1, but the file has 1 (0 to 0); line 1 looks "
                "separated by ';'");
    opt.label = "99999999999"; /* a number however large */
    data_refuse(&opt, ACF_ERR_DATA, "data.columns.label is column 99999999999, but the file has 1");
}

static void refuses_a_wanted_name_that_comes_twice(void **state)
{
    acf_data_options opt = data_options("text", *state);
    data_put(*state, "train.tsv", "text\tlabel\ttext\tid\tid\nx\ta\tX\t1\t1\ny\tb\tY\t2\t2\n");
    data_refuse(
        &opt, ACF_ERR_DATA,
        "train.tsv:1: the header has two columns 'text' (data.columns.text): rename one, "
        "or give the number of the one that is meant (the first is 0) and data.header: yes");
    opt.text = "2"; /* ids are not asked for */
    opt.header = ACF_HEADER_YES;
    acf_dataset *d = data_open_ok(&opt);
    assert_string_equal(d->split[ACF_TRAIN].text[0], "X");
    acf_data_close(&d);
    opt.text2 = "id";
    data_refuse(&opt, ACF_ERR_DATA, "two columns 'id' (data.columns.text2)");
}

/* What is told of a training file with these labels ("a|b|c"), after its name; "": nothing. */
static void check_told(const char *dir, const char *labels, const char *told)
{
    char want[300] = "";
    acf_str rows = {0};
    acf_error e;
    for (const char *at = labels; *at != '\0'; at += *at == '|') {
        size_t n = strcspn(at, "|");
        assert_ok(acf_str_printf(&rows, &e, "{\"text\": \"x\", \"label\": \"%.*s\"}\n", (int)n, at),
                  &e);
        at += n;
    }
    acf_data_options opt = data_options("text", NULL);
    opt.path[ACF_TRAIN] = data_put(dir, "train.jsonl", rows.data);
    if (*told != '\0') (void)snprintf(want, sizeof want, "%s/train.jsonl: %s\n", dir, told);
    acf_dataset *d = open_told(&opt, want);
    acf_data_close(&d);
    acf_str_free(&rows);
}

static void check_alike(const char *dir, const char *labels, const char *pair)
{
    char told[200];
    (void)snprintf(told, sizeof told,
                   "%s are two labels that differ only in blanks around them or in case", pair);
    check_told(dir, labels, told);
}

static void warns_of_scores_as_classes(void **state)
{
    check_told(*state, "1|2|3", "");
    check_told(*state, "1.0|2.0|3e1", "");
    check_told(*state, "0.5|1|good", "");
    check_told(*state, "1|0.5|2.25",
               "all 3 labels are numbers, such as 0.5, taken as classes; loss.type: mse learns "
               "numbers");
}

static void warns_of_labels_that_look_alike(void **state)
{
    check_told(*state, "cat|ca t|cats|c at", "");
    check_alike(*state, "cat|dog|cat ", "'cat' and 'cat '");
    check_alike(*state, "dog|\\t cat|ant|cat\xC2\xA0", "'? cat' and 'cat\xC2\xA0'");
    check_alike(*state, "cat|b|Cat|a", "'Cat' and 'cat'");
    check_alike(*state, "\xC3\x84rger|Arger|\xC3\xA4rger", "'\xC3\x84rger' and '\xC3\xA4rger'");
    check_alike(*state, " |a|  ", "' ' and '  '");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(tells_a_header_from_a_row),       TEST(tells_that_a_header_is_a_guess),
    TEST(keeps_the_first_score),           TEST(tells_of_headers_that_are_lines),
    TEST(tells_that_commas_are_missing),   TEST(refuses_a_wanted_name_that_comes_twice),
    TEST(warns_of_labels_that_look_alike), TEST(warns_of_scores_as_classes),
};

TEST_MAIN(tests)
