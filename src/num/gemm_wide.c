#include "num/gemm_wide.h"

#include "base/assert.h"
#include "num/lanes.h"

#ifdef ACF_WIDE

enum {
    ROWS = 14,                         /* of c in registers, each of ... */
    VECTORS = 2,                       /* ... registers: 28 sums, 2 of b, one of a */
    PANEL = VECTORS * ACF_LANES,       /* columns that a panel of b has */
    DEPTH = 1536 / sizeof(real),       /* elements of k summed before c is touched ... */
    TURNED_DEPTH = 768 / sizeof(real), /* ... when a is transposed */
    STRIPS = 36,                       /* panels of a transposed a that are copied together */
    A_PANEL = 16,                      /* columns of such a panel, ROWS of them used */
};

/* What a tile works on: copies of b and of a transposed a. */
static _Thread_local struct {
    real b[DEPTH * ACF_WIDE_COLUMNS] __attribute__((aligned(64)));
    real a[TURNED_DEPTH * A_PANEL * STRIPS] __attribute__((aligned(64)));
} copy;

typedef struct panel {
    const real *a; /* a(r, p) = a[r a_row + p a_column] */
    size_t a_row, a_column;
    const real *b; /* [k, PANEL] */
    size_t k;
    real *c;
    size_t ldc;
    real alpha, beta;
} panel;

/* c [rows, PANEL] = alpha a b + beta c; rows a constant at the call. */
ACF_WIDE ACF_INLINE void multiply_rows(const panel *t, const int rows)
{
    acf_lanes sum[ROWS][VECTORS];
    const real *a = t->a, *b = t->b;
    size_t a_row = t->a_row, a_column = t->a_column;
#pragma GCC unroll 14
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; v++)
            sum[r][v] = (acf_lanes){0};
    for (size_t p = 0; p < t->k; p++) {
        acf_lanes b_p[VECTORS];
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; v++)
            b_p[v] = acf_lanes_load(b + p * PANEL + (size_t)v * ACF_LANES);
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++) {
            acf_lanes a_rp = a[(size_t)r * a_row + p * a_column] - (acf_lanes){0};
            __asm__("" : "+v"(a_rp)); /* one load into a register, not one in each product */
#pragma GCC unroll 2
            for (int v = 0; v < VECTORS; v++)
                sum[r][v] += a_rp * b_p[v];
        }
    }
    const bool reads = !(t->beta == 0); /* a NaN reads */
#pragma GCC unroll 14
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; v++) {
            real *c = t->c + (size_t)r * t->ldc + v * ACF_LANES;
            acf_lanes out = t->alpha * sum[r][v];
            if (reads) out += t->beta * acf_lanes_load(c);
            acf_lanes_store(c, out);
        }
}

#define OF_ROWS(n)                                                                                 \
    ACF_WIDE static void multiply_##n(const panel *t)                                              \
    {                                                                                              \
        multiply_rows(t, n);                                                                       \
    }
OF_ROWS(1)
OF_ROWS(2)
OF_ROWS(3)
OF_ROWS(4)
OF_ROWS(5)
OF_ROWS(6)
OF_ROWS(7)
OF_ROWS(8)
OF_ROWS(9)
OF_ROWS(10)
OF_ROWS(11)
OF_ROWS(12)
OF_ROWS(13)
OF_ROWS(14)

static void (*const multiply_by_rows[ROWS + 1])(const panel *) = {
    NULL,        multiply_1,  multiply_2,  multiply_3,  multiply_4,
    multiply_5,  multiply_6,  multiply_7,  multiply_8,  multiply_9,
    multiply_10, multiply_11, multiply_12, multiply_13, multiply_14};

/* The square of ACF_LANES registers transposed: pairs of registers exchange halves, quarters ... */
ACF_WIDE ACF_INLINE void transpose_square(acf_lanes row[ACF_LANES])
{
#pragma GCC unroll 4
    for (int half = ACF_LANES / 2; half > 0; half /= 2) {
        acf_lane_mask low, high;
#pragma GCC unroll 16
        for (int j = 0; j < ACF_LANES; j++) {
            low[j] = (j & half) != 0 ? ACF_LANES + j - half : j;
            high[j] = (j & half) != 0 ? ACF_LANES + j : j + half;
        }
#pragma GCC unroll 16
        for (int i = 0; i < ACF_LANES; i++) {
            if ((i & half) != 0) continue;
            acf_lanes first = row[i], second = row[i + half];
            row[i] = __builtin_shuffle(first, second, low);
            row[i + half] = __builtin_shuffle(first, second, high);
        }
    }
}

/* ACF_LANES columns of a panel [k, PANEL] from b stored [columns, k]; zeros where there are fewer.
 */
ACF_WIDE static void copy_transposed(real *to, const real *from, size_t ld, size_t k, int columns)
{
    size_t p = 0;
    if (columns >= ACF_LANES) {
        for (; p + ACF_LANES <= k; p += ACF_LANES) {
            acf_lanes row[ACF_LANES];
#pragma GCC unroll 16
            for (int j = 0; j < ACF_LANES; j++)
                row[j] = acf_lanes_load(from + (size_t)j * ld + p);
            transpose_square(row);
#pragma GCC unroll 16
            for (int j = 0; j < ACF_LANES; j++)
                acf_lanes_store(to + (p + (size_t)j) * PANEL, row[j]);
        }
    }
    for (; p < k; p++)
        for (int j = 0; j < ACF_LANES; j++)
            to[p * PANEL + (size_t)j] = j < columns ? from[(size_t)j * ld + p] : 0;
}

