/* Writing a checkpoint: temporary directory, sums, COMPLETE, rename.  Reading: checkpoint_verify.c;
 * the run directory around it: checkpoint_dir.c. */
#include "store/checkpoint.h"

#include "base/digest.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sysio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct known_digest {
    char *name;
    char hex[ACF_DIGEST_HEX + 1];
} known_digest;

struct acf_checkpoint {
    char *dir;
    char *tmp;   /* DIR/.checkpoint-NNNNNN.tmp-PID */
    char *old;   /* DIR/.checkpoint-NNNNNN.old-PID */
    char *final; /* DIR/checkpoint-NNNNNN */
    known_digest *known;
    size_t n_known, cap_known;
};

void acf_checkpoint_name(char name[40], int64_t step)
{
    (void)snprintf(name, 40, "checkpoint-%06" PRId64, step);
}

static void checkpoint_free(acf_checkpoint *ck)
{
    for (size_t i = 0; i < ck->n_known; i++)
        acf_free(ck->known[i].name);
    acf_free(ck->known);
    acf_free(ck->dir);
    acf_free(ck->tmp);
    acf_free(ck->old);
    acf_free(ck->final);
    acf_free(ck);
}

/* DIR/.NAME.what-PID */
static char *hidden_path(const char *dir, const char *name, const char *what, acf_error *e)
{
    acf_str hidden = {0};
    char *path = NULL;
    if (acf_str_printf(&hidden, e, ".%s.%s-%ld", name, what, (long)getpid()) == ACF_OK)
        path = acf_path_join(dir, hidden.data, e);
    acf_str_free(&hidden);
    return path;
}

static acf_status set_paths(acf_checkpoint *ck, const char *dir, const char *name, acf_error *e)
{
    ck->dir = acf_strdup(dir, e);
    ck->final = acf_path_join(dir, name, e);
    ck->tmp = hidden_path(dir, name, "tmp", e);
    ck->old = hidden_path(dir, name, "old", e);
    bool ok = ck->dir != NULL && ck->final != NULL && ck->tmp != NULL && ck->old != NULL;
    return ok ? ACF_OK : ACF_ERR_RESOURCE;
}

acf_status acf_checkpoint_begin(acf_checkpoint **out, const char *dir, const char *name,
                                uint64_t bytes_needed, acf_error *e)
{
    *out = NULL;
    uint64_t free_bytes = acf_disk_free(dir);
    if (free_bytes > 0 && free_bytes < bytes_needed)
        return acf_fail(e, ACF_ERR_RESOURCE,
                        "%s: %s needs %" PRIu64 " bytes, the disk has %" PRIu64 " free", dir, name,
                        bytes_needed, free_bytes);
    acf_checkpoint *ck = acf_alloc(1, sizeof *ck, "checkpoint", e);
    if (ck == NULL) return ACF_ERR_RESOURCE;
    acf_status st = set_paths(ck, dir, name, e);
    if (st == ACF_OK) st = acf_remove_tree(ck->tmp, e); /* an earlier try of this process */
    if (st == ACF_OK && acf_sys_mkdir(ck->tmp) != 0)
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot create directory: %s", ck->tmp,
                      strerror(errno));
    if (st == ACF_OK)
        *out = ck;
    else
        checkpoint_free(ck);
    return st;
}

const char *acf_checkpoint_dir(const acf_checkpoint *ck)
{
    return ck->tmp;
}

char *acf_checkpoint_file(const acf_checkpoint *ck, const char *name, acf_error *e)
{
    return acf_path_join(ck->tmp, name, e);
}

