#include "infer/submission.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"

#include <string.h>

static bool has_label(const acf_model *m, const char *name)
{
    for (int k = 0; k < m->K; k++)
        if (strcmp(m->labels[k], name) == 0) return true;
    return false;
}

static acf_status check(const acf_task *task, const acf_split *split, const acf_model *m,
                        acf_error *e)
{
    if (task->submission == NULL)
        return acf_fail(e, ACF_ERR_USAGE, "--glue-submission: task '%s' is none of GLUE's",
                        task->name);
    if (split->n_bad > 0)
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: %d lines were skipped, but a submission must answer every row",
                        split->path, split->n_bad);
    for (int k = 0; k < task->K && !task->regression; k++)
        if (m->K != task->K || !has_label(m, task->labels[k]))
            return acf_fail(e, ACF_ERR_USAGE,
                            "--glue-submission: the model's %d labels ('%s', ...) are not the %d "
                            "of task '%s' ('%s', ...)",
                            m->K, m->labels[0], task->K, task->name, task->labels[0]);
    return ACF_OK;
}

static acf_status put_row(acf_str *out, const acf_task *task, const acf_evaluation *ev, int row,
                          const acf_model *m, acf_head head, acf_error *e)
{
    if (task->regression) {
        double x = (double)ev->logits[row];
        x = x < task->low ? task->low : x > task->high ? task->high : x;
        return acf_str_printf(out, e, "%d\t%.6f\n", row, x);
    }
    double prob;
    int best = acf_evaluation_answer(&prob, ev, row, head, m->tau);
    return acf_str_printf(out, e, "%d\t%s\n", row, m->labels[best]);
}

acf_status acf_submission_write(acf_str *told, const char *dir, const acf_task *task, bool second,
                                const acf_evaluation *ev, const acf_split *split,
                                const acf_model *m, acf_head head, acf_error *e)
{
    acf_str out = {0};
    ACF_TRY(check(task, split, m, e));
    ACF_TRY(acf_make_dirs(dir, e));
    char *path = acf_path_join(dir, second ? task->submission_mm : task->submission, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = acf_str_puts(&out, "index\tprediction\n", e);
    for (int row = 0; row < ev->n && st == ACF_OK; row++)
        st = put_row(&out, task, ev, row, m, head, e);
    if (st == ACF_OK) st = acf_write_output(path, out.data, out.len, e);
    if (st == ACF_OK)
        st = acf_str_printf(told, e, "%s: %d predictions for %s\n", path, ev->n, split->path);
    acf_str_free(&out);
    acf_free(path);
    return st;
}
