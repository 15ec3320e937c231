#include "run/compare.h"

#include "base/mem.h"
#include "loss/head.h"
#include "run/answers.h"
#include "run/bootstrap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int acf_compare_verdict(double gain, double p_holm)
{
    if (!(p_holm <= ACF_COMPARE_ALPHA) || gain == 0.0) return -1;
    return gain > 0.0;
}

/* One pair on one task, while it is read. */
typedef struct reading {
    const acf_compare *c;
    const acf_found_task *task[2];
    const char *path[2]; /* as the user named them */
    acf_label_pool pool;
    acf_answers *answers[2]; /* [n_parts] */
    acf_run_facts facts[2];  /* of the first parts */
    size_t (*member)[2];     /* [n_parts] places in task[k]->run */
    bool has_labels;         /* both runs note the same labels */
    bool told_texts;
} reading;

/* The runs that both have, by number. */
static acf_status match(acf_compare_row *row, reading *r, acf_error *e)
{
    const acf_found_task *a = r->task[0], *b = r->task[1];
    const char *kind = a->kind == ACF_FOUND_FOLDS ? "fold" : "seed";
    size_t most = a->n < b->n ? a->n : b->n, i = 0, j = 0;
    r->member = acf_alloc(most, sizeof *r->member, "pairs of runs", e);
    row->number = acf_alloc(most, sizeof *row->number, "pairs of runs", e);
    if (r->member == NULL || row->number == NULL) return ACF_ERR_RESOURCE;
    while (i < a->n || j < b->n) {
        if (i < a->n && j < b->n && a->run[i].number == b->run[j].number) {
            row->number[row->n_parts] = a->run[i].number;
            r->member[row->n_parts][0] = i++;
            r->member[row->n_parts++][1] = j++;
            continue;
        }
        bool first = j == b->n || (i < a->n && a->run[i].number < b->run[j].number);
        const acf_found_run *alone = first ? &a->run[i++] : &b->run[j++];
        acf_log_warn(r->c->opt.log, "%s: left out, no finished %s %lld to compare it with",
                     alone->dir, kind, (long long)alone->number);
    }
    if (row->n_parts > 0) return ACF_OK;
    return acf_fail(e, ACF_ERR_MODEL, "%s and %s: no %s that both have", a->run[0].dir,
                    b->run[0].dir, kind);
}

static const char *kind_name(acf_found_kind kind)
{
    static const char *const name[] = {"one run", "a series of seeds", "a series of folds"};
    return name[kind];
}

/* Of a pair: what its runs note of themselves; the labels get the ids that they have there. */
static acf_status read_facts(reading *r, acf_error *e)
{
    r->has_labels = true;
    for (int k = 0; k < 2; k++) {
        ACF_TRY(acf_run_facts_read(&r->facts[k], r->task[k]->run[r->member[0][k]].dir, e));
        r->has_labels = r->has_labels && r->facts[k].labels != NULL;
        for (size_t i = 0; i < r->facts[k].K; i++) {
            int32_t id;
            ACF_TRY(acf_label_pool_add(&id, &r->pool, r->facts[k].labels[i], e));
            r->has_labels = r->has_labels && id == (int32_t)i;
        }
    }
    return ACF_OK;
}

static acf_status choose_metric(acf_compare_row *row, const reading *r, acf_error *e)
{
    int asked = r->c->opt.metric;
    const char *dir[2];
    for (int k = 0; k < 2; k++) {
        dir[k] = r->task[k]->run[r->member[0][k]].dir;
        row->head[k] = r->facts[k].head;
        if (asked < 0 && r->facts[k].metric < 0)
            return acf_fail(e, ACF_ERR_USAGE,
                            "%s: no eval_results.json that names a metric: say which with --metric",
                            dir[k]);
    }
    if (asked < 0 && r->facts[0].metric != r->facts[1].metric)
        return acf_fail(e, ACF_ERR_USAGE,
                        "%s was measured by %s, %s by %s: say which with --metric", dir[0],
                        acf_metric_name((acf_metric)r->facts[0].metric), dir[1],
                        acf_metric_name((acf_metric)r->facts[1].metric));
    row->metric = (acf_metric)(asked < 0 ? r->facts[0].metric : asked);
    return ACF_OK;
}

/* The column with the answers of the head that is asked for. */
static const char *choose_column(const acf_run_facts *facts, int head)
{
    if (head < 0 || head == facts->head) return "pred";
    return head == ACF_HEAD_LINEAR ? "linear_pred" : "label_pred";
}

