/* Rows that training and dev share: counted, told, and the chosen rows written down. */
#include "base/mem.h"
#include "data/data_summary.h"
#include "data/overlap.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <stdio.h>

static const char *put(void **state, const char *name, const char *text)
{
    const char *path = tmpdir_path(*state, "%s", name);
    tmpdir_write_text(path, text);
    return path;
}

static acf_dataset *open_dir(void **state, const char *task, const char *text2)
{
    acf_dataset *d;
    acf_error e;
    acf_data_options opt = acf_data_default();
    opt.task = task;
    opt.dir = *state;
    opt.text2 = text2;
    assert_ok(acf_data_open(&d, &opt, NULL, &e), &e);
    return d;
}

static void assert_overlap(const acf_dataset *d, int within, int within_other, int dev,
                           int dev_other)
{
    acf_overlap a, b;
    acf_error e;
    const acf_split *other = &d->split[ACF_DEV];
    assert_ok(acf_overlap_count(&a, &b, &d->split[ACF_TRAIN], &other, 1, &e), &e);
    assert_int_equal(a.n, within);
    assert_int_equal(a.n_other, within_other);
    assert_int_equal(b.n, dev);
    assert_int_equal(b.n_other, dev_other);
}

static void assert_told(const acf_dataset *d, const char *line)
{
    acf_str out = {0};
    acf_error e;
    assert_ok(acf_data_summary(&out, d, &e), &e);
    if (strstr(out.data, line) == NULL) fail_msg("no '%s' in:\n%s", line, out.data);
    acf_str_free(&out);
}

static void counts_equal_texts(void **state)
{
    put(state, "train.tsv",
        "text\tlabel\na\tx\nb\ty\na\tx\na\ty\nc\tx\nA\tx\na \tx\n\xC3\xA9\tx\ne\xCC\x81\ty\n");
    put(state, "dev.tsv", "text\tlabel\na\tx\nb\tx\na\ty\nd\tx\n\xC3\xA9\tx\nb\ty\n");
    acf_dataset *d = open_dir(state, "text", NULL);
    assert_overlap(d, 2, 1, 5, 2);
    assert_told(d,
                "train.tsv\n       x 6 (66.7 %), y 3 (33.3 %)\n"
                "       2 rows have the text of an earlier training row, 1 of them another label");
    assert_told(d, "       5 rows have the text of a training row, 2 of them another label\n");
    acf_data_close(&d);
    put(state, "dev.tsv", "text\tlabel\nz\tx\n");
    d = open_dir(state, "text", NULL);
    assert_told(d, "       no row has the text of a training row\n");
    acf_data_close(&d);
}

/* Both texts count, and which is which. */
static void counts_equal_pairs(void **state)
{
    put(state, "train.tsv", "text\tother\tlabel\na\tb\tx\na\tc\ty\nab\t\tx\n\tab\tx\na\tb\tx\n");
    put(state, "dev.tsv", "text\tother\tlabel\nb\ta\tx\na\tc\tx\n\tab\tx\na\tbc\ty\n");
    acf_dataset *d = open_dir(state, "text", "other");
    assert_overlap(d, 1, 0, 2, 1);
    assert_told(d,
                "       1 row has the text of an earlier training row, 0 of them another label\n");
    acf_data_close(&d);
}

static void compares_scores(void **state)
{
#define HEAD "index\tg\tf\ty\to\ts\ts\tsentence1\tsentence2\tscore\n"
    put(state, "train.tsv",
        HEAD "0\t\t\t\t\t\t\ta\tb\t1.0\n1\t\t\t\t\t\t\ta\tb\t1\n"
             "2\t\t\t\t\t\t\ta\tb\t2\n");
    put(state, "dev.tsv", HEAD "0\t\t\t\t\t\t\ta\tb\t4\n");
    acf_dataset *d = open_dir(state, "stsb", NULL);
    assert_overlap(d, 2, 1, 1, 1);
    assert_told(d, "       1 row has the text of a training row, 1 of them another score\n");
    acf_data_close(&d);
}

/* Against comparing every pair of rows, with texts that come often. */
static void agrees_with_all_pairs(void **state)
{
    enum { N = 2000 };
    char *text = acf_alloc(N, 16, "rows", NULL);
    uint32_t x = 7;
    size_t at = (size_t)sprintf(text, "text\tlabel\n");
    for (int i = 0; i < N; i++) {
        x = x * 1664525u + 1013904223u;
        at += (size_t)sprintf(text + at, "t%u\t%u\n", (x >> 16) % 700, (x >> 8) % 2);
    }
    put(state, "train.tsv", text);
    acf_free(text);
    acf_dataset *d = open_dir(state, "text", NULL);
    const acf_split *s = &d->split[ACF_TRAIN];
    int n = 0, n_other = 0;
    for (int i = 0; i < s->n; i++) {
        int first = 0;
        while (strcmp(s->text[first], s->text[i]) != 0)
            first++;
        n += first < i;
        n_other += first < i && s->label[first] != s->label[i];
    }
    assert_true(n > 1000);
    assert_overlap(d, n, n_other, 0, 0);
    acf_data_close(&d);
}

static void writes_chosen_rows_down(void **state)
{
    acf_dataset *d;
    acf_error e;
    acf_str out = {0};
    put(state, "train.tsv", "text\tlabel\na\tx\nb\ty\nc\tx\nd\ty\n");
    acf_data_options opt = acf_data_default();
    opt.dir = *state;
    assert_ok(acf_data_open(&d, &opt, NULL, &e), &e);
    assert_ok(acf_data_chosen_rows(&out, d, &e), &e);
    assert_int_equal(out.len, 0);
    acf_data_close(&d);
    opt.dev_fraction = 0.5;
    assert_ok(acf_data_open(&d, &opt, NULL, &e), &e);
    assert_ok(acf_data_chosen_rows(&out, d, &e), &e);
    char want[100];
    const acf_split *s = d->split;
    (void)snprintf(want, sizeof want, "split\tline\ntrain\t%d\ntrain\t%d\ndev\t%d\ndev\t%d\n",
                   s[0].line[0], s[0].line[1], s[1].line[0], s[1].line[1]);
    assert_string_equal(out.data, want);
    acf_str_free(&out);
    acf_data_close(&d);
}

static void survives_failing_allocations(void **state)
{
    put(state, "train.tsv", "text\tlabel\na\tx\nb\ty\na\tx\n");
    put(state, "dev.tsv", "text\tlabel\na\tx\n");
    acf_dataset *d = open_dir(state, "text", NULL);
    size_t held = acf_mem_held();
    for (size_t n = 1;; n++) {
        acf_overlap a, b;
        acf_error e = {0};
        const acf_split *other = &d->split[ACF_DEV];
        (void)acf_mem_fail_at(n);
        acf_status st = acf_overlap_count(&a, &b, &d->split[ACF_TRAIN], &other, 1, &e);
        (void)acf_mem_fail_at(0);
        assert_int_equal(acf_mem_held(), held);
        if (st == ACF_OK) {
            assert_true(n > 2);
            break;
        }
        assert_int_equal(st, ACF_ERR_RESOURCE);
    }
    acf_data_close(&d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(counts_equal_texts),    TEST(counts_equal_pairs),      TEST(compares_scores),
    TEST(agrees_with_all_pairs), TEST(writes_chosen_rows_down), TEST(survives_failing_allocations),
};

TEST_MAIN(tests)
