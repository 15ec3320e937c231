#include "compare/compare_report.h"

#include "base/cstring.h"
#include "base/io.h"
#include "base/mem.h"
#include "loss/head.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 64, PAIR = 2 * NAME + 8, HEADS = 48 };

/* The text while it is put together. */
typedef struct page {
    const acf_compare *c;
    acf_str *out;
    char (*name)[NAME]; /* [n_runs] */
    int width;          /* of the first column */
    bool has_holm;
    size_t n_tests; /* pairs that have a p */
} page;

static void cut(char out[NAME], const char *text)
{
    size_t len = strlen(text);
    while (len > 1 && text[len - 1] == '/')
        len--;
    if (len < NAME)
        (void)snprintf(out, NAME, "%.*s", (int)len, text);
    else /* the end of a path tells more */
        (void)snprintf(out, NAME, "...%s", text + len - (NAME - 4));
    acf_make_printable(out);
}

/* The last part of each path, the whole paths where two have the same. */
static void name_runs(page *p)
{
    bool is_unique = true;
    for (int i = 0; i < p->c->n_runs; i++) {
        cut(p->name[i], p->c->path[i]);
        const char *slash = strrchr(p->name[i], '/');
        const char *last = slash != NULL && slash[1] != '\0' ? slash + 1 : p->name[i];
        memmove(p->name[i], last, strlen(last) + 1);
        for (int k = 0; k < i; k++)
            is_unique = is_unique && strcmp(p->name[i], p->name[k]) != 0;
    }
    for (int i = 0; !is_unique && i < p->c->n_runs; i++)
        cut(p->name[i], p->c->path[i]);
}

static void probability(char text[16], double p)
{
    (void)snprintf(text, 16, p < 0.0001 ? "<0.0001" : "%.4f", p);
}

static acf_status put_header(const page *p, acf_error *e)
{
    return acf_str_printf(p->out, e, "%-*s  %8s  %8s  difference  95 %% interval        %7s%s\n",
                          p->width, "", "first", "second", "p", p->has_holm ? "     Holm" : "");
}

/* One line of the table; `label` is its first column. */
static acf_status put_row(const page *p, const char *label, const acf_compare_pair *pair,
                          const acf_compare_row *row, acf_error *e)
{
    const acf_paired_test *t = &row->test;
    int better = acf_compare_verdict_of_row(row);
    char chance[16], holm[16];
    probability(chance, t->p);
    probability(holm, row->p_holm);
    ACF_TRY(acf_str_printf(p->out, e, "%-*s  %8.4f  %8.4f  %+10.4f  %+.4f to %+.4f  %7s", p->width,
                           label, t->mean[0], t->mean[1], t->difference, t->ci.low, t->ci.high,
                           chance));
    if (p->has_holm) ACF_TRY(acf_str_printf(p->out, e, "  %7s", holm));
    if (better < 0) return acf_str_puts(p->out, "  no difference shown at 5 %\n", e);
    return acf_str_printf(p->out, e, "  %s is better\n", p->name[pair->run[better]]);
}

static const char *name_head(int head)
{
    return head < 0 ? "unknown" : acf_head_name((acf_head)head);
}

/* ", linear head against label head"; "" where nothing is known or there is no choice. */
static const char *head_of(char text[HEADS], const acf_compare_row *row)
{
    const int *head = row->head;
    text[0] = '\0';
    if (row->metric >= ACF_METRIC_LOSS && row->metric <= ACF_METRIC_SPEARMAN) return text;
    if (row->metric == ACF_METRIC_MSE || (head[0] < 0 && head[1] < 0)) return text;
    if (head[0] == head[1])
        (void)snprintf(text, HEADS, ", %s head", name_head(head[0]));
    else
        (void)snprintf(text, HEADS, ", %s head against %s head", name_head(head[0]),
                       name_head(head[1]));
    return text;
}

static bool is_same_head(const acf_compare_row *a, const acf_compare_row *b)
{
    char first[HEADS], second[HEADS];
    return strcmp(head_of(first, a), head_of(second, b)) == 0;
}

