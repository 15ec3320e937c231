#include "run/trainer_internal.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "infer/predictions.h"
#include "metrics/metrics_json.h"
#include "metrics/report.h"
#include "model/model_dir.h"

#include <stdio.h>
#include <string.h>

/* Above it the figures of single classes are left out, so that those who read the file, 16 MiB at
 * most, still can: a class takes some 360 bytes and three times its name. */
enum { CLASSES_MAX = 20000 };

/* "eval_accuracy" of eval.head, as transformers' trainer names it, with "_mm" after it for MNLI's
 * second file, as its run_glue does. */
static bool add_values(cJSON *c, const acf_evaluation *ev, const char *suffix)
{
    const acf_eval_result *r = &ev->result;
    cJSON *values = cJSON_CreateObject();
    bool ok =
        values != NULL &&
        acf_metrics_json_values(values, r->head == ACF_HEAD_LABEL ? &r->label : &r->linear, "eval_",
                                NULL) == ACF_OK &&
        cJSON_AddNumberToObject(values, "eval_samples", ev->n) != NULL &&
        cJSON_AddNumberToObject(values, "eval_runtime", ev->seconds) != NULL &&
        cJSON_AddNumberToObject(values, "eval_samples_per_second", ev->n / ev->seconds) != NULL;
    for (const cJSON *v = ok ? values->child : NULL; v != NULL && ok; v = v->next) {
        char key[96];
        (void)snprintf(key, sizeof key, "%s%s", v->string, suffix);
        ok = cJSON_AddNumberToObject(c, key, v->valuedouble) != NULL;
    }
    cJSON_Delete(values);
    return ok;
}

/* Both heads and the space, as acf-eval --json has them. */
static bool add_heads(cJSON *c, const acf_trainer *t, const acf_eval_result *r)
{
    const char *const *names = (const char *const *)(char *const *)t->setup.model.labels;
    return acf_metrics_json_heads(c, r, names, CLASSES_MAX, NULL) == ACF_OK;
}

/* The metric that chose the best, and the labels by id (of a regression none). */
static bool add_choice(cJSON *c, const acf_trainer *t)
{
    const acf_model *m = &t->setup.model;
    cJSON *labels;
    if (cJSON_AddStringToObject(c, "metric", t->cfg->eval.metric) == NULL) return false;
    if (m->K == 1) return true;
    labels = cJSON_AddArrayToObject(c, "labels");
    for (int k = 0; labels != NULL && k < m->K; k++)
        if (!cJSON_AddItemToArray(labels, cJSON_CreateString(m->labels[k]))) return false;
    return labels != NULL;
}

/* eval_results.json. */
static acf_status write_results(const acf_trainer *t, acf_error *e)
{
    const acf_evaluation *ev = &t->best_dev[0], *ev_mm = &t->best_dev[1];
    cJSON *c = cJSON_CreateObject(), *mm = NULL;
    bool ok = c != NULL && add_values(c, ev, "") && (ev_mm->n == 0 || add_values(c, ev_mm, "_mm"));
    ok = ok && cJSON_AddNumberToObject(c, "step", (double)t->best) != NULL &&
         cJSON_AddNumberToObject(c, "epoch", (double)t->best / (double)t->per_epoch) != NULL &&
         cJSON_AddStringToObject(c, "head", acf_head_name(ev->result.head)) != NULL &&
         add_choice(c, t) && add_heads(c, t, &ev->result);
    if (ok && ev_mm->n > 0)
        ok = (mm = cJSON_AddObjectToObject(c, "mismatched")) != NULL &&
             add_heads(mm, t, &ev_mm->result);
    char *text = ok ? acf_json_print(c, true, e) : NULL;
    acf_status st = ACF_ERR_RESOURCE;
    if (!ok)
        st = acf_fail(e, ACF_ERR_RESOURCE, "eval_results.json: not enough memory to build");
    else if (text != NULL)
        st = acf_write_in(t->cfg->save.dir, "eval_results.json", text, strlen(text), e);
    acf_free(text);
    cJSON_Delete(c);
    return st;
}

static acf_status headline(acf_str *out, const acf_trainer *t, const acf_eval_result *r,
                           acf_error *e)
{
    acf_metric list[ACF_TASK_METRICS + 1];
    int n = acf_report_choice(list, r, t->setup.data->task, t->cfg->eval.metric);
    const char *const *names = (const char *const *)(char *const *)t->setup.data->labels;
    return acf_report_headline(out, r, list, n, names, e);
}

