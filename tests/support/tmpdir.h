/* A scratch directory for each test, and small files in it. */
#ifndef ACF_TESTS_TMPDIR_H
#define ACF_TESTS_TMPDIR_H

#include <stddef.h>

/* cmocka fixtures: *state is the directory's path, removed with all it holds afterwards. */
int tmpdir_setup(void **state);
int tmpdir_teardown(void **state);

/* dir/name in one of 8 static buffers that are used in turn. */
const char *tmpdir_path(const char *dir, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Plain stdio, failing the test when that fails. */
void tmpdir_write(const char *path, const void *data, size_t len);
void tmpdir_write_text(const char *path, const char *text);
/* The whole file, NUL-terminated; release with acf_free. */
char *tmpdir_read(const char *path, size_t *len);

/* How many names a directory holds, "." and ".." not counted; those that contain `word` when it is
 * not NULL. */
size_t tmpdir_count(const char *path, const char *word);

#endif