/* The answers of one run. */
static acf_status read_answers(acf_answers *a, reading *r, int k, const char *dir, acf_error *e)
{
    char *path = acf_found_predictions(dir, r->c->opt.split, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    const char *column = choose_column(&r->facts[k], r->c->opt.head);
    acf_status st = acf_answers_read(a, &r->pool, path, column, e);
    acf_free(path);
    return st;
}

static acf_status check_examples(reading *r, size_t part, const char *const dir[2], acf_error *e)
{
    const acf_answers *a = &r->answers[0][part], *b = &r->answers[1][part];
    size_t at;
    if (!acf_answers_same_labels(&at, a, b) && a->n != b->n)
        return acf_fail(e, ACF_ERR_DATA, "%s and %s: %zu and %zu examples, not the same ones",
                        dir[0], dir[1], a->n, b->n);
    if (!acf_answers_same_labels(&at, a, b))
        return acf_fail(e, ACF_ERR_DATA, "%s and %s: not the same examples: example %zu has %s",
                        dir[0], dir[1], at,
                        a->is_regression != b->is_regression
                            ? "a number in one, a label in the other"
                            : "different labels");
    if (r->told_texts || strcmp(a->texts, b->texts) == 0) return ACF_OK;
    r->told_texts = true;
    acf_log_warn(r->c->opt.log,
                 "%s and %s: other texts with the same labels, compared as the same examples",
                 dir[0], dir[1]);
    return ACF_OK;
}

static acf_status read_parts(acf_compare_row *row, reading *r, acf_error *e)
{
    row->n = acf_alloc(row->n_parts, sizeof *row->n, "examples", e);
    if (row->n == NULL) return ACF_ERR_RESOURCE;
    for (int k = 0; k < 2; k++) {
        r->answers[k] = acf_alloc(row->n_parts, sizeof *r->answers[k], "answers", e);
        row->figure[k] = acf_alloc(row->n_parts, sizeof *row->figure[k], "figures", e);
        if (r->answers[k] == NULL || row->figure[k] == NULL) return ACF_ERR_RESOURCE;
    }
    row->is_crossed = true;
    for (size_t i = 0; i < row->n_parts; i++) {
        const char *dir[2];
        size_t at;
        for (int k = 0; k < 2; k++) {
            dir[k] = r->task[k]->run[r->member[i][k]].dir;
            ACF_TRY(read_answers(&r->answers[k][i], r, k, dir[k], e));
        }
        ACF_TRY(check_examples(r, i, dir, e));
        const acf_answers *one = &r->answers[0][0], *this = &r->answers[0][i];
        row->n[i] = this->n;
        row->is_crossed = row->is_crossed && acf_answers_same_labels(&at, one, this) &&
                          strcmp(one->texts, this->texts) == 0;
        if (one->is_regression != this->is_regression)
            return acf_fail(e, ACF_ERR_DATA, "%s and %s: labels in one, numbers in the other",
                            r->task[0]->run[r->member[0][0]].dir, dir[0]);
    }
    return ACF_OK;
}

static acf_status check_metric(const acf_compare_row *row, const reading *r, acf_error *e)
{
    bool is_regression = r->answers[0][0].is_regression;
    const char *dir = r->task[0]->run[r->member[0][0]].dir;
    if (is_regression && r->c->opt.head == ACF_HEAD_LABEL)
        return acf_fail(e, ACF_ERR_USAGE, "%s: a regression has no label head", dir);
    if (!acf_paired_has_metric(row->metric, is_regression))
        return acf_fail(e, ACF_ERR_USAGE,
                        "%s: %s cannot be told from predictions of %s: --metric takes %s", dir,
                        acf_metric_name(row->metric), is_regression ? "numbers" : "labels",
                        is_regression ? "pearson, spearman, mse"
                                      : "accuracy, balanced_accuracy, f1, macro_f1, mcc, "
                                        "micro_f1, weighted_f1");
    if (row->metric == ACF_METRIC_F1 && (!r->has_labels || (size_t)r->pool.K != r->facts[0].K))
        return acf_fail(e, ACF_ERR_USAGE,
                        "%s and %s: f1 needs to know which label is the positive one, and their "
                        "eval_results.json do not both say the same; --metric macro_f1 does not",
                        dir, r->task[1]->run[r->member[0][1]].dir);
    return ACF_OK;
}

static acf_status test_row(acf_compare_row *row, const reading *r, acf_error *e)
{
    acf_paired p = {0};
    const acf_found_run *last = &r->task[0]->run[r->task[0]->n - 1];
    const acf_paired_options opt = {.n_draws = r->c->opt.n_draws,
                                    .n_folds =
                                        row->kind == ACF_FOUND_FOLDS ? (int)last->number : 0};
    acf_paired_part *part = acf_alloc(row->n_parts, sizeof *part, "pairs of runs", e);
    if (part == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < row->n_parts; i++) {
        const acf_answers *a = &r->answers[0][i], *b = &r->answers[1][i];
        part[i] = (acf_paired_part){.n = a->n,
                                    .gold = a->gold,
                                    .answer = {a->pred, b->pred},
                                    .target = a->target,
                                    .value = {a->value, b->value}};
    }
    int K = r->answers[0][0].is_regression ? 0 : r->pool.K;
    acf_status st = acf_paired_open(&p, row->metric, K, part, row->n_parts, row->is_crossed, e);
    if (st == ACF_OK)
        st = acf_paired_test_run(&row->test, row->figure[0], row->figure[1], &p, &opt, e);
    if (st == ACF_ERR_DATA)
        st = acf_context(e, "%s and %s", r->task[0]->run[r->member[0][0]].dir,
                         r->task[1]->run[r->member[0][1]].dir);
    row->gain =
        acf_metric_larger_is_better(row->metric) ? row->test.difference : -row->test.difference;
    acf_paired_close(&p);
    acf_free(part);
    return st;
}

static acf_status fill_row(acf_compare_row *row, reading *r, acf_error *e)
{
    const acf_found_task *a = r->task[0], *b = r->task[1];
    row->task = a->name;
    row->kind = a->kind;
    if (a->kind != b->kind)
        return acf_fail(e, ACF_ERR_MODEL, "%s%s%s is %s, %s%s%s %s: compare like with like",
                        r->path[0], *a->name != '\0' ? "/" : "", a->name, kind_name(a->kind),
                        r->path[1], *b->name != '\0' ? "/" : "", b->name, kind_name(b->kind));
    ACF_TRY(match(row, r, e));
    ACF_TRY(read_facts(r, e));
    ACF_TRY(choose_metric(row, r, e));
    ACF_TRY(read_parts(row, r, e));
    ACF_TRY(check_metric(row, r, e));
    return test_row(row, r, e);
}

static acf_status open_row(acf_compare_row *row, const acf_compare *c, const int run[2],
                           const acf_found_task *a, const acf_found_task *b, acf_error *e)
{
    reading r = {.c = c, .task = {a, b}, .path = {c->path[run[0]], c->path[run[1]]}};
    acf_status st = fill_row(row, &r, e);
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; r.answers[k] != NULL && i < row->n_parts; i++)
            acf_answers_free(&r.answers[k][i]);
        acf_free(r.answers[k]);
        acf_run_facts_free(&r.facts[k]);
    }
    acf_free(r.member);
    acf_label_pool_free(&r.pool);
    return st;
}