/* Write the predictions of one dev split and tell its figures. */
static acf_status report_dev(acf_str *summary, const acf_trainer *t, const acf_evaluation *ev,
                             acf_split_id id, acf_error *e)
{
    const acf_split *split = &t->setup.data->split[id];
    acf_str name = {0};
    char *path = NULL;
    if (ev->n == 0) return ACF_OK;
    acf_status st = acf_str_printf(&name, e, "predictions.%s.tsv", split->name);
    if (st == ACF_OK) {
        path = acf_path_join(t->cfg->save.dir, name.data, e);
        st = path == NULL ? ACF_ERR_RESOURCE
                          : acf_predictions_write(path, ev, split, &t->setup.model, ev->result.head,
                                                  false, e);
    }
    if (st == ACF_OK && id != ACF_DEV) st = acf_str_printf(summary, e, "%s:\n", split->name);
    if (st == ACF_OK) st = headline(summary, t, &ev->result, e);
    acf_free(path);
    acf_str_free(&name);
    return st;
}

/* The line of Python that loads it; of the path a literal, for which JSON's strings will do. */
static acf_status how_to_load(acf_str *summary, const char *best, bool image, acf_error *e)
{
    cJSON *path = cJSON_CreateString(best);
    acf_status st = acf_json_check(path, e);
    char *literal = st == ACF_OK ? acf_json_print(path, false, e) : NULL;
    cJSON_Delete(path);
    if (literal == NULL) return ACF_ERR_RESOURCE;
    st = acf_str_printf(summary, e, "       AutoModelFor%s.from_pretrained(%s)\n",
                        image ? "ImageClassification" : "SequenceClassification", literal);
    acf_free(literal);
    return st;
}

/* Where the model is, and with what it can be used. */
static acf_status how_to_use(acf_str *summary, const char *best, const char *dir,
                             const acf_model *m, acf_error *e)
{
    const acf_encoder *enc = m->enc;
    bool image = enc->channels > 0;
    ACF_TRY(acf_str_printf(summary, e, "model: %s\nuse:   acf-predict ", best));
    ACF_TRY(acf_str_put_word(summary, dir, e));
    ACF_TRY(acf_str_printf(summary, e, " < %s\n", image ? "paths.txt" : "texts.txt"));
    if (acf_model_is_transformers_class(m)) return how_to_load(summary, best, image, e);
    if (image)
        return acf_str_puts(summary, "note:  transformers has no class for this network\n", e);
    return acf_str_printf(
        summary, e, "note:  with pooling '%s' transformers has no class for the classifier%s\n",
        acf_pooling_name(enc->pooling),
        enc->names.body_class != NULL ? "; AutoModel loads the encoder" : "");
}

acf_status acf_train_report(acf_str *summary, acf_trainer *t, acf_error *e)
{
    const char *dir = t->cfg->save.dir;
    char *best = acf_path_join(dir, "best", e), duration[32];
    if (best == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    size_t begin = summary->len;
    bool scores = t->setup.data->regression; /* they have one head */
    if (t->setup.source[ACF_DEV] != NULL && t->best < 0) {
        acf_log_warn(&t->log, "%s was undefined in every evaluation: the last update is reported",
                     t->cfg->eval.metric);
        t->best = t->update;
    }
    if (t->setup.source[ACF_DEV] != NULL) {
        st = acf_str_printf(
            summary, e, "best: update %lld (epoch %.2f)%s%s%s\n", (long long)t->best,
            (double)t->best / (double)t->per_epoch, scores ? "" : ", ",
            scores ? "" : acf_head_name((acf_head)t->cfg->eval.head), scores ? "" : " head");
        if (st == ACF_OK) st = acf_train_evaluate_best(t, best, e);
        if (st == ACF_OK) st = report_dev(summary, t, &t->best_dev[0], ACF_DEV, e);
        if (st == ACF_OK) st = report_dev(summary, t, &t->best_dev[1], ACF_DEV_MM, e);
        if (st == ACF_OK) st = write_results(t, e);
    }
    if (st == ACF_OK && !t->cfg->save.results_only)
        st = how_to_use(summary, best, dir, &t->setup.model, e);
    acf_clock_duration(duration, acf_clock_s() - t->begin_s);
    if (st == ACF_OK)
        acf_log_info(&t->log, "finished in %s (processor %.0f s, peak memory %.0f MB)", duration,
                     acf_clock_cpu_s() - t->begin_cpu_s, (double)acf_clock_peak_rss() / 1e6);
    /* train.log keeps what the terminal shows. */
    for (const char *at = summary->data + begin; st == ACF_OK && *at != '\0';) {
        char line[512];
        size_t n = strcspn(at, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)(n < 500 ? n : 500), at);
        acf_run_log_line(t->run_log, ACF_LOG_INFO, line);
        at += n + (at[n] == '\n');
    }
    if (st != ACF_OK) acf_str_cut(summary, begin); /* no figures of a run that is not over */
    acf_free(best);
    return st;
}
