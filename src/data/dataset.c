#include "data/dataset.h"

#include "base/cstring.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "data/columns.h"
#include "data/dataset_internal.h"
#include "data/draw.h"
#include "data/image_table.h"
#include "data/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What acf_data_open works on. */
typedef struct opening {
    acf_dataset *d;
    const acf_data_options *opt;
    const acf_log *log;
    acf_columns first; /* of the training file */
    bool has_first;
} opening;

acf_data_options acf_data_default(void)
{
    return (acf_data_options){.task = "text", .header = ACF_HEADER_AUTO, .on_bad = ACF_BAD_ERROR};
}

static acf_status check_options(const acf_data_options *opt, acf_error *e)
{
    if (acf_task_find(opt->task) == NULL) {
        char known[200] = "";
        size_t at = 0;
        for (int i = 0; acf_task_at(i) != NULL && at < sizeof known; i++)
            at += (size_t)snprintf(known + at, sizeof known - at, " %s", acf_task_at(i)->name);
        return acf_fail(e, ACF_ERR_USAGE, "task: '%s' is no task (there are:%s)", opt->task, known);
    }
    if (!(opt->dev_fraction >= 0.0 && opt->dev_fraction < 1.0))
        return acf_fail(e, ACF_ERR_USAGE, "data.dev_fraction = %g is out of range [0, 1)",
                        opt->dev_fraction);
    if (opt->dev_fraction > 0.0 && opt->path[ACF_DEV] != NULL)
        return acf_fail(e, ACF_ERR_USAGE,
                        "data.dev_fraction = %g and data.dev are both given: take dev rows from "
                        "training or from a file, not both",
                        opt->dev_fraction);
    if (opt->folds > 0 && (opt->fold < 1 || opt->fold > opt->folds))
        return acf_fail(e, ACF_ERR_USAGE, "data.fold = %d is out of range [1, %d]", opt->fold,
                        opt->folds);
    if (opt->folds > 0 && (opt->dev_fraction > 0.0 || opt->path[ACF_DEV] != NULL))
        return acf_fail(e, ACF_ERR_USAGE,
                        "data.folds = %d and %s are both given: take dev rows from one place",
                        opt->folds, opt->dev_fraction > 0.0 ? "data.dev_fraction" : "data.dev");
    if (opt->max_train_samples > 0 && opt->shots > 0)
        return acf_fail(e, ACF_ERR_USAGE,
                        "data.max_train_samples = %lld and data.shots = %d are both given, choose "
                        "one",
                        (long long)opt->max_train_samples, opt->shots);
    return ACF_OK;
}

/* Labels that are known before any file is read. */
static acf_status set_known_labels(opening *o, acf_error *e)
{
    acf_dataset *d = o->d;
    const char *const *given = o->opt->labels;
    int K = o->opt->n_labels;
    if (d->regression) {
        d->K = 1;
        return acf_labels_regression(&d->labels, &d->by_name, e);
    }
    if (given == NULL && d->task->preset) {
        given = acf_task_labels(&K, d->task, o->opt->label);
    }
    if (given != NULL) {
        ACF_TRY(acf_labels_given(&d->labels, &d->by_name, given, K, e));
        d->K = K;
        return ACF_OK;
    }
    if (acf_data_wants(o->opt, ACF_TRAIN)) return ACF_OK;
    return acf_fail(e, ACF_ERR_USAGE,
                    "data.labels: needed where the training file is not read (task %s)",
                    d->task->name);
}

static acf_status report_bad(const acf_table *t, acf_error *e)
{
    char more[48] = "";
    if (t->n_bad > 1) (void)snprintf(more, sizeof more, ", the first of %d bad lines", t->n_bad);
    return acf_fail(e, ACF_ERR_DATA, "%s:%d: %s%s (data.on_bad_line: skip leaves such lines out)",
                    t->path, (int)t->bad[0].line, t->bad[0].reason, more);
}

