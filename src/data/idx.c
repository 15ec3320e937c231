#include "data/idx.h"

#include "base/gzip.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "image/probe.h"

#include <limits.h>
#include <string.h>

#define MAX_BYTES ((size_t)4 << 30)

enum { BYTES = 8 }; /* the type of unsigned bytes */

bool acf_idx_is_name(const char *path)
{
    const char *base = acf_path_base(path);
    return strstr(base, "idx3") != NULL || strstr(base, "IDX3") != NULL;
}

static uint32_t big32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The content, unpacked, and its digest. */
static acf_status read_content(unsigned char **data, size_t *len, const char *path,
                               acf_digest *digest, acf_error *e)
{
    char hex[ACF_DIGEST_HEX + 1], *bytes = NULL;
    if (acf_gzip_is_name(path))
        ACF_TRY(acf_gzip_read(&bytes, len, hex, path, MAX_BYTES, e));
    else
        ACF_TRY(acf_read_file(&bytes, len, path, MAX_BYTES, e));
    acf_digest_add(digest, bytes, *len);
    *data = (unsigned char *)bytes;
    return ACF_OK;
}

/* Dimensions of a file of `rank`, which must account for its size. */
static acf_status check_header(size_t *dim, const unsigned char *data, size_t len, int rank,
                               const char *path, acf_error *e)
{
    size_t header = 4 + 4 * (size_t)rank, need = 1;
    if (len < header)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: has %zu bytes, an IDX header of %d dimension%s %zu",
                        path, len, rank, rank == 1 ? "" : "s", header);
    uint32_t magic = big32(data), want = (uint32_t)BYTES << 8 | (uint32_t)rank;
    if (magic != want)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: is no IDX file of %s: it begins with %08x, expected %08x", path,
                        rank == 1 ? "labels" : "images", magic, want);
    bool fits = true;
    for (int i = 0; i < rank; i++) {
        dim[i] = big32(data + 4 + 4 * i);
        fits = fits && acf_size_mul(&need, need, dim[i]);
    }
    if (fits && need == len - header) return ACF_OK;
    if (rank == 1)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: claims %zu labels, but %zu bytes follow", path,
                        dim[0], len - header);
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: claims %zu images of %zu x %zu pixels, but %zu bytes follow", path, dim[0],
                    dim[2], dim[1], len - header);
}

acf_status acf_idx_images(acf_pixels *out, const char *path, acf_digest *digest, acf_error *e)
{
    unsigned char *data;
    size_t len, dim[3] = {0};
    *out = (acf_pixels){0};
    ACF_TRY(read_content(&data, &len, path, digest, e));
    acf_status st = check_header(dim, data, len, 3, path, e);
    if (st == ACF_OK && (dim[0] < 1 || dim[0] > INT_MAX || dim[1] < 1 || dim[2] < 1 ||
                         dim[1] > ACF_IMAGE_MAX_SIDE || dim[2] > ACF_IMAGE_MAX_SIDE))
        st = acf_fail(e, ACF_ERR_FORMAT,
                      "%s: holds %zu images of %zu x %zu pixels: one or more are needed, with "
                      "sides of 1 to %d",
                      path, dim[0], dim[2], dim[1], ACF_IMAGE_MAX_SIDE);
    if (st != ACF_OK) {
        acf_free(data);
        return st;
    }
    memmove(data, data + 16, len - 16);
    *out = (acf_pixels){(int)dim[0], 1, (int)dim[1], (int)dim[2], data};
    return ACF_OK;
}

/* The other file's path; NULL, without an error, when there is none. */
static acf_status find_labels(char **out, const char *images_path, acf_error *e)
{
    *out = NULL;
    char *path = acf_alloc(strlen(images_path) + 4, 1, "path of labels", e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    memcpy(path, images_path, strlen(images_path));
    char *base = path + (acf_path_base(images_path) - images_path);
    char *what = strstr(base, "images"), *rank = strstr(base, "idx3");
    bool is_known = what != NULL && rank != NULL;
    if (is_known) {
        memcpy(what, "labels", 6);
        rank[3] = '1';
        if (!acf_path_exists(path)) { /* the one packed, the other not */
            size_t n = strlen(path);
            if (acf_gzip_is_name(path))
                path[n - 3] = '\0';
            else
                memcpy(path + n, ".gz", 4);
        }
        is_known = acf_path_exists(path);
    }
    if (is_known)
        *out = path;
    else
        acf_free(path);
    return ACF_OK;
}

acf_status acf_idx_labels(uint8_t **label, const char *images_path, int n, bool is_optional,
                          acf_digest *digest, acf_error *e)
{
    char *path;
    unsigned char *data = NULL;
    size_t len, dim[1] = {0};
    *label = NULL;
    ACF_TRY(find_labels(&path, images_path, e));
    if (path == NULL && is_optional) return ACF_OK;
    if (path == NULL)
        return acf_fail(e, ACF_ERR_IO,
                        "%s: there is no file of labels beside it (labels-idx1 in its name for "
                        "images-idx3)",
                        images_path);
    acf_status st = read_content(&data, &len, path, digest, e);
    if (st == ACF_OK) st = check_header(dim, data, len, 1, path, e);
    if (st == ACF_OK && dim[0] != (size_t)n)
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: holds %zu labels, but %s %d images", path, dim[0],
                      images_path, n);
    if (st == ACF_OK) {
        memmove(data, data + 8, len - 8);
        *label = data;
    } else {
        acf_free(data);
    }
    acf_free(path);
    return st;
}
