#include "cli/eval_work.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"
#include "cli/outputs.h"
#include "infer/add_class.h"
#include "infer/evaluate.h"
#include "infer/predictions.h"
#include "infer/reject.h"
#include "infer/submission.h"
#include "metrics/assertion.h"
#include "metrics/metrics_json.h"
#include "metrics/report.h"
#include "sweep/series_best.h"

#include <string.h>

/* What the report of one split is about. */
static acf_status put_heading(acf_str *out, const acf_eval_arguments *a, const acf_evaluation *ev,
                              const acf_model *m, const acf_held_out_part *part, acf_error *e)
{
    char left_out[ACF_LEFT_OUT];
    acf_series_best best;
    ACF_TRY(acf_series_best_read(&best, a->model, e));
    ACF_TRY(acf_str_printf(out, e, "%s%s", out->len > 0 ? "\n" : "", a->model));
    if (best.name[0] != '\0')
        ACF_TRY(acf_str_printf(out, e, " (%s, the best of %d runs)", best.name, best.n));
    return acf_str_printf(out, e, " on %s: %d rows%s%s%s%s\n", part->split->path, ev->n,
                          acf_held_out_left_out(left_out, part), m->K > 1 ? ", " : "",
                          m->K > 1 ? acf_head_name(m->head) : "", m->K > 1 ? " head" : "");
}

static acf_status put_rejection(acf_str *out, const acf_eval_arguments *a, const acf_evaluation *ev,
                                const acf_model *m, acf_error *e)
{
    acf_rejection rejection;
    ACF_TRY(acf_reject_choose(&rejection, ev, m->head, m->tau, a->reject_at, e));
    return acf_reject_report(out, &rejection, e);
}

/* The report of one split; JSON is put together from both, below. */
static acf_status put_report(acf_str *out, const acf_eval_arguments *a, const acf_evaluation *ev,
                             const acf_model *m, const acf_held_out *h, int part_id, acf_error *e)
{
    const char *const *names = (const char *const *)(char *const *)m->labels;
    acf_metric list[ACF_TASK_METRICS + 1];
    ACF_TRY(put_heading(out, a, ev, m, &h->part[part_id], e));
    if (ev->is_labelled) {
        int n = acf_report_choice(list, &ev->result, acf_task_find(h->task), h->metric);
        ACF_TRY(acf_report_headline(out, &ev->result, list, n, names, e));
        ACF_TRY(acf_report_full(out, &ev->result, names, e));
    }
    return a->reject_at > 0 ? put_rejection(out, a, ev, m, e) : ACF_OK;
}

/* Rows without labels have no figures; that is said. */
static acf_status unlabelled_json(cJSON **json, const acf_eval_arguments *a,
                                  const acf_evaluation *ev, const char *path, acf_error *e)
{
    cJSON *c = cJSON_CreateObject();
    bool ok = c != NULL && cJSON_AddStringToObject(c, "model", a->model) != NULL &&
              cJSON_AddStringToObject(c, "data", path) != NULL &&
              cJSON_AddNumberToObject(c, "n", ev->n) != NULL &&
              cJSON_AddFalseToObject(c, "labelled") != NULL;
    *json = ok ? c : NULL;
    if (!ok) cJSON_Delete(c);
    return acf_json_check(*json, e);
}

/* The figures of one file as an object. */
static acf_status part_json(cJSON **json, const acf_eval_arguments *a, const acf_evaluation *ev,
                            const acf_model *m, const acf_held_out_part *part, acf_error *e)
{
    const char *const *names = (const char *const *)(char *const *)m->labels;
    const char *path = part->split->path;
    acf_rejection rejection;
    acf_status st = ACF_OK;
    ACF_TRY(ev->is_labelled ? acf_metrics_json(json, &ev->result, a->model, path, names, e)
                            : unlabelled_json(json, a, ev, path, e));
    if (part->n_left_out > 0 &&
        cJSON_AddNumberToObject(*json, "bad_lines", part->n_left_out) == NULL)
        st = acf_json_check(NULL, e);
    if (st == ACF_OK && a->reject_at > 0) {
        st = acf_reject_choose(&rejection, ev, m->head, m->tau, a->reject_at, e);
        if (st == ACF_OK) st = acf_reject_json(*json, &rejection, e);
    }
    if (st == ACF_OK) return ACF_OK;
    cJSON_Delete(*json);
    *json = NULL;
    return st;
}

