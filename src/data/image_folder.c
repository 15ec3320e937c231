#include "data/image_folder.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "text/utf8.h"

#include <string.h>
#include <strings.h>

enum { MAX_DEPTH = 8 };

/* One walk: rows get paths relative to the root. */
typedef struct walk {
    acf_image_rows *rows;
    acf_digest *digest;
    const char *root;
    const char *label; /* the class that is being read */
} walk;

static bool has_image_extension(const char *name)
{
    static const char *const known[] = {"png", "jpg",  "jpeg", "bmp", "gif", "webp",
                                        "tif", "tiff", "ppm",  "pgm", "pbm", NULL};
    const char *dot = strrchr(name, '.');
    for (int i = 0; dot != NULL && known[i] != NULL; i++)
        if (strcasecmp(dot + 1, known[i]) == 0) return true;
    return false;
}

static acf_status check_name(const char *dir, const char *name, acf_error *e)
{
    bool is_text = acf_utf8_is_valid(name, strlen(name)), is_plain = true;
    for (const char *c = name; *c != '\0'; c++)
        is_plain = is_plain && (unsigned char)*c >= 0x20 && *c != 0x7F;
    if (is_text && is_plain) return ACF_OK;
    return acf_fail(e, ACF_ERR_FORMAT, "%s/%s: the name %s", dir, name,
                    is_text ? "holds a control character" : "is not UTF-8");
}

/* An image file, or not. */
static acf_status add_file(walk *w, const char *dir, const char *name, const char *part,
                           acf_error *e)
{
    if (!has_image_extension(name)) return ACF_OK;
    ACF_TRY(check_name(dir, name, e));
    acf_digest_add(w->digest, part, strlen(part) + 1);
    return acf_image_rows_add(w->rows, (int32_t)w->rows->n + 1, part, w->label, e);
}

/* All images below root/below. */
static acf_status read_below(walk *w, const char *below, int depth, acf_error *e)
{
    char **names;
    size_t n;
    char *dir = acf_path_join(w->root, below, e);
    if (dir == NULL) return ACF_ERR_RESOURCE;
    acf_status st =
        depth > MAX_DEPTH
            ? acf_fail(e, ACF_ERR_FORMAT, "%s: directories more than %d deep", dir, MAX_DEPTH)
            : acf_list_dir(&names, &n, dir, e);
    if (st != ACF_OK) {
        acf_free(dir);
        return st;
    }
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        if (names[i][0] == '.') continue;
        char *path = acf_path_join(dir, names[i], e), *part = acf_path_join(below, names[i], e);
        if (path == NULL || part == NULL) {
            st = ACF_ERR_RESOURCE;
        } else if (acf_path_is_dir(path)) {
            st = check_name(dir, names[i], e);
            if (st == ACF_OK) st = read_below(w, part, depth + 1, e);
        } else {
            st = add_file(w, dir, names[i], part, e);
        }
        acf_free(path);
        acf_free(part);
    }
    acf_free_names(names, n);
    acf_free(dir);
    return st;
}

/* One entry of the root: a class, or something to leave aside. */
static acf_status read_class(walk *w, const char *name, int *n_classes, acf_error *e)
{
    if (name[0] == '.') return ACF_OK;
    char *path = acf_path_join(w->root, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    if (acf_path_is_dir(path)) {
        size_t before = w->rows->n;
        w->label = name;
        (*n_classes)++;
        st = check_name(w->root, name, e);
        if (st == ACF_OK) st = read_below(w, name, 1, e);
        if (st == ACF_OK && w->rows->n == before)
            st = acf_fail(e, ACF_ERR_FORMAT,
                          "%s: a class without images (files named .png, .jpg, .jpeg, .bmp)", path);
    }
    acf_free(path);
    return st;
}

acf_status acf_image_folder_read(acf_image_rows *rows, int *n_cols, const char *dir,
                                 bool label_optional, acf_digest *digest, acf_error *e)
{
    char **names;
    size_t n;
    int n_classes = 0;
    walk w = {.rows = rows, .digest = digest, .root = dir};
    *n_cols = 2;
    ACF_TRY(acf_list_dir(&names, &n, dir, e));
    acf_status st = ACF_OK;
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        st = read_class(&w, names[i], &n_classes, e);
    bool is_plain = label_optional && n_classes == 0;
    w.label = NULL;
    for (size_t i = 0; i < n && is_plain && st == ACF_OK; i++)
        if (names[i][0] != '.') st = add_file(&w, dir, names[i], names[i], e);
    acf_free_names(names, n);
    if (is_plain) *n_cols = 1;
    if (st == ACF_OK && n_classes == 0 && rows->n == 0)
        st = acf_fail(e, ACF_ERR_FORMAT,
                      "%s: holds no class: expected a directory for each class, with its images "
                      "inside",
                      dir);
    return st;
}
