#include "data/cifar.h"

#include "base/assert.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"

#include <limits.h>
#include <string.h>

enum { SIDE = 32, PIXELS = 3 * SIDE * SIDE };

#define MAX_NAMES_BYTES ((size_t)1 << 16)

typedef struct mapped {
    const unsigned char *data;
    size_t len;
} mapped;

/* Files into memory, each a whole number of records; *n counts those. */
static acf_status map_all(mapped *file, size_t *n, char *const *paths, int n_paths, size_t record,
                          acf_error *e)
{
    *n = 0;
    for (int i = 0; i < n_paths; i++) {
        ACF_TRY(acf_map_file(&file[i].data, &file[i].len, paths[i], e));
        if (file[i].len == 0 || file[i].len % record != 0)
            return acf_fail(e, ACF_ERR_FORMAT,
                            "%s: has %zu bytes, which is no whole number of records of %zu bytes "
                            "(cut short?)",
                            paths[i], file[i].len, record);
        *n += file[i].len / record;
    }
    if (*n <= INT_MAX) return ACF_OK;
    return acf_fail(e, ACF_ERR_FORMAT, "%s: more than %d images", paths[0], INT_MAX);
}

acf_status acf_cifar_read(acf_pixels *out, uint8_t **label, char *const *paths, int n_paths,
                          acf_cifar_label which, acf_digest *digest, acf_error *e)
{
    mapped file[ACF_CIFAR_BATCHES] = {{0}};
    size_t n_labels = which == ACF_CIFAR_10 ? 1 : 2, record = n_labels + PIXELS, n;
    ACF_ASSERT(n_paths <= ACF_CIFAR_BATCHES);
    *out = (acf_pixels){0};
    *label = NULL;
    acf_status st = map_all(file, &n, paths, n_paths, record, e);
    uint8_t *pixel = NULL, *labels = NULL;
    if (st == ACF_OK) {
        pixel = acf_alloc(n, PIXELS, "images", e);
        labels = acf_alloc(n, 1, "labels", e);
        if (pixel == NULL || labels == NULL) st = ACF_ERR_RESOURCE;
    }
    size_t at = 0;
    for (int i = 0; i < n_paths && st == ACF_OK; i++) {
        acf_digest_add(digest, file[i].data, file[i].len);
        for (size_t from = 0; from < file[i].len; from += record, at++) {
            labels[at] = file[i].data[from + (which == ACF_CIFAR_100_FINE)];
            memcpy(pixel + at * PIXELS, file[i].data + from + n_labels, PIXELS);
        }
    }
    for (int i = 0; i < n_paths; i++)
        acf_unmap_file(&file[i].data, &file[i].len);
    if (st != ACF_OK) {
        acf_free(pixel);
        acf_free(labels);
        return st;
    }
    *out = (acf_pixels){(int)n, 3, SIDE, SIDE, pixel};
    *label = labels;
    return ACF_OK;
}

acf_status acf_cifar_check_names(const char *path, const char *const *names, int K, acf_error *e)
{
    char *text;
    size_t len;
    if (!acf_path_exists(path)) return ACF_OK;
    ACF_TRY(acf_read_file(&text, &len, path, MAX_NAMES_BYTES, e));
    acf_status st = ACF_OK;
    char *line = text;
    for (int k = 0; k < K && st == ACF_OK; k++) {
        char *end = line + strcspn(line, "\r\n"), *next = end + strspn(end, "\r\n");
        *end = '\0';
        if (strcmp(line, names[k]) != 0)
            st = acf_fail(e, ACF_ERR_FORMAT,
                          "%s:%d: names label '%.40s', the task '%s': another data set?", path,
                          k + 1, line, names[k]);
        line = next;
    }
    acf_free(text);
    return st;
}
