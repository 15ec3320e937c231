#include "infer/predictions.h"

#include "base/mem.h"
#include "base/output.h"
#include "base/str.h"

#include <math.h>
#include <stdlib.h>

typedef struct answer {
    int row, pred;
    double prob;
} answer;

static int by_confidence(const void *a, const void *b)
{
    const answer *x = a, *y = b;
    if (x->prob != y->prob) return x->prob < y->prob ? 1 : -1;
    return x->row - y->row;
}

/* TAB and a text; of CSV and JSON it may hold what no cell of a TSV can. */
static acf_status put_text(acf_str *out, const char *text, acf_error *e)
{
    ACF_TRY(acf_str_puts(out, "\t", e));
    return acf_str_put_cell(out, text, e);
}

/* Gold, predicted, probability and whether it is right; of a regression the two numbers. */
static acf_status put_answer(acf_str *out, const answer *a, const acf_evaluation *ev,
                             const acf_split *s, const acf_model *m, acf_error *e)
{
    int32_t gold = s->label[a->row];
    ACF_TRY(acf_str_printf(out, e, "%d", a->row));
    if (m->K == 1) {
        ACF_TRY(acf_str_puts(out, "\t", e));
        if (gold >= 0) ACF_TRY(acf_str_printf(out, e, "%.10g", s->target[a->row]));
        return acf_str_printf(out, e, "\t%.6f\t\t", (double)ev->logits[a->row]);
    }
    ACF_TRY(put_text(out, gold < 0 ? "" : m->labels[gold], e));
    ACF_TRY(put_text(out, m->labels[a->pred], e));
    return acf_str_printf(out, e, "\t%.6f\t%s", a->prob,
                          gold < 0          ? ""
                          : gold == a->pred ? "1"
                                            : "0");
}

/* What each head says. */
static acf_status put_heads(acf_str *out, int row, const acf_evaluation *ev, const acf_model *m,
                            acf_error *e)
{
    double prob;
    for (int head = ACF_HEAD_LINEAR; head <= ACF_HEAD_LABEL; head++) {
        int pred = acf_evaluation_answer(&prob, ev, row, (acf_head)head, m->tau);
        ACF_TRY(put_text(out, m->labels[pred], e));
    }
    return ACF_OK;
}

static acf_status put_row(acf_str *out, const answer *a, const acf_evaluation *ev,
                          const acf_split *s, const acf_model *m, acf_error *e)
{
    ACF_TRY(put_answer(out, a, ev, s, m, e));
    ACF_TRY(put_text(out, s->text[a->row], e));
    if (s->text2 != NULL) ACF_TRY(put_text(out, s->text2[a->row], e));
    if (m->K > 1) ACF_TRY(put_heads(out, a->row, ev, m, e));
    return acf_str_puts(out, "\n", e);
}

/* The rows that a list of errors holds, with what it is sorted by: the wrong ones by confidence; of
 * a regression all by the error. */
static bool is_listed(answer *a, const acf_evaluation *ev, const acf_split *s)
{
    if (s->label[a->row] < 0) return false;
    if (s->target == NULL) return s->label[a->row] != a->pred;
    a->prob = fabs((double)ev->logits[a->row] - s->target[a->row]);
    return true;
}

acf_status acf_predictions_write(const char *path, const acf_evaluation *ev, const acf_split *split,
                                 const acf_model *m, acf_head head, bool only_wrong, acf_error *e)
{
    acf_str out = {0};
    size_t n = 0;
    answer *list = acf_alloc((size_t)ev->n, sizeof *list, "predictions", e);
    if (list == NULL) return ACF_ERR_RESOURCE;
    for (int row = 0; row < ev->n; row++) {
        answer a = {.row = row};
        a.pred = acf_evaluation_answer(&a.prob, ev, row, head, m->tau);
        if (!only_wrong || is_listed(&a, ev, split)) list[n++] = a;
    }
    if (only_wrong) qsort(list, n, sizeof *list, by_confidence);
    acf_status st = acf_str_printf(
        &out, e, "index\tgold\tpred\tprob\tcorrect\t%s%s%s\n", split->is_image ? "image" : "text",
        split->text2 != NULL ? "\ttext2" : "", m->K > 1 ? "\tlinear_pred\tlabel_pred" : "");
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        st = put_row(&out, &list[i], ev, split, m, e);
    if (st == ACF_OK) st = acf_write_output(path, out.data, out.len, e);
    acf_str_free(&out);
    acf_free(list);
    return st;
}
