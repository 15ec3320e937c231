#include "sweep/sweep_file.h"

#include "base/mem.h"
#include "base/path.h"
#include "config/schema.h"
#include "config/value.h"
#include "config/yaml_tree.h"
#include "run/run_files.h"
#include "sweep/sweep_grid.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 100 };

typedef struct reader {
    acf_sweep_file *f;
    acf_settings_reader keys; /* of configurations */
    acf_problems *p;
    acf_error *e;
} reader;

static acf_status take_seeds(reader *r, char **to, acf_place *at, const acf_yaml_node *v)
{
    const acf_key *k = &acf_keys[acf_key_find("train.seeds")];
    acf_str text = {0};
    if (!acf_value_read(&r->keys.scratch, k, v, NULL, r->p)) return ACF_OK;
    acf_status st = acf_value_print(&text, &r->keys.scratch, k, r->e);
    *at = v->at;
    *to = text.data;
    if (st != ACF_OK) acf_str_free(&text), *to = NULL;
    return st;
}

/* Would a directory of this name be taken for a file of the sweep or for a run of a series? */
static bool is_taken(const char *name)
{
    for (const char *const *file = acf_sweep_file_names; *file != NULL; file++)
        if (strcmp(name, *file) == 0) return true;
    if (strcmp(name, "command.txt") == 0 || strcmp(name, "config.yaml") == 0) return true;
    return strncmp(name, "seed-", 5) == 0 || strncmp(name, "fold-", 5) == 0;
}

/* Names become directories. */
static bool is_name(reader *r, const acf_yaml_node *v, const char *what, const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    char buf[ACF_SHOWN_MAX];
    size_t len = strlen(name);
    if (is_taken(name)) {
        acf_problem_add(r->p, v->at,
                        "%s '%s': is the name of something else in a sweep's directory", what,
                        acf_cut_text(buf, name));
        acf_problem_hint(r->p, "choose another; seed-... and fold-... are runs of a series");
        return false;
    }
    if (len > 0 && len <= MAX_NAME && name[strspn(name, good)] == '\0' &&
        strchr(".-", *name) == NULL)
        return true;
    acf_problem_add(r->p, v->at, "%s '%s': is no name", what, acf_cut_text(buf, name));
    acf_problem_hint(
        r->p, "letters, digits and . _ + -, at most %d, beginning with none of . and -", MAX_NAME);
    return false;
}

static bool has_metric(const acf_sweep_task *t, acf_metric metric)
{
    for (int i = 0; i < t->n_metrics; i++)
        if (t->metric[i] == metric) return true;
    return false;
}

static void take_metric(reader *r, acf_sweep_task *t, const acf_yaml_node *v)
{
    char buf[ACF_SHOWN_MAX];
    int metric = v->kind == ACF_YAML_SCALAR ? acf_metric_parse(v->text) : -1;
    if (metric < 0) {
        const char *shown = v->kind == ACF_YAML_SCALAR ? acf_cut_text(buf, v->text) : "a list";
        acf_problem_add(r->p, v->at, "metrics: '%s' is no metric", shown);
        const char *meant = v->kind == ACF_YAML_SCALAR ? acf_metric_suggest(v->text) : NULL;
        if (meant != NULL) acf_problem_hint(r->p, "did you mean '%s'?", meant);
    } else if (!acf_metric_compares((acf_metric)metric)) {
        acf_problem_add(r->p, v->at, "metrics: %s is neither better nor worse", v->text);
    } else if (has_metric(t, (acf_metric)metric)) {
        acf_problem_add(r->p, v->at, "metrics: '%s' stands twice", v->text);
    } else if (t->n_metrics == ACF_SWEEP_METRICS) {
        acf_problem_add(r->p, v->at, "metrics: more than %d", ACF_SWEEP_METRICS);
    } else {
        t->metric[t->n_metrics++] = (acf_metric)metric;
    }
}

/* Report a key that the file's own sections do not know. */
static void tell_unknown(reader *r, const acf_yaml_node *name, const char *where,
                         const char *const *known)
{
    char buf[ACF_SHOWN_MAX], list[200] = "";
    const char *meant = acf_nearest(name->text, known);
    acf_problem_add(r->p, name->at, "unknown key '%s' %s", acf_cut_text(buf, name->text), where);
    for (size_t i = 0; known[i] != NULL; i++) {
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", known[i]);
    }
    if (meant != NULL)
        acf_problem_hint(r->p, "did you mean '%s'?", meant);
    else
        acf_problem_hint(r->p, "keys here: %s%s", list,
                         acf_key_find(name->text) >= 0 ? "; keys of a configuration stand under set"
                                                       : "");
}

static acf_status take_config(reader *r, acf_sweep_task *t, const acf_yaml_node *v)
{
    if (!acf_yaml_want(v, ACF_YAML_SCALAR, "config", "the path of a configuration", r->p))
        return ACF_OK;
    if (acf_yaml_is_null(v)) {
        acf_problem_add(r->p, v->at, "config: needs the path of a configuration");
        return ACF_OK;
    }
    char *joined = acf_path_join(r->keys.base, v->text, r->e);
    t->config = joined != NULL ? acf_path_absolute(joined, r->e) : NULL;
    t->where = v->at;
    acf_free(joined);
    return t->config != NULL ? ACF_OK : ACF_ERR_RESOURCE;
}

