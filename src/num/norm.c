#include "num/norm.h"

#include "num/clones.h"

#include <math.h>
#include <omp.h>

enum {
    BLOCK = 8192, /* elements of a task in row-wise work, about */
    STRIP = 256,  /* columns summed in real before the sum goes to double */
    COLUMNS = 32, /* columns of a task in column sums: two cache lines of float */
};

static size_t rows_of_block(size_t width)
{
    return width > 0 && BLOCK / width > 0 ? BLOCK / width : 1;
}

/* Sums of strips in vector lanes, strips in double: good to a few ulp for any C. */
ACF_INLINE double row_sum(const real *s, size_t C)
{
    double total = 0.0;
    for (size_t first = 0; first < C; first += STRIP) {
        size_t end = C - first < STRIP ? C : first + STRIP;
        real sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t c = first; c < end; c++)
            sum += s[c];
        total += (double)sum;
    }
    return total;
}

/* Sums of s - mean and of its square.  The first is not 0 when the mean was rounded: the variance
 * and the normalized values are corrected by it, so that a large common offset does no harm. */
ACF_INLINE void row_deviation(double *sum, double *square_sum, const real *s, real mean, size_t C)
{
    *sum = *square_sum = 0.0;
    for (size_t first = 0; first < C; first += STRIP) {
        size_t end = C - first < STRIP ? C : first + STRIP;
        real part = 0, square = 0;
#pragma omp simd reduction(+ : part, square)
        for (size_t c = first; c < end; c++) {
            real d = s[c] - mean;
            part += d;
            square += d * d;
        }
        *sum += (double)part;
        *square_sum += (double)square;
    }
}

/* The pieces of one row: y holds s = x + residual until it is normalized. */
ACF_CLONES static void forward_rows(real *y, real *xhat, real *rstd, const real *x,
                                    const real *residual, const real *gamma, const real *beta,
                                    double eps, size_t rows, size_t C)
{
    for (size_t t = 0; t < rows; t++) {
        real *y_t = y + t * C;
        const real *s = x + t * C;
        if (residual != NULL) {
            const real *r = residual + t * C;
#pragma omp simd
            for (size_t c = 0; c < C; c++)
                y_t[c] = s[c] + r[c];
            s = y_t;
        }
        real mean = (real)(row_sum(s, C) / (double)C);
        double off, var;
        row_deviation(&off, &var, s, mean, C);
        off /= (double)C;
        var = var / (double)C - off * off;
        real inv = (real)(1.0 / sqrt((var < 0.0 ? 0.0 : var) + eps));
        real shift = (real)(-off * (double)inv);

        if (xhat == NULL || rstd == NULL) { /* both or neither */
#pragma omp simd
            for (size_t c = 0; c < C; c++)
                y_t[c] = ((s[c] - mean) * inv + shift) * gamma[c] + beta[c];
            continue;
        }
        real *h = xhat + t * C;
        rstd[t] = inv;
#pragma omp simd
        for (size_t c = 0; c < C; c++) {
            real value = (s[c] - mean) * inv + shift;
            h[c] = value;
            y_t[c] = value * gamma[c] + beta[c];
        }
    }
}

void acf_layernorm_forward(real *y, real *xhat, real *rstd, const real *x, const real *residual,
                           const real *gamma, const real *beta, double eps, size_t rows, int C)
{
    size_t width = (size_t)C, size = rows_of_block(width);
    size_t n_blocks = (rows + size - 1) / size;

#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++) {
        size_t first = b * size, at = first * width;
        size_t count = rows - first < size ? rows - first : size;
        forward_rows(y + at, xhat != NULL ? xhat + at : NULL, rstd != NULL ? rstd + first : NULL,
                     x + at, residual != NULL ? residual + at : NULL, gamma, beta, eps, count,
                     width);
    }
}

/* With g = d_y gamma: d_s = rstd (g - mean(g) - xhat mean(g xhat)). */
ACF_CLONES static void backward_rows(real *d_x, const real *d_y, const real *xhat, const real *rstd,
                                     const real *gamma, size_t rows, size_t C)
{
    for (size_t t = 0; t < rows; t++) {
        const real *g = d_y + t * C, *h = xhat + t * C;
        real *d = d_x + t * C;
        double sum = 0.0, dot = 0.0;
        for (size_t first = 0; first < C; first += STRIP) {
            size_t end = C - first < STRIP ? C : first + STRIP;
            real part = 0, part_dot = 0;
#pragma omp simd reduction(+ : part, part_dot)
            for (size_t c = first; c < end; c++) {
                part += g[c] * gamma[c];
                part_dot += g[c] * gamma[c] * h[c];
            }
            sum += (double)part;
            dot += (double)part_dot;
        }
        real mean = (real)(sum / (double)C), mean_dot = (real)(dot / (double)C), inv = rstd[t];
#pragma omp simd
        for (size_t c = 0; c < C; c++)
            d[c] = inv * (g[c] * gamma[c] - mean - h[c] * mean_dot);
    }
}