/* The rows of a split as a table, and its columns. */
static acf_status read_table(opening *o, acf_split_id id, acf_columns *c, acf_error *e)
{
    acf_dataset *d = o->d;
    const acf_data_options *opt = o->opt;
    acf_split *s = &d->split[id];
    acf_table *t = &d->table[id];
    s->is_image = d->task->image;
    bool is_set = s->is_image && !acf_image_is_table(s->path);
    if (is_set) {
        bool optional = acf_split_is_test(id) || (id != ACF_TRAIN && opt->label_optional);
        ACF_TRY_AS(ACF_ERR_DATA,
                   acf_image_table(t, &d->pixels[id], &d->base[id], s->path, id, opt, optional, e),
                   e);
        *c = (acf_columns){.text = 0, .text2 = -1, .label = t->n_cols > 1 ? 1 : -1};
    } else {
        ACF_TRY_AS(ACF_ERR_DATA, acf_table_read(t, s->path, e), e);
        if (s->is_image) d->base[id] = acf_path_dir(s->path, e);
        if (s->is_image && d->base[id] == NULL) return ACF_ERR_RESOURCE;
    }
    if (d->pixels[id].pixel != NULL) s->pixels = &d->pixels[id];
    s->base = d->base[id];
    memcpy(s->digest, t->digest, sizeof s->digest);
    if (t->n_bad > 0 && opt->on_bad == ACF_BAD_ERROR) return report_bad(t, e);
    if (is_set) return ACF_OK;
    return acf_columns_find(c, t, id, opt, d->by_name, d->K, o->has_first ? &o->first : NULL, e);
}

/* Classes that are called 0.5, 1.5 ... are scores. */
static void tell_scores(const opening *o, const acf_table *t)
{
    const acf_dataset *d = o->d;
    const char *fraction = NULL;
    double score;
    for (int k = 0; k < d->K; k++) {
        if (!acf_number_parse(&score, d->by_name[k].name)) return;
        if (fraction == NULL && score != floor(score)) fraction = d->by_name[k].name;
    }
    if (fraction != NULL)
        acf_log_warn(
            o->log,
            "%s: all %d labels are numbers, such as %.*s, taken as classes; loss.type: mse "
            "learns numbers",
            t->path, d->K, acf_shown(fraction), fraction);
}

/* The labels that the training file has; two of them may be one that is written in two ways. */
static acf_status collect_labels(opening *o, const acf_table *t, const acf_columns *c, acf_error *e)
{
    acf_dataset *d = o->d;
    int32_t pair[2];
    ACF_TRY(acf_labels_collect(&d->labels, &d->by_name, &d->K, t, c->has_header, c->label, e));
    if (d->K < 2) return ACF_OK;
    tell_scores(o, t);
    ACF_TRY(acf_labels_alike(pair, d->by_name, d->K, e));
    if (pair[0] < 0) return ACF_OK;
    const char *a = d->by_name[pair[0]].name, *b = d->by_name[pair[1]].name;
    acf_log_warn(o->log,
                 "%s: '%.*s' and '%.*s' are two labels that differ only in blanks around them or "
                 "in case",
                 t->path, acf_shown(a), a, acf_shown(b), b);
    return ACF_OK;
}

/* A row whose label no other row has looks the same, and would be missed. */
static void tell_header(const opening *o, const acf_table *t)
{
    char cells[300];
    acf_columns_list(cells, sizeof cells, t);
    acf_log_info(o->log, "%s: line 1 taken as a header: %s; data.header: no keeps it as a row",
                 t->path, cells);
}

static acf_status one_class(const acf_split *train, const char *label, acf_error *e)
{
    char rows[48] = "the only training row has";
    if (train->n > 1) (void)snprintf(rows, sizeof rows, "all %d training rows have", train->n);
    return acf_fail(e, ACF_ERR_DATA, "%s: %s the label '%.*s', at least two labels are needed",
                    train->path, rows, acf_shown(label), label);
}

/* Read one split's file whole. */
static acf_status read_split(opening *o, acf_split_id id, acf_error *e)
{
    acf_dataset *d = o->d;
    acf_split *s = &d->split[id];
    acf_table *t = &d->table[id];
    acf_columns c = {.text = -1, .text2 = -1, .label = -1};
    bool is_known = d->labels != NULL;

    ACF_TRY(read_table(o, id, &c, e));
    if (c.is_guess) tell_header(o, t);
    if (id == ACF_TRAIN) {
        o->first = c;
        o->has_first = true;
        if (!is_known) ACF_TRY(collect_labels(o, t, &c, e));
    }
    ACF_TRY(acf_rows_fill(s, d, t, &c, o->opt, e));
    if (t->n_bad > 0 && o->opt->on_bad == ACF_BAD_ERROR) return report_bad(t, e);

    s->has_header = c.has_header && t->names == NULL;
    s->n_file = s->n;
    s->n_bad = t->n_bad;
    s->bad = t->bad;
    d->pair = s->text2 != NULL;
    acf_table_forget_rows(t);
    ACF_TRY(acf_rows_check(s, &c, e));
    bool is_one = !is_known && d->K == 1; /* before dev's labels are told to be unknown */
    return is_one ? one_class(s, d->labels[0], e) : ACF_OK;
}

