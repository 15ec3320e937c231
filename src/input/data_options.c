#include "input/data_options.h"

#include <stdio.h>

static const char *column_name(const acf_column *column, char number[16])
{
    if (column->name != NULL) return column->name;
    if (column->index < 0) return NULL;
    (void)snprintf(number, 16, "%d", column->index);
    return number;
}

void acf_data_keys_of(acf_data_keys *out, const acf_config *cfg)
{
    acf_data_options *o = &out->options;
    *o = acf_data_default();
    o->task = cfg->task;
    o->dir = cfg->data.dir;
    o->path[ACF_TRAIN] = cfg->data.train;
    o->path[ACF_DEV] = cfg->data.dev;
    o->path[ACF_TEST] = cfg->data.test;
    o->text = column_name(&cfg->data.columns.text, out->number[0]);
    o->text2 = column_name(&cfg->data.columns.text2, out->number[1]);
    o->label = column_name(&cfg->data.columns.label, out->number[2]);
    o->header = cfg->data.header;
    o->regression = acf_config_is_regression(cfg);
    o->labels = (const char *const *)cfg->data.labels.item;
    o->n_labels = (int)cfg->data.labels.n;
    o->dev_fraction = cfg->data.dev_fraction;
    o->folds = cfg->data.folds > 0 ? cfg->data.folds : 0;
    o->fold = cfg->data.fold > 0 ? cfg->data.fold : 0;
    o->seed = (uint64_t)(cfg->data.seed >= 0 ? cfg->data.seed : cfg->train.seed);
    o->max_train_samples = cfg->data.max_train_samples > 0 ? cfg->data.max_train_samples : 0;
    o->shots = cfg->data.shots > 0 ? cfg->data.shots : 0;
    o->on_bad = cfg->data.on_bad_line;
}
