#include "infer/predict_internal.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/columns.h"
#include "data/label_set.h"
#include "data/table.h"
#include "infer/evaluate.h"

#include <string.h>

/* The table being answered. */
typedef struct table_job {
    acf_table table;
    int text, text2;          /* columns; text2 -1: single texts */
    int first;                /* row of the first text */
    const char *label, *prob; /* names of the new columns */
} table_job;

static acf_status find_column(int *out, const table_job *job, const char *given, acf_error *e)
{
    const acf_table *t = &job->table;
    *out = acf_column_number(given);
    if (*out >= t->n_cols)
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: --columns %s, but the file has %d columns (0 to %d)%s", t->path, given,
                        t->n_cols, t->n_cols - 1, acf_table_hint(t));
    if (*out >= 0) return ACF_OK;
    *out = acf_table_find(t, given);
    if (*out >= 0 && acf_table_has_again(t, *out))
        return acf_fail(e, ACF_ERR_DATA,
                        "%s:1: has two columns '%.*s': give the number of the one that is meant "
                        "(the first is %d) to --columns, with --header yes",
                        t->path, acf_shown(given), given, *out);
    if (*out >= 0) return ACF_OK;
    return acf_fail(e, ACF_ERR_DATA, "%s:1: has no column '%.*s' (--columns)%s", t->path,
                    acf_shown(given), given, acf_table_hint(t));
}

/* Names for the new columns that the table does not have. */
static acf_status choose_names(table_job *job, bool has_names, acf_error *e)
{
    static const char *const names[2][2] = {{"label", "prob"},
                                            {"predicted_label", "predicted_prob"}};
    for (int i = 0; i < 2; i++) {
        job->label = names[i][0];
        job->prob = names[i][1];
        if (!has_names || (acf_table_find(&job->table, job->label) < 0 &&
                           acf_table_find(&job->table, job->prob) < 0))
            return ACF_OK;
    }
    return acf_fail(e, ACF_ERR_DATA,
                    "%s:1: has columns for answers already ('label' or 'prob', and '%s' or '%s')",
                    job->table.path, job->label, job->prob);
}

/* Does row 0 hold names? */
static acf_status find_header(bool *out, const acf_table *t, const acf_predict_options *opt,
                              acf_error *e)
{
    const char *name = acf_column_number(opt->text) >= 0 ? opt->text2 : opt->text;
    bool is_named = name != NULL && acf_column_number(name) < 0;
    *out = t->names != NULL || opt->header == ACF_HEADER_YES ||
           (opt->header == ACF_HEADER_AUTO && is_named);
    if (*out || !is_named) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE,
                    "--columns: '%.*s' is a name, but --header no says that there are none; give "
                    "0-based numbers",
                    acf_shown(name), name);
}

static acf_status open_table(table_job *job, const acf_predict_options *opt, acf_error *e)
{
    acf_table_format format;
    acf_table *t = &job->table;
    if (acf_table_format_of(&format, opt->path) && format == ACF_TABLE_FASTTEXT)
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: --columns is for .tsv, .csv and .jsonl; a .txt has lines, not columns",
                        opt->path);
    ACF_TRY_AS(ACF_ERR_DATA, acf_table_read_raw(t, opt->path, e), e);
    bool has_names;
    ACF_TRY(find_header(&has_names, t, opt, e));
    job->first = has_names;
    job->text2 = -1;
    ACF_TRY(find_column(&job->text, job, opt->text, e));
    if (opt->text2 != NULL) ACF_TRY(find_column(&job->text2, job, opt->text2, e));
    return choose_names(job, has_names, e);
}

/* Label as a cell of the table's format. */
static acf_status put_label(acf_str *out, acf_table_format format, const char *label, acf_error *e)
{
    if (format == ACF_TABLE_CSV && strpbrk(label, "\",\r\n") != NULL) {
        ACF_TRY(acf_str_puts(out, "\"", e));
        for (const char *c = label; *c != '\0'; c++)
            ACF_TRY(acf_str_append(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1, e));
        return acf_str_puts(out, "\"", e);
    }
    return format == ACF_TABLE_TSV ? acf_str_put_cell(out, label, e) : acf_str_puts(out, label, e);
}