/* A run for each of the folds is to come: whether all can be is seen before the first.  A label's
 * only row is in one of them. */
static acf_status check_folds(const opening *o, int32_t *size, acf_error *e)
{
    const acf_dataset *d = o->d;
    const acf_split *train = &d->split[ACF_TRAIN];
    int folds = o->opt->folds, n_few = 0, fewest = 0, most = 0;
    if (!o->opt->every_fold || d->regression) return ACF_OK;
    (void)acf_data_count(size, train, d->K);
    for (int k = 0; k < d->K; k++) {
        if (size[k] > size[most]) most = k;
        if (size[k] == 0 || size[k] >= folds) continue;
        if (n_few == 0 || size[k] < size[fewest]) fewest = k;
        n_few++;
    }
    for (int fold = 1; fold <= folds; fold++)
        if (acf_draw_fold_keeps(size, d->K, fold, folds) < 2)
            return acf_fail(e, ACF_ERR_DATA,
                            "%s: without part %d of data.folds = %d all training rows have the "
                            "label '%.*s': two labels need two rows each",
                            train->path, fold, folds, acf_shown(d->labels[most]), d->labels[most]);
    if (n_few > 0)
        acf_log_warn(
            o->log,
            "%s: %d of %d labels have fewer rows than data.folds = %d, '%.*s' has %d: some "
            "parts have none of them",
            train->path, n_few, d->K, folds, acf_shown(d->labels[fewest]), d->labels[fewest],
            (int)size[fewest]);
    return ACF_OK;
}

static acf_status draw_dev(opening *o, bool *taken, int32_t *size, int32_t *share, acf_error *e)
{
    acf_dataset *d = o->d;
    acf_split *train = &d->split[ACF_TRAIN], *dev = &d->split[ACF_DEV];
    int64_t m = (int64_t)(o->opt->dev_fraction * train->n + 0.5);

    if (o->opt->folds > train->n)
        return acf_fail(e, ACF_ERR_DATA, "%s: %d rows cannot be dealt into data.folds = %d parts",
                        train->path, train->n, o->opt->folds);
    if (o->opt->folds > 0) {
        ACF_TRY(check_folds(o, size, e));
        ACF_TRY(acf_draw_fold(taken, train->label, train->n, d->K, o->opt->fold, o->opt->folds,
                              o->opt->seed, e));
    } else {
        (void)acf_data_count(size, train, d->K);
        ACF_TRY(acf_draw_share(share, size, d->K, m, true, e));
        ACF_TRY(acf_draw_rows(taken, train->label, train->n, share, d->K, ACF_DRAW_DEV,
                              o->opt->seed, e));
    }
    ACF_TRY(acf_split_copy(dev, train, e));
    acf_split_keep(dev, taken, true);
    acf_split_keep(train, taken, false);
    if (dev->n > 0) return ACF_OK;
    int n_two = 0, n_any = 0;
    for (int k = 0; k < d->K; k++) {
        n_two += size[k] > 1;
        n_any += size[k] > 0;
    }
    char why[120] = "";
    if (m > 0)
        (void)snprintf(why, sizeof why,
                       ", which takes rows only of labels that have two or more, as %d of %d do",
                       n_two, n_any);
    return acf_fail(e, ACF_ERR_DATA,
                    "%s: data.dev_fraction = %g of %d rows leaves no row for dev%s: give %sa file "
                    "with data.dev",
                    train->path, o->opt->dev_fraction, train->n_file, why,
                    m > 0 ? "" : "a larger one, or ");
}

