#include "loss/label_terms.h"

#include "num/dmul.h"

#include <math.h>
#include <string.h>

size_t acf_label_term_bytes(int K)
{
    return acf_arena_cost((size_t)K * (size_t)K, sizeof(double));
}

double acf_label_term_add(double *d_u, const acf_points *p, acf_label_term term, double weight,
                          acf_arena *arena)
{
    int K = p->K, d = p->d;
    if (K < 2) return 0.0;
    size_t mark = arena->used, labels = (size_t)p->N * (size_t)d;
    double *c = acf_arena_take(arena, (size_t)K * (size_t)K, sizeof *c); /* cosines, then slopes */
    memset(c, 0, (size_t)K * (size_t)K * sizeof *c);
    acf_dmul_add(c, K, p->u + labels, d, p->ut + p->N, p->M, K, K, d);

    double total = 0.0, n_pairs = (double)K * (K - 1);
    double factor = 2.0 * weight / n_pairs; /* a cosine stands in (k, l) and in (l, k) */
    for (int k = 0; k < K; k++) {
        for (int l = 0; l < K; l++) {
            double *at = c + (size_t)k * (size_t)K + l;
            if (l == k) {
                *at = 0.0;
            } else if (term == ACF_LABEL_SQUARE) {
                total += *at * *at;
                *at *= 2.0 * factor;
            } else {
                double e = exp(1.0 + *at);
                total += e - 1.0;
                *at = factor * e;
            }
        }
    }
    if (d_u != NULL && weight != 0.0)
        acf_dmul_add(d_u + labels, d, c, K, p->u + labels, d, K, d, K);
    acf_arena_rewind(arena, mark);
    return total / n_pairs;
}
