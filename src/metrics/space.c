#include "metrics/space.h"

#include "base/assert.h"
#include "base/mem.h"
#include "loss/points.h"
#include "num/sym.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* u [d] = x / |x|, 0 when |x| is below the floor; false when x is not finite. */
static bool unit_vector(double *u, const real *x, int d)
{
    double square = 0.0;
    for (int j = 0; j < d; j++)
        square += (double)x[j] * (double)x[j];
    if (!isfinite(square)) return false;
    double norm = sqrt(square);
    double factor = norm > ACF_NORM_MIN ? 1.0 / norm : 0.0;
    for (int j = 0; j < d; j++)
        u[j] = factor * (double)x[j];
    return true;
}

static double dot(const double *a, const double *b, int d)
{
    double sum = 0.0;
    for (int j = 0; j < d; j++)
        sum += a[j] * b[j];
    return sum;
}

struct acf_space_rows {
    size_t n, at, m, n_sample; /* rows in all and so far; of the sample */
    int d, K;
    double *label;       /* [K, d] unit vectors of W */
    double *sum, *total; /* [K, d], [d] sums of u by class, over all */
    double *tally;       /* [K, 2] rows, sum |u|^2 */
    double *u;           /* [d] scratch */
    double own, squares;
    real *sample; /* [m, d] */
};

acf_status acf_space_open(acf_space_rows **out, const real *W, size_t n, int d, int K, acf_error *e)
{
    size_t width = (size_t)d;
    acf_space_rows *s = acf_alloc(1, sizeof *s, "space figures", e);
    *out = s;
    if (s == NULL) return ACF_ERR_RESOURCE;
    s->n = n;
    s->m = n < ACF_SPACE_SAMPLE ? n : ACF_SPACE_SAMPLE;
    s->d = d;
    s->K = K;
    s->label = acf_alloc((size_t)K * width, sizeof *s->label, "label embeddings", e);
    s->sum = acf_alloc((size_t)K * width, sizeof *s->sum, "class sums", e);
    s->total = acf_alloc(width, sizeof *s->total, "class sums", e);
    s->tally = acf_alloc((size_t)K * 2, sizeof *s->tally, "class sums", e);
    s->u = acf_alloc(width, sizeof *s->u, "unit vector", e);
    s->sample = acf_alloc(s->m * width, sizeof *s->sample, "sample of features", e);
    acf_status st = ACF_OK;
    if (s->label == NULL || s->sum == NULL || s->total == NULL || s->tally == NULL ||
        s->u == NULL || s->sample == NULL)
        st = ACF_ERR_RESOURCE;
    for (int k = 0; k < K && st == ACF_OK; k++)
        if (!unit_vector(s->label + (size_t)k * width, W + (size_t)k * width, d))
            st = acf_fail(e, ACF_ERR_NUMERIC, "label embedding %d is not finite", k);
    if (st != ACF_OK) acf_space_close(out);
    return st;
}

void acf_space_close(acf_space_rows **out)
{
    acf_space_rows *s = *out;
    *out = NULL;
    if (s == NULL) return;
    acf_free(s->label);
    acf_free(s->sum);
    acf_free(s->total);
    acf_free(s->tally);
    acf_free(s->u);
    acf_free(s->sample);
    acf_free(s);
}

acf_status acf_space_add(acf_space_rows *s, const int32_t *gold, const real *h, size_t n_more,
                         acf_error *e)
{
    size_t width = (size_t)s->d;
    int d = s->d;
    for (size_t i = 0; i < n_more; i++, s->at++, h += width) {
        if (!unit_vector(s->u, h, d))
            return acf_fail(e, ACF_ERR_NUMERIC, "row %zu: features are not finite", s->at + 1);
        double *class_sum = s->sum + (size_t)gold[i] * width;
        for (int j = 0; j < d; j++) {
            class_sum[j] += s->u[j];
            s->total[j] += s->u[j];
        }
        double square = dot(s->u, s->u, d);
        s->own += dot(s->u, s->label + (size_t)gold[i] * width, d);
        s->squares += square;
        s->tally[2 * gold[i]] += 1.0;
        s->tally[2 * gold[i] + 1] += square;
        if (s->n_sample < s->m && s->at == s->n_sample * s->n / s->m)
            memcpy(s->sample + s->n_sample++ * width, h, width * sizeof *h);
    }
    return ACF_OK;
}

/* From the sums over all rows.  For a set of n units, sum over ordered pairs of u_i . u_j =
 * |sum u|^2 - sum |u|^2, and sum over unordered pairs of |u_i - u_j|^2 = n sum |u|^2 - |sum u|^2.
 */
