/* Where values live in acf_config, and what they own. */
#include "config/value.h"

#include "base/mem.h"
#include "config/value_internal.h"

#include <math.h>
#include <string.h>

size_t acf_type_bytes(acf_type type)
{
    switch (type) {
    case ACF_TYPE_INT:
    case ACF_TYPE_CHOICE:
        return sizeof(int);
    case ACF_TYPE_LONG:
    case ACF_TYPE_BYTES:
        return sizeof(int64_t);
    case ACF_TYPE_REAL:
        return sizeof(double);
    case ACF_TYPE_BOOL:
        return sizeof(bool);
    case ACF_TYPE_WORD:
    case ACF_TYPE_PATH:
    case ACF_TYPE_OUTPUT:
    case ACF_TYPE_ENCODER:
        return sizeof(char *);
    case ACF_TYPE_INTERVAL:
    case ACF_TYPE_WARMUP:
        return sizeof(acf_interval);
    case ACF_TYPE_COLUMN:
        return sizeof(acf_column);
    case ACF_TYPE_STRINGS:
        return sizeof(acf_strings);
    case ACF_TYPE_CHANNELS:
    case ACF_TYPE_WHOLES:
        return sizeof(acf_numbers);
    case ACF_TYPE_PAIR:
        return 2 * sizeof(double);
    case ACF_TYPE_INTERVALS:
        return sizeof(acf_intervals);
    }
    return 0;
}

acf_cfg_value acf_value_load(const acf_config *cfg, const acf_key *k)
{
    acf_cfg_value v = {.pair = {0.0, 0.0}};
    memcpy(&v, (const char *)cfg + k->at, acf_type_bytes(k->type));
    return v;
}

void acf_cfg_value_free(acf_cfg_value *v, acf_type type)
{
    switch (type) {
    case ACF_TYPE_WORD:
    case ACF_TYPE_PATH:
    case ACF_TYPE_OUTPUT:
    case ACF_TYPE_ENCODER:
        acf_free(v->s);
        break;
    case ACF_TYPE_COLUMN:
        acf_free(v->column.name);
        break;
    case ACF_TYPE_STRINGS:
        for (size_t i = 0; i < v->strings.n; i++)
            acf_free(v->strings.item[i]);
        acf_free(v->strings.item);
        break;
    case ACF_TYPE_CHANNELS:
    case ACF_TYPE_WHOLES:
        acf_free(v->numbers.item);
        break;
    case ACF_TYPE_INTERVALS:
        acf_free(v->intervals.item);
        break;
    case ACF_TYPE_INT:
    case ACF_TYPE_LONG:
    case ACF_TYPE_REAL:
    case ACF_TYPE_BOOL:
    case ACF_TYPE_CHOICE:
    case ACF_TYPE_INTERVAL:
    case ACF_TYPE_WARMUP:
    case ACF_TYPE_BYTES:
    case ACF_TYPE_PAIR:
        break;
    }
}

void acf_value_free(acf_config *cfg, const acf_key *k)
{
    acf_cfg_value v = acf_value_load(cfg, k);
    acf_cfg_value_free(&v, k->type);
    memset((char *)cfg + k->at, 0, acf_type_bytes(k->type));
}

acf_cfg_value acf_cfg_value_unset(acf_type type)
{
    acf_cfg_value v = {.pair = {0.0, 0.0}};
    switch (type) {
    case ACF_TYPE_INT:
    case ACF_TYPE_CHOICE:
        v.i = ACF_UNSET;
        break;
    case ACF_TYPE_LONG:
    case ACF_TYPE_BYTES:
        v.l = ACF_UNSET;
        break;
    case ACF_TYPE_REAL:
        v.r = (double)NAN;
        break;
    case ACF_TYPE_INTERVAL:
    case ACF_TYPE_WARMUP:
        v.interval = (acf_interval){(double)NAN, ACF_UNIT_STEPS};
        break;
    case ACF_TYPE_COLUMN:
        v.column = (acf_column){NULL, ACF_UNSET};
        break;
    case ACF_TYPE_WORD:
    case ACF_TYPE_PATH:
    case ACF_TYPE_OUTPUT:
    case ACF_TYPE_ENCODER:
    case ACF_TYPE_STRINGS:
    case ACF_TYPE_CHANNELS:
    case ACF_TYPE_WHOLES:
    case ACF_TYPE_INTERVALS:
    case ACF_TYPE_BOOL:
    case ACF_TYPE_PAIR:
        break;
    }
    return v;
}

bool acf_value_is_unset(const acf_config *cfg, const acf_key *k)
{
    acf_cfg_value v = acf_value_load(cfg, k);
    switch (k->type) {
    case ACF_TYPE_INT:
    case ACF_TYPE_CHOICE:
        return v.i == ACF_UNSET;
    case ACF_TYPE_LONG:
    case ACF_TYPE_BYTES:
        return v.l == ACF_UNSET;
    case ACF_TYPE_REAL:
        return isnan(v.r);
    case ACF_TYPE_INTERVAL:
    case ACF_TYPE_WARMUP:
        return isnan(v.interval.value);
    case ACF_TYPE_COLUMN:
        return v.column.name == NULL && v.column.index == ACF_UNSET;
    case ACF_TYPE_WORD:
    case ACF_TYPE_PATH:
    case ACF_TYPE_OUTPUT:
    case ACF_TYPE_ENCODER:
        return v.s == NULL;
    case ACF_TYPE_STRINGS:
        return v.strings.n == 0;
    case ACF_TYPE_CHANNELS:
    case ACF_TYPE_WHOLES:
        return v.numbers.n == 0;
    case ACF_TYPE_INTERVALS:
        return v.intervals.n == 0;
    case ACF_TYPE_BOOL:
    case ACF_TYPE_PAIR:
        return false;
    }
    return false;
}
