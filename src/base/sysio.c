#include "base/sysio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_size_t n_calls, fail_first, fail_end, n_syncs;
static atomic_int fail_errno;

/* Counts a call; true when it is to fail, with errno set. */
static bool failing(void)
{
    size_t call = atomic_fetch_add(&n_calls, 1) + 1;
    if (call < atomic_load(&fail_first) || call >= atomic_load(&fail_end)) return false;
    errno = atomic_load(&fail_errno);
    return true;
}

size_t acf_sys_fail_at(size_t n, size_t count, int err)
{
    atomic_store(&fail_first, n);
    atomic_store(&fail_end, n == 0 ? 0 : n + count);
    atomic_store(&fail_errno, err);
    return atomic_exchange(&n_calls, 0);
}

int acf_sys_create(const char *path, int flags)
{
    if (failing()) return -1;
    return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
}

ssize_t acf_sys_write(int fd, const void *data, size_t len)
{
    if (failing()) return -1;
    return write(fd, data, len);
}

int acf_sys_fsync(int fd)
{
    if (failing()) return -1;
    atomic_fetch_add(&n_syncs, 1);
    return fsync(fd);
}

size_t acf_sys_syncs(void)
{
    return atomic_exchange(&n_syncs, 0);
}

int acf_sys_close(int fd)
{
    bool fails = failing();
    int err = errno;
    int result = close(fd);
    if (!fails) return result;
    errno = err;
    return -1;
}

int acf_sys_rename(const char *from, const char *to)
{
    if (failing()) return -1;
    return rename(from, to);
}

int acf_sys_mkdir(const char *path)
{
    if (failing()) return -1;
    return mkdir(path, 0777);
}

int acf_sys_symlink(const char *target, const char *path)
{
    if (failing()) return -1;
    return symlink(target, path);
}

int acf_sys_remove(const char *path)
{
    if (failing()) return -1;
    return remove(path);
}
