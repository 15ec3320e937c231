/* Tables in the other formats than TSV: CSV, JSON lines and fastText's lines; rows, bad lines and
 * how they are told. */
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/table.h"
#include "support/cm.h"
#include "support/tmpdir.h"

/* A string literal's bytes, NUL bytes inside included, without the final one. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static const char *put(void **state, const char *name, const char *data, size_t len)
{
    const char *path = tmpdir_path(*state, "%s", name);
    tmpdir_write(path, data, len);
    return path;
}

static void open_table(acf_table *t, void **state, const char *name, const char *data, size_t len)
{
    acf_error e;
    assert_ok(acf_table_read(t, put(state, name, data, len), &e), &e);
}

static void refuses(void **state, const char *name, const char *data, size_t len,
                    const char *message)
{
    acf_table t;
    acf_error e;
    assert_fails(acf_table_read(&t, put(state, name, data, len), &e), ACF_ERR_FORMAT, message, &e);
    assert_null(t.block);
    assert_null(t.path);
}

static void assert_row(const acf_table *t, int row, int line, const char *a, const char *b)
{
    assert_true(row < t->n_rows);
    assert_int_equal(t->line[row], line);
    assert_string_equal(acf_table_cell(t, row, 0), a);
    assert_string_equal(acf_table_cell(t, row, 1), b);
}

static void assert_bad(const acf_table *t, const acf_bad_line *want, int n)
{
    for (int i = 0; i < n && i < t->n_bad; i++) {
        assert_string_equal(t->bad[i].reason, want[i].reason);
        assert_int_equal(t->bad[i].line, want[i].line);
    }
    assert_int_equal(t->n_bad, n);
}

#define ASSERT_BAD(t, ...)                                                                         \
    do {                                                                                           \
        static const acf_bad_line want_[] = {__VA_ARGS__};                                         \
        assert_bad((t), want_, (int)(sizeof want_ / sizeof *want_));                               \
    } while (0)

static void csv_accepts_plain_and_quoted_cells(void **state)
{
    acf_table t;
    open_table(&t, state, "t.csv",
               BYTES("\xEF\xBB\xBFtext,\"label\"\r\n"
                     "plain,1\r\n"
                     "\"with, comma\",\"2\"\n"
                     "\"two \"\"marks\"\"\",\"\"\n"
                     "\"\"\"\",\n"
                     ",\n"
                     "5\" pipe, \"x\" \n"
                     "last\rcell,\xC3\xA9"));
    assert_int_equal(t.n_cols, 2);
    assert_int_equal(t.n_rows, 8);
    assert_int_equal(t.n_bad, 0);
    assert_row(&t, 0, 1, "text", "label");
    assert_row(&t, 1, 2, "plain", "1");
    assert_row(&t, 2, 3, "with, comma", "2");
    assert_row(&t, 3, 4, "two \"marks\"", "");
    assert_row(&t, 4, 5, "\"", "");
    assert_row(&t, 5, 6, "", "");
    assert_row(&t, 6, 7, "5\" pipe", " \"x\" ");
    assert_row(&t, 7, 8, "last\rcell", "\xC3\xA9");
    assert_int_equal(acf_table_find(&t, "label"), 1);
    acf_table_free(&t);
}

static void csv_counts_the_lines_of_quoted_line_breaks(void **state)
{
    acf_table t;
    open_table(&t, state, "t.csv",
               BYTES("text,label\n\"one\ntwo\r\nthree\",a\nshort\n\"\n\n\",\"\n\"\nend,b\n"));
    assert_int_equal(t.n_rows, 4);
    assert_row(&t, 1, 2, "one\ntwo\r\nthree", "a");
    assert_row(&t, 2, 6, "\n\n", "\n");
    assert_row(&t, 3, 10, "end", "b");
    ASSERT_BAD(&t, {5, "has 1 column, expected 2"});
    acf_table_free(&t);
}

static void csv_lists_bad_lines(void **state)
{
    acf_table t;
    open_table(&t, state, "t.csv",
               BYTES("a,b\n1,2,3\n\"x\"y,z\nx,\"y\n\"z\n\n\"n\0\",1\n\"\xFF\",1\nok,1\n"
                     "\"never\nclosed,1\nok,\"2\""));
    assert_int_equal(t.n_rows, 2);
    assert_row(&t, 1, 9, "ok", "1");
    ASSERT_BAD(&t, {2, "has 3 columns, expected 2"},
               {3, "has text after a closing quotation mark (column 0)"},
               {4, "has text after a closing quotation mark (column 1)"}, {6, "is empty"},
               {7, "holds a NUL byte (at byte 3)"}, {8, "is not valid UTF-8 (byte 0xFF at byte 2)"},
               {10, "has text after a closing quotation mark (column 0)"});
    acf_table_free(&t);
}

static void csv_names_another_separator(void **state)
{
    acf_table t;
    open_table(&t, state, "t.csv", BYTES("text;label\na;x\nb, c;y\n"));
    ASSERT_BAD(&t, {3, "has 2 columns, expected 1; line 1 looks separated by ';', a .csv is by "
                       "commas"});
    acf_table_free(&t);
    open_table(&t, state, "t.csv", BYTES("text;\tlabel\n"));
    assert_string_equal(acf_table_hint(&t), "; line 1 looks separated by TAB, a .csv is by commas");
    acf_table_free(&t);
    open_table(&t, state, "t.csv", BYTES("a;\t,b\n1\n"));
    ASSERT_BAD(&t, {2, "has 1 column, expected 2"});
    acf_table_free(&t);
    open_table(&t, state, "t.csv", BYTES("text\na,b\n"));
    ASSERT_BAD(&t, {2, "has 2 columns, expected 1"});
    acf_table_free(&t);
    open_table(&t, state, "t.tsv", BYTES("text;label\na\tb\n"));
    ASSERT_BAD(&t, {2, "has 2 columns, expected 1"});
    acf_table_free(&t);
}

static void csv_loses_one_line_to_an_open_mark(void **state)
{
    acf_table t;
    open_table(&t, state, "t.csv", BYTES("a,b\nok,1\nx,\"never\nok,2\nok,3"));
    assert_int_equal(t.n_rows, 4);
    assert_row(&t, 2, 4, "ok", "2");
    assert_row(&t, 3, 5, "ok", "3");
    ASSERT_BAD(&t, {3, "opens a quotation mark that is never closed (column 1)"});
    acf_table_free(&t);
}

static void csv_refuses_a_bad_first_line(void **state)
{
    refuses(state, "t.csv", "", 0, "t.csv: is empty");
    refuses(state, "t.csv", BYTES("\n1,2\n"), "t.csv:1: is empty");
    refuses(state, "t.csv", BYTES("\"a,b\n1,2\n"),
            "t.csv:1: opens a quotation mark that is never closed (column 0)");
    refuses(state, "t.csv", BYTES("\"a\" ,b\n"),
            "t.csv:1: has text after a closing quotation mark (column 0)");
}

static void jsonl_accepts_scalars_in_any_order(void **state)
{
    acf_table t;
    open_table(
        &t, state, "t.jsonl",
        BYTES("\xEF\xBB\xBF{\"text\": \"good\", \"label\": 1}\r\n"
              "{\"label\":-0.50E+2,\"text\":\"tab\\tquote\\\" \\u00e9 \\ud83d\\ude00 \\/\"}\n"
              " { \"label\" : true , \"text\" : null } \n"
              "{\"text\":\"\",\"label\":\"line\\nbreak\"}\n"
              "{\"text\":12345678901234567890.10,\"label\":false}"));
    assert_int_equal(t.n_cols, 2);
    assert_int_equal(t.n_bad, 0);
    assert_int_equal(t.n_rows, 6);
    assert_non_null(t.names);
    assert_row(&t, 0, 1, "text", "label");
    assert_row(&t, 1, 1, "good", "1");
    assert_row(&t, 2, 2, "tab\tquote\" \xC3\xA9 \xF0\x9F\x98\x80 /", "-0.50E+2");
    assert_row(&t, 3, 3, "", "true");
    assert_row(&t, 4, 4, "", "line\nbreak");
    assert_row(&t, 5, 5, "12345678901234567890.10", "false");
    assert_int_equal(acf_table_find(&t, "label"), 1);
    acf_table_free(&t);
}

static void jsonl_lists_bad_lines(void **state)
{
    acf_table t;
    open_table(&t, state, "t.jsonl",
               BYTES("{\"a\":1,\"b\":2}\n"
                     "{\"a\":1}\n"
                     "{\"a\":1,\"b\":2,\"c\":3}\n"
                     "{\"a\":1,\"a\":2}\n"
                     "{\"a\":[1],\"b\":2}\n"
                     "{\"a\":1,\"b\":{}}\n"
                     "[1,2]\n"
                     "\n"
                     "{}\n"
                     "{\"a\":1,\"b\":2\n"
                     "{\"a\":1,\"b\":2}}\n"
                     "{\"a\":1 \"b\":2}\n"
                     "{\"a\":01,\"b\":2}\n"
                     "{\"a\":1.,\"b\":2}\n"
                     "{\"a\":nul,\"b\":2}\n"
                     "{\"a\":\"x,\"b\":2}\n"
                     "{\"a\":\"\\u0000\",\"b\":2}\n"
                     "{\"a\":\"\\ud800\",\"b\":2}\n"
                     "{\"a\":\"\\x\",\"b\":2}\n"
                     "{\"a\":\"t\tb\",\"b\":2}\n"
                     "{\"a\":\"\0\",\"b\":2}\n"
                     "{\"a\":\"\xFF\",\"b\":2}\n"
                     "{a:1,\"b\":2}\n"
                     "{\"a\":1,\"b\":2,}\n"
                     "{\"b\":20,\"a\":10}\n"
                     "\"a"));
    assert_int_equal(t.n_rows, 3);
    assert_row(&t, 2, 25, "10", "20");
    ASSERT_BAD(
        &t, {2, "has no key 'b', which line 1 has"}, {3, "has a key 'c', which line 1 has not"},
        {4, "has twice the key 'a'"}, {5, "holds a list under 'a', expected a text or a number"},
        {6, "holds an object under 'b', expected a text or a number"}, {7, "is not a JSON object"},
        {8, "is empty"}, {9, "is an empty object"}, {10, "is malformed JSON (at byte 13)"},
        {11, "is malformed JSON (at byte 14)"}, {12, "is malformed JSON (at byte 8)"},
        {13, "is malformed JSON (at byte 6)"}, {14, "is malformed JSON (at byte 6)"},
        {15, "is malformed JSON (at byte 6)"}, {16, "is malformed JSON (at byte 10)"},
        {17, "is malformed JSON (at byte 6)"}, {18, "is malformed JSON (at byte 6)"},
        {19, "is malformed JSON (at byte 6)"}, {20, "is malformed JSON (at byte 6)"},
        {21, "holds a NUL byte (at byte 7)"}, {22, "is not valid UTF-8 (byte 0xFF at byte 7)"},
        {23, "is malformed JSON (at byte 2)"}, {24, "is malformed JSON (at byte 14)"},
        {26, "is not a JSON object"});
    acf_table_free(&t);
}

static void jsonl_takes_the_keys_of_the_first_good_line(void **state)
{
    acf_table t;
    open_table(&t, state, "t.jsonl",
               BYTES("[\n\n{\"a\":1,\"b\":2}\n{\"b\":3}\n{\"b\":4,\"a\":5}\n]\n"));
    assert_int_equal(t.n_rows, 3);
    assert_row(&t, 0, 1, "a", "b");
    assert_row(&t, 1, 3, "1", "2");
    assert_row(&t, 2, 5, "5", "4");
    ASSERT_BAD(&t, {1, "is not a JSON object"}, {2, "is empty"},
               {4, "has no key 'a', which line 3 has"}, {6, "is not a JSON object"});
    acf_table_free(&t);
}

static void jsonl_refuses_a_file_without_a_good_line(void **state)
{
    refuses(state, "t.jsonl", "", 0, "t.jsonl: is empty");
    refuses(state, "t.jsonl", BYTES("[\n]\n"),
            "t.jsonl:1: is not a JSON object, and no line is a good one");
    refuses(state, "t.jsonl", BYTES("{\"a\":1,\"a\":1}\n"), "t.jsonl:1: has twice the key 'a'");
    refuses(state, "t.jsonl", BYTES("{}\n"), "t.jsonl:1: is an empty object");
    acf_str wide = {0};
    for (int i = 0; i <= 1000; i++)
        assert_int_equal(acf_str_printf(&wide, NULL, "%s\"k%d\":1", i > 0 ? "," : "{", i), ACF_OK);
    assert_int_equal(acf_str_puts(&wide, "}\n", NULL), ACF_OK);
    refuses(state, "t.jsonl", wide.data, wide.len, "t.jsonl:1: has more than 1000 keys");
    acf_str_free(&wide);
}

static void fasttext_accepts_labelled_lines(void **state)
{
    acf_table t;
    open_table(&t, state, "t.txt",
               BYTES("__label__pos good film\r\n"
                     "  __label__neg\t  bad  film \n"
                     "__label__pos\n"
                     "__label__\xC3\xA9 un __label\n"
                     "__label__x y"));
    assert_int_equal(t.n_cols, 2);
    assert_int_equal(t.n_bad, 0);
    assert_int_equal(t.n_rows, 6);
    assert_row(&t, 0, 1, "label", "text");
    assert_row(&t, 1, 1, "pos", "good film");
    assert_row(&t, 2, 2, "neg", "bad  film ");
    assert_row(&t, 3, 3, "pos", "");
    assert_row(&t, 4, 4, "\xC3\xA9", "un __label");
    assert_row(&t, 5, 5, "x", "y");
    acf_table_free(&t);
}

static void fasttext_lists_bad_lines(void **state)
{
    acf_table t;
    open_table(&t, state, "t.txt",
               BYTES("\n__label__a x\n__label__a __label__b x\n__label__ x\n\n \n"
                     "text __label__a\n__label__a x __label__b\n__label__a \xFF\n__label__a \0\n"));
    assert_int_equal(t.n_rows, 2);
    ASSERT_BAD(
        &t, {1, "is empty"}, {3, "has 2 labels (__label__), expected one"},
        {4, "has an empty label"}, {5, "is empty"}, {6, "does not begin with __label__NAME"},
        {7, "does not begin with __label__NAME"}, {8, "has 2 labels (__label__), expected one"},
        {9, "is not valid UTF-8 (byte 0xFF at byte 12)"}, {10, "holds a NUL byte (at byte 12)"});
    acf_table_free(&t);
    refuses(state, "t.txt", "", 0, "t.txt: is empty");
    refuses(state, "t.txt", BYTES("plain text\n"), "t.txt:1: does not begin with __label__NAME");
}

static void keeps_raw_rows(void **state)
{
    acf_table t;
    acf_error e;
    const char *path = put(state, "t.csv", BYTES("a,b\r\n\"x\n\"\"y\",1\r\nz,2\n"));
    assert_ok(acf_table_read_raw(&t, path, &e), &e);
    assert_int_equal(t.n_rows, 3);
    assert_memory_equal(t.raw + t.span[1].begin, "\"x\n\"\"y\",1\r", 10);
    assert_int_equal(t.span[1].end - t.span[1].begin, 9);
    acf_table_free(&t);
}

static void survives_failing_allocations(void **state)
{
    static const struct {
        const char *name, *text;
    } file[] = {{"t.csv", "a,b\n\"x\",1\nbad\n"},
                {"t.jsonl", "{\"a\":\"\\n\",\"b\":1}\n{\"a\":1}\n"},
                {"t.txt", "__label__a x\nbad\n"}};
    acf_json_start(); /* its memory counts, too */
    for (int i = 0; i < 3; i++) {
        acf_table t;
        acf_error e = {0};
        const char *path = put(state, file[i].name, file[i].text, strlen(file[i].text));
        size_t held = acf_mem_held();
        for (size_t n = 1;; n++) {
            (void)acf_mem_fail_at(n);
            acf_status st = acf_table_read_raw(&t, path, &e);
            (void)acf_mem_fail_at(0);
            if (st == ACF_OK) {
                assert_true(n > 6);
                break;
            }
            assert_int_equal(st, ACF_ERR_RESOURCE);
            assert_int_equal(acf_mem_held(), held);
        }
        acf_table_free(&t);
        assert_int_equal(acf_mem_held(), held);
    }
}

