#include "sweep/sweep_table.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "metrics/sample.h"
#include "sweep/sweep_result.h"

#include <math.h>
#include <string.h>

enum { N_HEADS = ACF_HEAD_LABEL + 1 };

/* One variant's head on one task by one metric. */
typedef struct figure {
    int variant, task;
    acf_head head;
    acf_metric metric;
    int n, n_diverged, n_open;
    int n_undefined;   /* finished, without this figure */
    acf_sample sample; /* n > 0 */
    double *value;     /* [n] in the order of the seeds or folds */
    double *part;      /* [n] number of the seed or fold */
    int n_folds;       /* 0: they differ in their seeds */
    bool is_best;
} figure;

/* All figures: rows are variant x head, columns task x metric. */
typedef struct table {
    const acf_sweep *s;
    int n_rows, n_cols;
    int *task;          /* [n_cols] */
    acf_metric *metric; /* [n_cols] */
    figure *cell;       /* [n_rows, n_cols] */
    double *mean;       /* [n_rows] over tasks; NaN: none */
    int *mean_lacks;    /* [n_rows] runs that diverged and are not in the mean */
    int best;           /* row of the best mean, -1: none */
    double *numbers;    /* that value and part point into */
} table;

static acf_head head_of(int row)
{
    return (acf_head)(row % N_HEADS);
}

static void table_close(table *t)
{
    acf_free(t->task);
    acf_free(t->metric);
    acf_free(t->cell);
    acf_free(t->mean);
    acf_free(t->mean_lacks);
    acf_free(t->numbers);
}

static int metrics_of(const acf_sweep *s, int task, acf_metric list[ACF_SWEEP_METRICS])
{
    const acf_sweep_task *t = &s->file.task[task];
    int metric = acf_metric_parse(s->cell[task].cfg.eval.metric);
    memcpy(list, t->metric, sizeof t->metric);
    if (t->n_metrics > 0) return t->n_metrics;
    list[0] = metric >= 0 ? (acf_metric)metric : ACF_METRIC_ACCURACY;
    return 1;
}

/* The figures of the cell's runs; numbers has room for three of each run. */
static void collect(figure *f, const acf_sweep *s, double *numbers)
{
    const acf_sweep_cell *c = &s->cell[f->variant * (int)s->file.n_tasks + f->task];
    f->value = numbers;
    f->part = numbers + c->series.n;
    f->n_folds = acf_series_folds(&c->cfg);
    for (int i = 0; i < c->series.n; i++) {
        const acf_sweep_run *r = &s->run[c->first + i];
        const cJSON *head = cJSON_GetObjectItemCaseSensitive(r->results, acf_head_name(f->head));
        const cJSON *v = cJSON_GetObjectItemCaseSensitive(head, acf_metric_name(f->metric));
        f->n_diverged += r->state == ACF_SWEEP_DIVERGED;
        f->n_open += r->state != ACF_SWEEP_DIVERGED && r->state != ACF_SWEEP_FINISHED;
        if (!cJSON_IsNumber(v) || !isfinite(v->valuedouble)) {
            f->n_undefined += r->state == ACF_SWEEP_FINISHED;
            continue;
        }
        const acf_config *cfg = &c->series.run[i];
        f->part[f->n] = f->n_folds > 0 ? cfg->data.fold : (double)cfg->train.seed;
        f->value[f->n++] = v->valuedouble;
    }
}

/* The row's mean over tasks, of a task over its metrics of which more is better; NaN: a task has
 * none of them, or a figure is missing.  *n_diverged: runs that it lacks. */
