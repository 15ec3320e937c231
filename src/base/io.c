#include "base/io.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sysio.h"
#include "base/writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Open for reading; *size is the size of what must be a regular file. */
static acf_status open_regular(int *fd, size_t *size, const char *path, acf_error *e)
{
    struct stat info;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0) return acf_fail(e, ACF_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    acf_status st = ACF_OK;
    if (fstat(*fd, &info) != 0)
        st = acf_fail(e, ACF_ERR_IO, "%s: cannot look at: %s", path, strerror(errno));
    else if (S_ISDIR(info.st_mode))
        st = acf_fail(e, ACF_ERR_IO, "%s: is a directory, expected a file", path);
    else if (!S_ISREG(info.st_mode))
        st = acf_fail(e, ACF_ERR_IO, "%s: is not a regular file", path);
    else
        *size = (size_t)info.st_size;
    if (st != ACF_OK) (void)close(*fd);
    return st;
}

acf_status acf_read_file(char **data, size_t *len, const char *path, size_t max_bytes, acf_error *e)
{
    int fd;
    size_t size = 0;
    *data = NULL;
    *len = 0;
    ACF_TRY(open_regular(&fd, &size, path, e));

    acf_status st = ACF_OK;
    char *bytes = NULL;
    size_t got = 0;
    if (size > max_bytes) {
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: holds %zu bytes, more than the %zu allowed", path,
                      size, max_bytes);
        goto done;
    }
    bytes = acf_alloc(size + 1, 1, path, e);
    if (bytes == NULL) {
        st = ACF_ERR_RESOURCE;
        goto done;
    }
    while (got < size) {
        ssize_t n = read(fd, bytes + got, size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            st = acf_fail(e, ACF_ERR_IO, "%s: cannot read: %s", path, strerror(errno));
            goto done;
        }
        if (n == 0) break; /* it shrank meanwhile */
        got += (size_t)n;
    }
    *data = bytes;
    *len = got;
    bytes = NULL;
done:
    acf_free(bytes);
    (void)close(fd);
    return st;
}

acf_status acf_read_kernel_file(char *text, size_t cap, const char *path, acf_error *e)
{
    int fd;
    size_t size, got = 0;
    text[0] = '\0';
    ACF_TRY(open_regular(&fd, &size, path, e));

    acf_status st = ACF_OK;
    while (got < cap - 1) {
        ssize_t n = read(fd, text + got, cap - 1 - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) st = acf_fail(e, ACF_ERR_IO, "%s: cannot read: %s", path, strerror(errno));
        if (n <= 0) break;
        got += (size_t)n;
    }
    text[got] = '\0';
    (void)close(fd);
    return st;
}

acf_status acf_map_file(const unsigned char **data, size_t *len, const char *path, acf_error *e)
{
    int fd;
    size_t size = 0;
    *data = NULL;
    *len = 0;
    ACF_TRY(open_regular(&fd, &size, path, e));
    acf_status st = ACF_OK;
    if (size > 0) {
        void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED) {
            st = acf_fail(e, ACF_ERR_IO, "%s: cannot map %zu bytes: %s", path, size,
                          strerror(errno));
        } else {
            *data = at;
            *len = size;
        }
    }
    (void)close(fd);
    return st;
}

void acf_unmap_file(const unsigned char **data, size_t *len)
{
    if (*data != NULL) {
        void *at;
        memcpy(&at, data, sizeof at); /* munmap wants a pointer without const */
        (void)munmap(at, *len);
    }
    *data = NULL;
    *len = 0;
}

acf_status acf_write_synced(const char *path, const void *data, size_t len, acf_error *e)
{
    acf_writer *w;
    ACF_TRY(acf_writer_open(&w, path, e));
    acf_status st = acf_writer_put(w, data, len, e);
    return acf_writer_close(&w, st, NULL, e);
}

acf_status acf_write_atomic(const char *path, const void *data, size_t len, acf_error *e)
{
    acf_str tmp = {0};
    char *dir = NULL;
    acf_status st = acf_str_printf(&tmp, e, "%s.%ld.tmp", path, (long)getpid());
    if (st != ACF_OK) goto done;
    st = acf_write_synced(tmp.data, data, len, e);
    if (st != ACF_OK) goto done;
    if (acf_sys_rename(tmp.data, path) != 0) {
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot rename to %s: %s", tmp.data, path,
                      strerror(errno));
        (void)acf_sys_remove(tmp.data);
        goto done;
    }
    dir = acf_path_dir(path, e);
    st = dir == NULL ? ACF_ERR_RESOURCE : acf_sync_dir(dir, e);
done:
    acf_free(dir);
    acf_str_free(&tmp);
    return st;
}

