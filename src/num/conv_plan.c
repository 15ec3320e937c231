#include "num/conv_plan.h"

#include "num/conv_tile.h"

enum {
    L = ACF_LANES,
    CACHE = 256 << 10, /* bytes of padded copies that stay in a second-level cache */
    TASKS = 16,        /* into which a batch is cut, about */
    FEW_TASKS = 8,     /* when each keeps a large weight gradient */
    LARGE = 1 << 18    /* elements of such a one */
};

static int parts_of(int n, int size)
{
    return (n + size - 1) / size;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

int acf_conv_out(int size, int k, int stride, int pad)
{
    return (size + 2 * pad - k) / stride + 1;
}

/* Rows of zeros that the gradient of x reads before and behind d_y, along one side: output a +
 * i stride takes d_y[i + (a + pad - tap) / stride] where the division leaves nothing. */
static void margins(int *before, int *behind, const acf_conv_shape *s, int size, int out)
{
    *before = *behind = 0;
    for (int a = 0; a < least(s->stride, size); a++)
        for (int tap = 0; tap < s->k; tap++) {
            if ((a + s->pad - tap) % s->stride != 0) continue;
            int off = (a + s->pad - tap) / s->stride, last = (size - 1 - a) / s->stride + off;
            *before = most(*before, -off);
            *behind = most(*behind, last - (out - 1));
        }
}

static void plan_gradient(acf_conv_plan *p)
{
    const acf_conv_shape *s = &p->s;
    int top, bottom, left, right;
    margins(&top, &bottom, s, s->H, p->Ho);
    margins(&left, &right, s, s->W, p->Wo);
    int before = most(top, left);
    p->d_y = acf_conv_pad_make(L, p->co_blocks, before, 1, before + p->Ho + bottom,
                               before + p->Wo + right);
}

acf_conv_plan acf_conv_plan_make(const acf_conv_shape *s, bool backward)
{
    acf_conv_plan p = {.s = *s, .thin = s->planar, .vectors = acf_conv_vectors()};
    p.Ho = acf_conv_out(s->H, s->k, s->stride, s->pad);
    p.Wo = acf_conv_out(s->W, s->k, s->stride, s->pad);
    p.ci_blocks = parts_of(s->Ci, L);
    p.co_blocks = parts_of(s->Co, L);
    p.x = acf_conv_pad_make(p.thin ? 1 : L, p.thin ? s->Ci : p.ci_blocks, s->pad, s->stride,
                            s->H + 2 * s->pad, s->W + 2 * s->pad);
    size_t taps = (size_t)s->k * (size_t)s->k;
    p.rows = taps * (p.thin ? (size_t)s->Ci : (size_t)p.ci_blocks * L);

    size_t image = p.x.planes * p.x.plane, tasks = TASKS;
    if (backward) {
        plan_gradient(&p);
        image += p.d_y.planes * p.d_y.plane;
        if ((size_t)p.co_blocks * p.rows * L > LARGE) tasks = FEW_TASKS;
    }
    /* Copies of a group stay in cache while the weights pass by; large weights pass less often when
     * more images wait for them. */
    size_t weights = (size_t)p.co_blocks * p.rows * L * sizeof(real);
    size_t fit = (weights / 4 > CACHE ? weights / 4 : CACHE) / (image * sizeof(real));
    p.task_images = parts_of(s->N, (int)tasks);
    p.group = fit < 1 ? 1 : fit > (size_t)p.task_images ? p.task_images : (int)fit;
    if (!backward) p.task_images = p.group;
    p.tasks = parts_of(s->N, p.task_images);
    p.most_tasks = least(s->N, (int)tasks);
    return p;
}

acf_conv_taps acf_conv_forward_taps(const acf_conv_plan *p)
{
    acf_conv_taps t = {.rows = p->Ho, .cols = p->Wo};
    int k = p->s.k;
    for (int ci = 0; ci < (p->thin ? p->s.Ci : 1); ci++)
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++) {
                t.at[t.n] = (ptrdiff_t)((size_t)ci * p->x.plane + acf_conv_pad_at(&p->x, i, j));
                t.weight[t.n] = (ci * k + i) * k + j;
                t.n++;
            }
    return t;
}

acf_conv_taps acf_conv_backward_taps(const acf_conv_plan *p, int row, int column, size_t *packed)
{
    const acf_conv_shape *s = &p->s;
    acf_conv_taps t = {.row = row,
                       .column = column,
                       .rows = parts_of(s->H - row, s->stride),
                       .cols = parts_of(s->W - column, s->stride),
                       .packed = *packed};
    for (int i = 0; i < s->k; i++)
        for (int j = 0; j < s->k; j++) {
            int up = row + s->pad - i, left = column + s->pad - j;
            if (up % s->stride != 0 || left % s->stride != 0) continue;
            t.at[t.n] = (ptrdiff_t)acf_conv_pad_at(&p->d_y, up / s->stride + p->d_y.before,
                                                   left / s->stride + p->d_y.before);
            t.weight[t.n] = i * s->k + j;
            t.n++;
        }
    *packed += (size_t)t.n * (size_t)p->co_blocks * L * (size_t)p->ci_blocks * L;
    return t;
}

