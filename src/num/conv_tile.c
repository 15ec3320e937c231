#include "num/conv_tile.h"

enum { L = ACF_LANES, MOST = 16 /* registers of sums in a tile */ };

int acf_conv_vectors(void)
{
    return acf_is_wide() ? 2 : 1;
}

/* One tile of `rows` x `cols` pixels from (h, w); the last four are constants at the call. */
ACF_INLINE void output_tile(const acf_conv_run *r, int h, int w, const int rows, const int cols,
                            const int vectors, const bool thin)
{
    acf_lanes sum[MOST][2];
    const int n = rows * cols, pixel = thin ? 1 : L, channels = thin ? 1 : L;
    real *y = r->y + (size_t)h * r->y_row + (size_t)w * r->y_pixel;
#pragma GCC unroll 16
    for (int i = 0; i < n; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            sum[i][v] = (acf_lanes){0};
    if (r->add)
#pragma GCC unroll 16
        for (int i = 0; i < n; i++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sum[i][v] =
                    acf_lanes_load(y + (size_t)(i / cols) * r->y_row +
                                   (size_t)(i % cols) * r->y_pixel + (size_t)v * r->y_block);

    const real *weight = r->w;
    for (int b = 0; b < r->n_blocks; b++) {
        const real *x_b =
            r->x + (size_t)b * r->x_block + (size_t)h * r->x_row + (size_t)(w * pixel);
        for (int t = 0; t < r->n_taps; t++) {
            const real *x0 = x_b + r->tap[t], *x1 = x0 + r->x_row;
            for (int j = 0; j < channels; j++) {
                acf_lanes w_j[2];
#pragma GCC unroll 2
                for (int v = 0; v < vectors; v++)
                    w_j[v] = acf_lanes_load(weight + v * L);
                weight += vectors * L;
#pragma GCC unroll 16
                for (int i = 0; i < n; i++) {
                    real x = (i < cols ? x0 : x1)[i % cols * pixel + j];
#pragma GCC unroll 2
                    for (int v = 0; v < vectors; v++)
                        sum[i][v] += x * w_j[v];
                }
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < n; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            acf_lanes_store(y + (size_t)(i / cols) * r->y_row + (size_t)(i % cols) * r->y_pixel +
                                (size_t)v * r->y_block,
                            sum[i][v]);
}

/* `rows` (1 or 2) rows of pixels from row h, in tiles of falling width. */
ACF_INLINE void output_row(const acf_conv_run *r, int h, const int rows, const int vectors,
                           const bool thin, const bool wide)
{
    int w = 0, cols = r->cols;
    if (wide && rows == 1) {
        if (vectors == 1)
            for (; w + 16 <= cols; w += 16)
                output_tile(r, h, w, 1, 16, vectors, thin);
        if (cols % 7 == 0 && cols % 8 != 0)
            for (; w + 7 <= cols; w += 7)
                output_tile(r, h, w, 1, 7, vectors, thin);
        for (; w + 8 <= cols; w += 8)
            output_tile(r, h, w, 1, 8, vectors, thin);
    }
    for (; w + 4 <= cols; w += 4)
        output_tile(r, h, w, rows, 4, vectors, thin);
    if (w + 2 <= cols) {
        output_tile(r, h, w, rows, 2, vectors, thin);
        w += 2;
    }
    if (w < cols) output_tile(r, h, w, rows, 1, vectors, thin);
}

ACF_INLINE void output_rows(const acf_conv_run *r, const int vectors, const bool thin,
                            const bool wide)
{
    int h = 0;
    if (wide && r->cols < 7) /* narrow planes: two rows make a tile */
        for (; h + 2 <= r->rows; h += 2)
            output_row(r, h, 2, vectors, thin, wide);
    for (; h < r->rows; h++)
        output_row(r, h, 1, vectors, thin, wide);
}

ACF_CLONES static void output_narrow(const acf_conv_run *r)
{
    if (r->thin)
        output_rows(r, 1, true, false);
    else
        output_rows(r, 1, false, false);
}

#ifdef ACF_WIDE
ACF_WIDE static void output_wide(const acf_conv_run *r)
{
    if (r->thin && r->vectors == 2)
        output_rows(r, 2, true, true);
    else if (r->thin)
        output_rows(r, 1, true, true);
    else if (r->vectors == 2)
        output_rows(r, 2, false, true);
    else
        output_rows(r, 1, false, true);
}
#endif

void acf_conv_run_output(const acf_conv_run *r)
{
#ifdef ACF_WIDE
    if (acf_is_wide()) {
        output_wide(r);
        return;
    }
#endif
    output_narrow(r);
}

/* `n` rows of the weight from row `first`; the last three are constants at the call. */
ACF_INLINE void weight_tile(const acf_conv_weight_run *r, int first, const int n, const int vectors,
                            const bool thin)
{
    acf_lanes sum[MOST][2];
    const int pixel = thin ? 1 : L;
    real *d_w = r->d_w + (size_t)first * L;
#pragma GCC unroll 16
    for (int i = 0; i < n; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            sum[i][v] = (acf_lanes){0};
    if (r->add)
#pragma GCC unroll 16
        for (int i = 0; i < n; i++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sum[i][v] = acf_lanes_load(d_w + i * L + (size_t)v * r->d_w_block);

    ptrdiff_t at[MOST]; /* of a row from the pixel */
#pragma GCC unroll 16
    for (int i = 0; i < n; i++)
        at[i] = thin ? r->row[first + i] : first + i;
    for (int image = 0; image < r->n_images; image++)
        for (int h = 0; h < r->rows; h++) {
            const real *x = r->x + (size_t)image * r->x_image + (size_t)h * r->x_row;
            const real *d_y = r->d_y + (size_t)image * r->d_y_image + (size_t)h * r->d_y_row;
            if (!thin) x += first;
            for (int w = 0; w < r->cols; w++) {
                acf_lanes d[2];
#pragma GCC unroll 2
                for (int v = 0; v < vectors; v++)
                    d[v] = acf_lanes_load(d_y + (size_t)v * r->d_y_block);
#pragma GCC unroll 16
                for (int i = 0; i < n; i++) {
                    real x_i = thin ? x[at[i]] : x[i];
#pragma GCC unroll 2
                    for (int v = 0; v < vectors; v++)
                        sum[i][v] += x_i * d[v];
                }
                x += pixel;
                d_y += L;
            }
        }
#pragma GCC unroll 16
    for (int i = 0; i < n; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            acf_lanes_store(d_w + i * L + (size_t)v * r->d_w_block, sum[i][v]);
}

ACF_INLINE void weight_rows(const acf_conv_weight_run *r, const int vectors, const bool thin,
                            const bool wide)
{
    int i = 0, n = r->n_rows;
    if (wide && !thin && vectors == 1)
        for (; i + 16 <= n; i += 16)
            weight_tile(r, i, 16, vectors, thin);
    if (wide)
        for (; i + 8 <= n; i += 8)
            weight_tile(r, i, 8, vectors, thin);
    for (; i + 4 <= n; i += 4)
        weight_tile(r, i, 4, vectors, thin);
    for (; i < n; i++)
        weight_tile(r, i, 1, vectors, thin);
}

ACF_CLONES static void weight_narrow(const acf_conv_weight_run *r)
{
    if (r->thin)
        weight_rows(r, 1, true, false);
    else
        weight_rows(r, 1, false, false);
}

#ifdef ACF_WIDE
ACF_WIDE static void weight_wide(const acf_conv_weight_run *r)
{
    if (r->thin && r->vectors == 2)
        weight_rows(r, 2, true, true);
    else if (r->thin)
        weight_rows(r, 1, true, true);
    else if (r->vectors == 2)
        weight_rows(r, 2, false, true);
    else
        weight_rows(r, 1, false, true);
}
#endif

void acf_conv_run_weight(const acf_conv_weight_run *r)
{
#ifdef ACF_WIDE
    if (acf_is_wide()) {
        weight_wide(r);
        return;
    }
#endif
    weight_narrow(r);
}
