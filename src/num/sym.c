#include "num/sym.h"

#include "num/clones.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { TILE_ROWS = 4, TILE_COLS = 256 };

/* acc [TILE_ROWS, TILE_COLS]: elements (i0 .. i0 + ni - 1, j0 .. j0 + nj - 1) of y^T y. */
ACF_CLONES static void gram_tile(double *restrict acc, const double *restrict y, size_t rows,
                                 size_t n, size_t i0, size_t ni, size_t j0, size_t nj)
{
    memset(acc, 0, sizeof *acc * TILE_ROWS * TILE_COLS);
    for (size_t r = 0; r < rows; r++) {
        const double *y_r = y + r * n;
        for (size_t i = 0; i < ni; i++) {
            double factor = y_r[i0 + i];
            double *acc_i = acc + i * TILE_COLS;
            for (size_t j = 0; j < nj; j++)
                acc_i[j] += factor * y_r[j0 + j];
        }
    }
}

/* Rows i0 .. i0 + ni - 1 of g, from the diagonal's tile on. */
static void gram_rows(double *g, const double *y, size_t rows, size_t n, size_t i0, size_t ni)
{
    double acc[TILE_ROWS * TILE_COLS];
    for (size_t j0 = i0 / TILE_COLS * TILE_COLS; j0 < n; j0 += TILE_COLS) {
        size_t nj = n - j0 < TILE_COLS ? n - j0 : TILE_COLS;
        gram_tile(acc, y, rows, n, i0, ni, j0, nj);
        for (size_t i = 0; i < ni; i++)
            memcpy(g + (i0 + i) * n + j0, acc + i * TILE_COLS, nj * sizeof *g);
    }
}

void acf_sym_gram(double *g, const double *y, size_t rows, size_t n)
{
    size_t n_tile = (n + TILE_ROWS - 1) / TILE_ROWS;
#pragma omp parallel for schedule(dynamic, 1)
    for (size_t t = 0; t < n_tile; t++) {
        size_t i0 = t * TILE_ROWS;
        gram_rows(g, y, rows, n, i0, n - i0 < TILE_ROWS ? n - i0 : TILE_ROWS);
    }
    for (size_t i = 1; i < n; i++)
        for (size_t j = 0; j < i; j++)
            g[i * n + j] = g[j * n + i];
}

/* p = A v over the trailing block a [m, m] of stride n: by rows, as A is symmetric. */
ACF_CLONES static void block_times(double *restrict p, const double *restrict a, size_t n, size_t m,
                                   const double *restrict v)
{
    memset(p, 0, m * sizeof *p);
    for (size_t i = 0; i < m; i++) {
        const double *a_i = a + i * n;
        for (size_t j = 0; j < m; j++)
            p[j] += v[i] * a_i[j];
    }
}

/* A -= v q^T + q v^T */
ACF_CLONES static void block_update(double *restrict a, size_t n, size_t m,
                                    const double *restrict v, const double *restrict q)
{
    for (size_t i = 0; i < m; i++) {
        double *a_i = a + i * n;
        for (size_t j = 0; j < m; j++)
            a_i[j] -= v[i] * q[j] + q[i] * v[j];
    }
}

/*
 * Reduce a to tridiagonal form: diag [n], off [n] (off[k] couples k and k + 1; off[n - 1] = 0).
 * Step k maps x = a[k+1 .., k] to alpha e_1 by H = I - 2 v v^T / |v|^2, v = x - alpha e_1, and
 * replaces the trailing block A by H A H = A - v q^T - q v^T, where p = 2 A v / |v|^2 and
 * q = p - (v . p / |v|^2) v.
 */
static void tridiagonalize(double *diag, double *off, double *a, size_t n, double *p)
{
    for (size_t k = 0; k + 1 < n; k++) {
        size_t m = n - k - 1;
        double *v = a + k * n + k + 1; /* row k right of the diagonal = column k below it */
        double *rest = a + (k + 1) * n + k + 1;
        double square = 0.0;
        for (size_t i = 1; i < m; i++)
            square += v[i] * v[i];
        diag[k] = a[k * n + k];
        off[k] = v[0];
        if (square == 0.0) continue; /* already of the form */
        double alpha = sqrt(square + v[0] * v[0]);
        if (v[0] > 0.0) alpha = -alpha; /* no cancellation in v[0] - alpha */
        off[k] = alpha;
        v[0] -= alpha;
        square += v[0] * v[0];
        block_times(p, rest, n, m, v);
        double dot = 0.0;
        for (size_t i = 0; i < m; i++) {
            p[i] *= 2.0 / square;
            dot += v[i] * p[i];
        }
        for (size_t i = 0; i < m; i++)
            p[i] -= dot / square * v[i];
        block_update(rest, n, m, v, p);
    }
    diag[n - 1] = a[n * n - 1];
    off[n - 1] = 0.0;
}

/* How many eigenvalues of the tridiagonal matrix are below x: negative pivots of T - x I. */
static size_t count_below(const double *diag, const double *off, size_t n, double tiny, double x)
{
    size_t count = 0;
    double pivot = 1.0;
    for (size_t i = 0; i < n; i++) {
        double coupling = i == 0 ? 0.0 : off[i - 1] * off[i - 1];
        pivot = diag[i] - x - coupling / pivot;
        if (fabs(pivot) < tiny) pivot = -tiny; /* no division by 0; shifts x by as little */
        count += pivot < 0.0;
    }
    return count;
}

void acf_sym_eigenvalues(double *value, double *a, size_t n, double *scratch)
{
    double top = 0.0;
    for (size_t i = 0; i < n * n; i++)
        if (fabs(a[i]) > top) top = fabs(a[i]);
    if (top == 0.0) {
        memset(value, 0, n * sizeof *value);
        return;
    }
    for (size_t i = 0; i < n * n; i++) /* so that no square over- or underflows */
        a[i] /= top;
    double *diag = scratch, *off = scratch + n;
    tridiagonalize(diag, off, a, n, scratch + 2 * n);

    double bound = 0.0; /* Gershgorin: no eigenvalue is larger in magnitude */
    for (size_t i = 0; i < n; i++) {
        double reach = fabs(diag[i]) + fabs(off[i]) + (i > 0 ? fabs(off[i - 1]) : 0.0);
        if (reach > bound) bound = reach;
    }
    double tiny = bound * DBL_EPSILON * DBL_EPSILON;
#pragma omp parallel for schedule(static)
    for (size_t k = 0; k < n; k++) { /* the k-th smallest lies in [low, high] */
        double low = -bound, high = bound;
        for (int step = 0; step < 60 && high - low > DBL_EPSILON * (fabs(low) + fabs(high));
             step++) {
            double middle = 0.5 * (low + high);
            if (count_below(diag, off, n, tiny, middle) > k)
                high = middle;
            else
                low = middle;
        }
        value[k] = top * 0.5 * (low + high);
    }
}