/* head_of of all tasks of a pair that have a choice of heads; false: they differ. */
static bool has_one_head(char text[HEADS], const acf_compare_pair *pair)
{
    text[0] = '\0';
    for (size_t k = 0; k < pair->n_rows; k++) {
        char own[HEADS];
        if (*head_of(own, &pair->row[k]) == '\0') continue;
        if (text[0] != '\0' && strcmp(own, text) != 0) return false;
        (void)snprintf(text, HEADS, "%s", own);
    }
    return true;
}

/* "task, accuracy", and the heads where the line above the table cannot tell them. */
static void name_row(char label[PAIR], const acf_compare_pair *pair, const acf_compare_row *row)
{
    char heads[HEADS], all[HEADS];
    (void)snprintf(label, PAIR, "%.60s, %s%s", row->task, acf_metric_name(row->metric),
                   has_one_head(all, pair) ? "" : head_of(heads, row));
    acf_make_printable(label);
}

static acf_status put_size(const page *p, const acf_compare_row *row, acf_error *e)
{
    size_t total = 0;
    bool is_even = true;
    const char *kind = row->kind == ACF_FOUND_FOLDS ? "fold" : "seed";
    for (size_t i = 0; i < row->n_parts; i++) {
        total += row->n[i];
        is_even = is_even && row->n[i] == row->n[0];
    }
    if (row->kind == ACF_FOUND_RUN)
        return acf_str_printf(p->out, e, "one run each, %zu examples", total);
    ACF_TRY(acf_str_printf(p->out, e, "%zu %s%s of ", row->n_parts, kind,
                           row->n_parts == 1 ? "" : "s"));
    if (row->is_crossed && row->n_parts > 1)
        return acf_str_printf(p->out, e, "the same %zu examples", row->n[0]);
    if (is_even) return acf_str_printf(p->out, e, "%zu examples", row->n[0]);
    return acf_str_printf(p->out, e, "%zu examples together", total);
}

/* How p and interval came about, and what they do not say. */
static acf_status put_method(const page *p, const acf_compare_row *row, acf_error *e)
{
    const char *parts = row->kind == ACF_FOUND_FOLDS ? "folds" : "seeds";
    if (row->n_parts > 1)
        return acf_str_printf(
            p->out, e,
            "p: the larger of hierarchical bootstrap (%s, examples; %d draws) and Student's t over "
            "%s;\ninterval: what both hold\n",
            parts, p->c->opt.n_draws, parts);
    return acf_str_printf(p->out, e,
                          "p: %s; interval: paired bootstrap, %d draws\n"
                          "one run each: how far other seeds would be apart, this cannot tell\n",
                          row->test.has_mcnemar ? "exact McNemar test"
                                                : "approximate randomization",
                          p->c->opt.n_draws);
}

static acf_status put_parts(const page *p, const acf_compare_row *row, acf_error *e)
{
    if (row->n_parts < 2) return ACF_OK;
    ACF_TRY(acf_str_printf(p->out, e, "by %s:", row->kind == ACF_FOUND_FOLDS ? "fold" : "seed"));
    for (size_t i = 0; i < row->n_parts; i++)
        ACF_TRY(acf_str_printf(p->out, e, " %+.4f", row->figure[1][i] - row->figure[0][i]));
    return acf_str_puts(p->out, "\n", e);
}

/* Do all pairs have as many parts of the same sizes in common? */
static bool is_uniform(const acf_compare *c)
{
    const acf_compare_row *first = &c->pair[0].row[0];
    for (size_t i = 1; i < c->n_pairs; i++) {
        const acf_compare_row *row = &c->pair[i].row[0];
        if (row->kind != first->kind || row->n_parts != first->n_parts ||
            memcmp(row->n, first->n, first->n_parts * sizeof *row->n) != 0)
            return false;
    }
    return true;
}

static void name_pair(char label[PAIR], const page *p, const acf_compare_pair *pair)
{
    (void)snprintf(label, PAIR, "%s -> %s", p->name[pair->run[0]], p->name[pair->run[1]]);
}

