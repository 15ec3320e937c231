/* acf-eval: figures of a stored model on held-out data. */
#include "base/json.h"
#include "base/mem.h"
#include "cli/about.h"
#include "cli/program.h"
#include "num/gemm.h"
#include "num/threads.h"
#include "run/add_class.h"
#include "run/assertion.h"
#include "run/evaluate.h"
#include "run/held_out.h"
#include "run/metrics_json.h"
#include "run/model_dir.h"
#include "run/predictions.h"
#include "run/reject.h"
#include "run/report.h"

#include <stdio.h>
#include <string.h>

typedef struct eval_arguments {
    const char *model;
    int split;
    const char *data, *task, *predictions, *errors;
    acf_words sets, asserts, classes;
    double reject_at; /* 0: not asked for */
    const char *output;
    bool json;
    int64_t threads;
} eval_arguments;

static acf_status open_model(acf_model *m, const char *path, const acf_log *log, acf_error *e)
{
    char *dir;
    const acf_model_load load = {.pooling = -1, .dropout = -1, .log = log};
    ACF_TRY(acf_gemm_start(e));
    ACF_TRY(acf_model_resolve(&dir, path, e));
    acf_status st = acf_model_open(m, dir, &load, e);
    acf_free(dir);
    return st;
}

/* rejection: NULL when --reject-at was not given. */
static acf_status put_figures(acf_str *out, const eval_arguments *a, const acf_evaluation *ev,
                              const acf_model *m, const acf_held_out *h,
                              const acf_rejection *rejection, acf_error *e)
{
    const char *const *names = (const char *const *)(char *const *)m->labels;
    if (a->json) {
        cJSON *json;
        ACF_TRY(acf_metrics_json(&json, &ev->result, a->model, h->split->path, names, e));
        acf_status st = rejection != NULL ? acf_reject_json(json, rejection, e) : ACF_OK;
        char *text = st == ACF_OK ? acf_json_print(json, false, e) : NULL;
        cJSON_Delete(json);
        if (text == NULL) return ACF_ERR_RESOURCE;
        st = acf_str_printf(out, e, "%s\n", text);
        acf_free(text);
        return st;
    }
    const acf_task *task = acf_task_find(h->task);
    acf_metric list[4] = {ACF_METRIC_ACCURACY};
    int n = 0;
    for (int k = 0; k < 3 && task != NULL && task->metric[k] != NULL; k++)
        list[n++] = (acf_metric)acf_metric_parse(task->metric[k]);
    if (n == 0) n = 1;
    ACF_TRY(acf_str_printf(out, e, "%s on %s: %d rows, %s head\n", a->model, h->split->path, ev->n,
                           acf_head_name(m->head)));
    ACF_TRY(acf_report_headline(out, &ev->result, list, n, e));
    ACF_TRY(acf_report_full(out, &ev->result, names, e));
    return rejection != NULL ? acf_reject_report(out, rejection, e) : ACF_OK;
}

static acf_status check_asserts(const eval_arguments *a, const acf_eval_result *r, acf_error *e)
{
    for (size_t i = 0; i < a->asserts.n; i++) {
        acf_assertion expectation;
        ACF_TRY(acf_assertion_parse(&expectation, a->asserts.item[i], e));
        ACF_TRY(acf_assertion_check(&expectation, r, e));
    }
    return ACF_OK;
}

static acf_status evaluate(acf_str *out, const eval_arguments *a, acf_model *m,
                           const acf_held_out *h, acf_error *e)
{
    acf_evaluation ev;
    acf_rejection rejection;
    const acf_evaluate_options opt = {.head = m->head, .with_ci = true};
    ACF_TRY(acf_evaluate(&ev, m, h->source, &opt, e));
    acf_status st = ACF_OK;
    if (a->reject_at > 0) st = acf_reject_choose(&rejection, &ev, m->head, m->tau, a->reject_at, e);
    if (st == ACF_OK && a->predictions != NULL)
        st = acf_predictions_write(a->predictions, &ev, h->split, m, m->head, false, e);
    if (st == ACF_OK && a->errors != NULL)
        st = acf_predictions_write(a->errors, &ev, h->split, m, m->head, true, e);
    if (st == ACF_OK && ev.is_labelled) {
        st = put_figures(out, a, &ev, m, h, a->reject_at > 0 ? &rejection : NULL, e);
        if (st == ACF_OK) st = check_asserts(a, &ev.result, e);
    } else if (st == ACF_OK && (a->predictions == NULL || a->json || a->asserts.n > 0)) {
        st = acf_fail(e, ACF_ERR_DATA,
                      "%s: rows have no labels, so there are no figures; --predictions FILE writes "
                      "what the model says",
                      h->split->path);
    }
    acf_evaluation_free(&ev);
    return st;
}

/* Without slashes at the end. */
static int model_name_length(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return (int)len;
}

/* What is wrong with the configuration, each on a line of its own. */
static void show_problems(acf_str *out)
{
    if (out->len > 0) (void)fputs(out->data, stderr);
    acf_str_clear(out);
}