acf_status acf_write_in(const char *dir, const char *name, const void *data, size_t len,
                        acf_error *e)
{
    char *path = acf_path_join(dir, name, e);
    acf_status st = path == NULL ? ACF_ERR_RESOURCE : acf_write_atomic(path, data, len, e);
    acf_free(path);
    return st;
}

acf_status acf_sync_dir(const char *path, acf_error *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot open: %s", path, strerror(errno));
    acf_status st = ACF_OK;
    /* Some file systems cannot sync a directory and say EINVAL; they order renames themselves. */
    if (acf_sys_fsync(fd) != 0 && errno != EINVAL)
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot sync: %s", path, strerror(errno));
    (void)close(fd);
    return st;
}

acf_status acf_make_dirs(const char *path, acf_error *e)
{
    char *part = acf_strdup(path, e);
    if (part == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    size_t len = strlen(part);
    for (size_t i = 1; i <= len && st == ACF_OK; i++) {
        if (part[i] != '/' && part[i] != '\0') continue;
        char held = part[i];
        part[i] = '\0';
        if (acf_sys_mkdir(part) != 0 && errno != EEXIST)
            st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot create directory: %s", part,
                          strerror(errno));
        part[i] = held;
    }
    if (st == ACF_OK && !acf_path_is_dir(path))
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: exists and is not a directory", path);
    acf_free(part);
    return st;
}

/* Remove what is in an open directory; bounded by the depth of the tree on disk. */
static acf_status remove_inside(const char *path, int depth, acf_error *e)
{
    char **names;
    size_t n;
    if (depth > 32) return acf_fail(e, ACF_ERR_RESOURCE, "%s: nested too deeply to remove", path);
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, path, e), e);
    acf_status st = ACF_OK;
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        struct stat info;
        char *child = acf_path_join(path, names[i], e);
        if (child == NULL) {
            st = ACF_ERR_RESOURCE;
            break;
        }
        bool is_dir = lstat(child, &info) == 0 && S_ISDIR(info.st_mode);
        if (is_dir) st = remove_inside(child, depth + 1, e);
        if (st == ACF_OK && acf_sys_remove(child) != 0 && errno != ENOENT)
            st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot remove: %s", child, strerror(errno));
        acf_free(child);
    }
    acf_free_names(names, n);
    return st;
}

acf_status acf_remove_tree(const char *path, acf_error *e)
{
    struct stat info;
    if (lstat(path, &info) != 0) return ACF_OK;
    if (S_ISDIR(info.st_mode)) ACF_TRY(remove_inside(path, 0, e));
    if (acf_sys_remove(path) != 0 && errno != ENOENT)
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot remove: %s", path, strerror(errno));
    return ACF_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

acf_status acf_list_dir(char ***names, size_t *n, const char *path, acf_error *e)
{
    char **list = NULL;
    size_t cap = 0, count = 0;
    *names = NULL;
    *n = 0;
    DIR *dir = opendir(path);
    if (dir == NULL) return acf_fail(e, ACF_ERR_IO, "%s: cannot list: %s", path, strerror(errno));
    acf_status st = ACF_OK;
    for (;;) {
        errno = 0; /* the end and a failure are both NULL */
        const struct dirent *item = readdir(dir);
        if (item == NULL && errno != 0)
            st = acf_fail(e, ACF_ERR_IO, "%s: cannot list: %s", path, strerror(errno));
        if (item == NULL) break;
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        char **grown = acf_grow(list, &cap, count + 1, sizeof *list, path, e);
        if (grown != NULL) {
            list = grown;
            list[count] = acf_strdup(item->d_name, e);
        }
        if (grown == NULL || list[count] == NULL) {
            st = ACF_ERR_RESOURCE;
            break;
        }
        count++;
    }
    (void)closedir(dir);
    if (st != ACF_OK) {
        acf_free_names(list, count);
        return st;
    }
    if (count > 1) qsort(list, count, sizeof *list, compare_names);
    *names = list;
    *n = count;
    return ACF_OK;
}

void acf_free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        acf_free(names[i]);
    acf_free(names);
}

uint64_t acf_disk_free(const char *path)
{
    struct statvfs fs;
    uint64_t bytes = 0;
    char *at = acf_path_absolute(path, NULL);
    while (at != NULL) {
        if (statvfs(at, &fs) == 0) {
            bytes = (uint64_t)fs.f_bavail * (uint64_t)fs.f_frsize;
            break;
        }
        if (strcmp(at, "/") == 0) break;
        char *up = acf_path_dir(at, NULL);
        acf_free(at);
        at = up;
    }
    acf_free(at);
    return bytes;
}
