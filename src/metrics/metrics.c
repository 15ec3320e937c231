#include "metrics/metrics.h"

#include "base/cstring.h"
#include "base/mem.h"
#include "metrics/bootstrap.h"
#include "metrics/correlation.h"
#include "metrics/proba.h"
#include "metrics/space.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    bool larger_is_better;
} table[ACF_METRIC_COUNT] = {
    [ACF_METRIC_ACCURACY] = {"accuracy", true},
    [ACF_METRIC_BALANCED_ACCURACY] = {"balanced_accuracy", true},
    [ACF_METRIC_F1] = {"f1", true},
    [ACF_METRIC_MACRO_F1] = {"macro_f1", true},
    [ACF_METRIC_MCC] = {"mcc", true},
    [ACF_METRIC_LOSS] = {"loss", false},
    [ACF_METRIC_PEARSON] = {"pearson", true},
    [ACF_METRIC_SPEARMAN] = {"spearman", true},
    [ACF_METRIC_MICRO_F1] = {"micro_f1", true},
    [ACF_METRIC_WEIGHTED_F1] = {"weighted_f1", true},
    [ACF_METRIC_LOG_LOSS] = {"log_loss", false},
    [ACF_METRIC_BRIER] = {"brier", false},
    [ACF_METRIC_ECE] = {"ece", false},
    [ACF_METRIC_TEMPERATURE] = {"temperature", false},
    [ACF_METRIC_AUROC] = {"auroc", true},
    [ACF_METRIC_TOP5] = {"top5_accuracy", true},
    [ACF_METRIC_MSE] = {"mse", false},
};

const char *acf_metric_name(acf_metric metric)
{
    return table[metric].name;
}

int acf_metric_parse(const char *name)
{
    for (int i = 0; i < ACF_METRIC_COUNT; i++)
        if (strcmp(name, table[i].name) == 0) return i;
    return -1;
}

const char *acf_metric_suggest(const char *name)
{
    const char *best = NULL;
    size_t len = strlen(name);
    int nearest = 4; /* three edits are a slip of the hand, more is another word */
    for (int i = 0; i < ACF_METRIC_COUNT && len >= 3; i++)
        if (strncmp(table[i].name, name, len) == 0) return table[i].name;
    for (int i = 0; i < ACF_METRIC_COUNT; i++) {
        int distance = acf_edit_distance(name, table[i].name);
        if (distance < nearest) {
            nearest = distance;
            best = table[i].name;
        }
    }
    return best;
}

bool acf_metric_compares(acf_metric metric)
{
    return metric != ACF_METRIC_TEMPERATURE;
}

bool acf_metric_larger_is_better(acf_metric metric)
{
    return table[metric].larger_is_better;
}

static void clear_values(acf_metrics *m)
{
    for (int i = 0; i < ACF_METRIC_COUNT; i++) {
        m->value[i] = NAN;
        m->ci[i] = (acf_ci){NAN, NAN};
    }
}

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

void acf_metrics_from_cells(double value[ACF_METRIC_COUNT], acf_class_figures *cls,
                            const acf_cell *cell, size_t n_cell, int K)
{
    double n = 0.0, correct = 0.0;
    memset(cls, 0, (size_t)K * sizeof *cls);
    for (size_t i = 0; i < n_cell; i++) {
        cls[cell[i].gold].support += cell[i].count;
        cls[cell[i].pred].predicted += cell[i].count;
        n += (double)cell[i].count;
        if (cell[i].gold != cell[i].pred) continue;
        correct += (double)cell[i].count;
        cls[cell[i].gold].recall += (double)cell[i].count; /* true positives until the loop below */
    }

    double recalls = 0.0, f1s = 0.0, weighted = 0.0, n_gold = 0.0, n_seen = 0.0;
    double chance = 0.0, gold_square = 0.0, pred_square = 0.0;
    for (int k = 0; k < K; k++) {
        double support = (double)cls[k].support, predicted = (double)cls[k].predicted;
        double tp = cls[k].recall;
        cls[k].precision = ratio(tp, predicted);
        cls[k].recall = ratio(tp, support);
        cls[k].f1 = ratio(2.0 * tp, support + predicted);
        recalls += cls[k].recall;
        f1s += cls[k].f1;
        weighted += support * cls[k].f1;
        n_gold += support > 0.0;
        n_seen += support + predicted > 0.0;
        chance += support * predicted;
        gold_square += support * support;
        pred_square += predicted * predicted;
    }
    value[ACF_METRIC_ACCURACY] = value[ACF_METRIC_MICRO_F1] = ratio(correct, n);
    value[ACF_METRIC_BALANCED_ACCURACY] = ratio(recalls, n_gold);
    value[ACF_METRIC_MACRO_F1] = ratio(f1s, n_seen);
    value[ACF_METRIC_WEIGHTED_F1] = ratio(weighted, n);
    value[ACF_METRIC_F1] = K == 2 ? cls[1].f1 : value[ACF_METRIC_MACRO_F1];
    /* R_K = cov(gold, pred) / sqrt(cov(gold, gold) cov(pred, pred)), covariances times n^2 */
    value[ACF_METRIC_MCC] =
        ratio(correct * n - chance, sqrt(n * n - gold_square) * sqrt(n * n - pred_square));
}

