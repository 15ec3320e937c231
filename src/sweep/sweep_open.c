/* From a sweep file and the command line to the configurations of all runs. */
#include "sweep/sweep.h"

#include "base/cstring.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "config/schema.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FILE = 1 << 20, MAX_KEY_TEXT = 128 };

/* One call of acf_sweep_open. */
typedef struct opening {
    acf_sweep *s;
    const acf_sweep_options *opt;
    acf_problems *p;   /* of the sweep file */
    acf_str *problems; /* of the configurations, as lines */
    acf_error *e;
} opening;

static acf_status tell_unlisted(const char *option, const char *word, const char *const *names,
                                acf_error *e)
{
    const char *meant = acf_nearest(word, names);
    if (meant != NULL)
        return acf_fail(e, ACF_ERR_USAGE, "%s: '%s' is not in the sweep; did you mean '%s'?",
                        option, word, meant);
    return acf_fail(e, ACF_ERR_USAGE, "%s: '%s' is not in the sweep", option, word);
}

/* Every word of the list must be one of the n names, behind which NULL stands. */
static acf_status check_list(const char *option, const char *list, const char *const *names,
                             size_t n, acf_error *e)
{
    char word[ACF_SHOWN_MAX];
    size_t len;
    const char *unknown = acf_list_unknown(&len, list, names, n);
    if (unknown == NULL) return ACF_OK;
    (void)snprintf(word, sizeof word, "%.*s", len < sizeof word ? (int)len : 60, unknown);
    return tell_unlisted(option, word, names, e);
}

static acf_status choose_tasks(opening *o)
{
    acf_sweep_file *f = &o->s->file;
    const char *list = o->opt->tasks;
    size_t n = 0, kept = 0;
    if (list == NULL) return ACF_OK;
    const char **names = acf_alloc(f->n_tasks + 1, sizeof *names, "names", o->e);
    if (names == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < f->n_tasks; i++)
        if (f->task[i].name != NULL) names[n++] = f->task[i].name;
    acf_status st = check_list("--tasks", list, names, n, o->e);
    acf_free((void *)names);
    ACF_TRY(st);
    for (size_t i = 0; i < f->n_tasks; i++) {
        const char *name = f->task[i].name;
        if (name == NULL || acf_list_has(list, name, strlen(name)))
            f->task[kept++] = f->task[i];
        else
            acf_sweep_task_free(&f->task[i]);
    }
    f->n_tasks = kept;
    return ACF_OK;
}

static acf_status choose_variants(opening *o)
{
    acf_sweep_file *f = &o->s->file;
    const char *list = o->opt->variants;
    size_t kept = 0;
    if (list == NULL) return ACF_OK;
    const char **names = acf_alloc(2 * f->n_variants + 1, sizeof *names, "names", o->e);
    char(*base)[128] = acf_alloc(f->n_variants, sizeof *base, "names", o->e);
    acf_status st = names == NULL || base == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    for (size_t i = 0; i < f->n_variants && st == ACF_OK; i++) {
        (void)snprintf(base[i], sizeof base[i], "%.*s", (int)f->variant[i].base,
                       f->variant[i].name);
        names[2 * i] = f->variant[i].name;
        names[2 * i + 1] = base[i];
    }
    if (st == ACF_OK) st = check_list("--variants", list, names, 2 * f->n_variants, o->e);
    acf_free((void *)names);
    acf_free(base);
    ACF_TRY(st);
    for (size_t i = 0; i < f->n_variants; i++) {
        const acf_sweep_variant *v = &f->variant[i];
        if (acf_list_has(list, v->name, strlen(v->name)) || acf_list_has(list, v->name, v->base))
            f->variant[kept++] = f->variant[i];
        else
            acf_sweep_variant_free(&f->variant[i]);
    }
    f->n_variants = kept;
    return ACF_OK;
}

/* The command line may not undo what is compared. */
static void check_given(opening *o, const char *set, int key)
{
    const acf_sweep_file *f = &o->s->file;
    const acf_place at = {.set = set};
    const char *path = acf_keys[key].path;
    if (strcmp(path, "save.dir") == 0)
        acf_problem_add(o->p, at, "a sweep decides where its runs are: --out");
    else if (strcmp(path, "train.seeds") == 0 || strcmp(path, "train.seed") == 0)
        acf_problem_add(o->p, at, "of a sweep write --seeds");
    for (size_t i = 0; i < f->n_variants; i++)
        for (size_t k = 0; k < f->variant[i].set.n; k++)
            if (f->variant[i].set.item[k].key == key) {
                acf_problem_add(o->p, at, "variant '%s' sets %s; change it in the sweep's file",
                                f->variant[i].name, path);
                return;
            }
}

/* "TASK:" before KEY=VALUE; 0: none. */
static size_t task_part(const char *set)
{
    size_t n = strcspn(set, ":=");
    return set[n] == ':' ? n : 0;
}

