/* Reading TSV: what is a row, what is a bad line, and how it is told. */
#include "base/mem.h"
#include "data/table.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <stdio.h>

/* A string literal's bytes, NUL bytes inside included, without the final one. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static const char *put(const char *dir, const char *data, size_t len)
{
    const char *path = tmpdir_path(dir, "t.tsv");
    tmpdir_write(path, data, len);
    return path;
}

static void open_table(acf_table *t, void **state, const char *data, size_t len)
{
    acf_error e;
    assert_ok(acf_table_read(t, put(*state, data, len), &e), &e);
}

static void assert_row(const acf_table *t, int row, int line, const char *a, const char *b)
{
    assert_int_equal(t->line[row], line);
    assert_string_equal(acf_table_cell(t, row, 0), a);
    assert_string_equal(acf_table_cell(t, row, 1), b);
}

static void accepts_plain_rows(void **state)
{
    acf_table t;
    open_table(&t, state, BYTES("text\tlabel\ngood film\t1\n\t0\n"));
    assert_int_equal(t.n_rows, 3);
    assert_int_equal(t.n_cols, 2);
    assert_int_equal(t.n_bad, 0);
    assert_row(&t, 0, 1, "text", "label");
    assert_row(&t, 1, 2, "good film", "1");
    assert_row(&t, 2, 3, "", "0");
    assert_int_equal(acf_table_find(&t, "label"), 1);
    assert_int_equal(acf_table_find(&t, "Label"), -1);
    acf_table_free(&t);
}

static void accepts_bom_crlf_and_no_final_newline(void **state)
{
    acf_table t;
    open_table(&t, state, BYTES("\xEF\xBB\xBFQuality\ttext\r\n1\tone\r\n0\ttwo"));
    assert_int_equal(t.n_rows, 3);
    assert_row(&t, 0, 1, "Quality", "text");
    assert_row(&t, 1, 2, "1", "one");
    assert_row(&t, 2, 3, "0", "two");
    acf_table_free(&t);
}

static void counts_no_empty_lines_at_the_end(void **state)
{
    acf_table t;
    open_table(&t, state, BYTES("a\tb\n\n1\t2\n\r\n\n\r\n"));
    assert_int_equal(t.n_rows, 2);
    assert_int_equal(t.n_bad, 1); /* the one between rows */
    assert_row(&t, 1, 3, "1", "2");
    acf_table_free(&t);
    open_table(&t, state, BYTES("a\tb\n\n\n"));
    assert_int_equal(t.n_rows, 1);
    assert_int_equal(t.n_bad, 0);
    acf_table_free(&t);
}

static void takes_quotes_and_single_cr_as_they_are(void **state)
{
    acf_table t;
    open_table(&t, state, BYTES("\"a\tx\nhe said \"\"no\"\t\"y\nb\rc\t\xC3\xA9\xF0\x9F\x98\x80\n"));
    assert_int_equal(t.n_rows, 3);
    assert_row(&t, 0, 1, "\"a", "x");
    assert_row(&t, 1, 2, "he said \"\"no\"", "\"y");
    assert_row(&t, 2, 3, "b\rc", "\xC3\xA9\xF0\x9F\x98\x80");
    acf_table_free(&t);
}

static void lists_bad_lines_and_keeps_the_others(void **state)
{
    acf_table t;
    open_table(&t, state,
               BYTES("a\tb\none\n1\t2\t3\nx\0y\tz\nok\t1\n\n\xC3\xA9\xFFq\tb\n\xED\xA0\x80\tc\n"
                     "\xEF\xBF\xBD\tvalid\ncut\t\xE2\x82"));
    static const acf_bad_line want[] = {{2, "has 1 column, expected 2"},
                                        {3, "has 3 columns, expected 2"},
                                        {4, "holds a NUL byte (at byte 2)"},
                                        {6, "is empty"},
                                        {7, "is not valid UTF-8 (byte 0xFF at byte 3)"},
                                        {8, "is not valid UTF-8 (byte 0xED at byte 1)"},
                                        {10, "is not valid UTF-8 (byte 0xE2 at byte 5)"}};
    assert_int_equal(t.n_bad, 7);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(t.bad[i].line, want[i].line);
        assert_string_equal(t.bad[i].reason, want[i].reason);
    }
    assert_int_equal(t.n_rows, 3);
    assert_row(&t, 1, 5, "ok", "1");
    assert_row(&t, 2, 9, "\xEF\xBF\xBD", "valid");
    acf_table_free(&t);
}

static void lists_bad_lines_in_order_up_to_a_limit(void **state)
{
    acf_table t;
    acf_error e;
    enum { N = ACF_BAD_LISTED + 50 };
    static char data[3 * N + 100];
    size_t len = (size_t)snprintf(data, sizeof data, "a\tb\n");
    for (int i = 0; i < N; i++) {
        bool is_good = i < 150 && i % 2 != 0;
        len += (size_t)snprintf(data + len, sizeof data - len, is_good ? "x\ty\n" : "x\n");
    }
    open_table(&t, state, data, len);
    assert_int_equal(t.n_bad, N - 75);
    for (int line = 151; line > 1; line -= 2) /* told last to first, as a caller may */
        assert_ok(acf_table_reject(&t, line, "has an empty label", &e), &e);
    assert_int_equal(t.n_bad, N);
    for (int i = 0; i < ACF_BAD_LISTED; i++)
        assert_int_equal(t.bad[i].line, i + 2);
    assert_string_equal(t.bad[1].reason, "has an empty label");
    acf_table_free(&t);
}