void acf_metrics_argmax(int32_t *pred, const real *scores, size_t n, int K)
{
    for (size_t i = 0; i < n; i++) {
        const real *s = scores + i * (size_t)K;
        int32_t best = 0;
        for (int32_t k = 1; k < K; k++)
            if (s[k] > s[best]) best = k;
        pred[i] = best;
    }
}

static acf_status check_ids(const int32_t *id, const char *what, size_t n, int K, acf_error *e)
{
    for (size_t i = 0; i < n; i++)
        if (id[i] < 0 || id[i] >= K)
            return acf_fail(e, ACF_ERR_DATA, "row %zu: %s %d is not in 0 .. %d", i + 1, what,
                            (int)id[i], K - 1);
    return ACF_OK;
}

static acf_status count_cells(acf_metrics *m, const int32_t *gold, const int32_t *pred,
                              acf_error *e)
{
    size_t K = (size_t)m->K, n_cell = 0, cells;
    if (!acf_size_mul(&cells, K, K))
        return acf_fail(e, ACF_ERR_RESOURCE, "confusion matrix: %d classes are too many", m->K);
    m->confusion = acf_alloc(cells, sizeof *m->confusion, "confusion matrix", e);
    m->cls = acf_alloc(K, sizeof *m->cls, "class figures", e);
    if (m->confusion == NULL || m->cls == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < m->n; i++)
        n_cell += m->confusion[(size_t)gold[i] * K + (size_t)pred[i]]++ == 0;

    acf_cell *cell = acf_alloc(n_cell, sizeof *cell, "confusion cells", e);
    if (cell == NULL) return ACF_ERR_RESOURCE;
    (void)acf_metrics_cells(cell, m);
    acf_metrics_from_cells(m->value, m->cls, cell, n_cell, m->K);
    acf_free(cell);
    return ACF_OK;
}

size_t acf_metrics_cells(acf_cell *cell, const acf_metrics *m)
{
    size_t n_cell = 0;
    for (int32_t g = 0; g < m->K; g++)
        for (int32_t p = 0; p < m->K; p++) {
            int64_t count = m->confusion[(size_t)g * (size_t)m->K + (size_t)p];
            if (count == 0) continue;
            if (cell != NULL) cell[n_cell] = (acf_cell){g, p, count};
            n_cell++;
        }
    return n_cell;
}

acf_status acf_metrics_classes(acf_metrics *m, const int32_t *gold, const int32_t *pred,
                               const real *scores, size_t n, int K, acf_error *e)
{
    *m = (acf_metrics){.n = n, .K = K};
    clear_values(m);
    int32_t *best = NULL;
    acf_status st = ACF_OK;
    if (n == 0 || K < 2 || (pred == NULL && scores == NULL)) {
        st = acf_fail(e, ACF_ERR_DATA,
                      "evaluation: %zu rows of %d classes, expected 1 and 2 or more", n, K);
        goto done;
    }
    st = check_ids(gold, "label", n, K, e);
    if (st == ACF_OK && pred != NULL) st = check_ids(pred, "prediction", n, K, e);
    if (st != ACF_OK) goto done;
    if (pred == NULL) {
        best = acf_alloc(n, sizeof *best, "predictions", e);
        if (best == NULL) {
            st = ACF_ERR_RESOURCE;
            goto done;
        }
        acf_metrics_argmax(best, scores, n, K);
        pred = best;
    }
    if (scores != NULL) st = acf_proba_figures(m->value, gold, pred, scores, n, K, e);
    if (st == ACF_OK) st = count_cells(m, gold, pred, e);
done:
    acf_free(best);
    if (st != ACF_OK) acf_metrics_free(m);
    return st;
}

static acf_status rank_correlation(double *rho, const double *gold, const double *pred, size_t n,
                                   acf_error *e)
{
    acf_status st = ACF_ERR_RESOURCE;
    size_t *order = acf_alloc(n, sizeof *order, "ranks", e);
    double *rank = acf_alloc(2 * n, sizeof *rank, "ranks", e);
    if (order == NULL || rank == NULL) goto done;
    st = acf_correlation_order(order, gold, n, e);
    if (st != ACF_OK) goto done;
    acf_correlation_ranks(rank, gold, order, NULL, n);
    st = acf_correlation_order(order, pred, n, e);
    if (st != ACF_OK) goto done;
    acf_correlation_ranks(rank + n, pred, order, NULL, n);
    *rho = acf_correlation_pearson(rank, rank + n, NULL, n);
done:
    acf_free(rank);
    acf_free(order);
    return st;
}