static void check_sets(opening *o)
{
    const acf_sweep_file *f = &o->s->file;
    for (size_t i = 0; i < o->opt->n_sets; i++) {
        const char *set = o->opt->sets[i];
        size_t n = task_part(set), t = 0;
        while (n > 0 && t < f->n_tasks &&
               (f->task[t].name == NULL || strlen(f->task[t].name) != n ||
                strncmp(f->task[t].name, set, n) != 0))
            t++;
        if (n > 0 && t == f->n_tasks)
            acf_problem_add(o->p, (acf_place){.set = set}, "the sweep has no task '%.*s'", (int)n,
                            set);
        char path[MAX_KEY_TEXT];
        const char *rest = set + n + (n > 0);
        size_t len = strcspn(rest, "=");
        (void)snprintf(path, sizeof path, "%.*s", len < sizeof path ? (int)len : 0, rest);
        int key = acf_key_find(path);
        if (key >= 0) check_given(o, set, key); /* else the configuration tells */
    }
}

/* Everything that is set for one cell, in the order in which later ones win. */
static acf_status gather(opening *o, acf_settings *all, const acf_sweep_cell *c)
{
    const acf_sweep_file *f = &o->s->file;
    const acf_sweep_task *t = &f->task[c->task];
    const acf_sweep_variant *v = &f->variant[c->variant];
    const acf_place nowhere = {0};
    acf_str text = {0};
    ACF_TRY(acf_settings_append(all, &f->set, o->e));
    ACF_TRY(acf_settings_append(all, &t->set, o->e));
    for (int of_task = 0; of_task < 2; of_task++)
        for (size_t i = 0; i < o->opt->n_sets; i++) {
            const char *set = o->opt->sets[i];
            size_t n = task_part(set);
            if ((n > 0) != (of_task > 0)) continue;
            if (n > 0 && (strlen(t->name) != n || strncmp(t->name, set, n) != 0)) continue;
            ACF_TRY(acf_settings_add(all, set + n + (n > 0), -1, nowhere, o->e));
        }
    ACF_TRY(acf_settings_append(all, &v->set, o->e));

    const char *seeds = t->seeds != NULL ? t->seeds : f->seeds;
    acf_place at = t->seeds != NULL ? t->seeds_at : f->seeds_at;
    acf_status st = ACF_OK;
    if (o->opt->seeds != NULL) {
        at = nowhere;
        st = acf_series_seeds(&text, o->opt->seeds, o->e);
    } else if (seeds != NULL) {
        st = acf_str_printf(&text, o->e, "train.seeds=%s", seeds);
    }
    if (st == ACF_OK && text.len > 0) st = acf_settings_add(all, text.data, -1, at, o->e);
    acf_str_clear(&text);
    if (st == ACF_OK)
        st = acf_str_printf(&text, o->e, "save.dir=%s/%s/%s", o->s->dir, v->name, t->name);
    if (st == ACF_OK) st = acf_settings_add(all, text.data, -1, nowhere, o->e);
    acf_str_free(&text);
    return st;
}

/* The lines of a configuration's problems that were not told for another cell. */
static acf_status add_lines(opening *o, const acf_sweep_cell *c, const acf_str *lines)
{
    const acf_sweep_file *f = &o->s->file;
    if (lines->len == 0) return ACF_OK;
    if (o->problems->len > 0 && strstr(o->problems->data, lines->data) != NULL) return ACF_OK;
    ACF_TRY(acf_str_puts(o->problems, lines->data, o->e));
    return acf_str_printf(o->problems, o->e,
                          "      hint: that is task '%s' of the sweep, variant '%s'\n",
                          f->task[c->task].name, f->variant[c->variant].name);
}

static acf_status load_cell(opening *o, acf_sweep_cell *c)
{
    const acf_sweep_task *t = &o->s->file.task[c->task];
    acf_settings all = {0};
    acf_str lines = {0};
    acf_error told = {0};
    if (!acf_path_is_file(t->config)) {
        if (c->variant == 0)
            acf_problem_add(o->p, t->where, "config: %s: there is no such file", t->config);
        return ACF_OK;
    }
    acf_status st = gather(o, &all, c);
    const char **sets = acf_alloc(all.n, sizeof *sets, "settings", o->e);
    acf_place *place = acf_alloc(all.n, sizeof *place, "settings", o->e);
    if (sets == NULL || place == NULL) st = ACF_ERR_RESOURCE;
    for (size_t i = 0; i < all.n && st == ACF_OK; i++) {
        sets[i] = all.item[i].text;
        place[i] = all.item[i].where;
    }
    if (st == ACF_OK) {
        st = acf_config_load_placed(&c->cfg, &lines, t->config, sets, all.n, place, o->p, &told);
        if (st == ACF_ERR_USAGE && lines.len == 0 && o->p->n == 0)
            acf_problem_add(o->p, t->where, "%s", told.text);
        if (st == ACF_ERR_USAGE)
            st = add_lines(o, c, &lines);
        else if (st != ACF_OK)
            acf_error_give(o->e, &told);
    }
    acf_free((void *)sets);
    acf_free(place);
    acf_settings_free(&all);
    acf_str_free(&lines);
    return st;
}

