#include "run/label_init.h"

#include "base/mem.h"
#include "infer/batches.h"

#include <math.h>

typedef struct class_sums {
    const acf_model *model;
    real *features; /* [ACF_BATCH_ROWS, d] */
    double *mean;   /* [K, d] sums, later means; after those the mean of all, [d] */
    double *n;      /* [K] rows */
} class_sums;

static acf_status add_batch(void *payload, const acf_batch *batch, int first, acf_arena *arena,
                            acf_error *e)
{
    (void)first;
    class_sums *s = payload;
    const acf_model *m = s->model;
    const acf_pass pass = {.train = false, .keep = false};
    size_t d = (size_t)m->enc->d;
    m->enc->ops->forward(m->enc, s->features, &m->params, &batch->input, &pass, arena);
    for (size_t i = 0; i < (size_t)batch->N; i++) {
        size_t k = (size_t)batch->label[i];
        for (size_t j = 0; j < d; j++) {
            double x = (double)s->features[i * d + j];
            if (!isfinite(x))
                return acf_fail(e, ACF_ERR_NUMERIC, "training row %zu: its features are not finite",
                                (size_t)batch->row[i] + 1);
            s->mean[k * d + j] += x;
        }
        s->n[k] += 1;
    }
    return ACF_OK;
}

/* Sums to means, and their own mean behind them. */
static void make_means(class_sums *s)
{
    size_t K = (size_t)s->model->K, d = (size_t)s->model->enc->d, present = 0;
    double *all = s->mean + K * d;
    for (size_t k = 0; k < K; k++) {
        present += s->n[k] > 0;
        for (size_t j = 0; j < d && s->n[k] > 0; j++) {
            s->mean[k * d + j] /= s->n[k];
            all[j] += s->mean[k * d + j];
        }
    }
    for (size_t j = 0; j < d; j++)
        all[j] /= (double)present;
}

static void set_rows(acf_model *m, const class_sums *s)
{
    size_t K = (size_t)m->K, d = (size_t)m->enc->d;
    const double *all = s->mean + K * d;
    double length = m->params.slice[m->W].init_std * sqrt((double)d);
    for (size_t k = 0; k < K; k++) {
        const double *mean = s->mean + k * d;
        double square = 0, size = 0;
        for (size_t j = 0; j < d; j++) {
            square += (mean[j] - all[j]) * (mean[j] - all[j]);
            size += mean[j] * mean[j];
        }
        if (s->n[k] == 0 || square <= 1e-12 * size) continue;
        real *row = acf_value(&m->params, m->W) + k * d;
        for (size_t j = 0; j < d; j++)
            row[j] = (real)(length * (mean[j] - all[j]) / sqrt(square));
    }
}

/* The rows to take, ascending, into row [train->n]; how many.  n and seen [K] are zero.  Of a class
 * row i of n is taken when floor(i*most/n) grows: `most` rows, evenly spread. */
static int choose_rows(int32_t *row, const acf_source *train, int64_t most, int64_t *n,
                       int64_t *seen)
{
    int taken = 0;
    for (int i = 0; i < train->n; i++)
        n[train->label[i]]++;
    for (int i = 0; i < train->n; i++) {
        int k = train->label[i];
        int64_t all = n[k] > most ? n[k] : most, before = seen[k]++;
        if (seen[k] * most / all > before * most / all) row[taken++] = i;
    }
    return taken;
}

acf_status acf_label_init_means(int *n_rows, acf_model *m, acf_source *train,
                                const acf_label_init_options *opt, acf_error *e)
{
    size_t K = (size_t)m->K, d = (size_t)m->enc->d;
    class_sums s = {.model = m};
    const acf_batch_visitor visitor = {
        .visit = add_batch, .payload = &s, .poll = opt->poll, .what = "means of the classes"};
    acf_status st = ACF_ERR_RESOURCE;
    int64_t most = opt->most_rows > 0 ? opt->most_rows : ACF_LABEL_INIT_ROWS;
    int taken = 0;
    int32_t *row = acf_alloc((size_t)train->n, sizeof *row, "rows of the classes", e);
    int64_t *count = acf_alloc(2 * K, sizeof *count, "rows of the classes", e);
    s.features = acf_alloc(ACF_BATCH_ROWS * d, sizeof *s.features, "features", e);
    s.mean = acf_alloc((K + 1) * d, sizeof *s.mean, "means of the classes", e);
    s.n = acf_alloc(K, sizeof *s.n, "rows of the classes", e);
    if (row != NULL && count != NULL && s.features != NULL && s.mean != NULL && s.n != NULL) {
        taken = choose_rows(row, train, most, count, count + K);
        st = acf_batches_visit(m, train, row, taken, &visitor, e);
    }
    if (st == ACF_OK) {
        make_means(&s);
        set_rows(m, &s);
    }
    if (n_rows != NULL) *n_rows = taken;
    acf_free(row);
    acf_free(count);
    acf_free(s.features);
    acf_free(s.mean);
    acf_free(s.n);
    return st;
}
