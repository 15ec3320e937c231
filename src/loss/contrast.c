#include "loss/contrast.h"

#include "base/assert.h"
#include "num/dmul.h"

#include <math.h>
#include <string.h>

#define BLOCK         4      /* anchors that one thread takes at a time */
#define PARALLEL_FROM 4000.0 /* similarities; below it, waking a thread costs more */

/* One anchor's row of similarities and what belongs to it. */
typedef struct row {
    int self;           /* its column among the contrasts, -1 when it is not one of them */
    int cls;            /* its class */
    int n_labels;       /* positives that are label embeddings: 0 or 1 */
    int n_instances;    /* positives that are instances */
    double label_share; /* t of a positive label, and of a positive instance */
    double instance_share;
} row;

/* A range of points. */
typedef struct span {
    int from, n;
} span;

static span span_of(const acf_points *p, bool instances, bool labels)
{
    int from = instances ? 0 : p->N;
    int to = labels ? p->M : p->N;
    ACF_ASSERT(from < to);
    return (span){.from = from, .n = to - from};
}

static row row_of(const acf_points *p, acf_block block, span contrasts, int i, double label_weight)
{
    int self = i - contrasts.from;
    bool is_contrast = self >= 0 && self < contrasts.n;
    bool is_label = i >= p->N;
    row r = {.self = is_contrast ? self : -1, .cls = p->cls[i]};
    if (block.contrast_instances)
        r.n_instances = p->n_of_class[r.cls] - (is_contrast && !is_label ? 1 : 0);
    if (block.contrast_labels) r.n_labels = is_contrast && is_label ? 0 : 1;
    double sum = r.n_instances + label_weight * r.n_labels;
    r.instance_share = 1.0 / sum;
    r.label_share = label_weight / sum;
    return r;
}

/* Entropy of the targets of a row with positives. */
static double target_entropy(row r)
{
    double entropy = 0.0;
    if (r.n_instances > 0) entropy -= r.n_instances * r.instance_share * log(r.instance_share);
    if (r.n_labels > 0) entropy -= r.n_labels * r.label_share * log(r.label_share);
    return entropy;
}

/*
 * l_i of the supcon form; s [n] becomes d l_i / d s = softmax - target, 0 at the anchor itself.
 * The maximum is over A(i) only: the anchor's own similarity, 1 / tau, would underflow every other
 * term when tau is small.
 */
static double supcon_row(double *restrict s, const int32_t *cls, int n, int n_instances, row r)
{
    if (r.self >= 0) s[r.self] = -INFINITY;
    double peak = -INFINITY;
    for (int j = 0; j < n; j++)
        if (s[j] > peak) peak = s[j];

    double pos = 0.0, sum = 0.0; /* sum over P(i) of t (s - peak); sum of exp(s - peak) */
    for (int j = 0; j < n; j++) {
        double above = s[j] - peak;
        double share = j < n_instances ? r.instance_share : r.label_share;
        if (cls[j] == r.cls && j != r.self) pos += share * above;
        s[j] = exp(above);
        sum += s[j];
    }
    for (int j = 0; j < n; j++) {
        double share = j < n_instances ? r.instance_share : r.label_share;
        s[j] /= sum;
        if (cls[j] == r.cls && j != r.self) s[j] -= share;
    }
    return log(sum) - pos;
}

/*
 * Sum over P(i) of l_ip of the ntxent form; s [n] becomes its gradient.  With q = log sum over
 * negatives of exp(s_in):  l_ip = log(1 + exp(q - s_ip)), so that no term underflows.
 */
static double ntxent_row(double *restrict s, const int32_t *cls, int n, row r)
{
    double peak = -INFINITY;
    for (int j = 0; j < n; j++)
        if (cls[j] != r.cls && s[j] > peak) peak = s[j];
    double sum = 0.0;
    for (int j = 0; j < n; j++)
        if (cls[j] != r.cls) sum += exp(s[j] - peak);
    double q = peak + log(sum); /* no negatives: -inf, and l_ip = 0 */

    double total = 0.0, pull = 0.0; /* sums over P(i) of l_ip and of sigmoid(q - s_ip) */
    for (int j = 0; j < n; j++) {
        if (cls[j] != r.cls) continue;
        double x = q - s[j];
        double small = exp(-fabs(x));
        if (j != r.self) total += log1p(small) + (x > 0.0 ? x : 0.0);
        s[j] = j == r.self ? 0.0 : -(x > 0.0 ? 1.0 : small) / (1.0 + small);
        pull -= s[j];
    }
    for (int j = 0; j < n; j++)
        if (cls[j] != r.cls) s[j] = pull * exp(s[j] - q);
    return total;
}