static acf_status take_task_key(reader *r, acf_sweep_task *t, const acf_yaml_node *name)
{
    static const char *const known[] = {"name", "config", "set", "seeds", "metrics", NULL};
    const acf_yaml_node *v = name->value;
    if (strcmp(name->text, "config") == 0) return take_config(r, t, v);
    if (strcmp(name->text, "set") == 0) return acf_settings_read(&t->set, &r->keys, "set", v);
    if (strcmp(name->text, "seeds") == 0) return take_seeds(r, &t->seeds, &t->seeds_at, v);
    if (strcmp(name->text, "name") == 0) {
        if (!acf_yaml_want(v, ACF_YAML_SCALAR, "name", "a name", r->p) ||
            !is_name(r, v, "task", v->text))
            return ACF_OK;
        t->name = acf_strdup(v->text, r->e);
        return t->name != NULL ? ACF_OK : ACF_ERR_RESOURCE;
    }
    if (strcmp(name->text, "metrics") == 0) {
        if (v->kind == ACF_YAML_SCALAR) take_metric(r, t, v);
        for (const acf_yaml_node *item = v->child; item != NULL; item = item->next)
            if (v->kind == ACF_YAML_LIST) take_metric(r, t, item);
        if (v->kind == ACF_YAML_MAP)
            (void)acf_yaml_want(v, ACF_YAML_LIST, "metrics", "a list of names", r->p);
        return ACF_OK;
    }
    tell_unknown(r, name, "of a task", known);
    return ACF_OK;
}

/* Without a name of its own, a task has that of its configuration's file. */
static acf_status name_task(reader *r, acf_sweep_task *t, const acf_yaml_node *v)
{
    if (t->config == NULL) {
        if (!v->refused && v->kind == ACF_YAML_MAP && t->where.line == 0)
            acf_problem_add(r->p, v->at, "a task needs the key 'config': its configuration's path");
        return ACF_OK;
    }
    if (t->name == NULL) {
        const char *file = acf_path_base(t->config), *dot = strrchr(file, '.');
        t->name = acf_strndup(file, dot != NULL ? (size_t)(dot - file) : strlen(file), r->e);
        if (t->name == NULL) return ACF_ERR_RESOURCE;
        if (!is_name(r, v, "task", t->name)) acf_problem_hint(r->p, "give the task a name");
    }
    for (size_t i = 0; i + 1 < r->f->n_tasks; i++)
        if (r->f->task[i].name != NULL && strcmp(r->f->task[i].name, t->name) == 0) {
            acf_problem_add(r->p, v->at, "task '%s' stands twice", t->name);
            acf_problem_hint(r->p, "give one of them another name");
        }
    return ACF_OK;
}