acf_status acf_metrics_regression(acf_metrics *m, const double *gold, const double *pred, size_t n,
                                  acf_error *e)
{
    *m = (acf_metrics){.n = n};
    clear_values(m);
    acf_status st = ACF_OK;
    double squares = 0.0;
    if (n == 0) st = acf_fail(e, ACF_ERR_DATA, "evaluation: no rows");
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        if (!isfinite(gold[i]))
            st = acf_fail(e, ACF_ERR_DATA, "row %zu: score %g is not finite", i + 1, gold[i]);
        else if (!isfinite(pred[i]))
            st = acf_fail(e, ACF_ERR_NUMERIC, "row %zu: prediction %g is not finite", i + 1,
                          pred[i]);
        squares += (pred[i] - gold[i]) * (pred[i] - gold[i]);
    }
    if (st == ACF_OK) {
        m->value[ACF_METRIC_MSE] = m->value[ACF_METRIC_LOSS] = squares / (double)n;
        m->value[ACF_METRIC_PEARSON] = acf_correlation_pearson(gold, pred, NULL, n);
        st = rank_correlation(&m->value[ACF_METRIC_SPEARMAN], gold, pred, n, e);
    }
    if (st != ACF_OK) acf_metrics_free(m);
    return st;
}

void acf_metrics_free(acf_metrics *m)
{
    acf_free(m->cls);
    acf_free(m->confusion);
    *m = (acf_metrics){0};
}

static acf_status label_head(acf_eval_result *r, int32_t *pred, const acf_eval_input *in,
                             acf_error *e)
{
    size_t len = in->n * (size_t)in->K;
    real *scores = acf_alloc(len, sizeof *scores, "label head scores", e);
    if (scores == NULL) return ACF_ERR_RESOURCE;
    acf_metrics_argmax(pred, in->cosines, in->n, in->K); /* dividing by tau could make ties */
    for (size_t i = 0; i < len; i++)
        scores[i] = (real)((double)in->cosines[i] / in->tau);
    acf_status st = acf_metrics_classes(&r->label, in->gold, pred, scores, in->n, in->K, e);
    acf_free(scores);
    return acf_context(st, e, "label head");
}

acf_status acf_eval_classes(acf_eval_result *r, const acf_eval_input *in, acf_error *e)
{
    *r = (acf_eval_result){.n = in->n, .K = in->K, .head = in->head};
    int32_t *pred = acf_alloc(2 * in->n, sizeof *pred, "predictions", e); /* linear, label */
    acf_status st = ACF_ERR_RESOURCE;
    if (pred == NULL) goto done;
    st = acf_metrics_classes(&r->linear, in->gold, NULL, in->logits, in->n, in->K, e);
    st = acf_context(st, e, "linear head");
    if (st != ACF_OK) goto done;
    if (in->cosines != NULL) st = label_head(r, pred + in->n, in, e);
    if (st == ACF_OK && in->space != NULL && in->cosines != NULL) {
        acf_metrics_argmax(pred, in->logits, in->n, in->K);
        r->space = *in->space;
        r->space.agreement = acf_space_agreement(pred, pred + in->n, in->n);
        r->has_space = true;
    }
    if (st == ACF_OK && in->with_ci) st = acf_bootstrap_classes(&r->linear, e);
    if (st == ACF_OK && in->with_ci && r->label.n > 0) st = acf_bootstrap_classes(&r->label, e);
done:
    acf_free(pred);
    if (st != ACF_OK) acf_eval_result_free(r);
    return st;
}

acf_status acf_eval_regression(acf_eval_result *r, const double *gold, const double *pred, size_t n,
                               bool with_ci, acf_error *e)
{
    *r = (acf_eval_result){.n = n, .head = ACF_HEAD_LINEAR};
    acf_status st = acf_metrics_regression(&r->linear, gold, pred, n, e);
    if (st == ACF_OK && with_ci) st = acf_bootstrap_regression(&r->linear, gold, pred, n, e);
    if (st != ACF_OK) acf_eval_result_free(r);
    return st;
}

void acf_eval_result_free(acf_eval_result *r)
{
    acf_metrics_free(&r->linear);
    acf_metrics_free(&r->label);
    *r = (acf_eval_result){0};
}

bool acf_metric_get(double *out, const acf_eval_result *r, acf_head head, acf_metric metric)
{
    const acf_metrics *m = head == ACF_HEAD_LINEAR ? &r->linear : &r->label;
    if (m->n == 0 || isnan(m->value[metric])) return false;
    *out = m->value[metric];
    return true;
}
