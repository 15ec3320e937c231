#include "support/space_figures.h"

acf_status space_figures(acf_space *s, const int32_t *gold, const int32_t *linear,
                         const int32_t *label, const real *features, const real *W, size_t n, int d,
                         int K, acf_error *e)
{
    acf_space_rows *rows;
    ACF_TRY(acf_space_open(&rows, W, n, d, K, e));
    acf_status st = acf_space_add(rows, gold, features, n, e);
    if (st == ACF_OK) st = acf_space_finish(s, rows, e);
    if (st == ACF_OK) s->agreement = acf_space_agreement(linear, label, n);
    acf_space_close(&rows);
    return st;
}
