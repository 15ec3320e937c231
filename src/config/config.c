#include "config/config.h"

#include "base/assert.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "config/config_internal.h"
#include "config/value.h"
#include "config/yaml_tree.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 1 << 18, MAX_PATH_TEXT = 128, MAX_TOLD = 200 };

/* One source of values: the file, or one --set. */
typedef struct loader {
    acf_config *cfg;
    acf_problems *p;
    acf_source_kind kind;
    const char *base; /* paths are relative to this; NULL: the current directory */
} loader;

acf_origin *acf_config_origin(const acf_config *cfg, const char *path)
{
    int i = acf_key_find(path);
    ACF_ASSERT(i >= 0);
    return &cfg->origins->item[i];
}

bool acf_is_encoder_preset(const char *name)
{
    const acf_choice *c = acf_keys[acf_key_find("model.encoder")].choices;
    for (; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0) return true;
    return false;
}

const acf_task *acf_config_task(const acf_config *cfg)
{
    return cfg->task != NULL ? acf_task_find(cfg->task) : NULL;
}

bool acf_config_is_image(const acf_config *cfg)
{
    const acf_task *task = acf_config_task(cfg);
    return task != NULL && task->image;
}

bool acf_config_draws_dev(const acf_config *cfg)
{
    return cfg->data.dev_fraction > 0.0 || cfg->data.folds > 0;
}

bool acf_config_is_regression(const acf_config *cfg)
{
    return cfg->loss.type == ACF_LOSS_MSE;
}

static acf_status set_default(acf_config *cfg, const acf_key *k, acf_problems *p, acf_error *e)
{
    const char *text = k->fallback != NULL ? k->fallback : k->unset;
    if (text == NULL) return ACF_OK; /* required: nothing to start from */
    acf_yaml tree;
    ACF_TRY(acf_yaml_parse(&tree, p, NULL, text, strlen(text), e));
    bool good = tree.root != NULL && acf_value_read(cfg, k, tree.root, NULL, p);
    acf_yaml_free(&tree);
    if (good) return ACF_OK;
    ACF_ASSERT(p->failed.status != ACF_OK); /* else the table holds a wrong default */
    acf_error_give(e, &p->failed);
    return p->failed.status;
}

static void take_value(loader *l, int key, const acf_yaml_node *v, acf_place at)
{
    acf_origin *o = &l->cfg->origins->item[key];
    const acf_key *k = &acf_keys[key];
    const char *base = k->type == ACF_TYPE_OUTPUT ? NULL : l->base;
    o->bad = !acf_value_read(l->cfg, k, v, base, l->p);
    o->kind = l->kind;
    o->where = at;
}

/* `eval.early_stop: null`: its keys go back to their defaults, and that was said here. */
static void take_null_section(loader *l, const char *path, acf_place at)
{
    acf_error e = {0};
    for (int i = 0; i < ACF_N_KEYS; i++) {
        if (!acf_key_is_in(acf_keys[i].path, path)) continue;
        if (set_default(l->cfg, &acf_keys[i], l->p, &e) != ACF_OK) l->p->failed = e;
        l->cfg->origins->item[i].kind = l->kind;
        l->cfg->origins->item[i].where = at;
    }
}

static void take_section(loader *l, const char *path, const acf_yaml_node *v);

/* The value v of the key at `path`, which may be a section. */
static void take_path(loader *l, const char *parent, const char *path, const acf_yaml_node *name,
                      const acf_yaml_node *v)
{
    int key = acf_key_find(path), section = acf_section_find(path);
    if (section >= 0 && *path != '\0')
        take_section(l, path, v);
    else if (key >= 0)
        take_value(l, key, v, v->at);
    else
        acf_schema_unknown(l->p, name->at, parent, acf_key_leaf(name->text));
}