static double mean_of_row(int *n_diverged, const table *t, int row)
{
    double sum = 0;
    int n_tasks = (int)t->s->file.n_tasks;
    *n_diverged = 0;
    for (int task = 0; task < n_tasks; task++) {
        double of_task = 0;
        int n = 0, lacks = 0;
        for (int col = 0; col < t->n_cols; col++) {
            const figure *f = &t->cell[row * t->n_cols + col];
            if (t->task[col] != task || !acf_metric_larger_is_better(f->metric)) continue;
            if (f->n == 0 || f->n_open > 0) return (double)NAN;
            of_task += f->sample.mean;
            lacks = f->n_diverged;
            n++;
        }
        if (n == 0) return (double)NAN;
        sum += of_task / n;
        *n_diverged += lacks;
    }
    return sum / n_tasks;
}

static void mark_best(table *t)
{
    for (int col = 0; col < t->n_cols; col++) {
        figure *best = NULL;
        bool larger = acf_metric_larger_is_better(t->metric[col]);
        for (int row = 0; row < t->n_rows; row++) {
            figure *f = &t->cell[row * t->n_cols + col];
            if (f->n == 0 || f->n_open > 0 || f->n_diverged > 0) continue;
            double gain = best == NULL ? 1 : f->sample.mean - best->sample.mean;
            if (larger || best == NULL ? gain > 0 : gain < 0) best = f;
        }
        if (best != NULL) best->is_best = true;
    }
    t->best = -1;
    for (int row = 0; row < t->n_rows; row++) {
        t->mean[row] = mean_of_row(&t->mean_lacks[row], t, row);
        if (isnan(t->mean[row]) || t->mean_lacks[row] > 0) continue;
        if (t->best < 0 || t->mean[row] > t->mean[t->best]) t->best = row;
    }
}

static acf_status table_open(table *t, const acf_sweep *s, acf_error *e)
{
    int n_tasks = (int)s->file.n_tasks;
    size_t most = (size_t)n_tasks * ACF_SWEEP_METRICS, runs = 0, at = 0;
    acf_metric list[ACF_SWEEP_METRICS];
    *t = (table){.s = s, .n_rows = N_HEADS * (int)s->file.n_variants};
    t->task = acf_alloc(most, sizeof *t->task, "columns of the table", e);
    t->metric = acf_alloc(most, sizeof *t->metric, "columns of the table", e);
    if (t->task == NULL || t->metric == NULL) return ACF_ERR_RESOURCE;
    for (int task = 0; task < n_tasks; task++)
        for (int k = 0, n = metrics_of(s, task, list); k < n; k++, t->n_cols++) {
            t->task[t->n_cols] = task;
            t->metric[t->n_cols] = list[k];
        }
    for (int i = 0; i < s->n_cells; i++)
        runs += (size_t)s->cell[i].series.n;
    t->mean = acf_alloc((size_t)t->n_rows, sizeof *t->mean, "the table", e);
    t->mean_lacks = acf_alloc((size_t)t->n_rows, sizeof *t->mean_lacks, "the table", e);
    t->cell = acf_alloc((size_t)t->n_rows * (size_t)t->n_cols, sizeof *t->cell, "the table", e);
    t->numbers =
        acf_alloc(3 * N_HEADS * ACF_SWEEP_METRICS * runs, sizeof *t->numbers, "the table", e);
    if (t->mean == NULL || t->mean_lacks == NULL || t->cell == NULL || t->numbers == NULL)
        return ACF_ERR_RESOURCE;
    for (int row = 0; row < t->n_rows; row++)
        for (int col = 0; col < t->n_cols; col++) {
            figure *f = &t->cell[row * t->n_cols + col];
            *f = (figure){.variant = row / N_HEADS,
                          .head = head_of(row),
                          .task = t->task[col],
                          .metric = t->metric[col]};
            collect(f, s, t->numbers + at);
            size_t n = (size_t)s->cell[f->variant * n_tasks + f->task].series.n;
            double *sorted = t->numbers + at + 2 * n;
            memcpy(sorted, f->value, (size_t)f->n * sizeof *sorted);
            if (f->n > 0) f->sample = acf_sample_of(sorted, (size_t)f->n, f->n_folds);
            at += 3 * n;
        }
    mark_best(t);
    return ACF_OK;
}

