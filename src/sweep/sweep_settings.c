#include "sweep/sweep_settings.h"

#include "base/mem.h"
#include "config/schema.h"
#include "config/value.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PATH_TEXT = 128 };

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
static acf_status take_value(acf_settings_reader *r, acf_settings *to, int key,
                             const acf_yaml_node *v)
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

/* A key by its path, as written with dots below `parent`; -1 when it is none, which is told. */
static int find_key(acf_settings_reader *r, const char *parent, const acf_yaml_node *name,
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
static acf_status take_keys(acf_settings_reader *r, acf_settings *to, const char *parent,
                            const acf_yaml_node *v)
{
    for (const acf_yaml_node *name = NULL; (name = acf_yaml_next_key(v, name, r->p)) != NULL;) {
        char path[MAX_PATH_TEXT];
        bool is_section;
        int key = find_key(r, parent, name, path, &is_section);
        if (key >= 0)
            ACF_TRY(take_value(r, to, key, name->value));
        else if (is_section &&
                 acf_yaml_want(name->value, ACF_YAML_MAP, path, "keys below it", r->p))
            ACF_TRY(take_keys(r, to, path, name->value));
    }
    return ACF_OK;
}

acf_status acf_settings_read(acf_settings *to, acf_settings_reader *r, const char *what,
                             const acf_yaml_node *v)
{
    if (acf_yaml_is_null(v) && !v->refused) return ACF_OK;
    if (!acf_yaml_want(v, ACF_YAML_MAP, what, "keys of a configuration, such as {loss.type: ce}",
                       r->p))
        return ACF_OK;
    return take_keys(r, to, "", v);
}

acf_status acf_settings_read_axis(acf_settings *to, acf_settings_reader *r,
                                  const acf_yaml_node *name)
{
    char path[MAX_PATH_TEXT];
    bool is_section;
    int key = find_key(r, "", name, path, &is_section);
    if (is_section) {
        acf_problem_add(r->p, name->at, "grid: '%s' is a section", path);
        acf_problem_hint(r->p, "write keys with dots, such as loss.tau: [0.05, 0.1]");
    }
    if (key < 0 || !acf_yaml_want(name->value, ACF_YAML_LIST, path, "a list of values", r->p))
        return ACF_OK;
    if (name->value->child == NULL) acf_problem_add(r->p, name->value->at, "%s: no values", path);
    for (const acf_yaml_node *item = name->value->child; item != NULL; item = item->next)
        ACF_TRY(take_value(r, to, key, item));
    return ACF_OK;
}