static void take_section(loader *l, const char *path, const acf_yaml_node *v)
{
    const acf_section *s = &acf_sections[acf_section_find(path)];
    if (v->refused) return;
    if (s->may_be_null && acf_yaml_is_null(v)) {
        take_null_section(l, path, v->at);
        return;
    }
    if (v->kind != ACF_YAML_MAP) {
        char buf[ACF_SHOWN_MAX];
        const char *what = v->kind == ACF_YAML_LIST ? "a list"
                           : acf_yaml_is_null(v)    ? "nothing"
                                                    : acf_cut_text(buf, v->text);
        acf_problem_add(l->p, v->at, "%s%sexpected a section with keys below it, got %s", path,
                        *path != '\0' ? ": " : "", what);
        if (s->shorthand != NULL && v->kind == ACF_YAML_SCALAR && !acf_yaml_is_null(v))
            acf_problem_hint(l->p, "write %s: {%s: %s}", acf_key_leaf(path), s->shorthand, what);
        return;
    }
    const acf_yaml_node *name = NULL;
    while (l->p->n < MAX_TOLD && (name = acf_yaml_next_key(v, name, l->p)) != NULL) {
        char below[MAX_PATH_TEXT];
        int n = snprintf(below, sizeof below, "%s%s%s", path, *path != '\0' ? "." : "", name->text);
        bool whole = n >= 0 && (size_t)n < sizeof below && strchr(name->text, '.') == NULL;
        if (whole)
            take_path(l, path, below, name, name->value);
        else
            acf_schema_unknown(l->p, name->at, path, name->text);
    }
}

static acf_status take_file(acf_config *cfg, acf_problems *p, const char *text, size_t len,
                            const char *base, acf_error *e)
{
    acf_yaml tree;
    loader l = {.cfg = cfg, .p = p, .kind = ACF_FROM_FILE, .base = base};
    ACF_TRY(acf_yaml_parse(&tree, p, NULL, text, len, e));
    if (tree.root != NULL) {
        if (tree.root->kind == ACF_YAML_SCALAR && acf_yaml_is_null(tree.root))
            acf_problem_add(p, (acf_place){0}, "the file is empty");
        else
            take_section(&l, "", tree.root);
    } else if (p->n == 0) {
        acf_problem_add(p, (acf_place){0}, "the file is empty");
    }
    acf_yaml_free(&tree);
    return ACF_OK;
}

/* A bare value means itself, whatever characters it starts with; lists, maps and quotes are YAML.
 */
static acf_status parse_override(acf_yaml *tree, acf_problems *p, const char *set, const char *text,
                                 acf_error *e)
{
    size_t bad = acf_utf8_valid(text, strlen(text));
    *tree = (acf_yaml){0};
    acf_place at = {.set = set, .line = 1, .col = 1, .span = 1};
    if (text[bad] != '\0') {
        acf_problem_add(p, at, "byte 0x%02x is not valid UTF-8",
                        (unsigned)(unsigned char)text[bad]);
        return ACF_OK;
    }
    if (*text != '\0' && strchr("[{\"'", *text) != NULL)
        return acf_yaml_parse(tree, p, set, text, strlen(text), e);
    return acf_yaml_plain(tree, at, text, e);
}

static acf_status take_override(acf_config *cfg, acf_problems *p, const char *set, acf_error *e)
{
    loader l = {.cfg = cfg, .p = p, .kind = ACF_FROM_SET};
    acf_place at = {.set = set, .line = 1, .col = 1, .span = 1};
    const char *equals = strchr(set, '=');
    if (equals == NULL || equals == set) {
        acf_problem_add(p, at, "expected KEY=VALUE");
        return ACF_OK;
    }
    char path[MAX_PATH_TEXT], parent[MAX_PATH_TEXT] = "";
    size_t len = (size_t)(equals - set);
    if (len >= sizeof path) {
        acf_problem_add(p, at, "the key is longer than %d bytes", MAX_PATH_TEXT - 1);
        return ACF_OK;
    }
    memcpy(path, set, len);
    path[len] = '\0';
    const char *leaf = acf_key_leaf(path);
    if (leaf != path) memcpy(parent, path, (size_t)(leaf - path - 1));

    if (acf_key_find(path) < 0 && acf_section_find(path) < 0) {
        bool known = acf_section_find(parent) >= 0;
        acf_schema_unknown(p, at, known ? parent : "", known ? leaf : path);
        return ACF_OK;
    }
    if (equals[1] == '\0') {
        acf_problem_add(p, at, "no value after '='");
        acf_problem_hint(p, "for no value write %s=null", path);
        return ACF_OK;
    }
    acf_yaml tree;
    ACF_TRY(parse_override(&tree, p, set, equals + 1, e));
    if (tree.root != NULL) take_path(&l, parent, path, tree.root, tree.root);
    acf_yaml_free(&tree);
    return ACF_OK;
}

