#include "metrics/report.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 24, NAME_BYTES = 4 * NAME_WIDTH + 1, TOP_CONFUSIONS = 15, WORST_CLASSES = 20 };

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* At most `width` characters of a UTF-8 name, filled up with blanks, control characters as '?';
 * returns text.  Widths are counted in code points. */
static const char *pad(char text[NAME_BYTES], const char *name, int width)
{
    size_t len = 0;
    int shown = 0;
    if (width > NAME_WIDTH) width = NAME_WIDTH;
    for (; *name != '\0' && len < NAME_BYTES - 1; name++) {
        bool starts = !is_continuation(*name);
        if (starts && shown == width) break;
        unsigned char c = (unsigned char)*name;
        text[len++] = c < 0x20 || c == 0x7F ? '?' : *name;
        shown += starts;
    }
    for (; shown < width && len < NAME_BYTES - 1; shown++)
        text[len++] = ' ';
    text[len] = '\0';
    return text;
}

static int width_of(const char *name)
{
    int width = 0;
    for (; *name != '\0' && width < NAME_WIDTH; name++)
        width += !is_continuation(*name);
    return width;
}

static int name_width(const char *const *names, int K)
{
    int widest = 5; /* "class" */
    for (int k = 0; k < K; k++)
        if (width_of(names[k]) > widest) widest = width_of(names[k]);
    return widest;
}

/* "0.8561-0.9000"; with "to" when a minus sign would be confusing. */
static void interval_text(char text[48], acf_ci ci)
{
    text[0] = '\0';
    if (!isnan(ci.low))
        (void)snprintf(text, 48, ci.low < 0.0 ? "%.4f to %.4f" : "%.4f-%.4f", ci.low, ci.high);
}

static void choose(acf_metric *list, int *n, const char *name)
{
    acf_metric metric = (acf_metric)acf_metric_parse(name);
    for (int i = 0; i < *n; i++)
        if (list[i] == metric) return;
    list[(*n)++] = metric;
}

int acf_report_choice(acf_metric list[ACF_TASK_METRICS + 1], const acf_eval_result *r,
                      const acf_task *task, const char *first)
{
    static const char *const usual[] = {"accuracy", NULL};
    static const char *const scores[] = {"pearson", "spearman", NULL};
    const char *const *names = r->K == 0 ? scores : task != NULL ? task->metric : usual;
    int n = 0;
    if (first != NULL) choose(list, &n, first);
    for (int k = 0; k < ACF_TASK_METRICS && names[k] != NULL; k++)
        choose(list, &n, names[k]);
    return n;
}

/* Whose F1 it is: of two classes the second's alone; NULL: of all. */
static const char *f1_label(const acf_eval_result *r, int metric, const char *const *names)
{
    return metric == ACF_METRIC_F1 && r->K == 2 ? names[1] : NULL;
}

acf_status acf_report_headline(acf_str *out, const acf_eval_result *r, const acf_metric *metric,
                               int n, const char *const *names, acf_error *e)
{
    char label[NAME_BYTES];
    const acf_metrics *m = r->head == ACF_HEAD_LINEAR ? &r->linear : &r->label;
    for (int i = 0; i < n; i++) {
        double x;
        char ci[48];
        if (!acf_metric_get(&x, r, r->head, metric[i])) continue;
        interval_text(ci, m->ci[metric[i]]);
        ACF_TRY(acf_str_printf(out, e, "%s = %.4f%s%s%s", acf_metric_name(metric[i]), x,
                               ci[0] == '\0' ? "" : "  (95 % CI ", ci, ci[0] == '\0' ? "" : ")"));
        const char *of = f1_label(r, (int)metric[i], names);
        ACF_TRY(of == NULL ? acf_str_puts(out, "\n", e)
                           : acf_str_printf(out, e, ", of '%s'\n", pad(label, of, width_of(of))));
    }
    return ACF_OK;
}

/* "  0.8790  0.8561-0.9000" of one head, or nothing. */
static void figure_text(char text[80], const acf_metrics *m, int metric)
{
    char ci[48];
    text[0] = '\0';
    if (m->n == 0 || isnan(m->value[metric])) return;
    interval_text(ci, m->ci[metric]);
    (void)snprintf(text, 80, "%9.4f%s%s", m->value[metric], ci[0] == '\0' ? "" : "  ", ci);
}