/* Every cut of a file is read or refused, and what is read holds together. */
static void survives_every_cut(void **state)
{
    static const struct {
        const char *name, *text;
    } file[] = {
        {"t.csv", "a,b\n\"x\"\"\n\",1\r\n\"y\",\"\"\n"},
        {"t.jsonl", "{\"a\":\"\\ud83d\\ude00\",\"b\":-1.5e3}\n{\"b\":null,\"a\":\"x\"}\r\n"},
        {"t.txt", "__label__a x\n  __label__b\n"}};
    for (int i = 0; i < 3; i++)
        for (size_t len = 0; len <= strlen(file[i].text); len++) {
            acf_table t;
            acf_error e;
            if (acf_table_read(&t, put(state, file[i].name, file[i].text, len), &e) != ACF_OK)
                continue;
            for (int r = 0; r < t.n_rows; r++)
                assert_true(strlen(acf_table_cell(&t, r, t.n_cols - 1)) <= len);
            acf_table_free(&t);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(csv_accepts_plain_and_quoted_cells),
    TEST(csv_counts_the_lines_of_quoted_line_breaks),
    TEST(csv_lists_bad_lines),
    TEST(csv_names_another_separator),
    TEST(csv_loses_one_line_to_an_open_mark),
    TEST(csv_refuses_a_bad_first_line),
    TEST(jsonl_accepts_scalars_in_any_order),
    TEST(jsonl_lists_bad_lines),
    TEST(jsonl_takes_the_keys_of_the_first_good_line),
    TEST(jsonl_refuses_a_file_without_a_good_line),
    TEST(fasttext_accepts_labelled_lines),
    TEST(fasttext_lists_bad_lines),
    TEST(keeps_raw_rows),
    TEST(survives_failing_allocations),
    TEST(survives_every_cut),
};

TEST_MAIN(tests)