static const char *variant_name(const table *t, int row)
{
    return t->s->file.variant[row / N_HEADS].name;
}

/* A regression has no label head. */
static bool is_empty(const table *t, int row)
{
    bool other = false;
    for (int col = 0; col < t->n_cols; col++) {
        if (t->cell[row * t->n_cols + col].n > 0) return false;
        other = other || t->cell[(row - 1) * t->n_cols + col].n > 0;
    }
    return other;
}

static bool is_shown(const table *t, int row)
{
    return row % N_HEADS == 0 || !is_empty(t, row);
}

static acf_status put_cell(acf_str *out, const figure *f, bool failed, acf_error *e)
{
    const char *bold = f->is_best ? "**" : "";
    bool percent = acf_metric_larger_is_better(f->metric);
    double scale = percent ? 100 : 1;
    int digits = percent ? 2 : 4, n_all = f->n + f->n_diverged + f->n_open + f->n_undefined;
    if (f->n == 0)
        return acf_str_puts(out,
                            f->n_diverged > 0 ? " diverged |"
                            : failed          ? " failed |"
                                              : " - |",
                            e);
    ACF_TRY(acf_str_printf(out, e, " %s%.*f", bold, digits, scale * f->sample.mean));
    if (f->n > 1) ACF_TRY(acf_str_printf(out, e, " ± %.*f", digits, scale * f->sample.sd));
    ACF_TRY(acf_str_puts(out, bold, e));
    if (f->n_diverged > 0) ACF_TRY(acf_str_printf(out, e, " (%d diverged)", f->n_diverged));
    if (f->n_undefined > 0) ACF_TRY(acf_str_printf(out, e, " (%d undefined)", f->n_undefined));
    if (f->n_open > 0) ACF_TRY(acf_str_printf(out, e, " (%d of %d)", f->n, n_all));
    return acf_str_puts(out, " |", e);
}

static bool has_failed(const acf_sweep *s, const figure *f)
{
    const acf_sweep_cell *c = &s->cell[f->variant * (int)s->file.n_tasks + f->task];
    for (int i = c->first; i < c->first + c->series.n; i++)
        if (s->run[i].state == ACF_SWEEP_FAILED) return true;
    return false;
}

static acf_status put_mean(acf_str *out, const table *t, int row, acf_error *e)
{
    const char *bold = row == t->best ? "**" : "";
    if (isnan(t->mean[row])) return acf_str_puts(out, " - |", e);
    ACF_TRY(acf_str_printf(out, e, " %s%.2f%s", bold, 100 * t->mean[row], bold));
    if (t->mean_lacks[row] > 0)
        ACF_TRY(acf_str_printf(out, e, " (%d diverged)", t->mean_lacks[row]));
    return acf_str_puts(out, " |", e);
}

static acf_status put_rows(acf_str *out, const table *t, acf_error *e)
{
    for (int row = 0; row < t->n_rows; row++) {
        if (!is_shown(t, row)) continue;
        ACF_TRY(acf_str_printf(out, e, "| %s | %s |", variant_name(t, row),
                               acf_head_name(head_of(row))));
        for (int col = 0; col < t->n_cols; col++) {
            const figure *f = &t->cell[row * t->n_cols + col];
            ACF_TRY(put_cell(out, f, has_failed(t->s, f), e));
        }
        if (t->s->file.n_tasks > 1) ACF_TRY(put_mean(out, t, row, e));
        ACF_TRY(acf_str_puts(out, "\n", e));
    }
    return ACF_OK;
}