acf_status acf_checkpoint_note_digest(acf_checkpoint *ck, const char *name, const char *hex,
                                      acf_error *e)
{
    known_digest *grown = acf_grow(ck->known, &ck->cap_known, ck->n_known + 1, sizeof *grown,
                                   "digests of a checkpoint", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    ck->known = grown;
    known_digest *k = &grown[ck->n_known];
    *k = (known_digest){.name = acf_strdup(name, e)};
    if (k->name == NULL) return ACF_ERR_RESOURCE;
    (void)snprintf(k->hex, sizeof k->hex, "%s", hex);
    ck->n_known++;
    return ACF_OK;
}

/* What cannot be removed now is swept at the next start. */
static void discard_tree(const char *path)
{
    acf_status st = acf_remove_tree(path, NULL);
    (void)st;
}

void acf_checkpoint_abort(acf_checkpoint **out)
{
    acf_checkpoint *ck = *out;
    *out = NULL;
    if (ck == NULL) return;
    discard_tree(ck->tmp);
    checkpoint_free(ck);
}

/* Whoever wrote it may not have synced it. */
static acf_status sync_file(const char *path, acf_error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot open: %s", path, strerror(errno));
    acf_status st = ACF_OK;
    if (acf_sys_fsync(fd) != 0)
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot sync: %s", path, strerror(errno));
    (void)close(fd);
    return st;
}

static acf_status seal_file(acf_str *sums, const acf_checkpoint *ck, const char *name,
                            const char *path, acf_error *e)
{
    struct stat info;
    char hex[ACF_DIGEST_HEX + 1] = "";
    if (strpbrk(name, "\\\n\r") != NULL || strcmp(name, "SHA256SUMS") == 0 ||
        strcmp(name, "COMPLETE") == 0)
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: '%s' is no name for a file of a checkpoint",
                        ck->tmp, name);
    if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return acf_fail(e, ACF_ERR_RESOURCE, "%s: is not a regular file", path);
    for (size_t i = 0; i < ck->n_known; i++)
        if (strcmp(ck->known[i].name, name) == 0) memcpy(hex, ck->known[i].hex, sizeof hex);
    ACF_TRY(sync_file(path, e));
    if (hex[0] == '\0') ACF_TRY_AS(ACF_ERR_RESOURCE, acf_digest_file(hex, path, e), e);
    return acf_str_printf(sums, e, "%s  %s\n", hex, name);
}

/* Sync all files and list their digests, sorted by name. */
static acf_status seal_files(acf_str *sums, const acf_checkpoint *ck, acf_error *e)
{
    char **names;
    size_t n;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, ck->tmp, e), e);
    acf_status st = ACF_OK;
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        char *path = acf_path_join(ck->tmp, names[i], e);
        st = path == NULL ? ACF_ERR_RESOURCE : seal_file(sums, ck, names[i], path, e);
        acf_free(path);
    }
    acf_free_names(names, n);
    return st;
}

static acf_status write_inside(const acf_checkpoint *ck, const char *name, const char *text,
                               acf_error *e)
{
    char *path = acf_path_join(ck->tmp, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_write_synced(path, text, strlen(text), e);
    acf_free(path);
    return st;
}

static acf_status seal(const acf_checkpoint *ck, acf_error *e)
{
    acf_str sums = {0};
    char complete[ACF_DIGEST_HEX + 2];
    acf_status st = acf_str_puts(&sums, "", e);
    if (st == ACF_OK) st = seal_files(&sums, ck, e);
    if (st == ACF_OK) st = write_inside(ck, "SHA256SUMS", sums.data, e);
    if (st == ACF_OK) st = acf_sync_dir(ck->tmp, e);
    if (st == ACF_OK) {
        acf_digest_bytes(complete, sums.data, sums.len);
        complete[ACF_DIGEST_HEX] = '\n';
        complete[ACF_DIGEST_HEX + 1] = '\0';
        st = write_inside(ck, "COMPLETE", complete, e);
    }
    if (st == ACF_OK) st = acf_sync_dir(ck->tmp, e);
    acf_str_free(&sums);
    return st;
}

static acf_status move(const char *from, const char *to, acf_error *e)
{
    if (acf_sys_rename(from, to) == 0) return ACF_OK;
    return acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot rename to %s: %s", from, to, strerror(errno));
}

/* tmp becomes final.  Where there was one of this name before, `old` holds that until the new
 * directory is known to be on the disk; after a crash in between, acf_checkpoint_sweep brings it
 * back. */
static acf_status publish(const acf_checkpoint *ck, acf_error *e)
{
    struct stat info;
    bool replaces = lstat(ck->final, &info) == 0;
    if (replaces) {
        ACF_TRY(acf_remove_tree(ck->old, e));
        ACF_TRY(move(ck->final, ck->old, e));
    }
    acf_status st = move(ck->tmp, ck->final, e);
    if (st == ACF_OK) {
        st = acf_sync_dir(ck->dir, e);
        if (st != ACF_OK) (void)move(ck->final, ck->tmp, NULL);
    }
    if (st != ACF_OK) {
        if (replaces) (void)move(ck->old, ck->final, NULL);
        return st;
    }
    if (replaces) discard_tree(ck->old);
    return ACF_OK;
}

acf_status acf_checkpoint_commit(acf_checkpoint **out, acf_error *e)
{
    acf_checkpoint *ck = *out;
    acf_status st = seal(ck, e);
    if (st == ACF_OK) st = publish(ck, e);
    if (st != ACF_OK) {
        acf_checkpoint_abort(out);
        return st;
    }
    *out = NULL;
    checkpoint_free(ck);
    return ACF_OK;
}
