#include "num/embed.h"

#include "num/clones.h"

#include <omp.h>
#include <string.h>

enum {
    ROWS = 32,    /* rows of a task in row-wise work */
    COLUMNS = 64, /* columns of a task where the order of rows must stay: four cache lines */
};

ACF_CLONES static void add_row(real *restrict y, const real *restrict x, size_t n)
{
    for (size_t c = 0; c < n; c++)
        y[c] += x[c];
}

void acf_embed_forward(real *y, const real *table, const int32_t *id, int T, int C, int add)
{
    size_t width = (size_t)C;
#pragma omp parallel for schedule(static, ROWS) if (T > ROWS && !omp_in_parallel())
    for (int t = 0; t < T; t++) {
        real *y_t = y + (size_t)t * width;
        const real *row = table + (size_t)id[t] * width;
        if (add)
            add_row(y_t, row, width);
        else
            memcpy(y_t, row, width * sizeof *y);
    }
}

void acf_embed_backward(real *d_table, const real *d_y, const int32_t *id, int T, int C)
{
    size_t width = (size_t)C, n_blocks = (width + COLUMNS - 1) / COLUMNS;
#pragma omp parallel for schedule(static) if (n_blocks > 1 && T > ROWS && !omp_in_parallel())
    for (size_t b = 0; b < n_blocks; b++) {
        size_t first = b * COLUMNS;
        size_t count = width - first < COLUMNS ? width - first : COLUMNS;
        for (int t = 0; t < T; t++)
            add_row(d_table + (size_t)id[t] * width + first, d_y + (size_t)t * width + first,
                    count);
    }
}

void acf_pool_first_forward(real *y, const real *x, const int32_t *start, int N, int C)
{
    for (int s = 0; s < N; s++)
        memcpy(y + (size_t)s * (size_t)C, x + (size_t)start[s] * (size_t)C, (size_t)C * sizeof *y);
}

/* y = mean of L rows of x */
ACF_CLONES static void mean_of_rows(real *restrict y, const real *restrict x, size_t L, size_t C)
{
    double sum[COLUMNS];
    for (size_t first = 0; first < C; first += COLUMNS) {
        size_t n = C - first < COLUMNS ? C - first : COLUMNS;
        for (size_t c = 0; c < COLUMNS; c++)
            sum[c] = 0.0;
        for (size_t t = 0; t < L; t++)
            for (size_t c = 0; c < n; c++)
                sum[c] += (double)x[t * C + first + c];
        for (size_t c = 0; c < n; c++)
            y[first + c] = (real)(sum[c] / (double)L);
    }
}

void acf_pool_mean_forward(real *y, const real *x, const int32_t *start, int N, int C)
{
    size_t width = (size_t)C;
#pragma omp parallel for schedule(static) if (N > 1 && !omp_in_parallel())
    for (int s = 0; s < N; s++)
        mean_of_rows(y + (size_t)s * width, x + (size_t)start[s] * width,
                     (size_t)(start[s + 1] - start[s]), width);
}

/* L rows of d_x = d_y / L */
ACF_CLONES static void spread_row(real *restrict d_x, const real *restrict d_y, size_t L, size_t C)
{
    for (size_t t = 0; t < L; t++)
        for (size_t c = 0; c < C; c++)
            d_x[t * C + c] = d_y[c] / (real)L;
}

void acf_pool_mean_backward(real *d_x, const real *d_y, const int32_t *start, int N, int C)
{
    size_t width = (size_t)C;
#pragma omp parallel for schedule(static) if (N > 1 && !omp_in_parallel())
    for (int s = 0; s < N; s++)
        spread_row(d_x + (size_t)start[s] * width, d_y + (size_t)s * width,
                   (size_t)(start[s + 1] - start[s]), width);
}