/* The object of a line with two more members. */
static acf_status put_object(acf_predictor *p, const table_job *job, const char *raw, size_t len,
                             const acf_answer *a, acf_error *e)
{
    while (raw[len - 1] != '}') /* the line is an object: one is there */
        len--;
    ACF_TRY(acf_str_append(&p->out, raw, len - 1, e));
    if (p->m->K == 1)
        return acf_str_printf(&p->out, e, ", \"%s\": %.6f}\n", job->label,
                              (double)p->logits[a->row]);
    cJSON *label = cJSON_CreateString(a->name);
    ACF_TRY(acf_json_check(label, e));
    char *text = acf_json_print(label, false, e);
    cJSON_Delete(label);
    if (text == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_str_printf(&p->out, e, ", \"%s\": %s, \"%s\": %.6f}\n", job->label, text,
                                   job->prob, p->prob[a->best]);
    acf_free(text);
    return st;
}

static acf_status put_row(acf_predictor *p, const acf_answer *a, acf_error *e)
{
    const table_job *job = p->payload;
    const acf_table *t = &job->table;
    acf_table_span span = t->span[job->first + a->number];
    const char *raw = t->raw + span.begin, *between = t->format == ACF_TABLE_CSV ? "," : "\t";
    acf_probabilities(p->prob, a->score, p->m->K, a->tau);
    if (t->format == ACF_TABLE_JSONL) return put_object(p, job, raw, span.end - span.begin, a, e);
    ACF_TRY(acf_str_append(&p->out, raw, span.end - span.begin, e));
    ACF_TRY(acf_str_puts(&p->out, between, e));
    if (p->m->K == 1) return acf_str_printf(&p->out, e, "%.6f\n", (double)p->logits[a->row]);
    ACF_TRY(put_label(&p->out, t->format, a->name, e));
    return acf_str_printf(&p->out, e, "%s%.6f\n", between, p->prob[a->best]);
}

static acf_status put_header(acf_predictor *p, const table_job *job, acf_error *e)
{
    const acf_table *t = &job->table;
    if (job->first == 0 || t->names != NULL) return ACF_OK;
    const char *between = t->format == ACF_TABLE_CSV ? "," : "\t";
    ACF_TRY(
        acf_str_append(&p->out, t->raw + t->span[0].begin, t->span[0].end - t->span[0].begin, e));
    ACF_TRY(acf_str_printf(&p->out, e, "%s%s", between, job->label));
    if (p->m->K > 1) ACF_TRY(acf_str_printf(&p->out, e, "%s%s", between, job->prob));
    return acf_str_puts(&p->out, "\n", e);
}

static acf_status refuse_bad_line(const acf_table *t, acf_error *e)
{
    return acf_fail(e, ACF_ERR_DATA, "%s:%d: %s%s", t->path, (int)t->bad[0].line, t->bad[0].reason,
                    t->n_bad > 1 ? ", and there are more bad lines" : "");
}

/* All rows, or those before the first bad line. */
static acf_status answer_rows(acf_predictor *p, const table_job *job, acf_error *e)
{
    const acf_table *t = &job->table;
    int32_t end = t->n_bad > 0 ? t->bad[0].line : INT32_MAX;
    acf_status st = put_header(p, job, e);
    for (int r = job->first; r < t->n_rows && t->line[r] < end && st == ACF_OK; r++) {
        const char *text = acf_table_cell(t, r, job->text);
        const char *second = job->text2 >= 0 ? acf_table_cell(t, r, job->text2) : NULL;
        st = acf_predictor_take(p, text, strlen(text), second, second != NULL ? strlen(second) : 0,
                                e);
    }
    if (st == ACF_OK && t->n_bad > 0) st = refuse_bad_line(t, e);
    return acf_predictor_end(p, st, e);
}

acf_status acf_predict_table(int64_t *n_rows, acf_model *m, const acf_predict_options *opt,
                             acf_error *e)
{
    table_job job = {.text = -1};
    acf_predictor p = {.m = m, .opt = opt, .put = put_row, .payload = &job, .unit = "row"};
    acf_status st = open_table(&job, opt, e);
    char *base = st == ACF_OK ? acf_path_dir(opt->path, e) : NULL;
    if (st == ACF_OK && base == NULL) st = ACF_ERR_RESOURCE;
    p.base = base;
    if (st == ACF_OK) st = acf_predictor_open(&p, e);
    if (st == ACF_OK) st = answer_rows(&p, &job, e);
    if (st == ACF_OK) st = acf_predictor_finish(&p, e);
    *n_rows = p.n_taken;
    acf_predictor_close(&p);
    acf_table_free(&job.table);
    acf_free(base);
    return st;
}
