#include "data/image_table.h"

#include "base/cstring.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/cifar.h"
#include "data/idx.h"
#include "data/image_folder.h"

#include <stdio.h>
#include <string.h>

/* One split being read. */
typedef struct reading {
    acf_table *t;
    acf_image_rows rows;
    acf_pixels *pixels;
    int n_cols;
    acf_digest digest;
    const acf_data_options *opt;
    const char *const *names; /* [K] of labels, NULL: their numbers */
    int K;
    bool label_optional;
    bool is_whole; /* a directory was given, not one of its files */
} reading;

/* "DIR/NAME" into *path when it is there, else NULL. */
static acf_status try_path(char **path, const char *dir, const char *name, acf_error *e)
{
    *path = acf_path_join(dir, name, e);
    if (*path == NULL) return ACF_ERR_RESOURCE;
    if (acf_path_exists(*path)) return ACF_OK;
    acf_free(*path);
    *path = NULL;
    return ACF_OK;
}

/* The first of these names (NULL after the last) that is in the directory. */
static acf_status try_paths(char **path, const char *dir, const char *const *names, acf_error *e)
{
    *path = NULL;
    for (; *names != NULL && *path == NULL; names++)
        ACF_TRY(try_path(path, dir, *names, e));
    return ACF_OK;
}

static const char *const train_arrays[] = {"data_batch_1.bin",        "train.bin",
                                           "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz",
                                           "train-images.idx3-ubyte", NULL};
static const char *const test_arrays[] = {"test_batch.bin",         "test.bin",
                                          "t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz",
                                          "t10k-images.idx3-ubyte", NULL};

/* The array file for a split in DIR or in the directory that CIFAR's archives unpack to. */
static acf_status find_array(char **path, const char *dir, bool is_train, acf_error *e)
{
    static const char *const below[] = {"", "cifar-10-batches-bin", "cifar-100-binary", NULL};
    *path = NULL;
    for (int i = 0; below[i] != NULL && *path == NULL; i++) {
        char *at = below[i][0] == '\0' ? acf_strdup(dir, e) : acf_path_join(dir, below[i], e);
        if (at == NULL) return ACF_ERR_RESOURCE;
        acf_status st = try_paths(path, at, is_train ? train_arrays : test_arrays, e);
        acf_free(at);
        ACF_TRY(st);
    }
    return ACF_OK;
}

acf_status acf_image_find(char **path, const char *dir, acf_split_id id, acf_error *e)
{
    static const char *const train[] = {"train", "train.csv", "train.csv.gz", "train.tsv", NULL};
    static const char *const dev[] = {"dev",        "val",     "valid",   "dev.csv",
                                      "dev.csv.gz", "val.csv", "dev.tsv", NULL};
    static const char *const test[] = {"test", "test.csv", "test.csv.gz", "test.tsv", NULL};
    ACF_TRY(find_array(path, dir, true, e));
    if (*path != NULL) { /* such sets have no dev split */
        if (id == ACF_TRAIN) return ACF_OK;
        acf_free(*path);
        *path = NULL;
        return id == ACF_TEST ? find_array(path, dir, false, e) : ACF_OK;
    }
    if (id == ACF_TEST) {
        ACF_TRY(find_array(path, dir, false, e));
        if (*path != NULL) return ACF_OK;
    }
    ACF_TRY(try_paths(path, dir, id == ACF_TRAIN ? train : id == ACF_DEV ? dev : test, e));
    if (*path != NULL || id != ACF_TRAIN) return ACF_OK;
    *path = acf_strdup(dir, e);
    return *path != NULL ? ACF_OK : ACF_ERR_RESOURCE;
}

bool acf_image_is_table(const char *path)
{
    if (acf_path_is_dir(path) || acf_idx_is_name(path) || acf_ends_with(path, ".bin")) return false;
    return true;
}

/* Rows of an array: numbers from 0, and the names of their labels. */
static acf_status array_rows(reading *r, const uint8_t *label, acf_error *e)
{
    for (int i = 0; i < r->pixels->n; i++) {
        char number[16], digits[8], reason[ACF_BAD_REASON];
        (void)snprintf(number, sizeof number, "%d", i);
        const char *name = NULL;
        if (label != NULL && r->names == NULL) {
            (void)snprintf(digits, sizeof digits, "%d", label[i]);
            name = digits;
        } else if (label != NULL && label[i] < r->K) {
            name = r->names[label[i]];
        } else if (label != NULL) {
            (void)snprintf(reason, sizeof reason, "has label %d, out of 0 .. %d", label[i],
                           r->K - 1);
            ACF_TRY(acf_table_reject(r->t, i + 1, reason, e));
            continue;
        }
        ACF_TRY(acf_image_rows_add(&r->rows, i + 1, number, name, e));
    }
    return ACF_OK;
}

/* The batches that training goes over: the five of CIFAR-10 when their directory was given, else
 * the file itself. */
static acf_status batch_paths(char *paths[ACF_CIFAR_BATCHES], int *n, const char *path,
                              bool is_whole, acf_error *e)
{
    *n = 1;
    bool is_first = is_whole && strcmp(acf_path_base(path), "data_batch_1.bin") == 0;
    if (is_first) *n = ACF_CIFAR_BATCHES;
    for (int i = 0; i < *n; i++) {
        paths[i] = acf_strdup(path, e);
        if (paths[i] == NULL) return ACF_ERR_RESOURCE;
        if (is_first) paths[i][strlen(path) - 5] = (char)('1' + i);
    }
    return ACF_OK;
}