/* d_u += factor d value / d u for value = sum_ij g_ij u_i . u_j (g [anchors, contrasts]). */
static void backward(double *d_u, double *g, const acf_points *p, span anchors, span contrasts,
                     double factor, acf_arena *arena)
{
    int d = p->d;
    size_t n = (size_t)anchors.n * (size_t)contrasts.n;
    double *gt = acf_arena_take(arena, n, sizeof *gt);
    double *d_anchor = d_u + (size_t)anchors.from * (size_t)d;
    double *d_contrast = d_u + (size_t)contrasts.from * (size_t)d;
    const double *u_anchor = p->u + (size_t)anchors.from * (size_t)d;
    const double *u_contrast = p->u + (size_t)contrasts.from * (size_t)d;

    for (size_t j = 0; j < n; j++)
        g[j] *= factor;
    acf_dmul_transpose(gt, anchors.n, g, contrasts.n, anchors.n, contrasts.n);
    if (anchors.from == contrasts.from && anchors.n == contrasts.n) {
        for (size_t j = 0; j < n; j++)
            g[j] += gt[j]; /* one product with G + G^T */
        acf_dmul_add(d_anchor, d, g, contrasts.n, u_contrast, d, anchors.n, d, contrasts.n);
        return;
    }
    acf_dmul_add(d_anchor, d, g, contrasts.n, u_contrast, d, anchors.n, d, contrasts.n);
    acf_dmul_add(d_contrast, d, gt, anchors.n, u_anchor, d, contrasts.n, d, anchors.n);
}

size_t acf_contrast_bytes(int M)
{
    size_t n = (size_t)M * (size_t)M;
    return 2 * acf_arena_cost(n, sizeof(double)) + acf_arena_cost((size_t)M, sizeof(double));
}

/* What one term works on, so that the loop over anchors can be cut into blocks. */
typedef struct term {
    const acf_points *p;
    acf_block block;
    span anchors, contrasts;
    acf_form form;
    double tau, label_weight;
    double *s; /* [anchors, contrasts] */
    double *l; /* [anchors] loss of each: a mean for supcon, a sum for ntxent */
} term;

static void do_anchor(const term *t, int a)
{
    const acf_points *p = t->p;
    int n = t->contrasts.n;
    double *s = t->s + (size_t)a * (size_t)n;
    row r = row_of(p, t->block, t->contrasts, t->anchors.from + a, t->label_weight);
    if (r.n_instances + r.n_labels == 0) { /* no anchor; its columns still serve the others */
        memset(s, 0, (size_t)n * sizeof *s);
        t->l[a] = 0.0;
        return;
    }
    const int32_t *cls = p->cls + t->contrasts.from;
    int n_instances = t->block.contrast_instances ? p->N : 0;
    for (int j = 0; j < n; j++)
        s[j] /= t->tau;
    t->l[a] = t->form == ACF_FORM_SUPCON ? supcon_row(s, cls, n, n_instances, r)
                                         : ntxent_row(s, cls, n, r);
}

/* Sums over the anchors, in their order; the value is the mean. */
static acf_contrast gather(const term *t, double *per_anchor)
{
    const acf_points *p = t->p;
    acf_contrast out = {0};
    double entropy = 0.0;
    for (int a = 0; a < t->anchors.n; a++) {
        row r = row_of(p, t->block, t->contrasts, t->anchors.from + a, t->label_weight);
        int n_pos = r.n_instances + r.n_labels;
        if (n_pos == 0) continue;
        out.n_anchor++;
        out.n_pairs += n_pos;
        out.value += t->l[a];
        entropy += target_entropy(r);
        if (per_anchor != NULL)
            per_anchor[t->anchors.from + a] =
                t->form == ACF_FORM_SUPCON ? t->l[a] : t->l[a] / n_pos;
    }
    if (out.n_anchor == 0) return out;
    if (t->form == ACF_FORM_NTXENT) {
        out.value /= (double)out.n_pairs;
        out.excess = out.value;
        return out;
    }
    out.excess = (out.value - entropy) / out.n_anchor;
    if (out.excess < 0.0) out.excess = 0.0; /* a divergence; only rounding goes below */
    out.value /= out.n_anchor;
    return out;
}

acf_contrast acf_contrast_term(double *d_u, double *per_anchor, const acf_points *p,
                               acf_block block, acf_form form, double tau, double label_weight,
                               double weight, acf_arena *arena)
{
    size_t mark = arena->used;
    term t = {.p = p,
              .block = block,
              .anchors = span_of(p, block.anchor_instances, block.anchor_labels),
              .contrasts = span_of(p, block.contrast_instances, block.contrast_labels),
              .form = form,
              .tau = tau,
              .label_weight = label_weight};
    size_t n = (size_t)t.anchors.n * (size_t)t.contrasts.n;
    t.s = acf_arena_take(arena, n, sizeof *t.s);
    t.l = acf_arena_take(arena, (size_t)t.anchors.n, sizeof *t.l);
    if (per_anchor != NULL)
        for (int i = 0; i < p->M; i++)
            per_anchor[i] = NAN;

    memset(t.s, 0, n * sizeof *t.s);
    acf_dmul_add(t.s, t.contrasts.n, p->u + (size_t)t.anchors.from * (size_t)p->d, p->d,
                 p->ut + t.contrasts.from, p->M, t.anchors.n, t.contrasts.n, p->d);

#pragma omp parallel for schedule(dynamic, BLOCK) if ((double)n >= PARALLEL_FROM)
    for (int a = 0; a < t.anchors.n; a++)
        do_anchor(&t, a);

    acf_contrast out = gather(&t, per_anchor);
    if (d_u != NULL && weight != 0.0 && out.n_anchor > 0) {
        double terms = form == ACF_FORM_SUPCON ? (double)out.n_anchor : (double)out.n_pairs;
        backward(d_u, t.s, p, t.anchors, t.contrasts, weight / (tau * terms), arena);
    }
    acf_arena_rewind(arena, mark);
    return out;
}
