#include "run/event.h"

#include "metrics/metrics_json.h"

#include <math.h>

static acf_status finish(cJSON **out, cJSON *event, bool ok, acf_error *e)
{
    *out = NULL;
    if (ok) {
        *out = event;
        return ACF_OK;
    }
    cJSON_Delete(event);
    return acf_fail(e, ACF_ERR_RESOURCE, "metrics event: not enough memory to build");
}

static bool add(cJSON *event, const char *key, double value)
{
    if (!isfinite(value)) return cJSON_AddNullToObject(event, key) != NULL;
    return cJSON_AddNumberToObject(event, key, value) != NULL;
}

acf_status acf_event_train(cJSON **out, const acf_event_means *m, acf_error *e)
{
    const acf_train_sums *s = m->sums;
    const acf_train_speed *v = m->speed;
    double n = (double)s->updates;
    cJSON *c = cJSON_CreateObject();
    bool ok = c != NULL && cJSON_AddStringToObject(c, "event", "train") != NULL &&
              add(c, "step", (double)m->step) && add(c, "epoch", m->epoch) &&
              add(c, "loss", s->total / n) && add(c, "loss_ce", s->ce / n) &&
              add(c, "loss_contrast", s->contrast / n) && add(c, "loss_cor", s->cor / n) &&
              add(c, "excess", s->n_excess > 0 ? s->excess / (double)s->n_excess : (double)NAN) &&
              add(c, "grad_norm", s->grad_norm / n) && add(c, "lr", m->lr) &&
              add(c, "lr_head", m->lr_head) &&
              add(c, "examples_per_s", (double)v->examples / v->seconds) &&
              add(c, "tokens_per_s", (double)v->tokens / v->seconds);
    return finish(out, c, ok, e);
}

/* The figures of one head as a member `key`. */
static bool add_figures(cJSON *event, const char *key, const acf_metrics *m)
{
    cJSON *head = cJSON_AddObjectToObject(event, key);
    return head != NULL && acf_metrics_json_values(head, m, "", NULL) == ACF_OK;
}

acf_status acf_event_eval(cJSON **out, const acf_evaluation *ev, const char *split, int64_t step,
                          double epoch, acf_error *e)
{
    cJSON *c = cJSON_CreateObject();
    bool ok = c != NULL && cJSON_AddStringToObject(c, "event", "eval") != NULL &&
              add(c, "step", (double)step) && add(c, "epoch", epoch) &&
              cJSON_AddStringToObject(c, "split", split) != NULL && add(c, "n", ev->n) &&
              add(c, "seconds", ev->seconds) && add_figures(c, "linear", &ev->result.linear) &&
              (ev->result.label.n == 0 || add_figures(c, "label", &ev->result.label));
    if (ok && ev->result.has_space) ok = add(c, "mean_cosine", ev->result.space.mean_cosine);
    return finish(out, c, ok, e);
}