/* "  f1 ('miss')" and blanks: the first column. */
static acf_status put_metric(acf_str *out, int metric, const char *of, acf_error *e)
{
    enum { WIDTH = 24, LONGEST = WIDTH - 7 }; /* what "f1 ('')" leaves */
    char name[NAME_BYTES];
    const char *what = acf_metric_name((acf_metric)metric);
    if (of == NULL) return acf_str_printf(out, e, "  %-*s", WIDTH, what);
    int width = width_of(of) < LONGEST ? width_of(of) : LONGEST;
    return acf_str_printf(out, e, "  %s ('%s')%*s", what, pad(name, of, width), LONGEST - width,
                          "");
}

static acf_status heads(acf_str *out, const acf_eval_result *r, const char *const *names,
                        acf_error *e)
{
    bool both = r->label.n > 0;
    bool ci = !isnan(r->linear.ci[r->K > 0 ? ACF_METRIC_ACCURACY : ACF_METRIC_MSE].low);
    const char *note = ci ? "  95 % CI" : "";
    char title[48];
    (void)snprintf(title, sizeof title, r->K > 0 ? "%zu rows, %d classes" : "%zu rows", r->n, r->K);
    ACF_TRY(acf_str_printf(out, e, "%-26s%9s%s%*s%s\n", title, "linear", note,
                           both ? 29 - (int)strlen(note) : 0, both ? "label" : "",
                           both ? note : ""));
    for (int i = 0; i < ACF_METRIC_COUNT; i++) {
        char linear[80], label[80];
        if (i == ACF_METRIC_LOG_LOSS) continue;          /* the line "loss" says it */
        if (i == ACF_METRIC_LOSS && r->K == 0) continue; /* the line "mse" says it */
        figure_text(linear, &r->linear, i);
        figure_text(label, &r->label, i);
        if (linear[0] == '\0' && label[0] == '\0') continue;
        ACF_TRY(put_metric(out, i, f1_label(r, i, names), e));
        ACF_TRY(acf_str_printf(out, e, "%*s%s\n", label[0] == '\0' ? 0 : -29, linear, label));
    }
    return ACF_OK;
}

typedef struct ranked {
    double key;
    int gold, pred;
} ranked;

static int ascending(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->key != q->key) return p->key < q->key ? -1 : 1;
    if (p->gold != q->gold) return p->gold < q->gold ? -1 : 1;
    return p->pred < q->pred ? -1 : p->pred > q->pred;
}

/* Which classes to list: all, or those of the lowest F1 that occur; *n of them in order. */
static ranked *choose_classes(int *n, const acf_metrics *m, acf_error *e)
{
    ranked *list = acf_alloc((size_t)m->K, sizeof *list, "class table", e);
    if (list == NULL) return NULL;
    *n = 0;
    for (int k = 0; k < m->K; k++)
        if (m->K <= ACF_REPORT_CLASSES_MAX || m->cls[k].support > 0)
            list[(*n)++] = (ranked){m->cls[k].f1, k, 0};
    if (m->K <= ACF_REPORT_CLASSES_MAX) return list;
    if (*n > 1) qsort(list, (size_t)*n, sizeof *list, ascending);
    if (*n > WORST_CLASSES) *n = WORST_CLASSES;
    return list;
}

