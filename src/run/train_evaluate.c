/* A run's evaluations of dev: those that are due between updates, and that of the best weights. */
#include "base/json.h"
#include "model/model_dir.h"
#include "run/event.h"
#include "run/trainer_internal.h"

#include <math.h>
#include <stdio.h>

/* Mean cosine between features of different examples above which they say nothing any more. */
#define COLLAPSE_COSINE 0.99

/* Compare with the best so far: the best is the best by any margin, patience wants min_delta. */
static bool take_value(acf_trainer *t, double value)
{
    acf_metric metric = (acf_metric)acf_metric_parse(t->cfg->eval.metric);
    double gain =
        acf_metric_larger_is_better(metric) ? value - t->best_value : t->best_value - value;
    bool is_first = t->best < 0, is_better = is_first || gain > 0;
    if (is_first || gain > t->cfg->eval.early_stop.min_delta)
        t->bad_evaluations = 0;
    else
        t->bad_evaluations++;
    if (is_better) {
        t->best = t->update;
        t->best_value = value;
    }
    return is_better;
}

/* Event and line of one evaluation. */
static acf_status tell_evaluation(acf_trainer *t, const acf_evaluation *ev, acf_split_id id,
                                  bool is_better, acf_error *e)
{
    cJSON *event;
    const char *split = t->setup.data->split[id].name;
    acf_metric metric = (acf_metric)acf_metric_parse(t->cfg->eval.metric);
    double epoch = (double)t->update / (double)t->per_epoch;
    acf_status st = acf_event_eval(&event, ev, split, t->update, epoch, e);
    if (st == ACF_OK) st = acf_run_log_event(t->run_log, event, e);
    cJSON_Delete(event);

    char figures[80];
    double linear = NAN, label = NAN;
    (void)acf_metric_get(&linear, &ev->result, ACF_HEAD_LINEAR, metric);
    (void)acf_metric_get(&label, &ev->result, ACF_HEAD_LABEL, metric);
    if (ev->result.K == 0)
        (void)snprintf(figures, sizeof figures, "%.4f", linear);
    else
        (void)snprintf(figures, sizeof figures, "linear %.4f, label %.4f", linear, label);
    acf_log_info(&t->log, "step %lld/%lld  epoch %.2f  %s %s: %s  (%.1fs)%s", (long long)t->update,
                 (long long)t->step.total, epoch, split, t->cfg->eval.metric, figures, ev->seconds,
                 is_better ? "  best so far" : "");
    return st;
}

/* What an evaluation of dev means for the run. */
static acf_status take_evaluation(acf_trainer *t, const acf_evaluation *ev, acf_error *e)
{
    double value = NAN;
    acf_metric metric = (acf_metric)acf_metric_parse(t->cfg->eval.metric);
    t->evaluated = t->update;
    t->saved = -1; /* a checkpoint of this update, if there is one, knows nothing of this */
    bool found = acf_metric_get(&value, &ev->result, t->cfg->eval.head, metric);
    bool is_better = found && take_value(t, value);
    if (!found) t->bad_evaluations++;
    ACF_TRY(tell_evaluation(t, ev, ACF_DEV, is_better, e));
    if (ev->result.has_space && ev->result.space.mean_cosine > COLLAPSE_COSINE &&
        t->update >= t->per_epoch)
        acf_log_warn(&t->log,
                     "the features have collapsed: mean cosine between dev examples is %.4f; lower "
                     "the learning rate or loss.lambda",
                     ev->result.space.mean_cosine);
    return ACF_OK;
}

acf_status acf_train_evaluate(acf_trainer *t, acf_error *e)
{
    acf_evaluation ev = {0}, ev_mm = {0};
    acf_source *mm = t->setup.source[ACF_DEV_MM];
    bool is_last = t->update >= t->step.total;
    acf_optimizer_settle(t->step.optimizer, &t->setup.model.params);
    const acf_evaluate_options opt = {
        .head = t->cfg->eval.head, .with_ci = is_last, .poll = {acf_train_should_stop, t}};
    acf_status st = acf_evaluate(&ev, &t->setup.model, t->setup.source[ACF_DEV], &opt, e);
    if (st == ACF_OK && mm != NULL) st = acf_evaluate(&ev_mm, &t->setup.model, mm, &opt, e);
    if (st == ACF_OK) st = take_evaluation(t, &ev, e);
    if (st == ACF_OK && mm != NULL) st = tell_evaluation(t, &ev_mm, ACF_DEV_MM, false, e);
    if (st == ACF_OK && is_last && t->best == t->update) {
        t->best_dev[0] = ev;
        t->best_dev[1] = ev_mm;
        return ACF_OK;
    }
    acf_evaluation_free(&ev);
    acf_evaluation_free(&ev_mm);
    return st;
}

/* The best checkpoint as anyone would load it, over one dev split. */
static acf_status evaluate_stored(acf_evaluation *ev, acf_model *m, acf_trainer *t, acf_split_id id,
                                  acf_error *e)
{
    const acf_evaluate_options opt = {
        .head = (acf_head)t->cfg->eval.head, .with_ci = true, .poll = {acf_train_should_stop, t}};
    if (t->setup.source[id] == NULL) return ACF_OK;
    acf_status st = acf_evaluate(ev, m, t->setup.source[id], &opt, e);
    if (st != ACF_STOPPED) return st;
    return acf_fail(e, ACF_STOPPED,
                    "%s: stopped in the last evaluation, all updates are saved; --resume makes up "
                    "for it",
                    t->cfg->save.dir);
}

acf_status acf_train_evaluate_best(acf_trainer *t, const char *best, acf_error *e)
{
    acf_model m;
    const acf_model_load load = {.pooling = -1, .dropout = -1, .log = &t->log};
    if (t->best_dev[0].n > 0) return ACF_OK;
    ACF_TRY(acf_model_open(&m, best, &load, e));
    acf_status st = evaluate_stored(&t->best_dev[0], &m, t, ACF_DEV, e);
    if (st == ACF_OK) st = evaluate_stored(&t->best_dev[1], &m, t, ACF_DEV_MM, e);
    acf_model_free(&m);
    return st;
}
