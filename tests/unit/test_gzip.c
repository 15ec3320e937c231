/* Gzip files: whole, several members, cut, damaged, too large; and tables in them. */
#include "base/gzip.h"
#include "base/mem.h"
#include "data/table.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <stdio.h>
#include <zlib.h>

#define MAX ((size_t)1 << 30)

/* Pack into dir/name; "ab" appends a member. */
static const char *pack(void **state, const char *name, const char *mode, const char *text,
                        size_t len)
{
    const char *path = tmpdir_path(*state, "%s", name);
    gzFile f = gzopen(path, mode);
    assert_non_null(f);
    if (len > 0) assert_int_equal(gzwrite(f, text, (unsigned)len), (int)len);
    assert_int_equal(gzclose(f), Z_OK);
    return path;
}

static void refuses(const char *path, size_t max_bytes, const char *message)
{
    char *data, hex[ACF_DIGEST_HEX + 1];
    size_t len, held = acf_mem_held();
    acf_error e;
    assert_fails(acf_gzip_read(&data, &len, hex, path, max_bytes, &e), ACF_ERR_FORMAT, message, &e);
    assert_null(data);
    assert_int_equal(acf_mem_held(), held);
}

static void unpacks_members_as_one(void **state)
{
    char *data, hex[ACF_DIGEST_HEX + 1], want[ACF_DIGEST_HEX + 1];
    size_t len;
    acf_error e;
    const char *path = pack(state, "a.gz", "wb", "one\n", 4);
    (void)pack(state, "a.gz", "ab", "", 0);
    (void)pack(state, "a.gz", "ab9", "two", 3);
    assert_ok(acf_gzip_read(&data, &len, hex, path, MAX, &e), &e);
    assert_int_equal(len, 7);
    assert_string_equal(data, "one\ntwo");
    assert_ok(acf_digest_file(want, path, &e), &e);
    assert_string_equal(hex, want);
    acf_free(data);
    assert_true(acf_gzip_is_name("a.gz") && !acf_gzip_is_name(".gz") && acf_gzip_is_name("a.GZ"));
}

/* More than one piece of packed and unpacked bytes. */
static void unpacks_a_large_file(void **state)
{
    enum { N = 3 << 20 };
    char *text = acf_alloc(N, 1, "text", NULL), *data, hex[ACF_DIGEST_HEX + 1];
    size_t len;
    acf_error e;
    uint32_t x = 1;
    assert_non_null(text);
    for (size_t i = 0; i < N; i++) {
        x = x * 1664525u + 1013904223u;
        text[i] = (char)(x >> 24);
    }
    const char *path = pack(state, "a.gz", "wb1", text, N);
    assert_ok(acf_gzip_read(&data, &len, hex, path, MAX, &e), &e);
    assert_int_equal(len, N);
    assert_memory_equal(data, text, N);
    acf_free(data);
    acf_free(text);
}

static void refuses_what_is_cut_or_damaged(void **state)
{
    char message[200];
    size_t len, n;
    const char *text = "a line of text and another line of text\n", *bad;
    char *whole = tmpdir_read(pack(state, "a.gz", "wb", text, strlen(text)), &n);
    for (len = 1; len < n; len++) {
        bad = tmpdir_path(*state, "b.gz");
        tmpdir_write(bad, whole, len);
        (void)snprintf(message, sizeof message, "b.gz: the gzip data end after %zu bytes", len);
        refuses(bad, MAX, len == 1 ? "b.gz: is not gzip data (it begins with byte 0x1F)" : message);
    }
    bad = tmpdir_path(*state, "b.gz");
    tmpdir_write(bad, "", 0);
    refuses(bad, MAX, "b.gz: is empty, expected gzip data");
    tmpdir_write(bad, "text\tlabel\n", 11);
    refuses(bad, MAX, "b.gz: is not gzip data (it begins with byte 0x74)");

    char *more = acf_alloc(n + 4, 1, "bytes", NULL);
    memcpy(more, whole, n);
    memcpy(more + n, "more", 4);
    tmpdir_write(bad, more, n + 4);
    (void)snprintf(message, sizeof message,
                   "b.gz: 4 bytes that are not gzip data follow the content, from byte %zu on",
                   n + 1);
    refuses(bad, MAX, message);

    more[n - 8] ^= 1; /* the checksum */
    tmpdir_write(bad, more, n);
    refuses(bad, MAX, "incorrect data check");
    more[n - 8] ^= 1;
    more[n - 1] ^= 1; /* the length */
    tmpdir_write(bad, more, n);
    refuses(bad, MAX, "incorrect length check");
    more[n - 1] ^= 1;
    more[10] ^= 7; /* the first block */
    tmpdir_write(bad, more, n);
    refuses(bad, MAX, "b.gz: damaged gzip data near byte ");
    acf_free(more);
    acf_free(whole);
}

