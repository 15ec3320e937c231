#include "base/path.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool acf_path_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool acf_path_is_dir(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool acf_path_is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

char *acf_path_join(const char *dir, const char *name, acf_error *e)
{
    acf_str s = {0};
    acf_status st;
    if (name[0] == '/' || dir == NULL || dir[0] == '\0')
        st = acf_str_puts(&s, name, e);
    else
        st = acf_str_printf(&s, e, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
    if (st != ACF_OK) acf_str_free(&s);
    return s.data;
}

acf_status acf_path_holds(bool *found, const char *dir, const char *name, acf_error *e)
{
    char *path = acf_path_join(dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    *found = acf_path_exists(path);
    acf_free(path);
    return ACF_OK;
}

char *acf_path_absolute(const char *path, acf_error *e)
{
    char here[PATH_MAX];
    if (path[0] == '/') {
        here[0] = '\0';
    } else if (getcwd(here, sizeof here) == NULL) {
        (void)acf_fail(e, ACF_ERR_FAIL, "current directory: cannot be read: %s", strerror(errno));
        return NULL;
    }
    acf_str full = {0};
    acf_status st = acf_str_printf(&full, e, "%s/%s", here, path);
    char *out = st == ACF_OK ? acf_alloc(full.len + 2, 1, "path", e) : NULL;
    size_t len = 0;
    for (const char *at = full.data; out != NULL && at != NULL && *at != '\0';) {
        while (*at == '/')
            at++;
        size_t part = strcspn(at, "/");
        if (part == 2 && at[0] == '.' && at[1] == '.') {
            while (len > 0 && out[--len] != '/')
                ;
        } else if (part > 0 && !(part == 1 && at[0] == '.')) {
            out[len++] = '/';
            memcpy(out + len, at, part);
            len += part;
        }
        at += part;
    }
    if (out != NULL) {
        if (len == 0) out[len++] = '/';
        out[len] = '\0';
    }
    acf_str_free(&full);
    return out;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* "path/..", "path/../.." ... are the directories that path is really in, whatever links led there.
 */
acf_status acf_path_is_inside(bool *is_inside, const char *path, const char *dir, acf_error *e)
{
    enum { DEEPEST = 256 };
    struct stat want, at, before;
    acf_str up = {0};
    *is_inside = false;
    bool ok = stat(dir, &want) == 0 && acf_path_exists(path);
    char *first = acf_path_is_dir(path) ? acf_strdup(path, e) : acf_path_dir(path, e);
    acf_status st = first != NULL ? acf_str_puts(&up, first, e) : ACF_ERR_RESOURCE;
    ok = ok && st == ACF_OK && stat(up.data, &at) == 0;
    for (int k = 0; ok && !*is_inside && k < DEEPEST; k++) {
        *is_inside = same_file(&at, &want);
        before = at;
        st = acf_str_puts(&up, "/..", e);
        ok = st == ACF_OK && stat(up.data, &at) == 0 &&
             !same_file(&at, &before); /* the root is in itself */
    }
    acf_free(first);
    acf_str_free(&up);
    return st;
}

/* Are two files, none of which is there, to be made in one place? */
static acf_status is_same_place(bool *is_same, const char *a, const char *b, acf_error *e)
{
    struct stat of_a, of_b;
    char *dir_a = acf_path_dir(a, e), *dir_b = acf_path_dir(b, e);
    acf_status st = dir_a == NULL || dir_b == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    if (st == ACF_OK)
        *is_same = strcmp(acf_path_base(a), acf_path_base(b)) == 0 && stat(dir_a, &of_a) == 0 &&
                   stat(dir_b, &of_b) == 0 && same_file(&of_a, &of_b);
    acf_free(dir_a);
    acf_free(dir_b);
    return st;
}

acf_status acf_path_is_same(bool *is_same, const char *a, const char *b, acf_error *e)
{
    struct stat of_a, of_b;
    bool has_a = stat(a, &of_a) == 0, has_b = stat(b, &of_b) == 0;
    if (!has_a && !has_b) return is_same_place(is_same, a, b, e);
    *is_same = has_a && has_b && S_ISREG(of_a.st_mode) && same_file(&of_a, &of_b);
    return ACF_OK;
}

const char *acf_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

char *acf_path_dir(const char *path, acf_error *e)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return acf_strdup(".", e);
    if (slash == path) return acf_strdup("/", e);
    return acf_strndup(path, (size_t)(slash - path), e);
}
