#include "sweep/sweep_file.h"

#include "base/path.h"
#include "base/mem.h"
#include "sweep/sweep_grid.h"
#include "config/value.h"
#include "config/yaml_tree.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PATH_TEXT = 128, MAX_NAME = 100 };

typedef struct reader {
    acf_sweep_file *f;
    acf_problems *p;
    const char *base;
    acf_config scratch; /* where values are read to */
    acf_error *e;
} reader;

acf_status acf_settings_add(acf_settings *s, const char *text, int key, acf_place where,
                            acf_error *e)
{
    acf_setting *grown = acf_grow(s->item, &s->cap, s->n + 1, sizeof *s->item, "settings", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    s->item = grown;
    char *copy = acf_strdup(text, e);
    if (copy == NULL) return ACF_ERR_RESOURCE;
    s->item[s->n++] = (acf_setting){copy, key, where};
    return ACF_OK;
}

acf_status acf_settings_append(acf_settings *to, const acf_settings *from, acf_error *e)
{
    for (size_t i = 0; i < from->n; i++)
        ACF_TRY(
            acf_settings_add(to, from->item[i].text, from->item[i].key, from->item[i].where, e));
    return ACF_OK;
}

void acf_settings_free(acf_settings *s)
{
    for (size_t i = 0; i < s->n; i++)
        acf_free(s->item[i].text);
    acf_free(s->item);
    *s = (acf_settings){0};
}

/* Keys that the sweep itself gives to its runs. */
static const char *reserved(const char *path)
{
    if (strcmp(path, "save.dir") == 0) return "the sweep decides where its runs are: --out DIR";
    if (strcmp(path, "train.seed") == 0 || strcmp(path, "train.seeds") == 0)
        return "seeds stand at the top of the file or with a task: 'seeds: 1..5'";
    if (strcmp(path, "schema") == 0) return "it is the first line of the file alone";
    return NULL;
}

/* One value as a setting; a wrong one is told and left out. */
static acf_status take_value(reader *r, acf_settings *to, int key, const acf_yaml_node *v)
{
    const acf_key *k = &acf_keys[key];
    const char *base = k->type == ACF_TYPE_OUTPUT ? NULL : r->base;
    acf_str text = {0};
    if (!acf_value_read(&r->scratch, k, v, base, r->p)) return ACF_OK;
    acf_status st = acf_str_printf(&text, r->e, "%s=", k->path);
    if (st == ACF_OK) st = acf_value_print(&text, &r->scratch, k, r->e);
    if (st == ACF_OK) st = acf_settings_add(to, text.data, key, v->at, r->e);
    acf_str_free(&text);
    return st;
}

static bool is_duplicate(reader *r, const acf_yaml_node *map, const acf_yaml_node *name)
{
    for (const acf_yaml_node *other = map->child; other != name; other = other->next) {
        if (other->text == NULL || strcmp(other->text, name->text) != 0) continue;
        char buf[ACF_SHOWN_MAX];
        acf_problem_add(r->p, name->at, "duplicate key '%s'", acf_cut_text(buf, name->text));
        acf_problem_hint(r->p, "it stands first in line %d", other->at.line);
        return true;
    }
    return false;
}

/* The map's next key from `name` on that can be read. */
static const acf_yaml_node *usable(reader *r, const acf_yaml_node *map, const acf_yaml_node *name)
{
    while (name != NULL && (name->refused || name->value == NULL || is_duplicate(r, map, name)))
        name = name->next;
    return name;
}

static bool want_kind(reader *r, const acf_yaml_node *v, acf_yaml_kind kind, const char *what,
                      const char *expected)
{
    if (v->refused) return false;
    if (v->kind == kind) return true;
    return acf_problem_add(r->p, v->at, "%s: expected %s", what, expected);
}

/* A key by its path, as written with dots below `parent`; -1 when it is none, which is told. */
static int find_key(reader *r, const char *parent, const acf_yaml_node *name,
                    char path[MAX_PATH_TEXT], bool *is_section)
{
    int n = snprintf(path, MAX_PATH_TEXT, "%s%s%s", parent, *parent != '\0' ? "." : "", name->text);
    bool whole = n >= 0 && n < MAX_PATH_TEXT;
    int key = whole ? acf_key_find(path) : -1;
    *is_section = whole && key < 0 && *path != '\0' && acf_section_find(path) >= 0;
    const char *why = key >= 0 ? reserved(path) : NULL;
    if (why != NULL) {
        acf_problem_add(r->p, name->at, "%s: cannot be set in a sweep", path);
        acf_problem_hint(r->p, "%s", why);
        return -1;
    }
    if (key >= 0 || *is_section) return key;
    char above[MAX_PATH_TEXT] = "";
    const char *leaf = acf_key_leaf(whole ? path : name->text);
    if (whole && leaf > path)
        (void)snprintf(above, sizeof above, "%.*s", (int)(leaf - path - 1), path);
    bool known = acf_section_find(above) >= 0;
    acf_schema_unknown(r->p, name->at, known ? above : "", known ? leaf : name->text);
    return -1;
}

/* Keys of a configuration, with dots or one below the other. */
static acf_status take_keys(reader *r, acf_settings *to, const char *parent, const acf_yaml_node *v)
{
    for (const acf_yaml_node *name = usable(r, v, v->child); name != NULL;
         name = usable(r, v, name->next)) {
        char path[MAX_PATH_TEXT];
        bool is_section;
        int key = find_key(r, parent, name, path, &is_section);
        if (key >= 0)
            ACF_TRY(take_value(r, to, key, name->value));
        else if (is_section && want_kind(r, name->value, ACF_YAML_MAP, path, "keys below it"))
            ACF_TRY(take_keys(r, to, path, name->value));
    }
    return ACF_OK;
}

/* The value of set: or of a variant; null is an empty one. */
static acf_status take_settings(reader *r, acf_settings *to, const char *what,
                                const acf_yaml_node *v)
{
    if (acf_yaml_is_null(v) && !v->refused) return ACF_OK;
    if (!want_kind(r, v, ACF_YAML_MAP, what, "keys of a configuration, such as {loss.type: ce}"))
        return ACF_OK;
    return take_keys(r, to, "", v);
}

static acf_status take_seeds(reader *r, char **to, acf_place *at, const acf_yaml_node *v)
{
    const acf_key *k = &acf_keys[acf_key_find("train.seeds")];
    acf_str text = {0};
    if (!acf_value_read(&r->scratch, k, v, NULL, r->p)) return ACF_OK;
    acf_status st = acf_value_print(&text, &r->scratch, k, r->e);
    *at = v->at;
    *to = text.data;
    if (st != ACF_OK) acf_str_free(&text), *to = NULL;
    return st;
}

/* Names become directories. */
static bool is_name(reader *r, const acf_yaml_node *v, const char *what, const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    char buf[ACF_SHOWN_MAX];
    size_t len = strlen(name);
    if (len > 0 && len <= MAX_NAME && name[strspn(name, good)] == '\0' &&
        strchr(".-", *name) == NULL)
        return true;
    acf_problem_add(r->p, v->at, "%s '%s': is no name", what, acf_cut_text(buf, name));
    acf_problem_hint(
        r->p, "letters, digits and . _ + -, at most %d, beginning with none of . and -", MAX_NAME);
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
    if (!want_kind(r, v, ACF_YAML_SCALAR, "config", "the path of a configuration")) return ACF_OK;
    if (acf_yaml_is_null(v)) {
        acf_problem_add(r->p, v->at, "config: needs the path of a configuration");
        return ACF_OK;
    }
    char *joined = acf_path_join(r->base, v->text, r->e);
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
    if (strcmp(name->text, "set") == 0) return take_settings(r, &t->set, "set", v);
    if (strcmp(name->text, "seeds") == 0) return take_seeds(r, &t->seeds, &t->seeds_at, v);
    if (strcmp(name->text, "name") == 0) {
        if (!want_kind(r, v, ACF_YAML_SCALAR, "name", "a name") || !is_name(r, v, "task", v->text))
            return ACF_OK;
        t->name = acf_strdup(v->text, r->e);
        return t->name != NULL ? ACF_OK : ACF_ERR_RESOURCE;
    }
    if (strcmp(name->text, "metrics") == 0) {
        if (v->kind == ACF_YAML_SCALAR) take_metric(r, t, v);
        for (const acf_yaml_node *item = v->child; item != NULL; item = item->next)
            if (v->kind == ACF_YAML_LIST) take_metric(r, t, item);
        if (v->kind == ACF_YAML_MAP)
            (void)want_kind(r, v, ACF_YAML_LIST, "metrics", "a list of names");
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
    } else if (want_kind(r, v, ACF_YAML_MAP, "tasks",
                         "a configuration's path or keys such as config")) {
        for (const acf_yaml_node *name = usable(r, v, v->child); name != NULL;
             name = usable(r, v, name->next))
            ACF_TRY(take_task_key(r, t, name));
    }
    return name_task(r, t, v);
}

static acf_status take_variants(reader *r, const acf_yaml_node *v)
{
    acf_sweep_file *f = r->f;
    if (!want_kind(r, v, ACF_YAML_MAP, "variants", "names with keys below them")) return ACF_OK;
    for (const acf_yaml_node *name = usable(r, v, v->child); name != NULL;
         name = usable(r, v, name->next)) {
        acf_sweep_variant one = {0};
        if (!is_name(r, name, "variant", name->text)) continue;
        acf_status st = take_settings(r, &one.set, name->text, name->value);
        if (st == ACF_OK) st = acf_sweep_variant_add(f, name->text, &one.set, r->e);
        acf_settings_free(&one.set);
        ACF_TRY(st);
    }
    return ACF_OK;
}

static acf_status take_axis(reader *r, acf_settings *values, const acf_yaml_node *name)
{
    char path[MAX_PATH_TEXT];
    bool is_section;
    int key = find_key(r, "", name, path, &is_section);
    if (is_section) {
        acf_problem_add(r->p, name->at, "grid: '%s' is a section", path);
        acf_problem_hint(r->p, "write keys with dots, such as loss.tau: [0.05, 0.1]");
    }
    if (key < 0 || !want_kind(r, name->value, ACF_YAML_LIST, path, "a list of values"))
        return ACF_OK;
    if (name->value->child == NULL) acf_problem_add(r->p, name->value->at, "%s: no values", path);
    for (const acf_yaml_node *item = name->value->child; item != NULL; item = item->next)
        ACF_TRY(take_value(r, values, key, item));
    return ACF_OK;
}

static acf_status take_grid(reader *r, const acf_yaml_node *v)
{
    if (!want_kind(r, v, ACF_YAML_MAP, "grid", "keys with lists of values")) return ACF_OK;
    if (r->f->n_variants == 0) ACF_TRY(acf_sweep_variant_add(r->f, "", &(acf_settings){0}, r->e));
    for (const acf_yaml_node *name = usable(r, v, v->child); name != NULL;
         name = usable(r, v, name->next)) {
        acf_settings values = {0};
        acf_status st = take_axis(r, &values, name);
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
    } else if (acf_value_read(&r->scratch, k, v, NULL, r->p) && r->scratch.schema != 1) {
        acf_problem_add(r->p, v->at, "schema = %d: this program reads schema 1", r->scratch.schema);
    }
}

static acf_status take_root(reader *r, const acf_yaml_node *root)
{
    static const char *const known[] = {"schema",   "seeds", "set", "tasks",
                                        "variants", "grid",  NULL};
    enum { SCHEMA, SEEDS, SET, TASKS, VARIANTS, GRID, N };
    const acf_yaml_node *at[N] = {0};
    if (!want_kind(r, root, ACF_YAML_MAP, "a sweep", "keys such as tasks and variants"))
        return ACF_OK;
    for (const acf_yaml_node *name = usable(r, root, root->child); name != NULL;
         name = usable(r, root, name->next)) {
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
    if (at[SET] != NULL) ACF_TRY(take_settings(r, &r->f->set, "set", at[SET]));
    if (at[TASKS] == NULL)
        acf_problem_add(r->p, (acf_place){0}, "key 'tasks' is missing: a list of configurations");
    else if (want_kind(r, at[TASKS], ACF_YAML_LIST, "tasks", "a list") && at[TASKS]->child == NULL)
        acf_problem_add(r->p, at[TASKS]->at, "tasks: the list is empty");
    for (const acf_yaml_node *item = at[TASKS] != NULL ? at[TASKS]->child : NULL;
         item != NULL && at[TASKS]->kind == ACF_YAML_LIST; item = item->next)
        ACF_TRY(take_task(r, item));
    if (at[VARIANTS] != NULL) ACF_TRY(take_variants(r, at[VARIANTS]));
    if (at[GRID] != NULL) ACF_TRY(take_grid(r, at[GRID]));
    if (at[VARIANTS] == NULL && at[GRID] == NULL) {
        acf_problem_add(r->p, (acf_place){0}, "neither 'variants' nor 'grid': nothing to compare");
        acf_problem_hint(r->p, "write variants: {ce: {loss.type: ce}, acf: {loss.type: acf}}");
    }
    return ACF_OK;
}

acf_status acf_sweep_file_read(acf_sweep_file *out, acf_problems *p, const char *base, acf_error *e)
{
    acf_yaml tree;
    reader r = {.f = out, .p = p, .base = base, .e = e};
    *out = (acf_sweep_file){0};
    ACF_TRY(acf_yaml_parse(&tree, p, NULL, p->source, p->source_len, e));
    acf_status st = ACF_OK;
    if (tree.root != NULL && !acf_yaml_is_null(tree.root))
        st = take_root(&r, tree.root);
    else if (p->n == 0)
        acf_problem_add(p, (acf_place){0}, "the file is empty");
    acf_config_free(&r.scratch);
    acf_yaml_free(&tree);
    if (st == ACF_OK && p->failed.status != ACF_OK) {
        *e = p->failed;
        st = e->status;
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