static void refuses_bombs(void **state)
{
    char message[200];
    size_t n;
    enum { N = 32 << 20 };
    const char *path = pack(state, "small.gz", "wb", "0123456789", 10);
    acf_free(tmpdir_read(path, &n));
    (void)snprintf(message, sizeof message,
                   "small.gz: %zu packed bytes unpack to more than the 9 allowed", n);
    refuses(path, 9, message);

    char *zeros = acf_alloc(N, 1, "zeros", NULL);
    assert_non_null(zeros);
    path = pack(state, "bomb.gz", "wb6", zeros, N);
    acf_free(zeros);
    acf_free(tmpdir_read(path, &n));
    (void)snprintf(message, sizeof message,
                   "bomb.gz: %zu packed bytes unpack to more than the %zu allowed; if they are "
                   "meant, give the unpacked file",
                   n, ACF_GZIP_FREE + n * ACF_GZIP_RATIO);
    refuses(path, MAX, message);
}

static void tables_count_unpacked_lines(void **state)
{
    acf_table t;
    acf_error e;
    const char text[] = "text\tlabel\na\t1\nbad\nb\t2\n";
    assert_ok(acf_table_read(&t, pack(state, "t.tsv.gz", "wb", text, sizeof text - 1), &e), &e);
    assert_int_equal(t.n_rows, 3);
    assert_int_equal(t.line[2], 4);
    assert_int_equal(t.bad[0].line, 3);
    assert_string_equal(acf_table_cell(&t, 2, 0), "b");
    acf_table_free(&t);
    const char csv[] = "a,b\n\"x\ny\",1\n";
    assert_ok(acf_table_read(&t, pack(state, "t.csv.gz", "wb", csv, sizeof csv - 1), &e), &e);
    assert_string_equal(acf_table_cell(&t, 1, 0), "x\ny");
    acf_table_free(&t);
    assert_fails(acf_table_read(&t, pack(state, "e.csv.gz", "wb", "", 0), &e), ACF_ERR_FORMAT,
                 "e.csv.gz: is empty", &e);
    assert_fails(acf_table_read(&t, tmpdir_path(*state, "none.csv.gz"), &e), ACF_ERR_IO,
                 "none.csv.gz: cannot open: No such file", &e);
}

static void survives_failing_allocations(void **state)
{
    const char *path = pack(state, "a.gz", "wb", "text\n", 5);
    size_t held = acf_mem_held();
    for (size_t n = 1;; n++) {
        char *data, hex[ACF_DIGEST_HEX + 1];
        size_t len;
        acf_error e = {0};
        (void)acf_mem_fail_at(n);
        acf_status st = acf_gzip_read(&data, &len, hex, path, MAX, &e);
        (void)acf_mem_fail_at(0);
        if (st == ACF_OK) {
            acf_free(data);
            assert_true(n > 2);
            break;
        }
        assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_int_equal(acf_mem_held(), held);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)

static const struct CMUnitTest tests[] = {
    TEST(unpacks_members_as_one),         TEST(unpacks_a_large_file),
    TEST(refuses_what_is_cut_or_damaged), TEST(refuses_bombs),
    TEST(tables_count_unpacked_lines),    TEST(survives_failing_allocations),
};

TEST_MAIN(tests)
