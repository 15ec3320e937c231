#include "infer/evaluate.h"

#include "base/clock.h"
#include "base/mem.h"
#include "infer/batches.h"
#include "metrics/space.h"

#include <math.h>

void acf_probabilities(double *prob, const real *score, int K, double tau)
{
    double peak = (double)score[0], sum = 0;
    for (int k = 1; k < K; k++)
        if ((double)score[k] > peak) peak = (double)score[k];
    for (int k = 0; k < K; k++) {
        prob[k] = exp(((double)score[k] - peak) / tau);
        sum += prob[k];
    }
    for (int k = 0; k < K; k++)
        prob[k] /= sum;
}

int acf_evaluation_answer(double *prob, const acf_evaluation *ev, int row, acf_head head,
                          double tau)
{
    const real *score =
        (head == ACF_HEAD_LABEL ? ev->cosines : ev->logits) + (size_t)row * (size_t)ev->K;
    double scale = head == ACF_HEAD_LABEL ? tau : 1.0, sum = 0;
    int best = 0;
    for (int k = 1; k < ev->K; k++)
        if (score[k] > score[best]) best = k;
    for (int k = 0; k < ev->K; k++)
        sum += exp(((double)score[k] - (double)score[best]) / scale);
    *prob = 1.0 / sum;
    return best;
}

/* Where a batch's rows go. */
typedef struct places {
    acf_evaluation *ev;
    acf_model *model;
    real *features;        /* [ACF_BATCH_ROWS, d] when ev keeps none */
    acf_space_rows *space; /* NULL: no figures of the space */
} places;

/* One batch: logits and cosines of its rows to their places, features into `space`. */
static acf_status take_batch(void *payload, const acf_batch *batch, int first, acf_arena *arena,
                             acf_error *e)
{
    const places *p = payload;
    acf_evaluation *ev = p->ev;
    size_t at = (size_t)first;
    real *features = ev->features != NULL ? ev->features + at * (size_t)ev->d : p->features;
    acf_model_infer(p->model, features, ev->logits + at * (size_t)ev->K,
                    ev->cosines + at * (size_t)ev->K, &batch->input, arena);
    if (p->space == NULL) return ACF_OK;
    return acf_space_add(p->space, batch->label, features, (size_t)batch->N, e);
}