/* Does a later override set the same key, so that this one does not count?  Of sections each may
 * set other keys. */
static bool is_overridden(const char *const *sets, size_t n_sets, size_t i)
{
    size_t len = strcspn(sets[i], "=");
    for (size_t k = i + 1; k < n_sets && sets[i][len] == '='; k++) {
        char path[MAX_PATH_TEXT];
        if (strncmp(sets[k], sets[i], len + 1) != 0 || len >= sizeof path) continue;
        (void)snprintf(path, sizeof path, "%.*s", (int)len, sets[i]);
        return acf_key_find(path) >= 0;
    }
    return false;
}

/* Values of one file and of --set, over the defaults. */
static acf_status gather(acf_config *cfg, acf_problems *p, const char *base,
                         const char *const *sets, size_t n_sets, acf_error *e)
{
    for (int i = 0; i < ACF_N_KEYS; i++)
        ACF_TRY(set_default(cfg, &acf_keys[i], p, e));
    if (p->source != NULL) {
        ACF_TRY(take_file(cfg, p, p->source, p->source_len, base, e));
    } else {
        cfg->schema = 1;
    }
    size_t of_file = p->n;
    for (size_t i = 0; i < n_sets; i++)
        if (!is_overridden(sets, n_sets, i)) ACF_TRY(take_override(cfg, p, sets[i], e));

    /* Without a readable file the rest would be false alarms. */
    bool readable =
        of_file == 0 || cfg->origins->item[0].kind != ACF_FROM_DEFAULT || cfg->task != NULL;
    if (readable) {
        ACF_TRY(acf_config_fill(cfg, e));
        acf_config_check(cfg, p);
    }
    for (int i = 0; i < ACF_N_KEYS; i++)
        cfg->origins->item[i].where.set = NULL; /* the caller's, not ours to keep */
    if (p->failed.status != ACF_OK) acf_error_give(e, &p->failed);
    return p->failed.status;
}

/* Settings of the command line, or those of another file with their places in it. */
typedef struct overrides {
    const char *const *item;
    size_t n;
    const acf_place *place;  /* [n] or NULL */
    acf_problems *elsewhere; /* with place: problems of that file */
} overrides;

/* Was the same told before? */
static bool is_told(const acf_problems *p, const acf_place *at, const char *text)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->item[i].where.set == NULL && p->item[i].where.line == at->line &&
            p->item[i].where.col == at->col && strcmp(p->item[i].text, text) == 0)
            return true;
    return false;
}

/* Move problems with settings that stand in another file to the problems of that file. */
static void divert(acf_problems *p, const overrides *over)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++) {
        acf_problem *q = &p->item[i];
        const acf_place *at = NULL;
        for (size_t k = 0; k < over->n && over->place != NULL; k++)
            if (q->where.set == over->item[k] && over->place[k].line > 0) at = &over->place[k];
        if (at == NULL) {
            p->item[kept++] = *q;
            continue;
        }
        if (!is_told(over->elsewhere, at, q->text)) {
            acf_problem_add(over->elsewhere, *at, "%s", q->text);
            for (char *h = q->hints.data; h != NULL && *h != '\0';) {
                char *end = strchr(h, '\n');
                acf_problem_hint(over->elsewhere, "%.*s", (int)(end - h), h);
                h = end + 1;
            }
        }
        acf_free(q->text);
        acf_str_free(&q->hints);
    }
    p->n = kept;
}

