#include "run/space.h"

#include "base/mem.h"
#include "num/sym.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define NORM_FLOOR 1e-12 /* method.md: a shorter vector has no direction */

/* u [d] = x / |x|, 0 when |x| is below the floor; false when x is not finite. */
static bool unit_vector(double *u, const real *x, int d)
{
    double square = 0.0;
    for (int j = 0; j < d; j++)
        square += (double)x[j] * (double)x[j];
    if (!isfinite(square)) return false;
    double norm = sqrt(square);
    double factor = norm > NORM_FLOOR ? 1.0 / norm : 0.0;
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

/* Sums over all rows.  For a set of n units, sum over ordered pairs of u_i . u_j = |sum u|^2 -
 * sum |u|^2, and sum over unordered pairs of |u_i - u_j|^2 = n sum |u|^2 - |sum u|^2. */
static acf_status whole_figures(acf_space *s, const int32_t *gold, const real *h, const real *W,
                                size_t n, int d, int K, acf_error *e)
{
    size_t width = (size_t)d;
    acf_status st = ACF_ERR_RESOURCE;
    double *label = acf_alloc((size_t)K * width, sizeof *label, "label embeddings", e);
    double *sum = acf_alloc((size_t)K * width, sizeof *sum, "class sums", e); /* of u, by class */
    double *tally = acf_alloc((size_t)K * 2, sizeof *tally, "class sums", e); /* n, sum |u|^2 */
    double *u = acf_alloc(2 * width, sizeof *u, "unit vectors", e);
    if (label == NULL || sum == NULL || tally == NULL || u == NULL) goto done;
    double *total = u + width; /* sum of u over all rows */

    for (int k = 0; k < K; k++)
        if (!unit_vector(label + (size_t)k * width, W + (size_t)k * width, d)) {
            st = acf_fail(e, ACF_ERR_NUMERIC, "label embedding %d is not finite", k);
            goto done;
        }
    double own = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!unit_vector(u, h + i * width, d)) {
            st = acf_fail(e, ACF_ERR_NUMERIC, "row %zu: features are not finite", i + 1);
            goto done;
        }
        double *class_sum = sum + (size_t)gold[i] * width;
        for (int j = 0; j < d; j++) {
            class_sum[j] += u[j];
            total[j] += u[j];
        }
        double square = dot(u, u, d);
        own += dot(u, label + (size_t)gold[i] * width, d);
        squares += square;
        tally[2 * gold[i]] += 1.0;
        tally[2 * gold[i] + 1] += square;
    }
    double apart = 0.0, pairs = 0.0, rows = (double)n;
    for (int k = 0; k < K; k++) {
        const double *class_sum = sum + (size_t)k * width;
        apart += tally[2 * k] * tally[2 * k + 1] - dot(class_sum, class_sum, d);
        pairs += 0.5 * tally[2 * k] * (tally[2 * k] - 1.0);
    }
    s->label_cosine = own / rows;
    s->alignment = pairs > 0.0 ? fmax(apart, 0.0) / pairs : (double)NAN;
    s->mean_cosine = n > 1 ? (dot(total, total, d) - squares) / (rows * (rows - 1.0)) : (double)NAN;
    st = ACF_OK;
done:
    acf_free(u);
    acf_free(tally);
    acf_free(sum);
    acf_free(label);
    return st;
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

/* x: the sample's features minus their mean, [m, d] when d <= m, else its transpose [d, m].
 * Constant columns become exactly 0. */
static void centred_sample(double *x, const real *h, size_t n, int d, size_t m)
{
    size_t width = (size_t)d;
    for (size_t j = 0; j < width; j++) {
        double mean = 0.0, first = (double)h[j];
        for (size_t i = 0; i < m; i++) /* relative to the first: no rounding when constant */
            mean += (double)h[i * n / m * width + j] - first;
        mean /= (double)m;
        for (size_t i = 0; i < m; i++)
            x[width <= m ? i * width + j : j * m + i] =
                (double)h[i * n / m * width + j] - first - mean;
    }
}

static acf_status sample_figures(acf_space *s, const real *h, size_t n, int d, acf_error *e)
{
    size_t width = (size_t)d, m = n < ACF_SPACE_SAMPLE ? n : ACF_SPACE_SAMPLE;
    s->n_sample = m;
    s->uniformity = s->effective_rank = NAN;
    if (n < 2) return ACF_OK;

    acf_status st = ACF_ERR_RESOURCE;
    size_t small = m < width ? m : width, large = m < width ? width : m;
    double *x = acf_alloc(m * width, sizeof *x, "sample of features", e);
    double *u = acf_alloc(width, sizeof *u, "unit vector", e);
    double *gram =
        acf_alloc(m * m > small * small ? m * m : small * small, sizeof *gram, "Gram matrix", e);
    double *value = acf_alloc(4 * small, sizeof *value, "eigenvalues", e);
    if (x == NULL || u == NULL || gram == NULL || value == NULL) goto done;

    for (size_t i = 0; i < m; i++) {
        (void)unit_vector(u, h + i * n / m * width, d); /* finite: whole_figures has looked */
        for (size_t j = 0; j < width; j++)
            x[j * m + i] = u[j];
    }
    s->uniformity = uniformity(x, gram, d, m);
    centred_sample(x, h, n, d, m);
    s->effective_rank = effective_rank(x, gram, value, large, small);
    st = ACF_OK;
done:
    acf_free(value);
    acf_free(gram);
    acf_free(u);
    acf_free(x);
    return st;
}

acf_status acf_space_figures(acf_space *s, const int32_t *gold, const int32_t *linear,
                             const int32_t *label, const real *features, const real *W, size_t n,
                             int d, int K, acf_error *e)
{
    *s = (acf_space){0};
    size_t same = 0;
    for (size_t i = 0; i < n; i++)
        same += linear[i] == label[i];
    s->agreement = (double)same / (double)n;
    ACF_TRY(whole_figures(s, gold, features, W, n, d, K, e));
    return sample_figures(s, features, n, d, e);
}