static acf_status run_batches(acf_evaluation *ev, acf_model *m, acf_source *source,
                              acf_space_rows *space, const acf_evaluate_options *opt, acf_error *e)
{
    places p = {.ev = ev, .model = m, .space = space};
    const acf_batch_visitor visitor = {
        .visit = take_batch, .payload = &p, .poll = opt->poll, .what = "evaluation"};
    p.features = acf_alloc((size_t)ACF_BATCH_ROWS * (size_t)ev->d, sizeof(real), "features", e);
    if (p.features == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_batches_visit(m, source, NULL, source->n, &visitor, e);
    acf_free(p.features);
    return st;
}

/* For rows without labels: with them, the figures look. */
static acf_status check_finite(const acf_evaluation *ev, acf_error *e)
{
    for (size_t i = 0; i < (size_t)ev->n * (size_t)ev->K; i++)
        if (!isfinite(ev->logits[i]) || !isfinite(ev->cosines[i]))
            return acf_fail(e, ACF_ERR_NUMERIC, "row %zu: the model's output is not finite",
                            i / (size_t)ev->K + 1);
    return ACF_OK;
}

/* A regression answers with its only logit. */
static acf_status score_figures(acf_evaluation *ev, const acf_source *source,
                                const acf_evaluate_options *opt, acf_error *e)
{
    double *pred = acf_alloc((size_t)ev->n, sizeof *pred, "predictions", e);
    if (pred == NULL) return ACF_ERR_RESOURCE;
    for (int i = 0; i < ev->n; i++)
        pred[i] = (double)ev->logits[i];
    acf_status st =
        acf_eval_regression(&ev->result, source->target, pred, (size_t)ev->n, opt->with_ci, e);
    acf_free(pred);
    return st;
}

static acf_status figures(acf_evaluation *ev, const acf_model *m, const acf_source *source,
                          const acf_space *space, const acf_evaluate_options *opt, acf_error *e)
{
    if (!ev->is_labelled) return check_finite(ev, e);
    if (source->target != NULL) return score_figures(ev, source, opt, e);
    const acf_eval_input in = {.n = (size_t)ev->n,
                               .K = ev->K,
                               .gold = source->label,
                               .logits = ev->logits,
                               .cosines = ev->cosines,
                               .tau = m->tau,
                               .space = space,
                               .head = opt->head,
                               .with_ci = opt->with_ci};
    return acf_eval_classes(&ev->result, &in, e);
}

/* Rows and figures; *ev has its arrays. */
static acf_status evaluate(acf_evaluation *ev, acf_model *m, acf_source *source,
                           const acf_evaluate_options *opt, acf_error *e)
{
    acf_space_rows *rows = NULL;
    acf_space space;
    acf_status st = ACF_OK;
    ev->is_labelled = true;
    for (int i = 0; i < source->n; i++)
        if (source->label[i] < 0) ev->is_labelled = false;
    if (ev->is_labelled && source->target == NULL)
        st = acf_space_open(&rows, acf_value(&m->params, m->W), (size_t)ev->n, ev->d, ev->K, e);
    if (st == ACF_OK) st = run_batches(ev, m, source, rows, opt, e);
    if (st == ACF_OK && rows != NULL) st = acf_space_finish(&space, rows, e);
    bool has_space = rows != NULL;
    acf_space_close(&rows);
    return st == ACF_OK ? figures(ev, m, source, has_space ? &space : NULL, opt, e) : st;
}

acf_status acf_evaluate(acf_evaluation *out, acf_model *m, acf_source *source,
                        const acf_evaluate_options *opt, acf_error *e)
{
    double begin = acf_clock_s();
    size_t n = (size_t)source->n;
    *out = (acf_evaluation){.n = source->n, .K = m->K, .d = m->enc->d};
    out->logits = acf_alloc(n * (size_t)m->K, sizeof(real), "logits", e);
    out->cosines = acf_alloc(n * (size_t)m->K, sizeof(real), "cosines", e);
    if (opt->keep_features)
        out->features = acf_alloc(n * (size_t)m->enc->d, sizeof(real), "features", e);
    acf_status st = ACF_ERR_RESOURCE;
    if (out->logits != NULL && out->cosines != NULL &&
        (out->features != NULL || !opt->keep_features))
        st = evaluate(out, m, source, opt, e);
    out->seconds = acf_clock_s() - begin;
    if (st != ACF_OK) acf_evaluation_free(out);
    return st;
}

acf_status acf_evaluate_bytes(size_t *bytes, const acf_model *m, const acf_source *source,
                              acf_error *e)
{
    acf_batch_bound bound;
    size_t n = (size_t)source->n, K = (size_t)m->K, most = 0;
    for (int first = 0; first < source->n; first += ACF_BATCH_ROWS) {
        int count = source->n - first < ACF_BATCH_ROWS ? source->n - first : ACF_BATCH_ROWS;
        ACF_TRY(acf_source_batch_bound(&bound, source, NULL, first, count, e));
        size_t need = acf_model_infer_bytes(m, bound.N, bound.T, bound.L, bound.square);
        if (m->enc->channels > 0)
            need += (size_t)count * (size_t)m->enc->channels * (size_t)m->enc->image_size *
                    (size_t)m->enc->image_size * sizeof(real);
        if (need > most) most = need;
    }
    size_t space = source->target == NULL ? acf_space_bytes(n, m->enc->d, m->K) : 0;
    size_t figures = n * (8 + sizeof(real) * K + 16); /* predictions, label head, margins */
    if (space > most) most = space;
    if (figures > most) most = figures;
    size_t matrices = source->target == NULL ? 2 * K * K * sizeof(int64_t) : 0;
    *bytes = 2 * n * K * sizeof(real) + matrices + most;
    return ACF_OK;
}

void acf_evaluation_free(acf_evaluation *ev)
{
    acf_free(ev->logits);
    acf_free(ev->cosines);
    acf_free(ev->features);
    acf_eval_result_free(&ev->result);
    *ev = (acf_evaluation){0};
}