/* One object; that of the second file is its member "mismatched". */
static acf_status put_json(acf_str *out, const acf_eval_arguments *a, const acf_evaluation ev[2],
                           const acf_model *m, const acf_held_out *h, acf_error *e)
{
    cJSON *json, *second = NULL;
    acf_series_best best;
    ACF_TRY(acf_series_best_read(&best, a->model, e));
    ACF_TRY(part_json(&json, a, &ev[0], m, &h->part[0], e));
    acf_status st = ACF_OK;
    if (best.name[0] != '\0' && cJSON_AddStringToObject(json, "run", best.name) == NULL)
        st = acf_json_check(NULL, e);
    if (st == ACF_OK && ev[1].n > 0) {
        st = part_json(&second, a, &ev[1], m, &h->part[1], e);
        if (st == ACF_OK && !acf_json_put(json, "mismatched", second)) st = acf_json_check(NULL, e);
    }
    char *text = st == ACF_OK ? acf_json_print(json, false, e) : NULL;
    if (st == ACF_OK) st = text == NULL ? ACF_ERR_RESOURCE : acf_str_printf(out, e, "%s\n", text);
    acf_free(text);
    cJSON_Delete(json);
    return st;
}

static acf_status check_asserts(const acf_eval_arguments *a, const acf_eval_result *r, acf_error *e)
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

/* The files of rows that are asked for, then those of the split's second file. */
enum { PREDICTIONS, ERRORS, N_KINDS, N_FILES = 2 * N_KINDS };
typedef struct rows_files {
    acf_output file[N_FILES];
    acf_str second[N_KINDS];
} rows_files;

static void name_files(acf_output file[N_KINDS], const acf_eval_arguments *a)
{
    file[PREDICTIONS] = (acf_output){"predictions", a->predictions};
    file[ERRORS] = (acf_output){"errors", a->errors};
}

acf_status acf_eval_check_outputs(const acf_eval_arguments *a, acf_error *e)
{
    acf_output file[N_KINDS];
    name_files(file, a);
    ACF_TRY(acf_outputs_check(file, N_KINDS, e));
    return a->submission != NULL ? acf_output_check_dir(a->submission, e) : ACF_OK;
}

acf_status acf_eval_spare_model(const acf_eval_arguments *a, const char *dir, acf_error *e)
{
    acf_output file[N_KINDS];
    name_files(file, a);
    return acf_outputs_spare_model(file, N_KINDS, dir, e);
}

/* None of them may be a file of h, or another of them. */
static acf_status files_open(rows_files *f, const acf_eval_arguments *a, const acf_held_out *h,
                             acf_error *e)
{
    *f = (rows_files){0};
    name_files(f->file, a);
    for (int i = 0; i < N_KINDS && h->part[1].source != NULL; i++) {
        if (f->file[i].path == NULL) continue;
        ACF_TRY(second_path(&f->second[i], f->file[i].path, e));
        f->file[N_KINDS + i] = (acf_output){f->file[i].option, f->second[i].data};
    }
    for (int id = 0; id < ACF_N_SPLITS; id++)
        if (h->data->split[id].path != NULL)
            ACF_TRY(acf_outputs_spare(f->file, N_FILES, h->data->split[id].path, "rows", e));
    return acf_outputs_check(f->file, N_FILES, e);
}

static void files_close(rows_files *f)
{
    for (int i = 0; i < N_KINDS; i++)
        acf_str_free(&f->second[i]);
}