/* The method of single runs, of seeds or folds, or both, as the pairs have them. */
static acf_status put_methods(const page *p, acf_error *e)
{
    const acf_compare_row *single = NULL, *series = NULL;
    for (size_t i = 0; i < p->c->n_pairs; i++) {
        const acf_compare_row *row = &p->c->pair[i].row[0];
        *(row->n_parts > 1 ? &series : &single) = row;
    }
    if (single != NULL) ACF_TRY(put_method(p, single, e));
    return series != NULL ? put_method(p, series, e) : ACF_OK;
}

static acf_status put_plain(page *p, acf_error *e)
{
    const acf_compare *c = p->c;
    const acf_compare_row *row = &c->pair[0].row[0];
    bool uniform = is_uniform(c), one_head = true;
    char label[PAIR], heads[HEADS];
    for (size_t i = 1; i < c->n_pairs; i++)
        one_head = one_head && is_same_head(row, &c->pair[i].row[0]);
    ACF_TRY(acf_str_printf(p->out, e, "%s on %s%s: ", acf_metric_name(row->metric), c->opt.split,
                           one_head ? head_of(heads, row) : ", each run's own head"));
    ACF_TRY(uniform ? put_size(p, row, e)
                    : acf_str_puts(p->out, "what each two have in common", e));
    ACF_TRY(acf_str_puts(p->out, "\n\n", e));
    ACF_TRY(put_header(p, e));
    for (size_t i = 0; i < c->n_pairs; i++) {
        name_pair(label, p, &c->pair[i]);
        ACF_TRY(put_row(p, label, &c->pair[i], &c->pair[i].row[0], e));
    }
    ACF_TRY(acf_str_puts(p->out, "\n", e));
    for (size_t i = 0; !(uniform && one_head) && i < c->n_pairs; i++) {
        name_pair(label, p, &c->pair[i]);
        ACF_TRY(acf_str_printf(p->out, e, "%s: ", label));
        ACF_TRY(put_size(p, &c->pair[i].row[0], e));
        ACF_TRY(
            acf_str_printf(p->out, e, "%s\n", one_head ? "" : head_of(heads, &c->pair[i].row[0])));
    }
    if (c->n_pairs == 1) ACF_TRY(put_parts(p, row, e));
    return put_methods(p, e);
}

/* What the test over tasks says, after its p. */
static acf_status put_verdict(const page *p, const acf_compare_pair *pair, acf_error *e)
{
    int better = acf_compare_verdict(pair);
    const acf_gains *g = &pair->gains;
    if (better >= 0)
        return acf_str_printf(p->out, e, ": %s is better\n", p->name[pair->run[better]]);
    if (pair->p_holm <= ACF_COMPARE_ALPHA)
        return acf_str_puts(p->out, ": ranks and mean gain disagree, neither is better\n", e);
    if (g->wilcoxon.n == 0) return acf_str_puts(p->out, ": all tasks tie\n", e);
    if (!acf_gains_can_reach(g, ACF_COMPARE_ALPHA, p->n_tests)) {
        bool one = g->wilcoxon.n == 1;
        ACF_TRY(acf_str_printf(p->out, e, ": %zu %s too few for a test at 5 %%, which needs %zu",
                               g->wilcoxon.n,
                               one ? "task that differs is" : "tasks that differ are",
                               acf_gains_least_tasks(ACF_COMPARE_ALPHA, p->n_tests)));
        if (p->n_tests == 1) return acf_str_puts(p->out, "\n", e);
        return acf_str_printf(p->out, e, " with %zu tests\n", p->n_tests);
    }
    return acf_str_puts(p->out, ": no difference shown at 5 %\n", e);
}

/* All tasks together; one task's row has said all. */
static acf_status put_sum(const page *p, const acf_compare_pair *pair, acf_error *e)
{
    char chance[16], holm[16];
    const acf_gains *g = &pair->gains;
    if (g->n_tasks == 1) return ACF_OK;
    if (g->is_mixed)
        return acf_str_printf(p->out, e,
                              "no mean gain and no test over metrics of both directions; %zu won, "
                              "%zu tied, %zu lost\n",
                              g->wins, g->ties, g->losses);
    probability(chance, pair->p);
    probability(holm, pair->p_holm);
    ACF_TRY(acf_str_printf(p->out, e,
                           "mean gain of %zu tasks %+.4f, 95 %% interval %+.4f to %+.4f; %zu won, "
                           "%zu tied, %zu lost\nWilcoxon signed-rank test (%s): p %s",
                           g->n_tasks, g->gain, g->ci.low, g->ci.high, g->wins, g->ties, g->losses,
                           g->wilcoxon.is_exact ? "exact" : "normal approximation", chance));
    if (p->c->n_pairs > 1) ACF_TRY(acf_str_printf(p->out, e, ", Holm %s", holm));
    return put_verdict(p, pair, e);
}

