/* Images that came as one array (CIFAR, IDX), and a builder for the table of their rows. */
#ifndef ACF_DATA_PIXELS_H
#define ACF_DATA_PIXELS_H

#include "base/status.h"
#include "base/str.h"
#include "data/table.h"
#include "image/image.h"

#include <stddef.h>
#include <stdint.h>

typedef struct acf_pixels {
    int n, channels, height, width;
    uint8_t *pixel; /* [n, channels, height, width] acf_free */
} acf_pixels;

/* Image i, whose pixels stay p's. */
static inline acf_image acf_pixels_image(const acf_pixels *p, size_t i)
{
    acf_image x = {p->channels, p->height, p->width, NULL};
    x.pixel = p->pixel + i * acf_image_values(&x);
    return x;
}

/* A table of one or two columns under construction: what an image is (path or number), and its
 * label.  Zero-initialise, append, finish or free. */
typedef struct acf_image_rows {
    acf_str block;
    int32_t *line;
    size_t *row;
    size_t n, cap_line, cap_row;
} acf_image_rows;

/* A row; label NULL: the table has no label column (then in all rows). */
acf_status acf_image_rows_add(acf_image_rows *r, int32_t line, const char *what, const char *label,
                              acf_error *e) ACF_MUST_USE;

/* Hand the rows over to t, whose path and bad lines stay. */
void acf_image_rows_finish(acf_table *t, acf_image_rows *r, int n_cols);
void acf_image_rows_free(acf_image_rows *r);

#endif