static acf_status take_task(reader *r, const acf_yaml_node *v)
{
    acf_sweep_file *f = r->f;
    acf_sweep_task *grown =
        acf_grow(f->task, &f->cap_tasks, f->n_tasks + 1, sizeof *f->task, "tasks", r->e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    f->task = grown;
    acf_sweep_task *t = &f->task[f->n_tasks++];
    *t = (acf_sweep_task){0};
    if (v->kind == ACF_YAML_SCALAR) {
        ACF_TRY(take_config(r, t, v));
    } else if (acf_yaml_want(v, ACF_YAML_MAP, "tasks",
                             "a configuration's path or keys such as config", r->p)) {
        for (const acf_yaml_node *name = NULL; (name = acf_yaml_next_key(v, name, r->p)) != NULL;)
            ACF_TRY(take_task_key(r, t, name));
    }
    return name_task(r, t, v);
}

static acf_status take_variants(reader *r, const acf_yaml_node *v)
{
    acf_sweep_file *f = r->f;
    if (!acf_yaml_want(v, ACF_YAML_MAP, "variants", "names with keys below them", r->p))
        return ACF_OK;
    for (const acf_yaml_node *name = NULL; (name = acf_yaml_next_key(v, name, r->p)) != NULL;) {
        acf_sweep_variant one = {0};
        if (!is_name(r, name, "variant", name->text)) continue;
        acf_status st = acf_settings_read(&one.set, &r->keys, name->text, name->value);
        if (st == ACF_OK) st = acf_sweep_variant_add(f, name->text, &one.set, r->e);
        acf_settings_free(&one.set);
        ACF_TRY(st);
    }
    return ACF_OK;
}

static acf_status take_grid(reader *r, const acf_yaml_node *v)
{
    if (!acf_yaml_want(v, ACF_YAML_MAP, "grid", "keys with lists of values", r->p)) return ACF_OK;
    if (r->f->n_variants == 0 && v->child != NULL)
        ACF_TRY(acf_sweep_variant_add(r->f, "", &(acf_settings){0}, r->e));
    for (const acf_yaml_node *name = NULL; (name = acf_yaml_next_key(v, name, r->p)) != NULL;) {
        acf_settings values = {0};
        acf_status st = acf_settings_read_axis(&values, &r->keys, name);
        if (st == ACF_OK && values.n > 0) st = acf_sweep_grid(r->f, r->p, name->at, &values, r->e);
        acf_settings_free(&values);
        ACF_TRY(st);
    }
    return ACF_OK;
}

static void check_schema(reader *r, const acf_yaml_node *v)
{
    const acf_key *k = &acf_keys[acf_key_find("schema")];
    if (v == NULL) {
        acf_problem_add(r->p, (acf_place){0}, "key 'schema' is missing");
        acf_problem_hint(r->p, "the first line is 'schema: 1'");
    } else if (acf_value_read(&r->keys.scratch, k, v, NULL, r->p) && r->keys.scratch.schema != 1) {
        acf_problem_add(r->p, v->at, "schema = %d: this program reads schema 1",
                        r->keys.scratch.schema);
    }
}

static acf_status take_root(reader *r, const acf_yaml_node *root)
{
    static const char *const known[] = {"schema",   "seeds", "set", "tasks",
                                        "variants", "grid",  NULL};
    enum { SCHEMA, SEEDS, SET, TASKS, VARIANTS, GRID, N };
    const acf_yaml_node *at[N] = {0};
    if (!acf_yaml_want(root, ACF_YAML_MAP, "a sweep", "keys such as tasks and variants", r->p))
        return ACF_OK;
    for (const acf_yaml_node *name = NULL; (name = acf_yaml_next_key(root, name, r->p)) != NULL;) {
        int i = 0;
        while (known[i] != NULL && strcmp(known[i], name->text) != 0)
            i++;
        if (i < N)
            at[i] = name->value;
        else
            tell_unknown(r, name, "of a sweep", known);
    }
    check_schema(r, at[SCHEMA]);
    if (at[SEEDS] != NULL) ACF_TRY(take_seeds(r, &r->f->seeds, &r->f->seeds_at, at[SEEDS]));
    if (at[SET] != NULL) ACF_TRY(acf_settings_read(&r->f->set, &r->keys, "set", at[SET]));
    if (at[TASKS] == NULL)
        acf_problem_add(r->p, (acf_place){0}, "key 'tasks' is missing: a list of configurations");
    else if (acf_yaml_want(at[TASKS], ACF_YAML_LIST, "tasks", "a list", r->p) &&
             at[TASKS]->child == NULL)
        acf_problem_add(r->p, at[TASKS]->at, "tasks: the list is empty");
    for (const acf_yaml_node *item = at[TASKS] != NULL ? at[TASKS]->child : NULL;
         item != NULL && at[TASKS]->kind == ACF_YAML_LIST; item = item->next)
        ACF_TRY(take_task(r, item));
    if (at[VARIANTS] != NULL) ACF_TRY(take_variants(r, at[VARIANTS]));
    if (at[GRID] != NULL) ACF_TRY(take_grid(r, at[GRID]));
    if (r->f->n_variants == 0 && r->p->n == 0) {
        acf_problem_add(r->p, (acf_place){0}, "neither 'variants' nor 'grid': nothing to compare");
        acf_problem_hint(r->p, "write variants: {ce: {loss.type: ce}, acf: {loss.type: acf}}");
    }
    return ACF_OK;
}

acf_status acf_sweep_file_read(acf_sweep_file *out, acf_problems *p, const char *base, acf_error *e)
{
    acf_yaml tree;
    reader r = {.f = out, .keys = {.p = p, .base = base, .e = e}, .p = p, .e = e};
    *out = (acf_sweep_file){0};
    ACF_TRY(acf_yaml_parse(&tree, p, NULL, p->source, p->source_len, e));
    acf_status st = ACF_OK;
    if (tree.root != NULL && !acf_yaml_is_null(tree.root))
        st = take_root(&r, tree.root);
    else if (p->n == 0)
        acf_problem_add(p, (acf_place){0}, "the file is empty");
    acf_config_free(&r.keys.scratch);
    acf_yaml_free(&tree);
    if (st == ACF_OK && p->failed.status != ACF_OK) {
        acf_error_give(e, &p->failed);
        st = p->failed.status;
    }
    return st;
}

void acf_sweep_task_free(acf_sweep_task *t)
{
    acf_free(t->name);
    acf_free(t->config);
    acf_free(t->seeds);
    acf_settings_free(&t->set);
}

void acf_sweep_variant_free(acf_sweep_variant *v)
{
    acf_free(v->name);
    acf_settings_free(&v->set);
}

void acf_sweep_file_free(acf_sweep_file *f)
{
    for (size_t i = 0; i < f->n_tasks; i++)
        acf_sweep_task_free(&f->task[i]);
    for (size_t i = 0; i < f->n_variants; i++)
        acf_sweep_variant_free(&f->variant[i]);
    acf_free(f->task);
    acf_free(f->variant);
    acf_free(f->seeds);
    acf_settings_free(&f->set);
    *f = (acf_sweep_file){0};
}