static acf_status load_cells(opening *o)
{
    acf_sweep *s = o->s;
    size_t n_tasks = s->file.n_tasks, n = s->file.n_variants * n_tasks;
    s->cell = acf_alloc(n, sizeof *s->cell, "cells of the sweep", o->e);
    if (s->cell == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n; i++) {
        acf_sweep_cell *c = &s->cell[s->n_cells++];
        c->variant = (int)(i / n_tasks);
        c->task = (int)(i % n_tasks);
        const acf_sweep_task *t = &s->file.task[c->task];
        if (t->name != NULL && t->config != NULL) ACF_TRY(load_cell(o, c)); /* else it was told */
    }
    return ACF_OK;
}

/*
 * Is a run of our shard?  The runs of a variant, `place` counts them, are dealt to the shards in
 * turn, those of the next variant beginning one shard further: tasks differ in length, and no shard
 * is to get the long one of every variant.
 */
static bool is_ours(const acf_sweep_options *opt, int variant, int place)
{
    return opt->n_shards <= 1 || (place + variant) % opt->n_shards == opt->shard - 1;
}

/* The runs of all cells, one cell after the other. */
static acf_status open_runs(opening *o)
{
    acf_sweep *s = o->s;
    int n_jobs = o->opt->n_jobs > 1 ? o->opt->n_jobs : 1, n = 0, at = 0, place = 0;
    for (int i = 0; i < s->n_cells; i++) {
        ACF_TRY(acf_series_open(&s->cell[i].series, &s->cell[i].cfg, n_jobs, o->e));
        n += s->cell[i].series.n;
    }
    s->run = acf_alloc((size_t)n, sizeof *s->run, "runs of the sweep", o->e);
    if (s->run == NULL) return ACF_ERR_RESOURCE;
    s->n_runs = n;
    for (int i = 0; i < s->n_cells; i++) {
        int variant = s->cell[i].variant;
        s->cell[i].first = at;
        if (s->cell[i].task == 0) place = 0;
        for (int k = 0; k < s->cell[i].series.n; k++, at++, place++)
            s->run[at] =
                (acf_sweep_run){.cell = i, .index = k, .is_ours = is_ours(o->opt, variant, place)};
    }
    return ACF_OK;
}

/* "objectives" of configs/sweeps/objectives.yaml. */
static acf_status name_sweep(acf_sweep *s, const char *path, const char *dir, acf_error *e)
{
    acf_str text = {0};
    const char *base = acf_path_base(path), *dot = strrchr(base, '.');
    s->name = acf_strndup(base, dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base), e);
    if (s->name == NULL) return ACF_ERR_RESOURCE;
    acf_status st =
        acf_str_printf(&text, e, "%s%s", dir != NULL ? "" : "runs/", dir != NULL ? dir : s->name);
    if (st == ACF_OK) s->dir = acf_path_absolute(text.data, e);
    acf_str_free(&text);
    return s->dir != NULL ? ACF_OK : ACF_ERR_RESOURCE;
}

static acf_status tell_problems(opening *o, const char *path)
{
    acf_str text = {0};
    size_t n = o->p->n;
    if (n == 0 && o->problems->len == 0) return ACF_OK;
    acf_status st = acf_problems_render(&text, o->p, o->e);
    if (st == ACF_OK && o->problems->len > 0) st = acf_str_puts(&text, o->problems->data, o->e);
    acf_str_free(o->problems);
    *o->problems = text;
    return st != ACF_OK ? st
                        : acf_fail(o->e, ACF_ERR_USAGE, "%s: nothing was started: see above", path);
}

static acf_status open_parts(opening *o, const char *path, const char *base)
{
    acf_sweep *s = o->s;
    ACF_TRY(acf_sweep_file_read(&s->file, o->p, base, o->e));
    ACF_TRY(choose_tasks(o));
    ACF_TRY(choose_variants(o));
    check_sets(o);
    ACF_TRY(name_sweep(s, path, o->opt->dir, o->e));
    ACF_TRY(load_cells(o));
    ACF_TRY(tell_problems(o, path));
    return open_runs(o);
}

acf_status acf_sweep_open(acf_sweep *s, acf_str *problems, const char *path,
                          const acf_sweep_options *opt, acf_error *e)
{
    acf_problems p = {.name = path};
    opening o = {.s = s, .opt = opt, .p = &p, .problems = problems, .e = e};
    *s = (acf_sweep){0};
    ACF_TRY_AS(ACF_ERR_USAGE, acf_read_file(&s->text, &s->text_len, path, MAX_FILE, e), e);
    p.source = s->text;
    p.source_len = s->text_len;
    char *absolute = acf_path_absolute(path, e);
    char *base = absolute != NULL ? acf_path_dir(absolute, e) : NULL;
    acf_status st = base != NULL ? open_parts(&o, path, base) : ACF_ERR_RESOURCE;
    if (st == ACF_OK && p.failed.status != ACF_OK) {
        acf_error_give(e, &p.failed);
        st = p.failed.status;
    }
    acf_free(absolute);
    acf_free(base);
    acf_problems_free(&p);
    return st;
}