static const acf_found_task *find_task(const acf_found *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->task[i].name, name) == 0) return &f->task[i];
    return NULL;
}

/* Tasks that only one of the pair has. */
static void tell_alone(const acf_compare *c, int run, int other)
{
    for (size_t i = 0; i < c->found[run].n; i++)
        if (find_task(&c->found[other], c->found[run].task[i].name) == NULL)
            acf_log_warn(c->opt.log, "%s/%s: left out, %s has no finished %s", c->path[run],
                         c->found[run].task[i].name, c->path[other], c->found[run].task[i].name);
}

/* Wins, signed ranks and bootstrap over the rows. */
static acf_status sum_up(acf_compare_pair *pair, int n_draws, acf_error *e)
{
    size_t n = pair->n_rows, all = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        all += pair->row[i].n_parts;
    acf_status st = ACF_ERR_RESOURCE;
    double *gain = acf_alloc(n, sizeof *gain, "gains", e);
    double *part = acf_alloc(all, sizeof *part, "gains", e);
    size_t *len = acf_alloc(n, sizeof *len, "gains", e);
    if (gain == NULL || part == NULL || len == NULL) goto done;
    for (size_t i = 0; i < n; i++) {
        const acf_compare_row *row = &pair->row[i];
        double sign = acf_metric_larger_is_better(row->metric) ? 1.0 : -1.0;
        gain[i] = round(row->gain * 1e12) / 1e12; /* equal but for rounding is equal */
        len[i] = row->n_parts;
        for (size_t k = 0; k < row->n_parts; k++)
            part[at++] = sign * (row->figure[1][k] - row->figure[0][k]);
        pair->gain += row->gain / (double)n;
        pair->wins += gain[i] > 0.0;
        pair->losses += gain[i] < 0.0;
    }
    pair->ties = n - pair->wins - pair->losses;
    st = acf_wilcoxon_test(&pair->wilcoxon, gain, n, e);
    if (st == ACF_OK)
        st = acf_bootstrap_groups(&pair->ci, &pair->bootstrap_p, part, len, n, n_draws, e);
    pair->p = pair->wilcoxon.p;
done:
    acf_free(len);
    acf_free(part);
    acf_free(gain);
    return st;
}

