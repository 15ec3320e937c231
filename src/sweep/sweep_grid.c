#include "sweep/sweep_grid.h"

#include "base/mem.h"
#include "base/path.h"
#include "config/schema.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

acf_status acf_sweep_variant_add(acf_sweep_file *f, const char *name, const acf_settings *set,
                                 acf_error *e)
{
    acf_sweep_variant *grown = acf_grow(f->variant, &f->cap_variants, f->n_variants + 1,
                                        sizeof *f->variant, "variants", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    f->variant = grown;
    acf_sweep_variant *v = &f->variant[f->n_variants];
    *v = (acf_sweep_variant){.name = acf_strdup(name, e), .base = strlen(name)};
    if (v->name == NULL) return ACF_ERR_RESOURCE;
    f->n_variants++;
    return acf_settings_append(&v->set, set, e);
}

/* What a key is called in a name: "tau" of loss.tau, "cor.weight" of loss.cor.weight. */
static const char *short_name(int key)
{
    const char *dot = strchr(acf_keys[key].path, '.');
    return dot != NULL ? dot + 1 : acf_keys[key].path;
}

/* Is another key of the variant called the same, so that its whole path is needed? */
static bool is_ambiguous(const acf_sweep_variant *v, int key)
{
    for (size_t i = 0; i < v->set.n; i++)
        if (v->set.item[i].key != key &&
            strcmp(short_name(v->set.item[i].key), short_name(key)) == 0)
            return true;
    return false;
}

/* "tau=0.1" of "loss.tau=0.1". */
static acf_status name_value(acf_str *out, const acf_sweep_variant *v, const acf_setting *s,
                             acf_error *e)
{
    const acf_key *k = &acf_keys[s->key];
    const char *value = strchr(s->text, '=') + 1;
    bool is_path = k->type == ACF_TYPE_PATH || k->type == ACF_TYPE_ENCODER;
    ACF_TRY(acf_str_puts(out, is_ambiguous(v, s->key) ? k->path : short_name(s->key), e));
    ACF_TRY(acf_str_puts(out, "=", e));
    for (const char *c = is_path ? acf_path_base(value) : value; *c != '\0'; c++) {
        if (strchr("\"[]", *c) != NULL) continue;
        bool good = isalnum((unsigned char)*c) || strchr(".+-_", *c) != NULL;
        ACF_TRY(acf_str_append(out, good ? c : "_", 1, e));
    }
    return ACF_OK;
}

/* One variant with one value more. */
static acf_status add_product(acf_sweep_file *to, acf_problems *p, acf_place at,
                              const acf_sweep_variant *v, const acf_setting *value, acf_error *e)
{
    acf_str name = {0};
    acf_status st = acf_str_printf(&name, e, "%s%s", v->name, *v->name != '\0' ? "_" : "");
    if (st == ACF_OK) st = name_value(&name, v, value, e);
    for (size_t i = 0; st == ACF_OK && i < to->n_variants; i++)
        if (strcmp(to->variant[i].name, name.data) == 0)
            acf_problem_add(p, value->where, "grid: two variants would be called '%s'", name.data);
    if (st == ACF_OK && name.len > 200)
        acf_problem_add(p, at, "grid: the name of a variant is longer than 200 bytes");
    if (st == ACF_OK) st = acf_sweep_variant_add(to, name.data, &v->set, e);
    acf_str_free(&name);
    ACF_TRY(st);
    acf_sweep_variant *added = &to->variant[to->n_variants - 1];
    added->base = v->base;
    return acf_settings_add(&added->set, value->text, value->key, value->where, e);
}

acf_status acf_sweep_grid(acf_sweep_file *f, acf_problems *p, acf_place at,
                          const acf_settings *values, acf_error *e)
{
    acf_sweep_file product = {0};
    if (f->n_variants * values->n > ACF_SWEEP_MOST) {
        acf_problem_add(p, at, "grid: more than %d variants", ACF_SWEEP_MOST);
        return ACF_OK;
    }
    for (size_t i = 0; i < f->n_variants; i++)
        for (size_t k = 0; k < f->variant[i].set.n; k++)
            if (f->variant[i].set.item[k].key == values->item[0].key)
                acf_problem_add(p, at, "grid: variant '%s' sets %s, too", f->variant[i].name,
                                acf_keys[values->item[0].key].path);
    acf_status st = ACF_OK;
    for (size_t i = 0; i < f->n_variants; i++)
        for (size_t k = 0; k < values->n && st == ACF_OK; k++)
            st = add_product(&product, p, at, &f->variant[i], &values->item[k], e);
    if (st == ACF_OK) { /* the variants change places, so that the old ones are freed */
        acf_sweep_variant *old = f->variant;
        size_t n = f->n_variants;
        f->variant = product.variant;
        f->n_variants = product.n_variants;
        f->cap_variants = product.cap_variants;
        product.variant = old;
        product.n_variants = n;
    }
    acf_sweep_file_free(&product);
    return st;
}