static void whole_figures(acf_space *out, const acf_space_rows *s)
{
    double apart = 0.0, pairs = 0.0, rows = (double)s->n;
    for (int k = 0; k < s->K; k++) {
        const double *class_sum = s->sum + (size_t)k * (size_t)s->d;
        apart += s->tally[2 * k] * s->tally[2 * k + 1] - dot(class_sum, class_sum, s->d);
        pairs += 0.5 * s->tally[2 * k] * (s->tally[2 * k] - 1.0);
    }
    out->label_cosine = s->own / rows;
    out->alignment = pairs > 0.0 ? fmax(apart, 0.0) / pairs : (double)NAN;
    out->mean_cosine = s->n > 1
                           ? (dot(s->total, s->total, s->d) - s->squares) / (rows * (rows - 1.0))
                           : (double)NAN;
}

/* ut [d, m]: column i is the unit vector of the sample's row i; gram [m, m] is scratch. */
static double uniformity(const double *ut, double *gram, int d, size_t m)
{
    acf_sym_gram(gram, ut, (size_t)d, m);
    double total = 0.0;
    for (size_t i = 0; i < m; i++) {
        double row = 0.0;
        for (size_t j = i + 1; j < m; j++) {
            double apart = gram[i * m + i] + gram[j * m + j] - 2.0 * gram[i * m + j];
            row += exp(-2.0 * fmax(apart, 0.0));
        }
        total += row;
    }
    return log(total / (0.5 * (double)m * ((double)m - 1.0)));
}

/* x [rows, cols], cols <= rows, is X or its transpose; gram [cols, cols], value [4 cols] scratch.
 */
static double effective_rank(const double *x, double *gram, double *value, size_t rows, size_t cols)
{
    acf_sym_gram(gram, x, rows, cols);
    acf_sym_eigenvalues(value, gram, cols, value + cols);
    /* Squared singular values below the largest one's rounding error are zeros. */
    double noise = value[cols - 1] * (double)cols * 0x1p-52, total = 0.0, entropy = 0.0;
    for (size_t k = 0; k < cols; k++) {
        value[k] = value[k] > noise ? sqrt(value[k]) : 0.0;
        total += value[k];
    }
    if (!(total > 0.0)) return NAN;
    for (size_t k = 0; k < cols; k++)
        if (value[k] > 0.0) entropy -= value[k] / total * log(value[k] / total);
    return exp(entropy);
}

/* x: the sample's features h [m, d] minus their mean, [m, d] when d <= m, else its transpose [d,
 * m]. Constant columns become exactly 0. */
static void centred_sample(double *x, const real *h, int d, size_t m)
{
    size_t width = (size_t)d;
    for (size_t j = 0; j < width; j++) {
        double mean = 0.0, first = (double)h[j];
        for (size_t i = 0; i < m; i++) /* relative to the first: no rounding when constant */
            mean += (double)h[i * width + j] - first;
        mean /= (double)m;
        for (size_t i = 0; i < m; i++)
            x[width <= m ? i * width + j : j * m + i] = (double)h[i * width + j] - first - mean;
    }
}

static acf_status sample_figures(acf_space *s, const real *h, size_t m, int d, acf_error *e)
{
    size_t width = (size_t)d;
    s->n_sample = m;
    s->uniformity = s->effective_rank = NAN;
    if (m < 2) return ACF_OK;

    acf_status st = ACF_ERR_RESOURCE;
    size_t small = m < width ? m : width, large = m < width ? width : m;
    double *x = acf_alloc(m * width, sizeof *x, "sample of features", e);
    double *u = acf_alloc(width, sizeof *u, "unit vector", e);
    double *gram =
        acf_alloc(m * m > small * small ? m * m : small * small, sizeof *gram, "Gram matrix", e);
    double *value = acf_alloc(4 * small, sizeof *value, "eigenvalues", e);
    if (x == NULL || u == NULL || gram == NULL || value == NULL) goto done;

    for (size_t i = 0; i < m; i++) {
        (void)unit_vector(u, h + i * width, d); /* finite: acf_space_add has looked */
        for (size_t j = 0; j < width; j++)
            x[j * m + i] = u[j];
    }
    s->uniformity = uniformity(x, gram, d, m);
    centred_sample(x, h, d, m);
    s->effective_rank = effective_rank(x, gram, value, large, small);
    st = ACF_OK;
done:
    acf_free(value);
    acf_free(gram);
    acf_free(u);
    acf_free(x);
    return st;
}

acf_status acf_space_finish(acf_space *out, const acf_space_rows *s, acf_error *e)
{
    ACF_ASSERT(s->at == s->n && s->n_sample == s->m);
    *out = (acf_space){0};
    whole_figures(out, s);
    return sample_figures(out, s->sample, s->m, s->d, e);
}

double acf_space_agreement(const int32_t *linear, const int32_t *label, size_t n)
{
    size_t same = 0;
    for (size_t i = 0; i < n; i++)
        same += linear[i] == label[i];
    return (double)same / (double)n;
}

size_t acf_space_bytes(size_t n, int d, int K)
{
    size_t m = n < ACF_SPACE_SAMPLE ? n : ACF_SPACE_SAMPLE, width = (size_t)d;
    size_t gram = m > width ? m : width;
    return (2 * (size_t)K + 7) * width * sizeof(double) +
           m * width * (sizeof(double) + sizeof(real)) + gram * m * sizeof(double);
}
