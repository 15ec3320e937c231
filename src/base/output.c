#include "base/output.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is the path to be replaced by a new file, for it is a regular one or not there? */
static bool is_replaced(const char *path)
{
    struct stat info;
    return lstat(path, &info) != 0 || S_ISREG(info.st_mode);
}

static acf_status refuse_dir(const char *path, acf_error *e)
{
    return acf_fail(e, ACF_ERR_RESOURCE, "%s: is a directory, expected a file", path);
}

acf_status acf_write_output(const char *path, const void *data, size_t len, acf_error *e)
{
    if (is_replaced(path)) return acf_write_atomic(path, data, len, e);
    if (acf_path_is_dir(path)) return refuse_dir(path, e);
    return acf_write_synced(path, data, len, e);
}

/* The directory in which a path is to be made: may it be changed? */
static acf_status check_place(const char *path, const char *dir, acf_error *e)
{
    char *inside = acf_path_join(dir, ".", e); /* fails also where dir is a file */
    if (inside == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    if (access(inside, W_OK | X_OK) != 0)
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot be written: directory %s: %s", path, dir,
                      strerror(errno));
    acf_free(inside);
    return st;
}

acf_status acf_output_check(const char *path, acf_error *e)
{
    if (acf_path_is_dir(path)) return refuse_dir(path, e);
    if (is_replaced(path)) {
        char *dir = acf_path_dir(path, e);
        acf_status st = dir == NULL ? ACF_ERR_RESOURCE : check_place(path, dir, e);
        acf_free(dir);
        return st;
    }
    if (access(path, W_OK) == 0 || errno == ENOENT) return ACF_OK; /* a link to no file makes one */
    return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot be written: %s", path, strerror(errno));
}

acf_status acf_output_check_dir(const char *path, acf_error *e)
{
    char *at = acf_path_absolute(path, e);
    while (at != NULL && !acf_path_exists(at)) { /* "/" does */
        char *up = acf_path_dir(at, e);
        acf_free(at);
        at = up;
    }
    acf_status st = at == NULL ? ACF_ERR_RESOURCE : check_place(path, at, e);
    acf_free(at);
    return st;
}
