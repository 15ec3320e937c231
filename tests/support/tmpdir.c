#include "support/tmpdir.h"

#include "support/cm.h"

#include "base/io.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

int tmpdir_setup(void **state)
{
    static char path[64];
    /* In memory where there is such a place: tests sync thousands of times. */
    (void)snprintf(path, sizeof path, "/dev/shm/acf-test-XXXXXX");
    if (mkdtemp(path) == NULL) {
        (void)snprintf(path, sizeof path, "/tmp/acf-test-XXXXXX");
        if (mkdtemp(path) == NULL) return -1;
    }
    *state = path;
    return 0;
}

int tmpdir_teardown(void **state)
{
    acf_error e;
    return acf_remove_tree(*state, &e) == ACF_OK ? 0 : -1;
}

const char *tmpdir_path(const char *dir, const char *fmt, ...)
{
    static char paths[8][4096];
    static int next;
    char *out = paths[next++ % 8];
    int used = snprintf(out, 2048, "%s/", dir);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(out + used, 2048, fmt, args);
    va_end(args);
    return out;
}

void tmpdir_write(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || (len > 0 && fwrite(data, 1, len, f) != len) || fclose(f) != 0)
        fail_msg("%s: cannot write", path);
}

void tmpdir_write_text(const char *path, const char *text)
{
    tmpdir_write(path, text, strlen(text));
}

char *tmpdir_read(const char *path, size_t *len)
{
    acf_error e = {ACF_OK, ""};
    char *data;
    assert_ok(acf_read_file(&data, len, path, (size_t)1 << 30, &e), &e);
    return data;
}

size_t tmpdir_count(const char *path, const char *word)
{
    acf_error e = {ACF_OK, ""};
    char **names;
    size_t n, count = 0;
    assert_ok(acf_list_dir(&names, &n, path, &e), &e);
    for (size_t i = 0; i < n; i++)
        count += word == NULL || strstr(names[i], word) != NULL;
    acf_free_names(names, n);
    return count;
}
