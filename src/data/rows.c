#include "data/rows.h"

#include "base/cstring.h"
#include "base/path.h"

#include <stdio.h>

static acf_status unknown_label(const acf_dataset *d, const acf_table *t, int row, const char *cell,
                                const acf_data_options *opt, acf_error *e)
{
    char known[300];
    acf_labels_list(known, sizeof known, d->labels, d->K);
    const char *whose = opt->labels_of_model  ? "the model does not have"
                        : opt->labels != NULL ? "data.labels does not list"
                        : d->task->preset     ? "the task does not have"
                                              : "training does not have";
    if (d->task->image && acf_path_is_dir(t->path))
        return acf_fail(e, ACF_ERR_DATA, "%s/%.*s: a class that %s (known: %s)", t->path,
                        acf_shown(cell), cell, whose, known);
    return acf_fail(e, ACF_ERR_DATA, "%s:%d: label '%.*s', which %s (known: %s)", t->path,
                    (int)t->line[row], acf_shown(cell), cell, whose, known);
}

/* A row's target.  False, with the reason, when the cell holds no such number. */
static bool read_target(double *out, char reason[ACF_BAD_REASON], const char *cell,
                        const acf_task *task)
{
    bool is_number = acf_number_parse(out, cell);
    if (!is_number)
        (void)snprintf(reason, ACF_BAD_REASON, "has the label '%.*s', expected a number",
                       acf_shown(cell), cell);
    else if (task->regression && !(*out >= task->low && *out <= task->high))
        (void)snprintf(reason, ACF_BAD_REASON, "has the score %.*s, out of range [%g, %g]",
                       acf_shown(cell), cell, task->low, task->high);
    else
        return true;
    return false;
}

acf_status acf_rows_fill(acf_split *s, const acf_dataset *d, acf_table *t, const acf_columns *c,
                         const acf_data_options *opt, acf_error *e)
{
    char reason[ACF_BAD_REASON];
    ACF_TRY(acf_split_reserve(s, (size_t)t->n_rows, c->text2 >= 0, e));
    if (d->regression) ACF_TRY(acf_split_reserve_targets(s, (size_t)t->n_rows, e));
    s->is_labelled = c->label >= 0 && !opt->ignore_labels;
    for (int r = c->has_header; r < t->n_rows; r++) {
        int32_t label = -1;
        if (s->is_labelled) {
            const char *cell = acf_table_cell(t, r, c->label);
            bool is_good = *cell != '\0';
            if (!is_good) (void)snprintf(reason, sizeof reason, "has an empty label");
            if (is_good && d->regression)
                is_good = read_target(&s->target[s->n], reason, cell, d->task);
            if (!is_good) {
                ACF_TRY(acf_table_reject(t, t->line[r], reason, e));
                continue;
            }
            label = d->regression ? 0 : acf_label_find(d->by_name, d->K, cell);
            if (label < 0) return unknown_label(d, t, r, cell, opt, e);
        }
        s->text[s->n] = acf_table_cell(t, r, c->text);
        bool is_empty = s->text[s->n][0] == '\0';
        if (s->text2 != NULL) {
            s->text2[s->n] = acf_table_cell(t, r, c->text2);
            is_empty |= s->text2[s->n][0] == '\0';
        }
        s->n_empty += is_empty;
        s->label[s->n] = label;
        s->line[s->n] = t->line[r];
        s->n++;
    }
    return ACF_OK;
}

static bool is_all_empty(const char *const *text, int n)
{
    for (int i = 0; i < n; i++)
        if (text[i][0] != '\0') return false;
    return true;
}

acf_status acf_rows_check(const acf_split *s, const acf_columns *c, acf_error *e)
{
    if (s->n == 0)
        return acf_fail(e, ACF_ERR_DATA, "%s: has no rows%s%s", s->path,
                        s->has_header ? " after the header" : "",
                        s->n_bad > 0 ? " but bad lines" : "");
    if (is_all_empty(s->text, s->n))
        return acf_fail(e, ACF_ERR_DATA, "%s: column %d, the %s, is empty in all %d rows", s->path,
                        c->text, s->is_image ? "path" : "text", s->n);
    if (s->text2 != NULL && is_all_empty(s->text2, s->n))
        return acf_fail(e, ACF_ERR_DATA, "%s: column %d, the second text, is empty in all %d rows",
                        s->path, c->text2, s->n);
    return ACF_OK;
}
