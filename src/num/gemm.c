#include "num/gemm.h"

#include "num/blas.h"
#include "num/gemm_wide.h"

#include <math.h>
#include <omp.h>

/* Multiply-adds that take a thread about as long as starting the others. */
#define SERIAL_WORK 200e3

/* Tile sizes from the most efficient down, each with the number of tiles that makes it worth
 * taking: small tiles copy more. */
typedef struct tiling {
    int rows, columns, least;
} tiling;
enum { N_TILINGS = 4, COLUMN_UNIT = 32 };
static const tiling blas_tilings[] = {{512, 384, 16}, {512, 192, 8}, {256, 192, 2}, {128, 96, 1}};
static const tiling wide_tilings[] = {{504, 128, 8}, {224, 128, 4}, {112, 64, 2}, {56, 64, 1}};
/* A transposed a is copied, too, once for all columns of a tile. */
static const tiling turned_tilings[] = {{504, 384, 4}, {224, 384, 2}, {112, 192, 2}, {56, 64, 1}};

static int parts_of(int size, int largest)
{
    return size / largest + (size % largest != 0);
}

/* Equal parts, in whole register blocks of the kernels. */
static int part_size(int size, int parts, int unit)
{
    int part = parts_of(size, parts);
    return parts_of(part, unit) * unit;
}

/* Rows and columns of a tile: by the sizes alone, never by the number of threads. */
static void tile_shape(int *tile_m, int *tile_n, int m, int n, int k, const tiling *t)
{
    int down = 1, across = 1;
    if ((double)m * n * k > SERIAL_WORK) {
        for (int i = 0; i < N_TILINGS; i++) {
            down = parts_of(m, t[i].rows);
            across = parts_of(n, t[i].columns);
            if ((long)down * across >= t[i].least) break;
        }
        if (down * across > 1 && down % 2 != 0 && across % 2 != 0) {
            if (m > n) /* an even number, so that two threads end together */
                down++;
            else
                across++;
        }
    }
    *tile_m = part_size(m, down, 4);
    *tile_n = part_size(n, across, COLUMN_UNIT);
}

/* c = beta c: what is left of a product without terms. */
static void scale_only(const acf_product *p)
{
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < p->n; j++) {
            real *c = p->c + (size_t)i * (size_t)p->ldc + (size_t)j;
            *c = fabs((double)p->beta) > 0.0 || isnan(p->beta) ? p->beta * *c : 0;
        }
}

void acf_gemm(real *c, int ldc, const real *a, int lda, bool trans_a, const real *b, int ldb,
              bool trans_b, int m, int n, int k, real alpha, real beta)
{
    acf_product p = {.c = c,
                     .a = a,
                     .b = b,
                     .ldc = ldc,
                     .lda = lda,
                     .ldb = ldb,
                     .trans_a = trans_a,
                     .trans_b = trans_b,
                     .m = m,
                     .n = n,
                     .k = k,
                     .alpha = alpha,
                     .beta = beta};
    if (m == 0 || n == 0) return;
    if (k == 0) {
        scale_only(&p);
        return;
    }
    bool is_wide = acf_wide_suits(m, n, k);
    int tile_m, tile_n;
    tile_shape(&tile_m, &tile_n, m, n, k,
               !is_wide  ? blas_tilings
               : trans_a ? turned_tilings
                         : wide_tilings);
    int n_down = parts_of(m, tile_m), n_across = parts_of(n, tile_n);

#pragma omp parallel for schedule(dynamic) if (n_down * n_across > 1 && !omp_in_parallel())
    for (int tile = 0; tile < n_down * n_across; tile++) { /* down first: b stays in cache */
        int row = tile % n_down * tile_m, column = tile / n_down * tile_n;
        int rows = m - row < tile_m ? m - row : tile_m;
        int columns = n - column < tile_n ? n - column : tile_n;
        acf_product part = acf_product_part(&p, row, column, rows, columns);
        if (is_wide)
            acf_wide_multiply(&part);
        else
            acf_blas_multiply(&part);
    }
}