/* The names that the set itself brings must be the task's. */
static acf_status check_names(const reading *r, const char *path, acf_cifar_label which,
                              acf_error *e)
{
    static const char *const base[] = {"batches.meta.txt", "fine_label_names.txt",
                                       "coarse_label_names.txt"};
    char *dir = acf_path_dir(path, e);
    char *meta = dir == NULL ? NULL : acf_path_join(dir, base[which], e);
    acf_status st =
        meta == NULL ? ACF_ERR_RESOURCE : acf_cifar_check_names(meta, r->names, r->K, e);
    acf_free(dir);
    acf_free(meta);
    return st;
}

static acf_status read_cifar(reading *r, const char *path, acf_error *e)
{
    char *paths[ACF_CIFAR_BATCHES] = {NULL};
    uint8_t *label = NULL;
    int n = 0;
    if (strncmp(r->opt->task, "cifar", 5) != 0)
        return acf_fail(e, ACF_ERR_USAGE,
                        "%s: is taken for a CIFAR file, but the task is '%s': write task: cifar10 "
                        "or cifar100",
                        path, r->opt->task);
    bool is_10 = strcmp(r->opt->task, "cifar10") == 0;
    acf_cifar_column column = acf_task_cifar_column(r->opt->label);
    if (is_10 ? r->opt->label != NULL : column == ACF_COLUMN_OTHER)
        return acf_fail(e, ACF_ERR_USAGE, "%s: data.columns.label is '%s', but %s", path,
                        r->opt->label,
                        is_10 ? "CIFAR-10 has one label for an image: null is right here"
                              : "CIFAR-100 has fine and coarse labels");
    acf_cifar_label which = is_10                         ? ACF_CIFAR_10
                            : column == ACF_COLUMN_COARSE ? ACF_CIFAR_100_COARSE
                                                          : ACF_CIFAR_100_FINE;
    acf_status st = check_names(r, path, which, e);
    if (st == ACF_OK) st = batch_paths(paths, &n, path, r->is_whole, e);
    if (st == ACF_OK) st = acf_cifar_read(r->pixels, &label, paths, n, which, &r->digest, e);
    if (st == ACF_OK) st = array_rows(r, label, e);
    for (int i = 0; i < ACF_CIFAR_BATCHES; i++)
        acf_free(paths[i]);
    acf_free(label);
    return st;
}

static acf_status read_idx(reading *r, const char *path, acf_error *e)
{
    uint8_t *label = NULL;
    ACF_TRY(acf_idx_images(r->pixels, path, &r->digest, e));
    acf_status st = acf_idx_labels(&label, path, r->pixels->n, r->label_optional, &r->digest, e);
    if (label == NULL) r->n_cols = 1;
    if (st == ACF_OK) st = array_rows(r, label, e);
    acf_free(label);
    return st;
}

static acf_status read_any(reading *r, const char *path, bool is_train, acf_error *e)
{
    char *array = NULL;
    if (!acf_path_is_dir(path)) {
        array = acf_strdup(path, e);
        if (array == NULL) return ACF_ERR_RESOURCE;
    } else {
        ACF_TRY(find_array(&array, path, is_train, e));
    }
    if (array == NULL)
        return acf_image_folder_read(&r->rows, &r->n_cols, path, r->label_optional, &r->digest, e);
    acf_status st = acf_ends_with(array, ".bin") ? read_cifar(r, array, e) : read_idx(r, array, e);
    acf_free(array);
    return st;
}

acf_status acf_image_table(acf_table *t, acf_pixels *pixels, char **base, const char *path,
                           acf_split_id id, const acf_data_options *opt, bool label_optional,
                           acf_error *e)
{
    reading r = {.t = t,
                 .pixels = pixels,
                 .n_cols = 2,
                 .opt = opt,
                 .label_optional = label_optional,
                 .is_whole = opt->path[id] == NULL || acf_path_is_dir(path)};
    *t = (acf_table){0};
    *pixels = (acf_pixels){0};
    *base = NULL;
    r.names = acf_task_labels(&r.K, acf_task_find(opt->task), opt->label);
    if (!acf_path_exists(path))
        return acf_fail(e, ACF_ERR_IO, "%s: there is no such file or directory", path);
    t->path = acf_strdup(path, e);
    if (t->path == NULL) return ACF_ERR_RESOURCE;
    acf_digest_init(&r.digest);
    acf_status st = read_any(&r, path, id == ACF_TRAIN, e);
    if (st == ACF_OK && pixels->pixel == NULL) {
        *base = acf_strdup(path, e);
        if (*base == NULL) st = ACF_ERR_RESOURCE;
    }
    acf_digest_finish(&r.digest, t->digest);
    if (st == ACF_OK) {
        acf_image_rows_finish(t, &r.rows, r.n_cols);
        return ACF_OK;
    }
    acf_image_rows_free(&r.rows);
    acf_table_free(t);
    acf_free(pixels->pixel);
    *pixels = (acf_pixels){0};
    return st;
}
