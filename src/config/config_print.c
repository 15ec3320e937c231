/* The configuration as text: resolved, compared, explained. */
#include "config/config.h"

#include "base/mem.h"
#include "base/path.h"
#include "config/config_internal.h"
#include "config/value.h"

#include <stdio.h>
#include <string.h>

static int depth_of(const char *path)
{
    int n = 0;
    for (; *path != '\0'; path++)
        n += *path == '.';
    return n;
}

/* Open those of the key's sections that the key before it was not in. */
static acf_status print_sections(acf_str *out, const char *path, const char *before, acf_error *e)
{
    for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        size_t len = (size_t)(dot - path);
        if (before != NULL && strncmp(before, path, len + 1) == 0) continue;
        char section[128];
        (void)snprintf(section, sizeof section, "%.*s", (int)len, path);
        ACF_TRY(
            acf_str_printf(out, e, "%*s%s:\n", 2 * depth_of(section), "", acf_key_leaf(section)));
    }
    return ACF_OK;
}

static acf_status print_origin(acf_str *out, const acf_config *cfg, const acf_origin *o,
                               acf_error *e)
{
    switch (o->kind) {
    case ACF_FROM_DEFAULT:
        return acf_str_puts(out, "default", e);
    case ACF_FROM_FILE: {
        const char *base = cfg->path != NULL ? acf_path_base(cfg->path) : "";
        for (const char *c = base; *c != '\0'; c++) /* a comment ends at a line break */
            ACF_TRY(acf_str_append(out, (unsigned char)*c >= 0x20 && *c != 0x7f ? c : "?", 1, e));
        return acf_str_printf(out, e, ":%d", o->where.line);
    }
    case ACF_FROM_SET:
        return acf_str_puts(out, "--set", e);
    case ACF_FROM_RULE:
        return acf_str_puts(out, o->rule, e);
    }
    return ACF_OK;
}

acf_status acf_config_print(acf_str *out, const acf_config *cfg, bool with_origins, acf_error *e)
{
    enum { COMMENT_COLUMN = 44 };
    for (int i = 0; i < ACF_N_KEYS; i++) {
        const acf_key *k = &acf_keys[i];
        ACF_TRY(print_sections(out, k->path, i > 0 ? acf_keys[i - 1].path : NULL, e));
        size_t start = out->len;
        ACF_TRY(
            acf_str_printf(out, e, "%*s%s: ", 2 * depth_of(k->path), "", acf_key_leaf(k->path)));
        ACF_TRY(acf_value_print(out, cfg, k, e));
        if (with_origins) {
            size_t width = out->len - start;
            int blanks = width < COMMENT_COLUMN ? (int)(COMMENT_COLUMN - width) : 2;
            ACF_TRY(acf_str_printf(out, e, "%*s# ", blanks, ""));
            ACF_TRY(print_origin(out, cfg, &cfg->origins->item[i], e));
        }
        ACF_TRY(acf_str_puts(out, "\n", e));
    }
    return ACF_OK;
}

/* A name that every run has for its models: which one it is says the directory above. */
static bool is_name_in_run(const char *base)
{
    return strcmp(base, "best") == 0 || strcmp(base, "last") == 0 ||
           strncmp(base, "checkpoint-", 11) == 0;
}

/* Where the name begins by which a model directory is known wherever it lies. */
static const char *name_of_model(const char *path)
{
    const char *name = acf_path_base(path);
    if (!is_name_in_run(name)) return name;
    while (name > path && name[-1] == '/')
        name--;
    while (name > path && name[-1] != '/')
        name--;
    return name;
}

/* A resumed run takes weights and tokenizer from its checkpoint. */
static bool is_encoder_moved(const acf_config *was, const acf_config *is)
{
    if (was->model.encoder_is_preset || is->model.encoder_is_preset) return false;
    return was->model.encoder != NULL && is->model.encoder != NULL &&
           strcmp(name_of_model(was->model.encoder), name_of_model(is->model.encoder)) == 0;
}

static bool is_place(const char *path, const acf_config *was, const acf_config *is)
{
    if (strcmp(path, "data.dir") == 0) return was->data.dir != NULL && is->data.dir != NULL;
    if (strcmp(path, "data.train") == 0) return was->data.train != NULL && is->data.train != NULL;
    if (strcmp(path, "data.dev") == 0) return was->data.dev != NULL && is->data.dev != NULL;
    if (strcmp(path, "data.test") == 0) return was->data.test != NULL && is->data.test != NULL;
    return false;
}