static acf_status classes(acf_str *out, const acf_eval_result *r, const acf_metrics *main_head,
                          const char *const *names, acf_error *e)
{
    char name[NAME_BYTES];
    int n, width = name_width(names, r->K);
    bool both = r->label.n > 0;
    ranked *list = choose_classes(&n, main_head, e);
    if (list == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    if (r->K > ACF_REPORT_CLASSES_MAX)
        st =
            acf_str_printf(out, e, "\nthe %d classes of the lowest F1 (all %d: --json)\n", n, r->K);
    else
        st = acf_str_puts(out, "\n", e);
    if (st == ACF_OK)
        st = acf_str_printf(out, e, both ? "%*s  %-24s   label\n" : "%*s  %s\n", width + 10, "",
                            "linear");
    if (st == ACF_OK)
        st = acf_str_printf(out, e, "  %s%8s  precision  recall     F1%s\n",
                            pad(name, "class", width), "rows",
                            both ? "   precision  recall     F1" : "");
    for (int i = 0; i < n && st == ACF_OK; i++) {
        int k = list[i].gold;
        const acf_class_figures *a = &r->linear.cls[k];
        st = acf_str_printf(out, e, "  %s%8lld  %9.4f  %6.4f %6.4f", pad(name, names[k], width),
                            (long long)a->support, a->precision, a->recall, a->f1);
        if (st != ACF_OK) break;
        if (both) {
            const acf_class_figures *b = &r->label.cls[k];
            st = acf_str_printf(out, e, "   %9.4f  %6.4f %6.4f", b->precision, b->recall, b->f1);
        }
        if (st == ACF_OK) st = acf_str_puts(out, "\n", e);
    }
    acf_free(list);
    return st;
}

static acf_status matrix(acf_str *out, const acf_metrics *m, const char *head,
                         const char *const *names, acf_error *e)
{
    char name[NAME_BYTES];
    int width = name_width(names, m->K);
    ACF_TRY(acf_str_printf(out, e, "\nconfusion of the %s head: rows = gold, columns = predicted\n",
                           head));
    ACF_TRY(acf_str_printf(out, e, "  %*s", width, ""));
    for (int p = 0; p < m->K; p++)
        ACF_TRY(acf_str_printf(out, e, "  %s", pad(name, names[p], 8)));
    ACF_TRY(acf_str_puts(out, "\n", e));
    for (int g = 0; g < m->K; g++) {
        ACF_TRY(acf_str_printf(out, e, "  %s", pad(name, names[g], width)));
        for (int p = 0; p < m->K; p++)
            ACF_TRY(acf_str_printf(out, e, "  %-8lld", (long long)m->confusion[g * m->K + p]));
        ACF_TRY(acf_str_puts(out, "\n", e));
    }
    return ACF_OK;
}

static acf_status top_confusions(acf_str *out, const acf_metrics *m, const char *head,
                                 const char *const *names, acf_error *e)
{
    size_t n_cell = acf_metrics_cells(NULL, m), n = 0;
    acf_status st = ACF_ERR_RESOURCE;
    acf_cell *cell = acf_alloc(n_cell, sizeof *cell, "confusion cells", e);
    ranked *list = acf_alloc(n_cell, sizeof *list, "confusions", e);
    if (cell == NULL || list == NULL) goto done;
    (void)acf_metrics_cells(cell, m);
    for (size_t i = 0; i < n_cell; i++)
        if (cell[i].gold != cell[i].pred)
            list[n++] = (ranked){-(double)cell[i].count, cell[i].gold, cell[i].pred};
    if (n > 1) qsort(list, n, sizeof *list, ascending);
    if (n > TOP_CONFUSIONS) n = TOP_CONFUSIONS;
    st = n == 0 ? ACF_OK
                : acf_str_printf(out, e, "\nmost frequent confusions of the %s head\n", head);
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        char gold[NAME_BYTES], pred[NAME_BYTES];
        int width = name_width(names, m->K);
        double share = -100.0 * list[i].key / (double)m->cls[list[i].gold].support;
        st = acf_str_printf(out, e, "  %s -> %s %7.0f  (%.1f %% of its rows)\n",
                            pad(gold, names[list[i].gold], width),
                            pad(pred, names[list[i].pred], width), -list[i].key, share);
    }
done:
    acf_free(list);
    acf_free(cell);
    return st;
}

static acf_status space_line(acf_str *out, const char *what, double x, const char *note,
                             acf_error *e)
{
    if (isnan(x)) return ACF_OK;
    return acf_str_printf(out, e, "  %-26s%9.4f%s\n", what, x, note);
}

static acf_status space(acf_str *out, const acf_space *s, acf_error *e)
{
    char note[64];
    (void)snprintf(note, sizeof note, "  (sample of %zu rows)", s->n_sample);
    ACF_TRY(acf_str_puts(out, "\nthe space\n", e));
    ACF_TRY(space_line(out, "agreement of the heads", s->agreement, "", e));
    ACF_TRY(space_line(out, "cosine to the own label", s->label_cosine, "", e));
    ACF_TRY(space_line(out, "alignment", s->alignment, "  (0: every class a point)", e));
    ACF_TRY(space_line(out, "uniformity", s->uniformity, note, e));
    ACF_TRY(space_line(out, "mean pairwise cosine", s->mean_cosine, "  (1: collapsed)", e));
    return space_line(out, "effective rank", s->effective_rank, note, e);
}

acf_status acf_report_full(acf_str *out, const acf_eval_result *r, const char *const *names,
                           acf_error *e)
{
    const acf_metrics *m = r->head == ACF_HEAD_LINEAR ? &r->linear : &r->label;
    ACF_TRY(heads(out, r, names, e));
    if (r->K == 0) return ACF_OK;
    ACF_TRY(classes(out, r, m, names, e));
    if (r->K <= ACF_REPORT_MATRIX_MAX)
        ACF_TRY(matrix(out, m, acf_head_name(r->head), names, e));
    else
        ACF_TRY(top_confusions(out, m, acf_head_name(r->head), names, e));
    return r->has_space ? space(out, &r->space, e) : ACF_OK;
}
