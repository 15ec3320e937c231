#include "store/checkpoint.h"

#include "base/assert.h"
#include "base/cstring.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_SUMS ((size_t)1 << 20)

acf_status acf_checkpoint_has_sums(bool *has, const char *dir, acf_error *e)
{
    static const char *const marks[] = {"SHA256SUMS", "COMPLETE"};
    *has = false;
    for (int k = 0; k < 2 && !*has; k++) {
        struct stat info;
        char *path = acf_path_join(dir, marks[k], e);
        if (path == NULL) return ACF_ERR_RESOURCE;
        *has = lstat(path, &info) == 0;
        acf_free(path);
    }
    return ACF_OK;
}

/* A small file of the directory, refused when it is a link. */
static acf_status read_inside(char **text, size_t *len, const char *dir, const char *name,
                              size_t max_bytes, acf_error *e)
{
    struct stat info;
    *text = NULL;
    *len = 0;
    char *path = acf_path_join(dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st;
    if (lstat(path, &info) != 0)
        st = acf_fail(e, ACF_ERR_MODEL, "%s: %s", path,
                      errno == ENOENT ? "is missing: the checkpoint is not complete"
                                      : strerror(errno));
    else
        st = acf_read_file(text, len, path, max_bytes, e);
    acf_free(path);
    return st;
}

static acf_status refuse_links(const char *dir, acf_error *e)
{
    char **names;
    size_t n;
    ACF_TRY(acf_list_dir(&names, &n, dir, e));
    acf_status st = ACF_OK;
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        struct stat info;
        char *path = acf_path_join(dir, names[i], e);
        if (path == NULL)
            st = ACF_ERR_RESOURCE;
        else if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode))
            st = acf_fail(e, ACF_ERR_MODEL,
                          "%s: is a symbolic link: a checkpoint holds only regular files", path);
        acf_free(path);
    }
    acf_free_names(names, n);
    return st;
}

/* COMPLETE is the digest of SHA256SUMS and a newline, nothing else. */
static acf_status check_complete(const char *dir, const char *sums, size_t sums_len, acf_error *e)
{
    char *complete;
    size_t len;
    char hex[ACF_DIGEST_HEX + 1];
    ACF_TRY(read_inside(&complete, &len, dir, "COMPLETE", MAX_SUMS, e));
    acf_digest_bytes(hex, sums, sums_len);
    acf_status st = ACF_OK;
    if (len != ACF_DIGEST_HEX + 1 || !acf_digest_is_hex(complete) ||
        complete[ACF_DIGEST_HEX] != '\n')
        st = acf_fail(e, ACF_ERR_MODEL, "%s/COMPLETE: does not hold a SHA-256 digest", dir);
    else if (memcmp(complete, hex, ACF_DIGEST_HEX) != 0)
        st =
            acf_fail(e, ACF_ERR_MODEL, "%s/SHA256SUMS: has digest %.12s..., COMPLETE says %.12s...",
                     dir, hex, complete);
    acf_free(complete);
    return st;
}

static acf_status check_file(const char *dir, const char *name, const char *want, acf_error *e)
{
    char hex[ACF_DIGEST_HEX + 1];
    struct stat info;
    char *path = acf_path_join(dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st;
    if (lstat(path, &info) != 0)
        st = acf_fail(e, ACF_ERR_MODEL, "%s: %s", path,
                      errno == ENOENT ? "is missing, SHA256SUMS lists it" : strerror(errno));
    else
        st = acf_digest_file(hex, path, e);
    if (st == ACF_OK && memcmp(hex, want, ACF_DIGEST_HEX) != 0) {
        /* Texts are what people edit on purpose. */
        bool is_text = acf_ends_with(name, ".json") || acf_ends_with(name, ".txt");
        st = acf_fail(e, ACF_ERR_MODEL,
                      "%s: has changed since it was written (sha256 %.12s..., SHA256SUMS says "
                      "%.12s...)%s",
                      path, hex, want,
                      is_text ? "; to accept the change, delete SHA256SUMS and COMPLETE beside it"
                              : "");
    }
    acf_free(path);
    return st;
}

/* One line "DIGEST  NAME"; `line` is cut at its newline. */
static acf_status check_line(const char *dir, const char *line, int number, acf_error *e)
{
    const char *name = line + ACF_DIGEST_HEX + 2;
    bool ok = acf_digest_is_hex(line) && line[ACF_DIGEST_HEX] == ' ' &&
              (line[ACF_DIGEST_HEX + 1] == ' ' || line[ACF_DIGEST_HEX + 1] == '*') &&
              name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, "..") != 0 &&
              strcmp(name, ".") != 0;
    if (!ok)
        return acf_fail(e, ACF_ERR_MODEL,
                        "%s/SHA256SUMS:%d: is not a digest, two spaces and a file name", dir,
                        number);
    return check_file(dir, name, line, e);
}

static acf_status check_sums(const char *dir, char *sums, size_t len, acf_error *e)
{
    if (len > 0 && (memchr(sums, '\0', len) != NULL || sums[len - 1] != '\n'))
        return acf_fail(e, ACF_ERR_MODEL, "%s/SHA256SUMS: is not a list of lines", dir);
    int number = 0;
    for (char *line = sums; line < sums + len;) {
        char *end = strchr(line, '\n');
        ACF_ASSERT(end != NULL); /* the last byte is a newline, and no byte is NUL */
        *end = '\0';
        ACF_TRY(check_line(dir, line, ++number, e));
        line = end + 1;
    }
    return ACF_OK;
}

acf_status acf_checkpoint_verify(const char *dir, acf_error *e)
{
    char *sums;
    size_t len;
    if (!acf_path_is_dir(dir))
        return acf_fail(e, ACF_ERR_MODEL, "%s: is not a checkpoint directory", dir);
    ACF_TRY_AS(ACF_ERR_MODEL, refuse_links(dir, e), e);
    ACF_TRY_AS(ACF_ERR_MODEL, read_inside(&sums, &len, dir, "SHA256SUMS", MAX_SUMS, e), e);
    acf_status st = check_complete(dir, sums, len, e);
    if (st == ACF_OK) st = check_sums(dir, sums, len, e);
    acf_free(sums);
    return acf_reclass(st, ACF_ERR_MODEL, e);
}