/* May a resumed run have another value here? */
static bool may_differ(const char *path, const acf_config *was, const acf_config *is)
{
    bool by_steps = was->train.steps != ACF_UNSET && is->train.steps != ACF_UNSET;
    if (strncmp(path, "save.", 5) == 0 || strncmp(path, "log.", 4) == 0) return true;
    if (strcmp(path, "eval.every") == 0 || strcmp(path, "train.threads") == 0) return true;
    if (strcmp(path, "data.cache") == 0) return true;
    if (strcmp(path, "model.encoder") == 0) return is_encoder_moved(was, is);
    if (strcmp(path, "train.seeds") == 0) return was->train.seeds.n > 0 && is->train.seeds.n > 0;
    if (strcmp(path, "train.steps") == 0) return by_steps && is->train.steps > was->train.steps;
    if (strcmp(path, "train.epochs") == 0) return by_steps || is->train.epochs > was->train.epochs;
    return false;
}

static void cut(char *out, size_t size, const char *text)
{
    char shown[ACF_SHOWN_MAX];
    (void)snprintf(out, size, "%s", acf_cut_text(shown, text));
}

acf_status acf_config_diff(acf_difference **list, size_t *n, const acf_config *was,
                           const acf_config *is, acf_error *e)
{
    acf_str a = {0}, b = {0};
    acf_status st = ACF_OK;
    *n = 0;
    *list = acf_alloc(ACF_N_KEYS, sizeof **list, "differences", e);
    if (*list == NULL) return ACF_ERR_RESOURCE;
    for (int i = 0; i < ACF_N_KEYS; i++) {
        const acf_key *k = &acf_keys[i];
        acf_str_clear(&a);
        acf_str_clear(&b);
        st = acf_value_print(&a, was, k, e);
        if (st == ACF_OK) st = acf_value_print(&b, is, k, e);
        if (st != ACF_OK) break;
        if (strcmp(a.data, b.data) == 0) continue;
        acf_difference *d = &(*list)[(*n)++];
        d->key = k->path;
        d->may_differ = may_differ(k->path, was, is);
        d->is_place = is_place(k->path, was, is);
        cut(d->was, sizeof d->was, a.data);
        cut(d->is, sizeof d->is, b.data);
    }
    if (st != ACF_OK || *n == 0) {
        acf_free(*list);
        *list = NULL;
        *n = 0;
    }
    acf_str_free(&a);
    acf_str_free(&b);
    return st;
}

/* "a | b | c", broken at 96 columns. */
static acf_status help_choices(acf_str *out, const acf_choice *c, acf_error *e)
{
    size_t width = 0;
    for (bool first = true; c->name != NULL; c++, first = false) {
        size_t len = strlen(c->name) + 3;
        bool wraps = !first && width + len > 96;
        if (first || wraps) width = 8;
        ACF_TRY(acf_str_printf(out, e, "%s%s%s",
                               wraps   ? " |\n"
                               : first ? ""
                                       : " | ",
                               first || wraps ? "        " : "", c->name));
        width += len;
    }
    return acf_str_puts(out, "\n", e);
}

static acf_status help_key(acf_str *out, const acf_key *k, acf_error *e)
{
    acf_str type = {0};
    const char *fallback = k->fallback != NULL ? k->fallback : "required";
    acf_status st = acf_key_type_text(&type, k, e);
    if (st == ACF_OK)
        st = acf_str_printf(out, e, "  %-33s %-48s %s\n", k->path, type.data, fallback);
    if (st == ACF_OK) st = acf_str_printf(out, e, "      %s\n", k->meaning);
    if (st == ACF_OK && k->choices != NULL) st = help_choices(out, k->choices, e);
    acf_str_free(&type);
    return st;
}

acf_status acf_config_help(acf_str *out, acf_error *e)
{
    ACF_TRY(acf_str_printf(out, e, "  %-33s %-48s %s\n", "KEY", "TYPE AND RANGE", "DEFAULT"));
    for (int s = 0; s < ACF_N_SECTIONS; s++) {
        const char *section = acf_sections[s].path;
        if (*section != '\0')
            ACF_TRY(acf_str_printf(out, e, "\n%s: %s\n", section, acf_sections[s].meaning));
        for (int i = 0; i < ACF_N_KEYS; i++)
            if (acf_key_is_in(acf_keys[i].path, section)) ACF_TRY(help_key(out, &acf_keys[i], e));
    }
    return acf_str_puts(out,
                        "\nPaths in the file are relative to it; save.dir, and paths given with "
                        "--set, to the current\n"
                        "directory.  Intervals are 'N steps', 'N epochs' (N may be a fraction), or "
                        "N, which means steps.\n"
                        "Any key may be given as --set KEY=VALUE.\n",
                        e);
}
