#include "base/writer.h"

#include "base/mem.h"
#include "base/sysio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { BUFFER = 1 << 16 };

struct acf_writer {
    char *path;
    int fd;
    bool is_regular; /* else a device or pipe: never removed, not synced */
    bool failed;
    acf_digest digest;
    size_t used; /* of buffer */
    unsigned char buffer[BUFFER];
};

acf_status acf_writer_open(acf_writer **out, const char *path, acf_error *e)
{
    *out = NULL;
    acf_writer *w = acf_alloc(1, sizeof *w, path, e);
    if (w == NULL) return ACF_ERR_RESOURCE;
    w->path = acf_strdup(path, e);
    if (w->path == NULL) {
        acf_free(w);
        return ACF_ERR_RESOURCE;
    }
    w->fd = acf_sys_create(path, O_TRUNC);
    if (w->fd < 0) {
        acf_status st =
            acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot create: %s", path, strerror(errno));
        acf_free(w->path);
        acf_free(w);
        return st;
    }
    struct stat info;
    w->is_regular = fstat(w->fd, &info) == 0 && S_ISREG(info.st_mode);
    acf_digest_init(&w->digest);
    *out = w;
    return ACF_OK;
}

static acf_status write_out(acf_writer *w, const unsigned char *data, size_t len, acf_error *e)
{
    acf_digest_add(&w->digest, data, len);
    while (len > 0) {
        ssize_t n = acf_sys_write(w->fd, data, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            w->failed = true;
            return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot write: %s", w->path, strerror(errno));
        }
        data += n;
        len -= (size_t)n;
    }
    return ACF_OK;
}

static acf_status flush(acf_writer *w, acf_error *e)
{
    size_t used = w->used;
    w->used = 0;
    return write_out(w, w->buffer, used, e);
}

acf_status acf_writer_put(acf_writer *w, const void *data, size_t len, acf_error *e)
{
    if (w->failed) return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot write", w->path);
    if (len > BUFFER - w->used) ACF_TRY(flush(w, e));
    if (len >= BUFFER) return write_out(w, data, len, e); /* large arrays are not copied */
    if (len > 0) memcpy(w->buffer + w->used, data, len);
    w->used += len;
    return ACF_OK;
}

acf_status acf_writer_close(acf_writer **out, acf_status st, char hex[ACF_DIGEST_HEX + 1],
                            acf_error *e)
{
    acf_writer *w = *out;
    if (w == NULL) return st;
    *out = NULL;
    if (st == ACF_OK && w->failed) st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot write", w->path);
    if (st == ACF_OK) st = flush(w, e);
    /* A full disk may show only at fsync or close, so each is checked. */
    if (st == ACF_OK && w->is_regular && acf_sys_fsync(w->fd) != 0)
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot sync: %s", w->path, strerror(errno));
    if (acf_sys_close(w->fd) != 0 && st == ACF_OK)
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot close: %s", w->path, strerror(errno));
    if (st == ACF_OK && hex != NULL) acf_digest_finish(&w->digest, hex);
    if (st != ACF_OK && w->is_regular) (void)acf_sys_remove(w->path);
    acf_free(w->path);
    acf_free(w);
    return st;
}