/* Where output block o begins in packed weights of `rows` rows, and its row length. */
static real *packed_block(real *packed, size_t *ld, const acf_conv_plan *p, int o, int n_blocks,
                          size_t rows)
{
    int first = o / p->vectors * p->vectors, width = least(p->vectors, n_blocks - first);
    *ld = (size_t)width * L;
    return packed + (size_t)first * L * rows + (size_t)(o - first) * L;
}

/* Output block o from input block b (thin: all channels). */
static void pack_forward(real *packed, const real *w, const acf_conv_plan *p, int o, int b)
{
    const acf_conv_shape *s = &p->s;
    int taps = s->k * s->k, first = p->thin ? 0 : b * L;
    int n_ci = p->thin ? s->Ci : L;
    size_t ld;
    real *to = packed_block(packed, &ld, p, o, p->co_blocks, p->rows);
    for (int l = 0; l < L; l++) {
        int co = o * L + l;
        for (int j = 0; j < n_ci; j++)
            for (int t = 0; t < taps; t++) {
                size_t row = p->thin ? (size_t)(j * taps + t) : (size_t)((b * taps + t) * L + j);
                int ci = first + j;
                to[row * ld + (size_t)l] =
                    co < s->Co && ci < s->Ci
                        ? w[((size_t)co * (size_t)s->Ci + (size_t)ci) * (size_t)taps + (size_t)t]
                        : 0;
            }
    }
}

void acf_conv_pack_forward(real *packed, const real *w, const acf_conv_plan *p)
{
    int blocks = p->thin ? 1 : p->ci_blocks;
#pragma omp parallel for schedule(static) if (p->rows * (size_t)p->s.Co > LARGE)
    for (int n = 0; n < p->co_blocks * blocks; n++)
        pack_forward(packed, w, p, n / blocks, n % blocks);
}

/* For the gradient of x the roles change: output block o of ci from block b of co. */
static void pack_backward(real *packed, const real *w, const acf_conv_plan *p,
                          const acf_conv_taps *taps, int o, int b)
{
    const acf_conv_shape *s = &p->s;
    size_t rows = (size_t)p->co_blocks * (size_t)taps->n * L, all = (size_t)s->k * (size_t)s->k, ld;
    real *to = packed_block(packed + taps->packed, &ld, p, o, p->ci_blocks, rows);
    for (int j = 0; j < L; j++) {
        int co = b * L + j;
        for (int l = 0; l < L; l++) {
            int ci = o * L + l;
            bool real_pair = co < s->Co && ci < s->Ci;
            const real *w_pair =
                real_pair ? w + ((size_t)co * (size_t)s->Ci + (size_t)ci) * all : w;
            for (int t = 0; t < taps->n; t++)
                to[(size_t)((b * taps->n + t) * L + j) * ld + (size_t)l] =
                    real_pair ? w_pair[taps->weight[t]] : 0;
        }
    }
}

void acf_conv_pack_backward(real *packed, const real *w, const acf_conv_plan *p,
                            const acf_conv_taps *taps)
{
#pragma omp parallel for schedule(static) if (p->rows * (size_t)p->s.Co > LARGE)
    for (int n = 0; n < p->ci_blocks * p->co_blocks; n++)
        pack_backward(packed, w, p, taps, n / p->co_blocks, n % p->co_blocks);
}

ACF_CLONES static void add_parts(real *restrict sum, const real *restrict part, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += part[i];
}

static void unpack(real *d_w, real *parts, const acf_conv_plan *p, int o, int b)
{
    const acf_conv_shape *s = &p->s;
    int taps = s->k * s->k, n_ci = p->thin ? s->Ci : least(L, s->Ci - b * L);
    size_t block = (size_t)taps * L * (p->thin ? (size_t)s->Ci : L);
    size_t at = (size_t)o * p->rows * L + (size_t)b * block;
    size_t part = (size_t)p->co_blocks * p->rows * L;
    for (int task = 1; task < p->tasks; task++)
        add_parts(parts + at, parts + (size_t)task * part + at, block);
    const real *sum = parts + at;
    for (int l = 0; l < least(L, s->Co - o * L); l++)
        for (int j = 0; j < n_ci; j++)
            for (int t = 0; t < taps; t++) {
                size_t row = p->thin ? (size_t)(j * taps + t) : (size_t)(t * L + j);
                size_t pair = (size_t)(o * L + l) * (size_t)s->Ci + (size_t)(b * L + j);
                d_w[pair * (size_t)taps + (size_t)t] += sum[row * L + (size_t)l];
            }
}

void acf_conv_unpack(real *d_w, real *parts, const acf_conv_plan *p)
{
    int blocks = p->thin ? 1 : p->ci_blocks;
#pragma omp parallel for schedule(static)
    for (int n = 0; n < p->co_blocks * blocks; n++)
        unpack(d_w, parts, p, n / blocks, n % blocks);
}
