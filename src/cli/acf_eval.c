/* acf-eval: figures of a stored model on held-out data. */
#include "base/io.h"
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
#include "run/submission.h"

#include <stdio.h>
#include <string.h>

typedef struct eval_arguments {
    const char *model;
    int split; /* 0: not given */
    const char *data, *task, *predictions, *errors, *submission;
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

/* The report of one split; JSON is put together from both, below. */
static acf_status put_report(acf_str *out, const eval_arguments *a, const acf_evaluation *ev,
                             const acf_model *m, const acf_task *task, const acf_split *split,
                             acf_error *e)
{
    const char *const *names = (const char *const *)(char *const *)m->labels;
    acf_metric list[ACF_TASK_METRICS + 1];
    acf_rejection rejection;
    int n = acf_report_choice(list, &ev->result, task, NULL);
    ACF_TRY(acf_str_printf(out, e, "%s%s on %s: %d rows%s%s%s\n", out->len > 0 ? "\n" : "",
                           a->model, split->path, ev->n, m->K > 1 ? ", " : "",
                           m->K > 1 ? acf_head_name(m->head) : "", m->K > 1 ? " head" : ""));
    ACF_TRY(acf_report_headline(out, &ev->result, list, n, e));
    ACF_TRY(acf_report_full(out, &ev->result, names, e));
    if (a->reject_at <= 0) return ACF_OK;
    ACF_TRY(acf_reject_choose(&rejection, ev, m->head, m->tau, a->reject_at, e));
    return acf_reject_report(out, &rejection, e);
}

/* One object; that of the second file is its member "mismatched". */
static acf_status put_json(acf_str *out, const eval_arguments *a, const acf_evaluation ev[2],
                           const acf_model *m, const acf_held_out *h, acf_error *e)
{
    const char *const *names = (const char *const *)(char *const *)m->labels;
    acf_rejection rejection;
    cJSON *json, *second = NULL;
    ACF_TRY(acf_metrics_json(&json, &ev[0].result, a->model, h->part[0].split->path, names, e));
    acf_status st = ACF_OK;
    if (a->reject_at > 0) {
        st = acf_reject_choose(&rejection, &ev[0], m->head, m->tau, a->reject_at, e);
        if (st == ACF_OK) st = acf_reject_json(json, &rejection, e);
    }
    if (st == ACF_OK && ev[1].is_labelled) {
        st = acf_metrics_json(&second, &ev[1].result, a->model, h->part[1].split->path, names, e);
        if (st == ACF_OK && !cJSON_AddItemToObject(json, "mismatched", second))
            st = acf_json_check(NULL, e);
    }
    char *text = st == ACF_OK ? acf_json_print(json, false, e) : NULL;
    if (st == ACF_OK) st = text == NULL ? ACF_ERR_RESOURCE : acf_str_printf(out, e, "%s\n", text);
    acf_free(text);
    cJSON_Delete(json);
    return st;
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

/* The path of a second file beside the one that was asked for: "p.tsv" -> "p-mm.tsv". */
static acf_status second_path(acf_str *out, const char *path, acf_error *e)
{
    const char *base = acf_path_base(path), *dot = strrchr(base, '.');
    size_t len = dot != NULL && dot > base ? (size_t)(dot - path) : strlen(path);
    ACF_TRY(acf_str_append(out, path, len, e));
    return acf_str_printf(out, e, "-mm%s", path + len);
}

static acf_status write_rows(const char *path, const acf_evaluation *ev, const acf_held_out *h,
                             int part, const acf_model *m, bool only_wrong, acf_error *e)
{
    acf_str other = {0};
    acf_status st = ACF_OK;
    if (path == NULL) return ACF_OK;
    if (part > 0) st = second_path(&other, path, e);
    if (st == ACF_OK)
        st = acf_predictions_write(part > 0 ? other.data : path, ev, h->part[part].split, m,
                                   m->head, only_wrong, e);
    acf_str_free(&other);
    return st;
}

/* What is written and told about one file. */
static acf_status take_part(acf_str *out, const eval_arguments *a, const acf_evaluation *ev,
                            const acf_model *m, const acf_held_out *h, int part, acf_error *e)
{
    const acf_split *split = h->part[part].split;
    const acf_task *task = acf_task_find(h->task);
    bool is_answered = a->predictions != NULL || a->submission != NULL;
    ACF_TRY(write_rows(a->predictions, ev, h, part, m, false, e));
    ACF_TRY(write_rows(a->errors, ev, h, part, m, true, e));
    if (a->submission != NULL)
        ACF_TRY(acf_submission_write(out, a->submission, task, part > 0, ev, split, m, m->head, e));
    if (ev->is_labelled) return a->json ? ACF_OK : put_report(out, a, ev, m, task, split, e);
    if (is_answered && !a->json && a->asserts.n == 0) return ACF_OK;
    return acf_fail(e, ACF_ERR_DATA,
                    "%s: rows have no labels, so there are no figures; --predictions FILE writes "
                    "what the model says",
                    split->path);
}

static acf_status evaluate(acf_str *out, const eval_arguments *a, acf_model *m,
                           const acf_held_out *h, acf_error *e)
{
    acf_evaluation ev[2] = {0};
    if (a->reject_at > 0 && m->K == 1)
        return acf_fail(e, ACF_ERR_USAGE, "--reject-at: a regression has no labels to reject by");
    const acf_evaluate_options opt = {.head = m->head, .with_ci = true};
    acf_status st = ACF_OK;
    for (int i = 0; i < 2 && st == ACF_OK; i++) {
        if (h->part[i].source == NULL) continue;
        st = acf_evaluate(&ev[i], m, h->part[i].source, &opt, e);
        if (st == ACF_OK) st = take_part(out, a, &ev[i], m, h, i, e);
    }
    if (st == ACF_OK && a->json) st = put_json(out, a, ev, m, h, e);
    if (st == ACF_OK && ev[0].is_labelled) st = check_asserts(a, &ev[0].result, e);
    acf_evaluation_free(&ev[0]);
    acf_evaluation_free(&ev[1]);
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
    if (a->submission != NULL && a->split == 1)
        return acf_fail(e, ACF_ERR_USAGE, "--glue-submission is about test, --split says dev");
    if (a->submission != NULL && a->json)
        return acf_fail(e, ACF_ERR_USAGE, "--glue-submission and --json exclude each other");
    acf_threads_set(a->threads > 0 ? (int)a->threads : acf_threads_available());
    acf_status st = open_model(&m, a->model, &log, e);
    if (st == ACF_OK && a->classes.n > 0) {
        st = add_classes(&out, a, &m, &log, e);
        if (st != ACF_OK) show_problems(&out);
    } else if (st == ACF_OK) {
        bool is_test = a->split == 2 || a->submission != NULL;
        const acf_held_out_options opt = {.split = is_test ? ACF_TEST : ACF_DEV,
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
    static const char *const splits[] = {"", "dev", "test", NULL};
    eval_arguments a = {0};
    const acf_option option[] = {
        {.name = "split",
         .arg = "dev|test",
         .kind = ACF_OPTION_CHOICE,
         .to = &a.split,
         .choices = splits,
         .help = "which split of the training run's data (default dev)"},
        {.name = "data",
         .arg = "FILE|DIR",
         .kind = ACF_OPTION_TEXT,
         .to = &a.data,
         .help = "this file instead, with the columns of the training run; or the task's files"},
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
         .help = "read the data as this task (for models trained elsewhere; ax for mnli's)"},
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
        {.name = "glue-submission",
         .arg = "DIR",
         .kind = ACF_OPTION_TEXT,
         .to = &a.submission,
         .help = "predict the task's test files and write GLUE's submission files into DIR"},
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