static acf_status put_tasks(page *p, acf_error *e)
{
    const acf_compare *c = p->c;
    bool is_single = false, is_series = false, has_seeds = false, has_folds = false;
    bool has_mean = false;
    for (size_t i = 0; i < c->n_pairs; i++) {
        const acf_compare_pair *pair = &c->pair[i];
        const char *first = p->name[pair->run[0]], *second = p->name[pair->run[1]];
        char label[PAIR], heads[HEADS];
        ACF_TRY(acf_str_printf(p->out, e, "%s%s -> %s on %s%s\n\n", i > 0 ? "\n" : "", first,
                               second, c->opt.split, has_one_head(heads, pair) ? heads : ""));
        ACF_TRY(put_header(p, e));
        for (size_t k = 0; k < pair->n_rows; k++) {
            const acf_compare_row *row = &pair->row[k];
            name_row(label, pair, row);
            ACF_TRY(put_row(p, label, pair, row, e));
            *(row->n_parts > 1 ? &is_series : &is_single) = true;
            *(row->kind == ACF_FOUND_FOLDS ? &has_folds : &has_seeds) |= row->n_parts > 1;
        }
        ACF_TRY(acf_str_puts(p->out, "\n", e));
        ACF_TRY(put_sum(p, pair, e));
        has_mean = has_mean || (pair->gains.n_tasks > 1 && !pair->gains.is_mixed);
    }
    if (is_single)
        ACF_TRY(acf_str_printf(p->out, e,
                               "p of one run: exact McNemar test for accuracy, else approximate "
                               "randomization; interval: paired bootstrap, %d draws\n",
                               c->opt.n_draws));
    if (is_series) {
        const char *parts = !has_folds ? "seeds" : has_seeds ? "seeds or folds" : "folds";
        ACF_TRY(acf_str_printf(p->out, e,
                               "p of a task: the larger of hierarchical bootstrap (%s, examples; "
                               "%d draws) and Student's t over %s; interval: what both hold\n",
                               parts, c->opt.n_draws, parts));
    }
    if (!has_mean) return ACF_OK;
    return acf_str_puts(
        p->out, "interval of the mean gain: hierarchical bootstrap (tasks, then seeds)\n", e);
}

/* The width of the first column, and how many tests there are. */
static void measure(page *p)
{
    size_t n = 0, most = 0;
    for (size_t i = 0; i < p->c->n_pairs; i++) {
        const acf_compare_pair *pair = &p->c->pair[i];
        if (!isnan(pair->p)) p->n_tests++;
        for (size_t k = 0; k < pair->n_rows; k++, n++) {
            const acf_compare_row *row = &pair->row[k];
            char label[PAIR];
            if (p->c->has_tasks)
                name_row(label, pair, row);
            else
                name_pair(label, p, pair);
            size_t len = strlen(label);
            if (len > most) most = len;
        }
    }
    p->width = (int)most;
    p->has_holm = n > 1;
}

acf_status acf_compare_text(acf_str *out, const acf_compare *c, acf_error *e)
{
    page p = {.c = c, .out = out};
    p.name = acf_alloc((size_t)c->n_runs, sizeof *p.name, "names of runs", e);
    if (p.name == NULL) return ACF_ERR_RESOURCE;
    name_runs(&p);
    measure(&p);
    acf_status st = c->has_tasks ? put_tasks(&p, e) : put_plain(&p, e);
    if (st == ACF_OK && p.has_holm)
        st = acf_str_puts(out, "Holm: p corrected for as many tests as the table has\n", e);
    acf_free(p.name);
    return st;
}