static acf_status put_table(acf_str *out, const table *t, acf_error *e)
{
    bool has_mean = t->s->file.n_tasks > 1;
    ACF_TRY(acf_str_puts(out, "| variant | head |", e));
    for (int col = 0; col < t->n_cols; col++)
        ACF_TRY(acf_str_printf(out, e, " %s, %s |", t->s->file.task[t->task[col]].name,
                               acf_metric_name(t->metric[col])));
    ACF_TRY(acf_str_puts(out, has_mean ? " mean |\n|---|---|" : "\n|---|---|", e));
    for (int col = 0; col < t->n_cols + has_mean; col++)
        ACF_TRY(acf_str_puts(out, "---|", e));
    ACF_TRY(acf_str_puts(out, "\n", e));
    return put_rows(out, t, e);
}

acf_status acf_sweep_markdown(acf_str *out, const acf_sweep *s, acf_error *e)
{
    table t;
    acf_status st = table_open(&t, s, e);
    if (st == ACF_OK) st = put_table(out, &t, e);
    table_close(&t);
    return st;
}

static acf_status put_csv(acf_str *out, const table *t, acf_error *e)
{
    ACF_TRY(acf_str_puts(
        out, "variant,task,metric,head,n,diverged,undefined,open,mean,sd,low,high,best\n", e));
    for (int i = 0; i < t->n_rows * t->n_cols; i++) {
        const figure *f = &t->cell[i];
        if (!is_shown(t, i / t->n_cols)) continue;
        ACF_TRY(acf_str_printf(out, e, "%s,%s,%s,%s,%d,%d,%d,%d,", variant_name(t, i / t->n_cols),
                               t->s->file.task[f->task].name, acf_metric_name(f->metric),
                               acf_head_name(f->head), f->n, f->n_diverged, f->n_undefined,
                               f->n_open));
        if (f->n > 0) ACF_TRY(acf_str_printf(out, e, "%.9g", f->sample.mean));
        if (f->n > 1)
            ACF_TRY(acf_str_printf(out, e, ",%.9g,%.9g,%.9g,", f->sample.sd, f->sample.low,
                                   f->sample.high));
        else
            ACF_TRY(acf_str_puts(out, ",,,,", e));
        ACF_TRY(acf_str_puts(out, f->is_best ? "yes\n" : "\n", e));
    }
    for (int row = 0; row < t->n_rows; row++)
        if (!isnan(t->mean[row]))
            ACF_TRY(acf_str_printf(out, e, "%s,mean,,%s,,%d,,,%.9g,,,,%s\n", variant_name(t, row),
                                   acf_head_name(head_of(row)), t->mean_lacks[row], t->mean[row],
                                   row == t->best ? "yes" : ""));
    return ACF_OK;
}

acf_status acf_sweep_csv(acf_str *out, const acf_sweep *s, acf_error *e)
{
    table t;
    acf_status st = table_open(&t, s, e);
    if (st == ACF_OK) st = put_csv(out, &t, e);
    table_close(&t);
    return st;
}

static bool add_cell(cJSON *list, const table *t, const figure *f)
{
    cJSON *c = acf_json_append(list);
    const double ci[2] = {f->sample.low, f->sample.high};
    if (c == NULL) return false;
    bool ok = cJSON_AddStringToObject(c, "variant", t->s->file.variant[f->variant].name) != NULL &&
              cJSON_AddStringToObject(c, "task", t->s->file.task[f->task].name) != NULL &&
              cJSON_AddStringToObject(c, "metric", acf_metric_name(f->metric)) != NULL &&
              cJSON_AddStringToObject(c, "head", acf_head_name(f->head)) != NULL &&
              cJSON_AddNumberToObject(c, "n", f->n) != NULL &&
              cJSON_AddNumberToObject(c, "diverged", f->n_diverged) != NULL &&
              cJSON_AddNumberToObject(c, "undefined", f->n_undefined) != NULL &&
              cJSON_AddNumberToObject(c, "open", f->n_open) != NULL;
    if (ok && f->n > 0) ok = cJSON_AddNumberToObject(c, "mean", f->sample.mean) != NULL;
    if (ok && f->n > 1)
        ok = cJSON_AddNumberToObject(c, "sd", f->sample.sd) != NULL &&
             acf_json_put(c, "ci", cJSON_CreateDoubleArray(ci, 2));
    const char *parts = f->n_folds > 0 ? "folds" : "seeds";
    return ok && acf_json_put(c, parts, cJSON_CreateDoubleArray(f->part, f->n)) &&
           acf_json_put(c, "values", cJSON_CreateDoubleArray(f->value, f->n)) &&
           cJSON_AddBoolToObject(c, "best", f->is_best) != NULL;
}