/* d_gamma, d_beta of n <= COLUMNS columns, rows in order, in double. */
ACF_CLONES static void column_sums(real *d_gamma, real *d_beta, const real *d_y, const real *xhat,
                                   size_t rows, size_t C, size_t n)
{
    double sum[COLUMNS] = {0}, dot[COLUMNS] = {0};
    if (n == COLUMNS) { /* the common case, with a constant count for the compiler */
        for (size_t t = 0; t < rows; t++)
            for (size_t c = 0; c < COLUMNS; c++) {
                sum[c] += (double)d_y[t * C + c];
                dot[c] += (double)d_y[t * C + c] * (double)xhat[t * C + c];
            }
    } else {
        for (size_t t = 0; t < rows; t++)
            for (size_t c = 0; c < n; c++) {
                sum[c] += (double)d_y[t * C + c];
                dot[c] += (double)d_y[t * C + c] * (double)xhat[t * C + c];
            }
    }
    for (size_t c = 0; c < n; c++) {
        if (d_gamma != NULL) d_gamma[c] = (real)((double)d_gamma[c] + dot[c]);
        if (d_beta != NULL) d_beta[c] = (real)((double)d_beta[c] + sum[c]);
    }
}

void acf_layernorm_backward(real *d_x, real *d_gamma, real *d_beta, const real *d_y,
                            const real *xhat, const real *rstd, const real *gamma, size_t rows,
                            int C)
{
    size_t width = (size_t)C, size = rows_of_block(width);
    size_t n_blocks = (rows + size - 1) / size, n_strips = (width + COLUMNS - 1) / COLUMNS;

    if (d_gamma != NULL || d_beta != NULL) { /* first: d_x may overwrite d_y */
#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
        for (size_t k = 0; k < n_strips; k++) {
            size_t first = k * COLUMNS;
            size_t count = width - first < COLUMNS ? width - first : COLUMNS;
            column_sums(d_gamma != NULL ? d_gamma + first : NULL,
                        d_beta != NULL ? d_beta + first : NULL, d_y + first, xhat + first, rows,
                        width, count);
        }
    }
#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++) {
        size_t first = b * size, at = first * width;
        size_t count = rows - first < size ? rows - first : size;
        backward_rows(d_x + at, d_y + at, xhat + at, rstd + first, gamma, count, width);
    }
}

ACF_CLONES static void column_sum(real *d_b, const real *d_y, size_t rows, size_t C, size_t n)
{
    double sum[COLUMNS] = {0};
    if (n == COLUMNS) {
        for (size_t t = 0; t < rows; t++)
            for (size_t c = 0; c < COLUMNS; c++)
                sum[c] += (double)d_y[t * C + c];
    } else {
        for (size_t t = 0; t < rows; t++)
            for (size_t c = 0; c < n; c++)
                sum[c] += (double)d_y[t * C + c];
    }
    for (size_t c = 0; c < n; c++)
        d_b[c] = (real)((double)d_b[c] + sum[c]);
}

void acf_bias_backward(real *d_b, const real *d_y, size_t rows, int n)
{
    size_t width = (size_t)n, n_strips = (width + COLUMNS - 1) / COLUMNS;
    size_t len = rows * width;

#pragma omp parallel for schedule(static) if (len > BLOCK && !omp_in_parallel())
    for (size_t k = 0; k < n_strips; k++) {
        size_t first = k * COLUMNS;
        size_t count = width - first < COLUMNS ? width - first : COLUMNS;
        column_sum(d_b + first, d_y + first, rows, width, count);
    }
}

ACF_CLONES static void add_rows(real *restrict y, const real *restrict b, size_t rows, size_t n)
{
    for (size_t t = 0; t < rows; t++)
        for (size_t c = 0; c < n; c++)
            y[t * n + c] += b[c];
}

void acf_bias_add(real *y, const real *b, size_t rows, int n)
{
    size_t width = (size_t)n, size = rows_of_block(width);
    size_t n_blocks = (rows + size - 1) / size;

#pragma omp parallel for schedule(static) if (n_blocks > 1 && !omp_in_parallel())
    for (size_t k = 0; k < n_blocks; k++) {
        size_t first = k * size;
        add_rows(y + first * width, b, rows - first < size ? rows - first : size, width);
    }
}
