#include "num/tile.h"

enum { MOST_ROWS = 16 };

/* `rows` rows from i, `vectors` registers from column j; both constants at the call. */
ACF_INLINE void tile(const acf_small *s, size_t i, size_t j, const int rows, const int vectors)
{
    acf_lanes sum[MOST_ROWS][2];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            sum[r][v] = (acf_lanes){0};

    const real *a = s->a + i * s->a_row, *b = s->b + j;
    for (size_t p = 0; p < s->k; p++) {
        acf_lanes b_p[2];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            b_p[v] = acf_lanes_load(b + p * s->ldb + (size_t)v * ACF_LANES);
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++) {
            real a_rp = a[(size_t)r * s->a_row + p * s->a_column];
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sum[r][v] += a_rp * b_p[v];
        }
    }
    /* Where columns of c end within a register, whole ones go aside first. */
    real aside[MOST_ROWS * 2 * ACF_LANES];
    const bool is_whole = j + (size_t)vectors * ACF_LANES <= s->n, add = s->add && is_whole;
    const size_t ldc = is_whole ? s->ldc : 2 * ACF_LANES;
    real *c = s->c + i * s->ldc + j, *to = is_whole ? c : aside;
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            real *to_rv = to + (size_t)r * ldc + (size_t)v * ACF_LANES;
            acf_lanes out = s->alpha * sum[r][v];
            if (add) out += acf_lanes_load(to_rv);
            acf_lanes_store(to_rv, out);
        }
    for (int r = 0; r < rows && !is_whole; r++)
        for (size_t l = 0; l < s->n - j; l++) {
            real *c_rl = c + (size_t)r * s->ldc + l, x = aside[(size_t)r * ldc + l];
            *c_rl = s->add ? *c_rl + x : x;
        }
}

/* All rows, `vectors` registers from column j: tiles of `most` rows, then of fewer. */
ACF_INLINE void columns(const acf_small *s, size_t j, const int most, const int vectors)
{
    size_t i = 0;
    for (; i + (size_t)most <= s->m; i += (size_t)most)
        tile(s, i, j, most, vectors);
    if (most > 8 && i + 8 <= s->m) {
        tile(s, i, j, 8, vectors);
        i += 8;
    }
    if (most > 4 && i + 4 <= s->m) {
        tile(s, i, j, 4, vectors);
        i += 4;
    }
    if (i + 2 <= s->m) {
        tile(s, i, j, 2, vectors);
        i += 2;
    }
    if (i < s->m) tile(s, i, j, 1, vectors);
}

ACF_INLINE void multiply(const acf_small *s, const int rows_of_two, const int rows_of_one)
{
    size_t j = 0;
    for (; j + ACF_LANES < s->n; j += 2 * ACF_LANES)
        columns(s, j, rows_of_two, 2);
    if (j < s->n) columns(s, j, rows_of_one, 1);
}

/* Eight sums hide the latency of one. */
ACF_CLONES static void multiply_narrow(const acf_small *s)
{
    multiply(s, 4, 8);
}

#ifdef ACF_WIDE
/* As many sums as there are registers for. */
ACF_WIDE static void multiply_wide(const acf_small *s)
{
    multiply(s, 12, 16);
}
#endif

void acf_small_multiply(const acf_small *s)
{
#ifdef ACF_WIDE
    if (acf_is_wide()) {
        multiply_wide(s);
        return;
    }
#endif
    multiply_narrow(s);
}
