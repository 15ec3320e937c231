#include "data/pixels.h"

#include "base/mem.h"

#include <limits.h>
#include <string.h>

acf_status acf_image_rows_add(acf_image_rows *r, int32_t line, const char *what, const char *label,
                              acf_error *e)
{
    if (r->n >= INT_MAX)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: more than %d images", what, INT_MAX);
    int32_t *lines = acf_grow(r->line, &r->cap_line, r->n + 1, sizeof *lines, "images", e);
    if (lines == NULL) return ACF_ERR_RESOURCE;
    r->line = lines;
    size_t *rows = acf_grow(r->row, &r->cap_row, r->n + 1, sizeof *rows, "images", e);
    if (rows == NULL) return ACF_ERR_RESOURCE;
    r->row = rows;
    lines[r->n] = line;
    rows[r->n] = r->block.len;
    ACF_TRY(acf_str_append(&r->block, what, strlen(what) + 1, e));
    if (label != NULL) ACF_TRY(acf_str_append(&r->block, label, strlen(label) + 1, e));
    r->n++;
    return ACF_OK;
}

void acf_image_rows_finish(acf_table *t, acf_image_rows *r, int n_cols)
{
    t->n_cols = n_cols;
    t->n_rows = (int)r->n;
    t->line = r->line;
    t->row = r->row;
    t->block = r->block.data;
    *r = (acf_image_rows){0};
}

void acf_image_rows_free(acf_image_rows *r)
{
    acf_free(r->line);
    acf_free(r->row);
    acf_str_free(&r->block);
    *r = (acf_image_rows){0};
}
