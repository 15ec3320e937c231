#include "data/columns.h"

#include "base/cstring.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

int acf_column_number(const char *given)
{
    int n = 0;
    if (*given == '\0') return -1;
    for (const char *c = given; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') return -1;
        int digit = *c - '0';
        n = n > (INT_MAX - digit) / 10 ? INT_MAX : n * 10 + digit;
    }
    return n;
}

void acf_columns_list(char *text, size_t size, const acf_table *t)
{
    size_t at = 0;
    text[0] = '\0';
    for (int c = 0; c < t->n_cols && at < size; c++) {
        const char *name = acf_table_cell(t, 0, c);
        int n =
            snprintf(text + at, size - at, "%s'%.*s'", c == 0 ? "" : ", ", acf_shown(name), name);
        if (n < 0) return;
        at += (size_t)n;
    }
}

/* A column that the options give, by number or by name. */
static acf_status find_given(int *out, const acf_table *t, const char *key, const char *given,
                             bool has_header, acf_error *e)
{
    char found[300];
    *out = acf_column_number(given);
    if (*out >= t->n_cols)
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: data.columns.%s is column %s, but the file has %d (0 to %d)%s",
                        t->path, key, given, t->n_cols, t->n_cols - 1, acf_table_hint(t));
    if (*out >= 0) return ACF_OK;
    if (!has_header)
        return acf_fail(e, ACF_ERR_USAGE,
                        "data.columns.%s: '%s' is a name, but %s has no header; give 0-based "
                        "numbers",
                        key, given, t->path);
    *out = acf_table_find(t, given);
    if (*out >= 0 && acf_table_has_again(t, *out))
        return acf_fail(e, ACF_ERR_DATA,
                        "%s:1: the header has two columns '%s' (data.columns.%s): rename one, or "
                        "give the number of the one that is meant (the first is %d) and "
                        "data.header: yes",
                        t->path, given, key, *out);
    if (*out >= 0) return ACF_OK;
    acf_columns_list(found, sizeof found, t);
    const char *hint = acf_table_hint(t);
    return acf_fail(e, ACF_ERR_DATA, "%s:1: the header has no column '%s' (data.columns.%s): %s%s",
                    t->path, given, key, found,
                    *hint != '\0' ? hint
                                  : "; give its name, or its number from 0 where line 1 is a row");
}

/* A column of a preset, at its place and with its name. */
static acf_status find_preset(int *out, const acf_table *t, const char *key, const acf_task *task,
                              acf_task_column want, bool has_header, acf_error *e)
{
    *out = want.at == ACF_COLUMN_LAST ? t->n_cols - 1 : want.at;
    if (*out < 0) return ACF_OK;
    if (t->names != NULL && want.name != NULL) /* there the order of columns means nothing */
        return find_given(out, t, key, want.name, true, e);
    if (*out >= t->n_cols)
        return acf_fail(e, ACF_ERR_DATA,
                        "%s:1: has %d column%s, but task %s needs column %d%s%s%s; data.columns "
                        "sets another layout",
                        t->path, t->n_cols, t->n_cols == 1 ? "" : "s", task->name, *out,
                        want.name ? " ('" : "", want.name ? want.name : "", want.name ? "')" : "");
    if (!has_header || want.name == NULL) return ACF_OK;
    const char *cell = acf_table_cell(t, 0, *out);
    if (strcmp(cell, want.name) == 0) return ACF_OK;
    return acf_fail(e, ACF_ERR_DATA,
                    "%s:1: column %d of the header is '%.*s', task %s expects '%s'; data.columns "
                    "sets another layout",
                    t->path, *out, acf_shown(cell), cell, task->name, want.name);
}

static bool is_name(const char *given)
{
    return given != NULL && acf_column_number(given) < 0;
}

/* Whether line 1 is a header when nothing says so: all columns are numbers. */
static bool looks_like_header(const acf_table *t, int label, bool regression,
                              const acf_label_name *known, int K, const acf_columns *first)
{
    double score;
    if (label >= t->n_cols) return first != NULL && first->has_header;
    const char *cell = acf_table_cell(t, 0, label);
    if (regression) return !acf_number_parse(&score, cell);
    if (acf_label_find(known, K, cell) >= 0) return false;
    if (first != NULL) return first->has_header;
    for (int r = 1; r < t->n_rows; r++)
        if (strcmp(acf_table_cell(t, r, label), cell) == 0) return false;
    return t->n_rows > 1;
}

