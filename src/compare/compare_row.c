#include "compare/compare_internal.h"

#include "base/mem.h"
#include "compare/answers.h"
#include "loss/head.h"

#include <string.h>

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
    bool is_unapt; /* the metric or the head makes no sense of the task */
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
        for (size_t i = 0; r->facts[k].labels != NULL && i < r->facts[k].K; i++) {
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
        row->head[k] = r->c->opt.head >= 0 ? r->c->opt.head : r->facts[k].head;
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
    int64_t n_folds = 0; /* as the last directory of either shows */
    for (int side = 0; side < 2 && row->kind == ACF_FOUND_FOLDS; side++)
        if (r->task[side]->last > n_folds) n_folds = r->task[side]->last;
    const acf_paired_options opt = {.n_draws = r->c->opt.n_draws, .n_folds = (int)n_folds};
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
        st = acf_context(st, e, "%s and %s", r->task[0]->run[r->member[0][0]].dir,
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
    acf_status st = check_metric(row, r, e);
    r->is_unapt = st == ACF_ERR_USAGE;
    ACF_TRY(st);
    return test_row(row, r, e);
}

acf_status acf_compare_row_open(acf_compare_row *row, bool *is_apt, const acf_compare *c,
                                const int run[2], const acf_found_task *a, const acf_found_task *b,
                                acf_error *e)
{
    reading r = {.c = c, .task = {a, b}, .path = {c->path[run[0]], c->path[run[1]]}};
    acf_status st = fill_row(row, &r, e);
    *is_apt = !r.is_unapt;
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; r.answers[k] != NULL && i < row->n_parts; i++)
            acf_answers_free(&r.answers[k][i]);
        acf_free(r.answers[k]);
        acf_run_facts_free(&r.facts[k]);
    }
    acf_free(r.member);
    acf_label_pool_free(&r.pool);
    if (st != ACF_OK) acf_compare_row_close(row);
    return st;
}

void acf_compare_row_close(acf_compare_row *row)
{
    acf_free(row->number);
    acf_free(row->n);
    acf_free(row->figure[0]);
    acf_free(row->figure[1]);
    *row = (acf_compare_row){0};
}