static bool add_mean(cJSON *list, const table *t, int row)
{
    cJSON *c = acf_json_append(list);
    if (c == NULL) return false;
    return cJSON_AddStringToObject(c, "variant", variant_name(t, row)) != NULL &&
           cJSON_AddStringToObject(c, "head", acf_head_name(head_of(row))) != NULL &&
           cJSON_AddNumberToObject(c, "diverged", t->mean_lacks[row]) != NULL &&
           cJSON_AddNumberToObject(c, "mean", t->mean[row]) != NULL &&
           cJSON_AddBoolToObject(c, "best", row == t->best) != NULL;
}

static bool build_json(cJSON *c, const table *t)
{
    const acf_sweep *s = t->s;
    int n_finished = 0, n_diverged = 0;
    cJSON *cells, *means;
    for (int i = 0; i < s->n_runs; i++) {
        n_finished += s->run[i].state == ACF_SWEEP_FINISHED;
        n_diverged += s->run[i].state == ACF_SWEEP_DIVERGED;
    }
    bool ok = cJSON_AddStringToObject(c, "sweep", s->name) != NULL &&
              cJSON_AddNumberToObject(c, "runs", s->n_runs) != NULL &&
              cJSON_AddNumberToObject(c, "finished", n_finished) != NULL &&
              cJSON_AddNumberToObject(c, "diverged", n_diverged) != NULL &&
              (cells = cJSON_AddArrayToObject(c, "cells")) != NULL &&
              (means = cJSON_AddArrayToObject(c, "means")) != NULL;
    for (int i = 0; ok && i < t->n_rows * t->n_cols; i++)
        if (is_shown(t, i / t->n_cols)) ok = add_cell(cells, t, &t->cell[i]);
    for (int row = 0; ok && row < t->n_rows; row++)
        if (!isnan(t->mean[row])) ok = add_mean(means, t, row);
    return ok;
}

acf_status acf_sweep_json(cJSON **out, const acf_sweep *s, acf_error *e)
{
    table t;
    cJSON *c = cJSON_CreateObject();
    *out = NULL;
    acf_status st = table_open(&t, s, e);
    if (st == ACF_OK) st = acf_json_check(c != NULL && build_json(c, &t) ? c : NULL, e);
    table_close(&t);
    if (st == ACF_OK)
        *out = c;
    else
        cJSON_Delete(c);
    return st;
}

static acf_status write_json(const acf_sweep *s, acf_error *e)
{
    cJSON *c;
    ACF_TRY(acf_sweep_json(&c, s, e));
    char *text = acf_json_print(c, true, e);
    acf_status st =
        text == NULL ? ACF_ERR_RESOURCE : acf_write_in(s->dir, "table.json", text, strlen(text), e);
    acf_free(text);
    cJSON_Delete(c);
    return st;
}

acf_status acf_sweep_write(const acf_sweep *s, acf_error *e)
{
    acf_str text = {0};
    acf_status st = acf_sweep_markdown(&text, s, e);
    if (st == ACF_OK) st = acf_write_in(s->dir, "table.md", text.data, text.len, e);
    acf_str_clear(&text);
    if (st == ACF_OK) st = acf_sweep_csv(&text, s, e);
    if (st == ACF_OK) st = acf_write_in(s->dir, "table.csv", text.data, text.len, e);
    acf_str_clear(&text);
    acf_str_free(&text);
    if (st == ACF_OK) st = write_json(s, e);
    return st == ACF_OK ? acf_sweep_write_lines(s, e) : st;
}
