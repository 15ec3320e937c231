/* Files, directories and paths. */
#include "base/io.h"
#include "base/output.h"
#include "base/path.h"
#include "base/mem.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void reads_whole_files(void **state)
{
    acf_error e;
    char *data;
    size_t len;
    const char *path = tmpdir_path(*state, "file");
    tmpdir_write(path, "a\0b\n", 4);
    assert_ok(acf_read_file(&data, &len, path, 4, &e), &e);
    assert_int_equal(len, 4);
    assert_memory_equal(data, "a\0b\n", 5); /* and a final NUL */
    acf_free(data);
    assert_fails(acf_read_file(&data, &len, path, 3, &e), ACF_ERR_FORMAT,
                 "file: holds 4 bytes, more than the 3 allowed", &e);
    assert_null(data);
    tmpdir_write(path, "", 0);
    assert_ok(acf_read_file(&data, &len, path, 0, &e), &e);
    assert_int_equal(len, 0);
    assert_int_equal(data[0], '\0');
    acf_free(data);
}

static void refuses_what_is_no_file(void **state)
{
    acf_error e;
    char *data;
    size_t len;
    const unsigned char *map;
    const char *pipe = tmpdir_path(*state, "pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_fails(acf_read_file(&data, &len, *state, 100, &e), ACF_ERR_IO,
                 "is a directory, expected a file", &e);
    assert_fails(acf_read_file(&data, &len, "/dev/zero", 100, &e), ACF_ERR_IO,
                 "/dev/zero: is not a regular file", &e);
    assert_fails(acf_read_file(&data, &len, pipe, 100, &e), ACF_ERR_IO, "is not a regular file",
                 &e); /* without waiting for a writer */
    assert_fails(acf_read_file(&data, &len, tmpdir_path(*state, "none"), 100, &e), ACF_ERR_IO,
                 "none: cannot open: No such file", &e);
    assert_fails(acf_map_file(&map, &len, *state, &e), ACF_ERR_IO, "is a directory", &e);
    assert_null(map);
}

static void maps_files(void **state)
{
    acf_error e;
    const unsigned char *map;
    size_t len;
    const char *path = tmpdir_path(*state, "file");
    tmpdir_write_text(path, "twelve bytes");
    assert_ok(acf_map_file(&map, &len, path, &e), &e);
    assert_int_equal(len, 12);
    assert_memory_equal(map, "twelve bytes", 12);
    acf_unmap_file(&map, &len);
    assert_null(map);
    tmpdir_write(path, "", 0);
    assert_ok(acf_map_file(&map, &len, path, &e), &e);
    assert_null(map);
    assert_int_equal(len, 0);
    acf_unmap_file(&map, &len);
}

static void reads_kernel_files(void **state)
{
    (void)state;
    acf_error e;
    char text[7];
    assert_ok(acf_read_kernel_file(text, sizeof text, "/proc/self/status", &e), &e);
    assert_string_equal(text, "Name:\t"); /* cut to what fits */
}

static void writes_all_or_nothing(void **state)
{
    acf_error e;
    size_t len;
    const char *path = tmpdir_path(*state, "file");
    assert_ok(acf_write_atomic(path, "old", 3, &e), &e);
    assert_ok(acf_write_atomic(path, "new one", 7, &e), &e);
    char *data = tmpdir_read(path, &len);
    assert_string_equal(data, "new one");
    acf_free(data);
    assert_ok(acf_write_atomic(path, NULL, 0, &e), &e);
    data = tmpdir_read(path, &len);
    assert_int_equal(len, 0);
    acf_free(data);
    assert_int_equal(tmpdir_count(*state, NULL), 1); /* no temporary file stays */

    const char *dir = tmpdir_path(*state, "dir");
    assert_ok(acf_make_dirs(dir, &e), &e);
    assert_fails(acf_write_atomic(dir, "x", 1, &e), ACF_ERR_RESOURCE, "cannot rename to", &e);
    assert_int_equal(tmpdir_count(*state, NULL), 2);
    assert_fails(acf_write_atomic(tmpdir_path(*state, "none/file"), "x", 1, &e), ACF_ERR_RESOURCE,
                 "none/file", &e);
    assert_fails(acf_write_synced(tmpdir_path(*state, "none/file"), "x", 1, &e), ACF_ERR_RESOURCE,
                 "none/file", &e);
}

