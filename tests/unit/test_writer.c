/* base/writer, base/sysio and what base/io writes with them. */
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/digest.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sysio.h"
#include "base/writer.h"

#include <errno.h>

static acf_error e;

static void digest_of_known_texts(void **state)
{
    (void)state;
    char hex[ACF_DIGEST_HEX + 1];
    acf_digest d;
    acf_digest_bytes(hex, "", 0);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    acf_digest_init(&d);
    acf_digest_add(&d, "a", 1);
    acf_digest_add(&d, "", 0);
    acf_digest_add(&d, "bc", 2);
    acf_digest_finish(&d, hex); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(acf_digest_is_hex(hex));
    hex[63] = 'G';
    assert_false(acf_digest_is_hex(hex));
}

/* Pieces smaller and larger than the buffer come out in order, and the digest is the file's. */
static void writes_pieces_of_any_size(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 65535, 1, 65536, 65537, 3, 200000, 2};
    static unsigned char bytes[400000];
    const char *path = tmpdir_path(*state, "f");
    char hex[ACF_DIGEST_HEX + 1], want[ACF_DIGEST_HEX + 1];
    acf_writer *w;
    size_t at = 0, len;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    assert_ok(acf_writer_open(&w, path, &e), &e);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_ok(acf_writer_put(w, bytes + at, sizes[i], &e), &e);
        at += sizes[i];
    }
    assert_ok(acf_writer_close(&w, ACF_OK, hex, &e), &e);
    assert_null(w);
    char *got = tmpdir_read(path, &len);
    assert_int_equal(len, at);
    assert_memory_equal(got, bytes, at);
    acf_free(got);
    acf_digest_bytes(want, bytes, at);
    assert_string_equal(hex, want);
}

static void keeps_the_status_of_what_failed_before(void **state)
{
    const char *path = tmpdir_path(*state, "f");
    acf_writer *w;
    assert_ok(acf_writer_open(&w, path, &e), &e);
    assert_ok(acf_writer_put(w, "abc", 3, &e), &e);
    assert_int_equal(acf_writer_close(&w, ACF_ERR_DATA, NULL, &e), ACF_ERR_DATA);
    assert_false(acf_path_exists(path));
    assert_int_equal(acf_writer_close(&w, ACF_OK, NULL, &e), ACF_OK);
}

/* Every call of an atomic replacement fails in turn: the old file stays, no temporary one. */
static void atomic_write_survives_every_failure(void **state)
{
    const char *path = tmpdir_path(*state, "f");
    size_t calls;
    assert_ok(acf_write_atomic(path, "old", 3, &e), &e);
    acf_sys_fail_at(0, 0, 0);
    assert_ok(acf_write_atomic(path, "old", 3, &e), &e);
    calls = acf_sys_fail_at(0, 0, 0);
    assert_int_equal(calls, 6); /* create, write, fsync, close, rename, fsync of the directory */
    for (size_t n = 1; n <= calls; n++) {
        size_t len;
        (void)acf_sys_fail_at(n, 1, ENOSPC);
        acf_status st = acf_write_atomic(path, "new", 3, &e);
        (void)acf_sys_fail_at(0, 0, 0);
        assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_non_null(strstr(e.text, "No space left on device"));
        char *got = tmpdir_read(path, &len);
        assert_string_equal(got, n < calls ? "old" : "new"); /* the last: only the sync is unsure */
        acf_free(got);
        assert_int_equal(tmpdir_count(*state, NULL), 1);
    }
}

static void names_the_path(void **state)
{
    acf_writer *w;
    const char *path = tmpdir_path(*state, "none/f");
    assert_fails(acf_writer_open(&w, path, &e), ACF_ERR_RESOURCE, "none/f: cannot create", &e);
    assert_null(w);
    assert_fails(acf_write_synced(*state, "x", 1, &e), ACF_ERR_RESOURCE, "cannot create", &e);
    if (acf_path_exists("/dev/full")) {
        assert_fails(acf_write_synced("/dev/full", "x", 1, &e), ACF_ERR_RESOURCE,
                     "/dev/full: cannot write: No space left on device", &e);
        assert_true(acf_path_exists("/dev/full"));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(digest_of_known_texts),
    cmocka_unit_test_setup_teardown(writes_pieces_of_any_size, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(keeps_the_status_of_what_failed_before, tmpdir_setup,
                                    tmpdir_teardown),
    cmocka_unit_test_setup_teardown(atomic_write_survives_every_failure, tmpdir_setup,
                                    tmpdir_teardown),
    cmocka_unit_test_setup_teardown(names_the_path, tmpdir_setup, tmpdir_teardown),
};

TEST_MAIN(tests)
