#include "run/predictions.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

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

static acf_status put_row(acf_str *out, const answer *a, const acf_split *s, const acf_model *m,
                          acf_error *e)
{
    int32_t gold = s->label[a->row];
    const char *correct = gold < 0 ? "" : gold == a->pred ? "1" : "0";
    ACF_TRY(acf_str_printf(out, e, "%d\t%s\t%s\t%.6f\t%s\t%s", a->row,
                           gold < 0 ? "" : m->labels[gold], m->labels[a->pred], a->prob, correct,
                           s->text[a->row]));
    if (s->text2 != NULL) ACF_TRY(acf_str_printf(out, e, "\t%s", s->text2[a->row]));
    return acf_str_puts(out, "\n", e);
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
        if (!only_wrong || (split->label[row] >= 0 && split->label[row] != a.pred)) list[n++] = a;
    }
    if (only_wrong) qsort(list, n, sizeof *list, by_confidence);
    acf_status st =
        acf_str_printf(&out, e, "index\tgold\tpred\tprob\tcorrect\t%s%s\n",
                       split->is_image ? "image" : "text", split->text2 != NULL ? "\ttext2" : "");
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        st = put_row(&out, &list[i], split, m, e);
    if (st == ACF_OK) st = acf_write_output(path, out.data, out.len, e);
    acf_str_free(&out);
    acf_free(list);
    return st;
}