static acf_status draw_train(opening *o, bool *taken, int32_t *size, int32_t *share, acf_error *e)
{
    acf_dataset *d = o->d;
    acf_split *train = &d->split[ACF_TRAIN];
    int64_t most = o->opt->max_train_samples;

    (void)acf_data_count(size, train, d->K);
    if (o->opt->shots > 0) {
        for (int k = 0; k < d->K; k++)
            share[k] = size[k] < o->opt->shots ? size[k] : o->opt->shots;
    } else if (most > 0 && most < train->n) {
        ACF_TRY(acf_draw_share(share, size, d->K, most, false, e));
    } else {
        return ACF_OK;
    }
    ACF_TRY(
        acf_draw_rows(taken, train->label, train->n, share, d->K, ACF_DRAW_TRAIN, o->opt->seed, e));
    acf_split_keep(train, taken, true);
    return ACF_OK;
}

/* Training needs two classes; a label without rows is worth a word. */
static acf_status check_classes(opening *o, int32_t *size, acf_error *e)
{
    acf_dataset *d = o->d;
    if (d->regression) return ACF_OK;
    const acf_split *train = &d->split[ACF_TRAIN];
    int n_absent = 0, absent = 0, present = 0;
    (void)acf_data_count(size, train, d->K);
    for (int k = 0; k < d->K; k++) {
        if (size[k] > 0) {
            present = k;
        } else {
            if (n_absent == 0) absent = k;
            n_absent++;
        }
    }
    if (d->K - n_absent < 2) return one_class(train, d->labels[present], e);
    if (n_absent > 0)
        acf_log_warn(o->log, "%s: %d of %d labels have no training row, '%.*s'%s", train->path,
                     n_absent, d->K, acf_shown(d->labels[absent]), d->labels[absent],
                     n_absent == 1 ? "" : " first");
    return ACF_OK;
}

static acf_status draw_splits(opening *o, acf_error *e)
{
    acf_dataset *d = o->d;
    size_t K = (size_t)d->K;
    acf_status st = ACF_ERR_RESOURCE;
    bool *taken = acf_alloc((size_t)d->split[ACF_TRAIN].n, sizeof *taken, "drawn rows", e);
    int32_t *size = acf_alloc(2 * K, sizeof *size, "class sizes", e);
    if (taken == NULL || size == NULL) goto done;

    st = check_classes(o, size, e);
    if (st == ACF_OK && acf_data_draws_dev(o->opt)) /* even when dev is not wanted: same train */
        st = draw_dev(o, taken, size, size + K, e);
    if (st == ACF_OK) st = draw_train(o, taken, size, size + K, e);
    if (st == ACF_OK && d->split[ACF_TRAIN].is_drawn) st = check_classes(o, size, e);
done:
    acf_free(taken);
    acf_free(size);
    return st;
}

acf_status acf_data_open(acf_dataset **out, const acf_data_options *opt, const acf_log *log,
                         acf_error *e)
{
    *out = NULL;
    ACF_TRY(check_options(opt, e));
    opening o = {.opt = opt, .log = log};
    o.d = acf_alloc(1, sizeof *o.d, "data set", e);
    if (o.d == NULL) return ACF_ERR_RESOURCE;

    o.d->task = acf_task_find(opt->task);
    o.d->regression = o.d->task->regression || opt->regression;
    acf_status st = acf_data_find_files(o.d, opt, log, e);
    if (st == ACF_OK) st = set_known_labels(&o, e);
    for (int id = 0; id < ACF_N_SPLITS && st == ACF_OK; id++)
        if (o.d->split[id].path != NULL) st = read_split(&o, (acf_split_id)id, e);
    if (st == ACF_OK && o.d->split[ACF_TRAIN].path != NULL) st = draw_splits(&o, e);
    if (st == ACF_OK)
        *out = o.d;
    else
        acf_data_close(&o.d);
    return st;
}

void acf_data_close(acf_dataset **d)
{
    if (*d == NULL) return;
    acf_labels_free(&(*d)->labels, &(*d)->by_name, (*d)->K);
    for (int id = 0; id < ACF_N_SPLITS; id++) {
        acf_split_free(&(*d)->split[id]);
        acf_table_free(&(*d)->table[id]);
        acf_free((*d)->pixels[id].pixel);
        acf_free((*d)->base[id]);
    }
    acf_free(*d);
    *d = NULL;
}