static void makes_directories(void **state)
{
    acf_error e;
    const char *deep = tmpdir_path(*state, "a/b/c");
    assert_ok(acf_make_dirs(deep, &e), &e);
    assert_ok(acf_make_dirs(deep, &e), &e); /* there already */
    assert_ok(acf_make_dirs(tmpdir_path(*state, "a/b//d/"), &e), &e);
    assert_true(acf_path_is_dir(deep));
    assert_true(acf_path_is_dir(tmpdir_path(*state, "a/b/d")));
    tmpdir_write_text(tmpdir_path(*state, "file"), "x");
    assert_fails(acf_make_dirs(tmpdir_path(*state, "file"), &e), ACF_ERR_RESOURCE,
                 "file: exists and is not a directory", &e);
    assert_fails(acf_make_dirs(tmpdir_path(*state, "file/below"), &e), ACF_ERR_RESOURCE,
                 "cannot create directory", &e);
}

static void removes_trees_and_follows_no_links(void **state)
{
    acf_error e;
    char tree[256], kept[256];
    (void)snprintf(tree, sizeof tree, "%s/tree", (char *)*state);
    (void)snprintf(kept, sizeof kept, "%s/kept", (char *)*state);
    assert_ok(acf_make_dirs(tmpdir_path(*state, "tree/a/b"), &e), &e);
    assert_ok(acf_make_dirs(kept, &e), &e);
    tmpdir_write_text(tmpdir_path(*state, "kept/file"), "x");
    tmpdir_write_text(tmpdir_path(*state, "tree/a/file"), "x");
    assert_int_equal(symlink("../../kept", tmpdir_path(*state, "tree/a/link")), 0);
    assert_int_equal(symlink("../kept/file", tmpdir_path(*state, "tree/file")), 0);
    assert_int_equal(symlink("nowhere", tmpdir_path(*state, "tree/dangling")), 0);
    assert_int_equal(symlink("kept", tmpdir_path(*state, "top")), 0);
    assert_ok(acf_remove_tree(tree, &e), &e);
    assert_ok(acf_remove_tree(tmpdir_path(*state, "top"), &e), &e);
    assert_false(acf_path_exists(tree));
    assert_true(acf_path_is_file(tmpdir_path(*state, "kept/file")));
    assert_int_equal(tmpdir_count(*state, NULL), 1);
    assert_ok(acf_remove_tree(tree, &e), &e); /* nothing there */
    assert_ok(acf_remove_tree(tmpdir_path(*state, "kept/file"), &e), &e);
    assert_int_equal(tmpdir_count(kept, NULL), 0);
}

static void tells_kinds_apart(void **state)
{
    const char *file = tmpdir_path(*state, "file"), *link = tmpdir_path(*state, "link");
    tmpdir_write_text(file, "x");
    assert_int_equal(symlink("nowhere", link), 0);
    assert_true(acf_path_exists(file) && acf_path_is_file(file) && !acf_path_is_dir(file));
    assert_true(acf_path_exists(*state) && acf_path_is_dir(*state) && !acf_path_is_file(*state));
    assert_false(acf_path_exists(link) || acf_path_is_file(link) || acf_path_is_dir(link));
}

static void lists_sorted(void **state)
{
    acf_error e;
    char **names;
    size_t n;
    assert_ok(acf_list_dir(&names, &n, *state, &e), &e);
    assert_int_equal(n, 0);
    acf_free_names(names, n);
    static const char *const name[] = {"b", "a", "B", ".hidden", "a b"};
    for (int i = 0; i < 5; i++)
        tmpdir_write_text(tmpdir_path(*state, "%s", name[i]), "");
    assert_ok(acf_list_dir(&names, &n, *state, &e), &e);
    static const char *const sorted[] = {".hidden", "B", "a", "a b", "b"};
    assert_int_equal(n, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(names[i], sorted[i]);
    acf_free_names(names, n);
    assert_fails(acf_list_dir(&names, &n, tmpdir_path(*state, "a"), &e), ACF_ERR_IO, "cannot list",
                 &e);
    assert_null(names);
}

static void check_text(char *got, const char *want)
{
    assert_non_null(got);
    assert_string_equal(got, want);
    acf_free(got);
}

static void joins_and_splits_paths(void **state)
{
    (void)state;
    acf_error e;
    check_text(acf_path_join("a", "b", &e), "a/b");
    check_text(acf_path_join("a/", "b", &e), "a/b");
    check_text(acf_path_join("/", "b", &e), "/b");
    check_text(acf_path_join("a", "/b", &e), "/b");
    check_text(acf_path_join("", "b", &e), "b");
    check_text(acf_path_join(NULL, "b", &e), "b");
    check_text(acf_path_dir("a/b/c", &e), "a/b");
    check_text(acf_path_dir("c", &e), ".");
    check_text(acf_path_dir("/c", &e), "/");
    assert_string_equal(acf_path_base("a/b/c"), "c");
    assert_string_equal(acf_path_base("c"), "c");
    assert_string_equal(acf_path_base("a/"), "");
}

static void makes_paths_absolute(void **state)
{
    acf_error e;
    char here[4096], want[8192];
    check_text(acf_path_absolute("/a//b/./c/../d/", &e), "/a/b/d");
    check_text(acf_path_absolute("/../..", &e), "/");
    check_text(acf_path_absolute("/a/..", &e), "/");
    check_text(acf_path_absolute("/a/.../..b", &e), "/a/.../..b");
    check_text(acf_path_absolute("/", &e), "/");
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(*state), 0);
    (void)snprintf(want, sizeof want, "%s/x", (char *)*state);
    check_text(acf_path_absolute("x", &e), want);
    check_text(acf_path_absolute("./y/../x", &e), want);
    check_text(acf_path_absolute("", &e), *state);
    assert_int_equal(chdir(here), 0);
}