/* copy.b from columns of b: panels [k, PANEL], one behind the other. */
ACF_WIDE static void copy_b(const acf_product *q, int column, int columns, size_t first, size_t k)
{
    size_t ld = (size_t)q->ldb;
    if (q->trans_b) {
        for (int j = 0; j < columns; j += ACF_LANES)
            copy_transposed(copy.b + (size_t)(j / PANEL * PANEL) * k + j % PANEL,
                            q->b + (size_t)(column + j) * ld + first, ld, k, columns - j);
        return;
    }
    for (size_t p = 0; p < k; p++) {
        const real *from = q->b + (first + p) * ld + (size_t)column;
        for (int j = 0; j < columns; j += PANEL) {
            real *to = copy.b + (size_t)j * k + p * PANEL;
            if (columns - j >= PANEL) {
                memcpy(to, from + j, PANEL * sizeof *to);
                continue;
            }
            for (int l = 0; l < PANEL; l++)
                to[l] = j + l < columns ? from[j + l] : 0;
        }
    }
}

/* copy.a from a stored [k, m]: panels [k, A_PANEL] of `height` columns each, from `row`. */
ACF_WIDE static void copy_a(const acf_product *q, int row, int height, int strips, size_t first,
                            size_t k)
{
    for (size_t p = 0; p < k; p++) {
        const real *from = q->a + (first + p) * (size_t)q->lda + (size_t)row;
        for (int s = 0; s < strips; s++) {
            real *to = copy.a + ((size_t)s * k + p) * A_PANEL;
            int at = s * height, left = q->m - row - at;
            if (left >= A_PANEL) {
                memcpy(to, from + at, A_PANEL * sizeof *to);
                continue;
            }
            for (int r = 0; r < left; r++)
                to[r] = from[at + r];
        }
    }
}

/* The last columns of c, fewer than a panel: whole into `edge`, from there what there is. */
static void multiply_edge(panel t, int rows, int columns)
{
    real edge[ROWS * PANEL], *c = t.c;
    panel whole = t;
    whole.c = edge;
    whole.ldc = PANEL;
    whole.beta = 0;
    multiply_by_rows[rows](&whole);
    for (int r = 0; r < rows; r++)
        for (int j = 0; j < columns; j++) {
            real *to = c + (size_t)r * t.ldc + j, sum = edge[r * PANEL + j];
            *to = t.beta == 0 ? sum : sum + t.beta * *to;
        }
}

/* All rows of c, `columns` of it, k elements from `first`. */
static void multiply_block(const acf_product *q, int column, int columns, size_t first, size_t k)
{
    int n_strips = (q->m + ROWS - 1) / ROWS, height = (q->m + n_strips - 1) / n_strips;
    panel t = {.k = k,
               .ldc = (size_t)q->ldc,
               .alpha = q->alpha,
               .beta = first == 0 ? q->beta : 1,
               .a_row = q->trans_a ? 1 : (size_t)q->lda,
               .a_column = q->trans_a ? A_PANEL : 1};
    for (int s = 0, row = 0; row < q->m; s++, row += height) {
        int rows = q->m - row < height ? q->m - row : height;
        if (q->trans_a && s % STRIPS == 0) {
            int left = (q->m - row + height - 1) / height;
            copy_a(q, row, height, left < STRIPS ? left : STRIPS, first, k);
        }
        t.a = q->trans_a ? copy.a + (size_t)(s % STRIPS) * k * A_PANEL
                         : q->a + (size_t)row * (size_t)q->lda + first;
        for (int j = 0; j < columns; j += PANEL) {
            t.b = copy.b + (size_t)j * k;
            t.c = q->c + (size_t)row * t.ldc + (size_t)(column + j);
            if (columns - j < PANEL)
                multiply_edge(t, rows, columns - j);
            else
                multiply_by_rows[rows](&t);
        }
    }
}

bool acf_wide_suits(int m, int n, int k)
{
    return acf_is_wide() && n >= ACF_LANES && k >= 8 && m >= 4;
}

void acf_wide_multiply(const acf_product *q)
{
    const size_t depth = q->trans_a ? TURNED_DEPTH : DEPTH;
    for (int j = 0; j < q->n; j += ACF_WIDE_COLUMNS) {
        int columns = q->n - j < ACF_WIDE_COLUMNS ? q->n - j : ACF_WIDE_COLUMNS;
        for (size_t p = 0; p < (size_t)q->k; p += depth) {
            size_t k = (size_t)q->k - p < depth ? (size_t)q->k - p : depth;
            copy_b(q, j, columns, p, k);
            multiply_block(q, j, columns, p, k);
        }
    }
}

#else

bool acf_wide_suits(int m, int n, int k)
{
    (void)m, (void)n, (void)k;
    return false;
}

void acf_wide_multiply(const acf_product *q)
{
    (void)q;
    ACF_ASSERT(!"there are no such registers here");
}

#endif