/* --add-class: a larger model instead of figures. */
static acf_status add_classes(acf_str *out, const eval_arguments *a, acf_model *m,
                              const acf_log *log, acf_error *e)
{
    const acf_held_out_options opt = {
        .split = ACF_DEV, .task = a->task, .sets = a->sets.item, .n_sets = a->sets.n, .log = log};
    size_t n = a->classes.n;
    acf_str dir = {0};
    acf_new_class *c = acf_alloc(n, sizeof *c, "new classes", e);
    acf_status st = c != NULL ? ACF_OK : ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        st = acf_new_class_parse(&c[i], a->classes.item[i], e);
    if (st == ACF_OK)
        st = a->output != NULL ? acf_str_puts(&dir, a->output, e)
                               : acf_str_printf(&dir, e, "%.*s+%s", model_name_length(a->model),
                                                a->model, c[0].name);
    if (st == ACF_OK) st = acf_model_add_classes(m, c, n, &opt, out, e);
    if (st == ACF_OK) st = acf_model_export(m, dir.data, e);
    if (st == ACF_OK)
        st =
            acf_str_printf(out, e, "model: %s, %d labels, answers by the nearest label embedding\n",
                           dir.data, m->K);
    for (size_t i = 0; c != NULL && i < n; i++)
        acf_free(c[i].name);
    acf_free(c);
    acf_str_free(&dir);
    return st;
}

static acf_status run(acf_console *console, void *arguments, const acf_words *operands,
                      acf_error *e)
{
    eval_arguments *a = arguments;
    a->model = operands->item[0];
    acf_model m = {0};
    acf_held_out h = {0};
    acf_str out = {0};
    acf_assertion parsed;
    acf_log log = acf_console_log(console);
    for (size_t i = 0; i < a->asserts.n; i++)
        ACF_TRY(acf_assertion_parse(&parsed, a->asserts.item[i], e));
    acf_threads_set(a->threads > 0 ? (int)a->threads : acf_threads_available());
    acf_status st = open_model(&m, a->model, &log, e);
    if (st == ACF_OK && a->classes.n > 0) {
        st = add_classes(&out, a, &m, &log, e);
        if (st != ACF_OK) show_problems(&out);
    } else if (st == ACF_OK) {
        const acf_held_out_options opt = {.split = a->split == 1 ? ACF_TEST : ACF_DEV,
                                          .data = a->data,
                                          .task = a->task,
                                          .sets = a->sets.item,
                                          .n_sets = a->sets.n,
                                          .log = &log};
        st = acf_held_out_open(&h, &out, &m, &opt, e);
        if (st != ACF_OK) show_problems(&out);
        if (st == ACF_OK) st = evaluate(&out, a, &m, &h, e);
    }
    if (out.len > 0) (void)fwrite(out.data, 1, out.len, stdout);
    acf_held_out_close(&h);
    acf_model_free(&m);
    acf_str_free(&out);
    return st;
}

int main(int argc, char **argv)
{
    static const char *const splits[] = {"dev", "test", NULL};
    eval_arguments a = {0};
    const acf_option option[] = {
        {.name = "split",
         .arg = "dev|test",
         .kind = ACF_OPTION_CHOICE,
         .to = &a.split,
         .choices = splits,
         .help = "which split of the training run's data (default dev)"},
        {.name = "data",
         .arg = "FILE",
         .kind = ACF_OPTION_TEXT,
         .to = &a.data,
         .help = "this file instead, with the columns of the training run"},
        {.name = "set",
         .letter = 's',
         .arg = "data.KEY=VALUE",
         .kind = ACF_OPTION_TEXTS,
         .to = &a.sets,
         .help = "override a data key of the training run; may be repeated"},
        {.name = "task",
         .arg = "TASK",
         .kind = ACF_OPTION_TEXT,
         .to = &a.task,
         .help = "read the data as this task (for models trained elsewhere)"},
        {.name = "json",
         .kind = ACF_OPTION_FLAG,
         .to = &a.json,
         .help = "print one JSON object instead of the report"},
        {.name = "predictions",
         .arg = "FILE",
         .kind = ACF_OPTION_TEXT,
         .to = &a.predictions,
         .help = "write index, gold, pred, prob, correct and text of every row (TSV)"},
        {.name = "errors",
         .arg = "FILE",
         .kind = ACF_OPTION_TEXT,
         .to = &a.errors,
         .help = "the same for wrong predictions only, most confident first"},
        {.name = "assert",
         .arg = "EXPR",
         .kind = ACF_OPTION_TEXTS,
         .to = &a.asserts,
         .help = "exit 1 unless it holds: 'accuracy>=0.87', 'label.mcc>0.4'; may be repeated"},
        {.name = "reject-at",
         .arg = "SHARE",
         .kind = ACF_OPTION_NUMBER,
         .to = &a.reject_at,
         .low = 1e-6,
         .high = 1,
         .help = "find the confidence that this share of the rows reaches, to reject others"},
        {.name = "add-class",
         .arg = "NAME=FILE",
         .kind = ACF_OPTION_TEXTS,
         .to = &a.classes,
         .help = "add a class from examples, without training, as a new model; may be repeated"},
        {.name = "output",
         .letter = 'o',
         .arg = "DIR",
         .kind = ACF_OPTION_TEXT,
         .to = &a.output,
         .help = "where --add-class writes the model (default: MODEL+NAME)"},
        {.name = "threads",
         .arg = "N",
         .kind = ACF_OPTION_WHOLE,
         .to = &a.threads,
         .low = 1,
         .high = 1024,
         .help = "threads to use (default: all that this process may use)"},
    };
    const acf_program program = {.name = "acf-eval",
                                 .summary = "Evaluate a model on held-out data.",
                                 .usage = "MODEL [options]",
                                 .option = option,
                                 .n_options = sizeof option / sizeof *option,
                                 .min_operands = 1,
                                 .max_operands = 1,
                                 .operands = "MODEL, a run directory or a model directory",
                                 .version = acf_about_version};
    return acf_program_main(&program, run, &a, argc, argv);
}
