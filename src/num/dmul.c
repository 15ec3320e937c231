#include "num/dmul.h"

#include "num/clones.h"

#include <stdbool.h>
#include <stddef.h>

#define ROWS          4   /* of c together: each row of b that is read serves four */
#define TILE          256 /* columns together: four rows of b and of c stay in the first cache */
#define DEPTH         128 /* rows of b together: a tile of b stays in the second cache */
#define BLOCK         8   /* rows of c that one thread takes at a time; in large products four */
#define LARGE         256 /* times as many, so that a tile of b serves more of them */
#define SIDE          16  /* of the square pieces that are transposed */
#define PARALLEL_FROM 150000.0 /* multiply-adds; below it, waking a thread costs more */

/* Four rows of c, n columns; four steps of k at a time, so that c is read and written once for
 * sixteen multiply-adds. */
ACF_CLONES static void rows4(double *restrict c, size_t ldc, const double *restrict a, size_t lda,
                             const double *restrict b, size_t ldb, int n, int k)
{
    double *restrict c0 = c, *restrict c1 = c + ldc, *restrict c2 = c + 2 * ldc,
                     *restrict c3 = c + 3 * ldc;
    const double *a0 = a, *a1 = a + lda, *a2 = a + 2 * lda, *a3 = a + 3 * lda;
    int p = 0;
    for (; p + 4 <= k; p += 4) {
        const double *b0 = b + (size_t)p * ldb, *b1 = b0 + ldb, *b2 = b1 + ldb, *b3 = b2 + ldb;
        for (int j = 0; j < n; j++) {
            c0[j] += a0[p] * b0[j] + a0[p + 1] * b1[j] + a0[p + 2] * b2[j] + a0[p + 3] * b3[j];
            c1[j] += a1[p] * b0[j] + a1[p + 1] * b1[j] + a1[p + 2] * b2[j] + a1[p + 3] * b3[j];
            c2[j] += a2[p] * b0[j] + a2[p + 1] * b1[j] + a2[p + 2] * b2[j] + a2[p + 3] * b3[j];
            c3[j] += a3[p] * b0[j] + a3[p + 1] * b1[j] + a3[p + 2] * b2[j] + a3[p + 3] * b3[j];
        }
    }
    for (; p < k; p++) {
        const double *b0 = b + (size_t)p * ldb;
        for (int j = 0; j < n; j++) {
            c0[j] += a0[p] * b0[j];
            c1[j] += a1[p] * b0[j];
            c2[j] += a2[p] * b0[j];
            c3[j] += a3[p] * b0[j];
        }
    }
}

ACF_CLONES static void row1(double *restrict c, const double *restrict a, const double *restrict b,
                            size_t ldb, int n, int k)
{
    int p = 0;
    for (; p + 4 <= k; p += 4) {
        const double *b0 = b + (size_t)p * ldb, *b1 = b0 + ldb, *b2 = b1 + ldb, *b3 = b2 + ldb;
        for (int j = 0; j < n; j++)
            c[j] += a[p] * b0[j] + a[p + 1] * b1[j] + a[p + 2] * b2[j] + a[p + 3] * b3[j];
    }
    for (; p < k; p++) {
        const double *b0 = b + (size_t)p * ldb;
        for (int j = 0; j < n; j++)
            c[j] += a[p] * b0[j];
    }
}

/* Some rows of c, tile by tile. */
static void rows_add(double *restrict c, size_t ldc, const double *restrict a, size_t lda,
                     const double *restrict b, size_t ldb, int m, int n, int k)
{
    for (int j0 = 0; j0 < n; j0 += TILE) {
        int width = j0 + TILE < n ? TILE : n - j0;
        for (int p0 = 0; p0 < k; p0 += DEPTH) {
            int depth = p0 + DEPTH < k ? DEPTH : k - p0;
            const double *tile = b + (size_t)p0 * ldb + j0;
            int i = 0;
            for (; i + ROWS <= m; i += ROWS)
                rows4(c + (size_t)i * ldc + j0, ldc, a + (size_t)i * lda + p0, lda, tile, ldb,
                      width, depth);
            for (; i < m; i++)
                row1(c + (size_t)i * ldc + j0, a + (size_t)i * lda + p0, tile, ldb, width, depth);
        }
    }
}

void acf_dmul_add(double *restrict c, int ldc, const double *restrict a, int lda,
                  const double *restrict b, int ldb, int m, int n, int k)
{
    bool parallel = (double)m * n * k >= PARALLEL_FROM;
    int block = m < LARGE ? BLOCK : 4 * BLOCK;

#pragma omp parallel for schedule(dynamic, 1) if (parallel)
    for (int i = 0; i < m; i += block)
        rows_add(c + (size_t)i * (size_t)ldc, (size_t)ldc, a + (size_t)i * (size_t)lda, (size_t)lda,
                 b, (size_t)ldb, i + block < m ? block : m - i, n, k);
}

void acf_dmul_transpose(double *restrict t, int ldt, const double *restrict a, int lda, int m,
                        int n)
{
    for (int i0 = 0; i0 < m; i0 += SIDE) {
        int i1 = i0 + SIDE < m ? i0 + SIDE : m;
        for (int j0 = 0; j0 < n; j0 += SIDE) {
            int j1 = j0 + SIDE < n ? j0 + SIDE : n;
            for (int j = j0; j < j1; j++)
                for (int i = i0; i < i1; i++)
                    t[(size_t)j * (size_t)ldt + (size_t)i] = a[(size_t)i * (size_t)lda + (size_t)j];
        }
    }
}