/* What the loaders share: p has name and source, base is the directory of relative paths. */
static acf_status load(acf_config *cfg, acf_str *problems, acf_problems *p, const char *base,
                       const overrides *over, acf_error *e)
{
    ACF_TRY(gather(cfg, p, base, over->item, over->n, e));
    if (p->n == 0) return ACF_OK;
    size_t n = p->n;
    bool in_file = false;
    for (size_t i = 0; i < n; i++)
        in_file = in_file || p->item[i].where.set == NULL;
    divert(p, over);
    ACF_TRY(acf_problems_render(problems, p, e));
    return acf_fail(e, ACF_ERR_USAGE, "%s%s%zu problem%s in the configuration",
                    in_file ? p->name : "", in_file ? ": " : "", n, n == 1 ? "" : "s");
}

static acf_status open_origins(acf_config *cfg, acf_error *e)
{
    *cfg = (acf_config){0};
    cfg->origins = acf_alloc(1, sizeof *cfg->origins, "origins of values", e);
    return cfg->origins == NULL ? ACF_ERR_RESOURCE : ACF_OK;
}

acf_status acf_config_load_text(acf_config *cfg, acf_str *problems, const char *text, size_t len,
                                const char *name, const char *const *sets, size_t n_sets,
                                acf_error *e)
{
    ACF_TRY(open_origins(cfg, e));
    acf_problems p = {.name = name, .source = text, .source_len = len};
    const overrides over = {.item = sets, .n = n_sets};
    acf_status st = load(cfg, problems, &p, NULL, &over, e);
    acf_problems_free(&p);
    if (st != ACF_OK) acf_config_free(cfg);
    return st;
}

static acf_status load_file(acf_config *cfg, acf_str *problems, const char *path,
                            const overrides *over, acf_error *e)
{
    acf_problems p = {.name = path != NULL ? path : "command line"};
    char *text = NULL, *base = NULL;
    ACF_TRY(open_origins(cfg, e));
    acf_status st = ACF_OK;
    if (path != NULL) {
        st = acf_reclass(acf_read_file(&text, &p.source_len, path, MAX_FILE, e), ACF_ERR_USAGE, e);
        if (st != ACF_OK) goto done;
        p.source = text;
        cfg->path = acf_path_absolute(path, e);
        base = cfg->path != NULL ? acf_path_dir(cfg->path, e) : NULL;
        if (base == NULL) {
            st = ACF_ERR_RESOURCE;
            goto done;
        }
    }
    st = load(cfg, problems, &p, base, over, e);
done:
    acf_free(text);
    acf_free(base);
    acf_problems_free(&p);
    if (st != ACF_OK) acf_config_free(cfg);
    return st;
}

acf_status acf_config_load(acf_config *cfg, acf_str *problems, const char *path,
                           const char *const *sets, size_t n_sets, acf_error *e)
{
    const overrides over = {.item = sets, .n = n_sets};
    return load_file(cfg, problems, path, &over, e);
}

acf_status acf_config_load_placed(acf_config *cfg, acf_str *problems, const char *path,
                                  const char *const *sets, size_t n_sets, const acf_place *place,
                                  acf_problems *elsewhere, acf_error *e)
{
    const overrides over = {.item = sets, .n = n_sets, .place = place, .elsewhere = elsewhere};
    return load_file(cfg, problems, path, &over, e);
}

acf_status acf_config_defaults(acf_config *cfg, acf_error *e)
{
    acf_problems p = {0};
    acf_status st = open_origins(cfg, e);
    for (int i = 0; i < ACF_N_KEYS && st == ACF_OK; i++)
        st = set_default(cfg, &acf_keys[i], &p, e);
    if (st != ACF_OK) acf_config_free(cfg);
    return st;
}

void acf_config_free(acf_config *cfg)
{
    for (int i = 0; i < ACF_N_KEYS; i++)
        acf_value_free(cfg, &acf_keys[i]);
    acf_free(cfg->path);
    acf_free(cfg->origins);
    *cfg = (acf_config){0};
}
