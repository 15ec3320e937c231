#include "loss/cor.h"

#include "num/clones.h"
#include "num/dmul.h"

#include <math.h>
#include <string.h>

#define CONSTANT 1e-6  /* a column that varies less than this, relative to its size, is left out */
#define FLOOR    1e-10 /* a square below this, per column, is rounding: no direction to push */

/* Rows in groups: one group of all for feature, the classes for within. */
typedef struct groups {
    const int32_t *of_row; /* [N] group of each row; NULL: all in group 0 */
    const int32_t *n_rows; /* [n] */
    int n;
} groups;

/* x [N, d] -= mean of the row's group, by column.  mean [n, d] is scratch. */
ACF_CLONES static void center(double *restrict x, double *restrict mean, groups g, int N, int d)
{
    size_t width = (size_t)d;
    memset(mean, 0, (size_t)g.n * width * sizeof *mean);
    for (int i = 0; i < N; i++) {
        double *restrict m = mean + (size_t)(g.of_row != NULL ? g.of_row[i] : 0) * width;
        const double *restrict row = x + (size_t)i * width;
        for (int j = 0; j < d; j++)
            m[j] += row[j];
    }
    for (int k = 0; k < g.n; k++) {
        double *restrict m = mean + (size_t)k * width;
        for (int j = 0; j < d && g.n_rows[k] > 0; j++)
            m[j] /= g.n_rows[k];
    }
    for (int i = 0; i < N; i++) {
        const double *restrict m = mean + (size_t)(g.of_row != NULL ? g.of_row[i] : 0) * width;
        double *restrict row = x + (size_t)i * width;
        for (int j = 0; j < d; j++)
            row[j] -= m[j];
    }
}

/* out [d] = dot product of columns j of a and b, [N, d] each. */
ACF_CLONES static void column_dots(double *restrict out, const double *a, const double *b, int N,
                                   int d)
{
    memset(out, 0, (size_t)d * sizeof *out);
    for (int i = 0; i < N; i++) {
        const double *x = a + (size_t)i * (size_t)d, *y = b + (size_t)i * (size_t)d;
        for (int j = 0; j < d; j++)
            out[j] += x[j] * y[j];
    }
}

/* x [N, d] *= f [d] by column. */
ACF_CLONES static void scale_columns(double *restrict x, const double *restrict f, int N, int d)
{
    for (int i = 0; i < N; i++) {
        double *restrict row = x + (size_t)i * (size_t)d;
        for (int j = 0; j < d; j++)
            row[j] *= f[j];
    }
}

/* d_h += factor (D_j - mean(D_j) - xhat_j (xhat_j . D_j)) inv_norm_j by column.  D = G Xhat has
 * mean 0 in every group as Xhat has, so that no mean is taken. */
ACF_CLONES static void column_backward(double *restrict d_h, const double *restrict D,
                                       const double *restrict xhat, const double *restrict along,
                                       const double *restrict inv_norm, double factor, int N, int d)
{
    for (int i = 0; i < N; i++) {
        size_t at = (size_t)i * (size_t)d;
        for (int j = 0; j < d; j++)
            d_h[at + (size_t)j] +=
                factor * inv_norm[j] * (D[at + (size_t)j] - xhat[at + (size_t)j] * along[j]);
    }
}

/* x [N, d] becomes Xhat; inv_norm [d] = 1 / |x_j - mean|, 0 for a constant column.  Returns the
 * number of columns kept.  size [d] is scratch. */
static int normalize(double *x, double *inv_norm, double *size, double *mean, groups g, int N,
                     int d)
{
    int n_kept = 0;
    column_dots(size, x, x, N, d);
    center(x, mean, g, N, d);
    column_dots(inv_norm, x, x, N, d);
    for (int j = 0; j < d; j++) {
        double norm = sqrt(inv_norm[j]);
        bool is_constant = norm <= CONSTANT * sqrt(size[j]);
        inv_norm[j] = is_constant ? 0.0 : 1.0 / norm;
        if (!is_constant) n_kept++;
    }
    scale_columns(x, inv_norm, N, d);
    return n_kept;
}

size_t acf_cor_bytes(int N, int K, int d)
{
    size_t n = (size_t)N, width = (size_t)d, k = (size_t)K;
    return 3 * acf_arena_cost(n * width, sizeof(double)) + acf_arena_cost(n * n, sizeof(double)) +
           2 * acf_arena_cost(width, sizeof(double)) + acf_arena_cost(k * width, sizeof(double)) +
           acf_arena_cost(k, sizeof(int32_t));
}

/* Groups of the batch's rows; returns how many have a row. */
static int group_rows(groups *g, const int32_t *y, bool within, int N, int K, acf_arena *arena)
{
    int32_t *n_rows = acf_arena_take(arena, (size_t)K, sizeof *n_rows);
    *g = (groups){.of_row = within ? y : NULL, .n_rows = n_rows, .n = within ? K : 1};
    memset(n_rows, 0, (size_t)K * sizeof *n_rows);
    int n_present = 0;
    for (int i = 0; i < N; i++)
        if (n_rows[within ? y[i] : 0]++ == 0) n_present++;
    return n_present;
}

bool acf_cor_term(double *value, double *d_h, const real *h, const int32_t *y, bool within, int N,
                  int K, int d, double weight, acf_arena *arena)
{
    *value = 0.0;
    size_t mark = arena->used, len = (size_t)N * (size_t)d;
    groups g;
    int n_present = group_rows(&g, y, within, N, K, arena);
    if (N < 3 || (within && N - n_present < 2)) {
        acf_arena_rewind(arena, mark);
        return false;
    }
    double *xhat = acf_arena_take(arena, len, sizeof *xhat);
    double *xhat_t = acf_arena_take(arena, len, sizeof *xhat_t);
    double *gram = acf_arena_take(arena, (size_t)N * (size_t)N, sizeof *gram);
    double *D = acf_arena_take(arena, len, sizeof *D);
    double *inv_norm = acf_arena_take(arena, (size_t)d, sizeof *inv_norm);
    double *along = acf_arena_take(arena, (size_t)d, sizeof *along);
    double *mean = acf_arena_take(arena, (size_t)g.n * (size_t)d, sizeof *mean);

    for (size_t j = 0; j < len; j++)
        xhat[j] = (double)h[j];
    int n_kept = normalize(xhat, inv_norm, along, mean, g, N, d);
    acf_dmul_transpose(xhat_t, N, xhat, d, N, d);
    memset(gram, 0, (size_t)N * (size_t)N * sizeof *gram);
    acf_dmul_add(gram, N, xhat, d, xhat_t, N, N, N, d);

    double square = -(double)n_kept; /* the diagonal of Sigma is all ones */
    for (size_t j = 0; j < (size_t)N * (size_t)N; j++)
        square += gram[j] * gram[j];
    if (!(square <= FLOOR * n_kept)) {
        *value = sqrt(square);
        if (d_h != NULL && weight != 0.0) {
            memset(D, 0, len * sizeof *D); /* of square / 4: D = G Xhat */
            acf_dmul_add(D, d, gram, N, xhat, d, N, d, N);
            column_dots(along, xhat, D, N, d);
            column_backward(d_h, D, xhat, along, inv_norm, weight * 2.0 / *value, N, d);
        }
    }
    acf_arena_rewind(arena, mark);
    return true;
}