static acf_status fill_pair(acf_compare_pair *pair, const acf_compare *c, acf_error *e)
{
    const acf_found *a = &c->found[pair->run[0]], *b = &c->found[pair->run[1]];
    pair->row = acf_alloc(a->n, sizeof *pair->row, "tasks", e);
    if (pair->row == NULL) return ACF_ERR_RESOURCE;
    tell_alone(c, pair->run[0], pair->run[1]);
    tell_alone(c, pair->run[1], pair->run[0]);
    for (size_t i = 0; i < a->n; i++) {
        const acf_found_task *other = find_task(b, a->task[i].name);
        if (other == NULL) continue;
        ACF_TRY(open_row(&pair->row[pair->n_rows++], c, pair->run, &a->task[i], other, e));
    }
    if (pair->n_rows == 0)
        return acf_fail(e, ACF_ERR_MODEL, "%s and %s: no finished task that both have",
                        c->path[pair->run[0]], c->path[pair->run[1]]);
    if (c->has_tasks) return sum_up(pair, c->opt.n_draws, e);
    pair->gain = pair->row[0].gain;
    pair->ci = pair->row[0].test.ci;
    pair->p = pair->row[0].test.p;
    return ACF_OK;
}

/* Over all pairs, and over all tasks of all pairs. */
static acf_status correct(acf_compare *c, acf_error *e)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < c->n_pairs; i++)
        n += c->pair[i].n_rows;
    double *p = acf_alloc(n, sizeof *p, "tests", e), *holm = acf_alloc(n, sizeof *p, "tests", e);
    acf_status st = p == NULL || holm == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    for (size_t i = 0; i < c->n_pairs && st == ACF_OK; i++)
        p[i] = c->pair[i].p;
    if (st == ACF_OK) st = acf_holm(holm, p, c->n_pairs, e);
    for (size_t i = 0; i < c->n_pairs && st == ACF_OK; i++) {
        c->pair[i].p_holm = holm[i];
        for (size_t k = 0; k < c->pair[i].n_rows; k++)
            p[at++] = c->pair[i].row[k].test.p;
    }
    if (st == ACF_OK) st = acf_holm(holm, p, n, e);
    at = 0;
    for (size_t i = 0; i < c->n_pairs && st == ACF_OK; i++)
        for (size_t k = 0; k < c->pair[i].n_rows; k++)
            c->pair[i].row[k].p_holm = holm[at++];
    acf_free(holm);
    acf_free(p);
    return st;
}

static acf_status find_runs(acf_compare *c, acf_error *e)
{
    size_t n = (size_t)c->n_runs;
    c->found = acf_alloc(n, sizeof *c->found, "runs", e);
    c->pair = acf_alloc(n * (n - 1) / 2, sizeof *c->pair, "pairs", e);
    if (c->found == NULL || c->pair == NULL) return ACF_ERR_RESOURCE;
    for (int i = 0; i < c->n_runs; i++) {
        ACF_TRY(acf_found_open(&c->found[i], c->path[i], c->opt.split, c->opt.log, e));
        if (c->found[i].has_tasks != c->found[0].has_tasks)
            return acf_fail(
                e, ACF_ERR_MODEL, "%s is a directory of tasks, %s is not: compare like with like",
                c->path[c->found[i].has_tasks ? i : 0], c->path[c->found[i].has_tasks ? 0 : i]);
    }
    c->has_tasks = c->found[0].has_tasks;
    return ACF_OK;
}

acf_status acf_compare_run(acf_compare *c, const char *const *path, int n_runs,
                           const acf_compare_options *opt, acf_error *e)
{
    *c = (acf_compare){.path = path, .n_runs = n_runs, .opt = *opt};
    acf_status st = find_runs(c, e);
    for (int i = 0; i < n_runs && st == ACF_OK; i++)
        for (int j = i + 1; j < n_runs && st == ACF_OK; j++) {
            acf_compare_pair *pair = &c->pair[c->n_pairs++];
            pair->run[0] = i;
            pair->run[1] = j;
            st = fill_pair(pair, c, e);
        }
    if (st == ACF_OK) st = correct(c, e);
    if (st != ACF_OK) acf_compare_close(c);
    return st;
}

void acf_compare_close(acf_compare *c)
{
    for (size_t i = 0; i < c->n_pairs; i++) {
        for (size_t k = 0; k < c->pair[i].n_rows; k++) {
            acf_compare_row *row = &c->pair[i].row[k];
            acf_free(row->number);
            acf_free(row->n);
            acf_free(row->figure[0]);
            acf_free(row->figure[1]);
        }
        acf_free(c->pair[i].row);
    }
    for (int i = 0; c->found != NULL && i < c->n_runs; i++)
        acf_found_close(&c->found[i]);
    acf_free(c->pair);
    acf_free(c->found);
    *c = (acf_compare){0};
}