static void digests_the_bytes_as_they_are_on_disk(void **state)
{
    acf_table t;
    open_table(&t, state, BYTES("abc\n"));
    assert_string_equal(t.digest,
                        "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb");
    acf_table_free(&t);
}

static void rejects(void **state, const char *data, size_t len, const char *message)
{
    acf_table t;
    acf_error e;
    assert_fails(acf_table_read(&t, put(*state, data, len), &e), ACF_ERR_FORMAT, message, &e);
    assert_null(t.block);
    assert_null(t.path);
}

static void rejects_empty_and_a_bad_first_line(void **state)
{
    rejects(state, "", 0, "t.tsv: is empty");
    rejects(state, BYTES("\xEF\xBB\xBF"), "t.tsv: is empty");
    rejects(state, BYTES("\na\tb\n"), "t.tsv:1: is empty");
    rejects(state, BYTES("\n\n\r\n"), "t.tsv:1: is empty");
    rejects(state, BYTES("\xFF\xFEt\0e\0x\0t\0"),
            "t.tsv:1: is not valid UTF-8 (byte 0xFF at byte 1): it looks like UTF-16; iconv -f "
            "UTF-16 -t UTF-8 converts it");
    rejects(state, BYTES("\xFE\xFF\0t\0e"),
            "t.tsv:1: is not valid UTF-8 (byte 0xFE at byte 1): it "
            "looks like UTF-16");
    rejects(state, BYTES("text\tlabel\rx\ta\ry\tb\r"),
            "t.tsv: its lines end in CR alone, expected LF or CR LF; tr '\\r' '\\n' converts it");
    rejects(state, BYTES("PK\3\4\0\0\n"), "t.tsv:1: holds a NUL byte (at byte 5)");
}

static void rejects_what_is_no_tsv_file(void **state)
{
    acf_table t;
    acf_error e;
    assert_fails(acf_table_read(&t, tmpdir_path(*state, "none.tsv"), &e), ACF_ERR_IO,
                 "none.tsv: cannot open: No such file", &e);
    assert_fails(acf_table_read(&t, *state, &e), ACF_ERR_IO, "is a directory, expected a file", &e);
    assert_fails(acf_table_read(&t, tmpdir_path(*state, "none"), &e), ACF_ERR_IO,
                 "none: there is no such file or directory", &e);
    tmpdir_write_text(tmpdir_path(*state, "b.xls"), "text\tlabel\n");
    assert_fails(acf_table_read(&t, tmpdir_path(*state, "b.xls"), &e), ACF_ERR_FORMAT,
                 "b.xls: a data file's format is told by its extension, which must be .tsv, .csv, "
                 ".jsonl or .txt (lines of fastText), each also with .gz",
                 &e);
}

static void knows_formats_by_extension(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int format;
    } cases[] = {{"a.tsv", ACF_TABLE_TSV},
                 {"d/a.b.csv.gz", ACF_TABLE_CSV},
                 {"/x/a.jsonl", ACF_TABLE_JSONL},
                 {"a.txt.gz", ACF_TABLE_FASTTEXT},
                 {"a.tsv.gz", ACF_TABLE_TSV},
                 {".tsv", -1},
                 {"a.gz", -1},
                 {"a.TSV", ACF_TABLE_TSV},
                 {"a.Csv.GZ", ACF_TABLE_CSV},
                 {"a.csv.gz.gz", -1},
                 {"a.csv/b", -1},
                 {"", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        acf_table_format format;
        bool found = acf_table_format_of(&format, cases[i].path);
        assert_int_equal(found ? (int)format : -1, cases[i].format);
    }
}

static void keeps_the_raw_text(void **state)
{
    acf_table t;
    acf_error e;
    assert_ok(acf_table_read_raw(&t, put(*state, BYTES("\xEF\xBB\xBFx\ty\r\nbad\n1\t2")), &e), &e);
    assert_int_equal(t.n_rows, 2);
    assert_memory_equal(t.raw + t.span[0].begin, "x\ty\r\n", 5);
    assert_int_equal(t.span[0].end - t.span[0].begin, 3);
    assert_int_equal(t.span[1].end - t.span[1].begin, 3);
    assert_memory_equal(t.raw + t.span[1].begin, "1\t2", 3);
    acf_table_free(&t);
}

static void survives_failing_allocations(void **state)
{
    acf_table t;
    acf_error e = {0};
    const char *path = put(*state, BYTES("a\tb\nx\ny\tz\n"));
    size_t held = acf_mem_held();
    for (size_t n = 1;; n++) {
        (void)acf_mem_fail_at(n);
        acf_status st = acf_table_read(&t, path, &e);
        (void)acf_mem_fail_at(0);
        if (st == ACF_OK) {
            assert_true(n > 4);
            break;
        }
        assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_int_equal(acf_mem_held(), held);
    }
    acf_table_free(&t);
    assert_int_equal(acf_mem_held(), held);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(accepts_plain_rows),
    TEST(accepts_bom_crlf_and_no_final_newline),
    TEST(counts_no_empty_lines_at_the_end),
    TEST(takes_quotes_and_single_cr_as_they_are),
    TEST(lists_bad_lines_and_keeps_the_others),
    TEST(lists_bad_lines_in_order_up_to_a_limit),
    TEST(digests_the_bytes_as_they_are_on_disk),
    TEST(rejects_empty_and_a_bad_first_line),
    TEST(rejects_what_is_no_tsv_file),
    TEST(knows_formats_by_extension),
    TEST(keeps_the_raw_text),
    TEST(survives_failing_allocations),
};

TEST_MAIN(tests)
