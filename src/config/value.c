#include "config/value.h"

#include "base/mem.h"
#include "config/value_read.h"

#include <string.h>

static bool read_value(const acf_cfg_reader *r, acf_cfg_value *out, const acf_yaml_node *v)
{
    const acf_choice *choice = NULL;
    acf_numbers pair = {0};
    bool good = false;
    switch (r->key->type) {
    case ACF_TYPE_INT: {
        int64_t whole = 0;
        good = acf_cfg_read_whole(r, &whole, v);
        if (good) out->i = (int)whole;
        return good;
    }
    case ACF_TYPE_LONG:
        return acf_cfg_read_whole(r, &out->l, v);
    case ACF_TYPE_REAL:
        return acf_cfg_read_real(r, &out->r, v);
    case ACF_TYPE_BOOL:
        return acf_cfg_read_bool(r, &out->b, v);
    case ACF_TYPE_CHOICE:
        good = acf_cfg_read_choice(r, &choice, v);
        if (good) out->i = choice->value;
        return good;
    case ACF_TYPE_WORD:
        if (!acf_cfg_read_choice(r, &choice, v)) return false;
        out->s = acf_strdup(choice->name, &r->p->failed);
        return out->s != NULL;
    case ACF_TYPE_PATH:
    case ACF_TYPE_OUTPUT:
        return acf_cfg_read_path(r, &out->s, v);
    case ACF_TYPE_ENCODER:
        return acf_cfg_read_encoder(r, &out->s, v);
    case ACF_TYPE_INTERVAL:
    case ACF_TYPE_WARMUP:
        return acf_cfg_read_interval(r, &out->interval, v);
    case ACF_TYPE_BYTES:
        return acf_cfg_read_bytes(r, &out->l, v);
    case ACF_TYPE_COLUMN:
        return acf_cfg_read_column(r, &out->column, v);
    case ACF_TYPE_STRINGS:
        return acf_cfg_read_strings(r, &out->strings, v);
    case ACF_TYPE_CHANNELS:
    case ACF_TYPE_WHOLES:
        return acf_cfg_read_numbers(r, &out->numbers, v);
    case ACF_TYPE_PAIR:
        good = acf_cfg_read_numbers(r, &pair, v);
        if (good && pair.item != NULL) memcpy(out->pair, pair.item, sizeof out->pair);
        acf_free(pair.item);
        return good;
    case ACF_TYPE_INTERVALS:
        return acf_cfg_read_intervals(r, &out->intervals, v);
    }
    return false;
}

bool acf_value_read(acf_config *cfg, const acf_key *k, const acf_yaml_node *v, const char *base,
                    acf_problems *p)
{
    const acf_cfg_reader r = {.key = k, .base = base, .p = p};
    acf_cfg_value got = {.pair = {0.0, 0.0}};
    bool no_value = acf_yaml_is_null(v) && !v->refused;
    bool unset_word = k->unset != NULL && v->kind == ACF_YAML_SCALAR && !v->quoted &&
                      strcmp(v->text, k->unset) == 0;
    if (k->unset != NULL && (no_value || unset_word)) {
        got = acf_cfg_value_unset(k->type);
    } else if (no_value) {
        return acf_problem_add(p, v->at, "%s: needs a value%s", k->path,
                               *v->text == '\0' ? "" : ", not null");
    } else if (!read_value(&r, &got, v)) {
        acf_cfg_value_free(&got, k->type);
        return false;
    }
    acf_value_free(cfg, k);
    memcpy((char *)cfg + k->at, &got, acf_type_bytes(k->type));
    return true;
}