/* Columns of a task without preset. */
static acf_status find_free(acf_columns *out, const acf_table *t, bool is_image,
                            bool label_optional, const acf_data_options *opt, acf_error *e)
{
    if (is_image && opt->text2 != NULL)
        return acf_fail(e, ACF_ERR_USAGE,
                        "data.columns.text2 is '%s': images have no second text, leave it away",
                        opt->text2);
    const char *text = opt->text, *usual = is_image ? "path" : "text";
    const char *other = is_image ? "image" : "sentence";
    if (text == NULL)
        text = out->has_header && acf_table_find(t, usual) < 0 && acf_table_find(t, other) >= 0
                   ? other
                   : usual;
    ACF_TRY(find_given(&out->text, t, "text", text, out->has_header, e));
    if (opt->text2 != NULL)
        ACF_TRY(find_given(&out->text2, t, "text2", opt->text2, out->has_header, e));

    const char *label = opt->label != NULL ? opt->label : "label";
    int number = acf_column_number(label);
    bool is_there =
        number >= 0 ? number < t->n_cols : out->has_header && acf_table_find(t, label) >= 0;
    if (is_there || !label_optional)
        ACF_TRY(find_given(&out->label, t, "label", label, out->has_header, e));
    return ACF_OK;
}

/* Columns of a preset, each of which the options may override. */
static acf_status find_task(acf_columns *out, const acf_table *t, acf_split_id id,
                            bool label_optional, const acf_data_options *opt, acf_error *e)
{
    const acf_task *task = acf_task_find(opt->task);
    const acf_task_file *file = acf_split_is_test(id) ? &task->test : &task->train;
    struct {
        int *out;
        const char *key, *given;
        acf_task_column want;
    } part[] = {{&out->text, "text", opt->text, file->text},
                {&out->text2, "text2", opt->text2, file->text2},
                {&out->label, "label", opt->label, file->label}};

    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        bool is_label = part[i].out == &out->label;
        if (is_label && label_optional) {
            const char *name = part[i].given != NULL ? part[i].given : part[i].want.name;
            int number = name == NULL ? part[i].want.at : acf_column_number(name);
            if (number >= t->n_cols) continue;
            if (number < 0 && name != NULL && (!out->has_header || acf_table_find(t, name) < 0))
                continue;
        }
        if (part[i].given != NULL)
            ACF_TRY(find_given(part[i].out, t, part[i].key, part[i].given, out->has_header, e));
        else
            ACF_TRY(
                find_preset(part[i].out, t, part[i].key, task, part[i].want, out->has_header, e));
    }
    return ACF_OK;
}

static acf_status check_different(const acf_columns *c, const acf_table *t, acf_error *e)
{
    static const char *const key[] = {"text", "text2", "label"};
    const int at[] = {c->text, c->text2, c->label};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < i; j++)
            if (at[i] >= 0 && at[i] == at[j])
                return acf_fail(e, ACF_ERR_USAGE,
                                "%s: data.columns.%s and data.columns.%s are both column %d: give "
                                "each its own",
                                t->path, key[j], key[i], at[i]);
    return ACF_OK;
}

acf_status acf_columns_find(acf_columns *out, const acf_table *t, acf_split_id id,
                            const acf_data_options *opt, const acf_label_name *known, int K,
                            const acf_columns *first, acf_error *e)
{
    const acf_task *task = acf_task_find(opt->task);
    bool label_optional = acf_split_is_test(id) || (id != ACF_TRAIN && opt->label_optional);
    bool regression = task->regression || opt->regression;
    *out = (acf_columns){.text = -1, .text2 = -1, .label = -1};

    if (t->names != NULL)
        out->has_header = true;
    else if (opt->header != ACF_HEADER_AUTO)
        out->has_header = opt->header == ACF_HEADER_YES;
    else if (is_name(opt->text) || is_name(opt->text2) || is_name(opt->label))
        out->has_header = true;
    else if (task->preset && !task->image)
        out->has_header = acf_split_is_test(id) ? task->test.header : task->train.header;
    else if (opt->text == NULL || opt->label == NULL) /* then "text" or "label" is asked for */
        out->has_header = true;
    else
        out->has_header = out->is_guess =
            looks_like_header(t, acf_column_number(opt->label), regression, known, K, first);

    ACF_TRY(task->preset && !task->image ? find_task(out, t, id, label_optional, opt, e)
                                         : find_free(out, t, task->image, label_optional, opt, e));
    return check_different(out, t, e);
}
