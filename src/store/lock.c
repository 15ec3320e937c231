#include "store/lock.h"

#include "base/mem.h"
#include "base/path.h"
#include "base/sysio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct acf_lock {
    int fd;
    char *path;
};

/* Who wrote the file: "123 host"; "unknown" before he did. */
static void read_owner(int fd, char *pid, char *host, size_t size)
{
    char text[512];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    size_t digits = strspn(text, "0123456789");
    size_t len = text[digits] == ' ' ? strcspn(text + digits + 1, "\n") : 0;
    bool known = digits > 0 && len > 0;
    (void)snprintf(pid, size, "%.*s", known ? (int)digits : 7, known ? text : "unknown");
    (void)snprintf(host, size, "%.*s", known ? (int)len : 7, known ? text + digits + 1 : "unknown");
}

static acf_status write_owner(const acf_lock *lock, acf_error *e)
{
    char host[256], text[512];
    if (gethostname(host, sizeof host) != 0) (void)snprintf(host, sizeof host, "localhost");
    host[sizeof host - 1] = '\0';
    int len = snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), host);
    if (ftruncate(lock->fd, 0) == 0 && acf_sys_write(lock->fd, text, (size_t)len) == len)
        return ACF_OK;
    acf_status st =
        acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot write: %s", lock->path, strerror(errno));
    (void)acf_sys_remove(lock->path);
    return st;
}

/* Open and lock; *stale when the file was removed by its owner in between: try again. */
static acf_status try_lock(acf_lock *lock, bool *stale, const char *run_dir, acf_error *e)
{
    struct stat ours, there;
    *stale = false;
    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (lock->fd < 0)
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot open: %s", lock->path, strerror(errno));
    if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
        char pid[512], host[512];
        if (errno != EWOULDBLOCK)
            return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot lock: %s", lock->path,
                            strerror(errno));
        read_owner(lock->fd, pid, host, sizeof pid);
        return acf_fail(e, ACF_ERR_BUSY, "%s: is in use by process %.20s on host %.255s", run_dir,
                        pid, host);
    }
    *stale = fstat(lock->fd, &ours) != 0 || stat(lock->path, &there) != 0 ||
             ours.st_dev != there.st_dev || ours.st_ino != there.st_ino;
    return *stale ? ACF_OK : write_owner(lock, e);
}

static void lock_free(acf_lock *lock)
{
    if (lock->fd >= 0) (void)close(lock->fd);
    acf_free(lock->path);
    acf_free(lock);
}

acf_status acf_lock_take(acf_lock **out, const char *run_dir, acf_error *e)
{
    *out = NULL;
    acf_lock *lock = acf_alloc(1, sizeof *lock, run_dir, e);
    if (lock == NULL) return ACF_ERR_RESOURCE;
    lock->fd = -1;
    lock->path = acf_path_join(run_dir, ".lock", e);
    acf_status st = lock->path == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    for (bool stale = true; st == ACF_OK && stale;) {
        if (lock->fd >= 0) (void)close(lock->fd);
        st = try_lock(lock, &stale, run_dir, e);
    }
    if (st == ACF_OK)
        *out = lock;
    else
        lock_free(lock);
    return st;
}

void acf_lock_release(acf_lock **out)
{
    acf_lock *lock = *out;
    *out = NULL;
    if (lock == NULL) return;
    (void)acf_sys_remove(lock->path); /* still locked: whoever waits for it sees that it is gone */
    lock_free(lock);
}