/* What is written and told about one file. */
static acf_status take_part(acf_str *out, const acf_eval_arguments *a, const acf_evaluation *ev,
                            const acf_model *m, const acf_held_out *h, int part,
                            const rows_files *f, acf_error *e)
{
    const acf_output *file = f->file + part * N_KINDS;
    const acf_split *split = h->part[part].split;
    const acf_task *task = acf_task_find(h->task);
    bool is_answered = a->predictions != NULL || a->submission != NULL || a->reject_at > 0;
    for (int i = 0; i < N_KINDS; i++)
        if (file[i].path != NULL)
            ACF_TRY(acf_predictions_write(file[i].path, ev, split, m, m->head, i == ERRORS, e));
    if (a->submission != NULL)
        ACF_TRY(acf_submission_write(out, a->submission, task, part > 0, ev, split, m, m->head, e));
    if (ev->is_labelled) return a->json ? ACF_OK : put_report(out, a, ev, m, h, part, e);
    if (is_answered && a->asserts.n == 0)
        return a->reject_at > 0 && !a->json ? put_report(out, a, ev, m, h, part, e) : ACF_OK;
    return acf_fail(
        e, ACF_ERR_DATA, "%s: rows have no labels, so there are no figures%s", split->path,
        is_answered ? " for --assert" : "; --predictions FILE writes what the model says");
}

acf_status acf_eval_figures(acf_str *out, const acf_eval_arguments *a, acf_model *m,
                            const acf_held_out *h, acf_error *e)
{
    acf_evaluation ev[2] = {0};
    const acf_evaluate_options opt = {.head = m->head, .with_ci = true};
    rows_files files;
    if (a->reject_at > 0 && m->K == 1)
        return acf_fail(e, ACF_ERR_USAGE, "--reject-at: a regression has no labels to reject by");
    acf_status st = files_open(&files, a, h, e);
    for (int i = 0; i < 2 && st == ACF_OK; i++) {
        if (h->part[i].source == NULL) continue;
        st = acf_evaluate(&ev[i], m, h->part[i].source, &opt, e);
        if (st == ACF_OK) st = take_part(out, a, &ev[i], m, h, i, &files, e);
    }
    if (st == ACF_OK && a->json) st = put_json(out, a, ev, m, h, e);
    if (st == ACF_OK && ev[0].is_labelled) st = check_asserts(a, &ev[0].result, e);
    acf_evaluation_free(&ev[0]);
    acf_evaluation_free(&ev[1]);
    files_close(&files);
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

/* --add-class: a larger model instead of figures. */
acf_status acf_eval_add_classes(acf_str *out, acf_str *problems, const acf_eval_arguments *a,
                                acf_model *m, const acf_log *log, acf_error *e)
{
    const acf_held_out_options opt = {
        .split = ACF_DEV, .task = a->task, .sets = a->sets.item, .n_sets = a->sets.n, .log = log};
    size_t n = a->classes.n;
    acf_str dir = {0};
    acf_new_class *c = acf_alloc(n, sizeof *c, "new classes", e);
    acf_status st = c != NULL ? ACF_OK : ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        st = acf_new_class_parse(&c[i], a->classes.item[i], e);
    if (st == ACF_OK && a->output == NULL && strchr(c[0].name, '/') != NULL)
        st = acf_fail(e, ACF_ERR_USAGE,
                      "--add-class: '%s' holds a slash and cannot end the name of a directory; "
                      "--output DIR says where the model goes",
                      c[0].name);
    if (st == ACF_OK)
        st = a->output != NULL ? acf_str_puts(&dir, a->output, e)
                               : acf_str_printf(&dir, e, "%.*s+%s", model_name_length(a->model),
                                                a->model, c[0].name);
    if (st == ACF_OK) st = acf_model_export_check(dir.data, e); /* before the work */
    if (st == ACF_OK) st = acf_model_add_classes(m, c, n, &opt, out, problems, e);
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
