#include "run/trainer_internal.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "run/metrics_json.h"
#include "run/model_dir.h"
#include "run/predictions.h"
#include "run/report.h"
#include "store/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool add_figures(cJSON *c, const char *key, const acf_metrics *m)
{
    cJSON *head = cJSON_AddObjectToObject(c, key);
    return head != NULL && acf_metrics_json_values(head, m, "", NULL) == ACF_OK;
}

/* "eval_accuracy": ... of eval.head, as transformers' trainer names them, then both heads. */
static acf_status write_results(const acf_trainer *t, const acf_evaluation *ev, acf_error *e)
{
    cJSON *c = cJSON_CreateObject();
    const acf_eval_result *r = &ev->result;
    bool ok = c != NULL &&
              acf_metrics_json_values(c, r->head == ACF_HEAD_LABEL ? &r->label : &r->linear,
                                      "eval_", NULL) == ACF_OK &&
              cJSON_AddNumberToObject(c, "eval_samples", ev->n) != NULL &&
              cJSON_AddNumberToObject(c, "eval_runtime", ev->seconds) != NULL &&
              cJSON_AddNumberToObject(c, "eval_samples_per_second", ev->n / ev->seconds) != NULL &&
              cJSON_AddNumberToObject(c, "step", (double)t->best) != NULL &&
              cJSON_AddNumberToObject(c, "epoch", (double)t->best / (double)t->per_epoch) != NULL &&
              cJSON_AddStringToObject(c, "head", acf_head_name(r->head)) != NULL &&
              add_figures(c, "linear", &r->linear) && add_figures(c, "label", &r->label);
    char *text = ok ? acf_json_print(c, true, e) : NULL;
    char *path = acf_path_join(t->cfg->save.dir, "eval_results.json", e);
    acf_status st = ACF_ERR_RESOURCE;
    if (!ok)
        st = acf_fail(e, ACF_ERR_RESOURCE, "eval_results.json: not enough memory to build");
    else if (text != NULL && path != NULL)
        st = acf_write_atomic(path, text, strlen(text), e);
    acf_free(path);
    acf_free(text);
    cJSON_Delete(c);
    return st;
}

static acf_status headline(acf_str *out, const acf_trainer *t, const acf_eval_result *r,
                           acf_error *e)
{
    acf_metric list[4];
    int n = 0;
    list[n++] = (acf_metric)acf_metric_parse(t->cfg->eval.metric);
    for (int k = 0; k < 3 && t->setup.data->task->metric[k] != NULL; k++) {
        acf_metric metric = (acf_metric)acf_metric_parse(t->setup.data->task->metric[k]);
        if (metric != list[0]) list[n++] = metric;
    }
    return acf_report_headline(out, r, list, n, e);
}

/* The best checkpoint as anyone would load it, over dev. */
static acf_status evaluate_best(acf_str *summary, acf_trainer *t, const char *best, acf_error *e)
{
    acf_model m;
    acf_evaluation ev;
    const acf_model_load load = {.pooling = -1, .dropout = -1, .log = &t->log};
    const acf_evaluate_options opt = {.head = (acf_head)t->cfg->eval.head, .with_ci = true};
    char *path = acf_path_join(t->cfg->save.dir, "predictions.dev.tsv", e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_model_open(&m, best, &load, e);
    if (st == ACF_OK) {
        st = acf_evaluate(&ev, &m, t->setup.source[ACF_DEV], &opt, e);
        if (st == ACF_OK) {
            st = write_results(t, &ev, e);
            if (st == ACF_OK)
                st = acf_predictions_write(path, &ev, &t->setup.data->split[ACF_DEV], &m, opt.head,
                                           false, e);
            if (st == ACF_OK) st = headline(summary, t, &ev.result, e);
            acf_evaluation_free(&ev);
        }
        acf_model_free(&m);
    }
    acf_free(path);
    return st;
}

acf_status acf_train_report(acf_str *summary, acf_trainer *t, acf_error *e)
{
    const char *dir = t->cfg->save.dir;
    const acf_encoder *enc = t->setup.model.enc;
    char *best = acf_path_join(dir, "best", e), duration[32];
    if (best == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    size_t begin = summary->len;
    if (t->setup.source[ACF_DEV] != NULL && t->best >= 0) {
        st = acf_str_printf(summary, e, "best: update %lld (epoch %.2f), %s head\n",
                            (long long)t->best, (double)t->best / (double)t->per_epoch,
                            acf_head_name((acf_head)t->cfg->eval.head));
        if (st == ACF_OK) st = evaluate_best(summary, t, best, e);
    }
    if (st == ACF_OK)
        st =
            acf_str_printf(summary, e, "model: %s\nuse:   acf-predict %s < texts.txt\n", best, dir);
    if (st == ACF_OK)
        st = acf_model_is_transformers_class(&t->setup.model)
                 ? acf_str_printf(
                       summary, e,
                       "       AutoModelForSequenceClassification.from_pretrained(\"%s\")\n", best)
                 : acf_str_printf(summary, e,
                                  "note:  with pooling '%s' transformers has no class for the "
                                  "classifier%s\n",
                                  acf_pooling_name(enc->pooling),
                                  enc->names.body_class != NULL ? "; AutoModel loads the encoder"
                                                                : "");
    acf_clock_duration(duration, acf_clock_s() - t->begin_s);
    if (st == ACF_OK)
        acf_log_info(&t->log, "finished in %s (processor %.0f s, peak memory %.0f MB)", duration,
                     acf_clock_cpu_s(), (double)acf_clock_peak_rss() / 1e6);
    /* train.log keeps what the terminal shows. */
    for (const char *at = summary->data + begin; st == ACF_OK && *at != '\0';) {
        char line[512];
        size_t n = strcspn(at, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)(n < 500 ? n : 500), at);
        acf_run_log_line(t->run_log, ACF_LOG_INFO, line);
        at += n + (at[n] == '\n');
    }
    acf_free(best);
    return st;
}