static void knows_free_space(void **state)
{
    assert_true(acf_disk_free(*state) > 0);
    assert_true(acf_disk_free(tmpdir_path(*state, "not/yet/there")) > 0);
}

static void check_same(const char *a, const char *b, bool want)
{
    acf_error e;
    bool is_same;
    assert_ok(acf_path_is_same(&is_same, a, b, &e), &e);
    assert_int_equal(is_same, want);
    assert_ok(acf_path_is_same(&is_same, b, a, &e), &e);
    assert_int_equal(is_same, want);
}

static void knows_one_file_by_two_names(void **state)
{
    char file[512], link[512], other[512];
    (void)snprintf(file, sizeof file, "%s/file", (char *)*state);
    (void)snprintf(link, sizeof link, "%s/./link", (char *)*state);
    (void)snprintf(other, sizeof other, "%s/../%s/other", (char *)*state,
                   acf_path_base((char *)*state));
    tmpdir_write(file, "x", 1);
    assert_int_equal(symlink("file", link), 0);
    check_same(file, file, true);
    check_same(file, link, true);
    check_same(file, other, false); /* which is not there yet */
    check_same(other, tmpdir_path(*state, "other"), true);
    check_same(other, tmpdir_path(*state, "another"), false);
    check_same(tmpdir_path(*state, "none/other"), other, false);
    tmpdir_write(other, "x", 1);
    check_same(file, other, false);
    check_same(*state, *state, false); /* no file */
    check_same("/dev/null", "/dev/null", false);
}

static void looks_at_outputs_before_the_work(void **state)
{
    acf_error e;
    const char *file = tmpdir_path(*state, "file");
    assert_ok(acf_output_check(file, &e), &e);
    assert_false(acf_path_exists(file));
    tmpdir_write(file, "x", 1);
    assert_ok(acf_output_check(file, &e), &e);
    assert_ok(acf_output_check("/dev/null", &e), &e);
    assert_int_equal(symlink("nothing", tmpdir_path(*state, "link")), 0);
    assert_ok(acf_output_check(tmpdir_path(*state, "link"), &e), &e);
    assert_fails(acf_output_check(*state, &e), ACF_ERR_RESOURCE, "is a directory, expected a file",
                 &e);
    assert_fails(acf_output_check(tmpdir_path(*state, "none/x"), &e), ACF_ERR_RESOURCE,
                 "none/x: cannot be written: directory", &e);
    assert_fails(acf_output_check(tmpdir_path(*state, "file/x"), &e), ACF_ERR_RESOURCE,
                 "file: Not a directory", &e);
    assert_ok(acf_output_check_dir(*state, &e), &e);
    assert_ok(acf_output_check_dir(tmpdir_path(*state, "new/and/deep"), &e), &e);
    assert_false(acf_path_exists(tmpdir_path(*state, "new")));
    assert_fails(acf_output_check_dir(tmpdir_path(*state, "file/deep"), &e), ACF_ERR_RESOURCE,
                 "file: Not a directory", &e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tmpdir_setup, tmpdir_teardown)
static const struct CMUnitTest tests[] = {
    TEST(reads_whole_files),
    TEST(refuses_what_is_no_file),
    TEST(maps_files),
    TEST(reads_kernel_files),
    TEST(writes_all_or_nothing),
    TEST(makes_directories),
    TEST(removes_trees_and_follows_no_links),
    TEST(tells_kinds_apart),
    TEST(lists_sorted),
    TEST(joins_and_splits_paths),
    TEST(makes_paths_absolute),
    TEST(knows_free_space),
    TEST(knows_one_file_by_two_names),
    TEST(looks_at_outputs_before_the_work),
};

TEST_MAIN(tests)
