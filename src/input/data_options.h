/* The data keys of a configuration as data/dataset.h wants them. */
#ifndef ACF_INPUT_DATA_OPTIONS_H
#define ACF_INPUT_DATA_OPTIONS_H

#include "config/config.h"
#include "data/dataset.h"

typedef struct acf_data_keys {
    acf_data_options options; /* borrows from the configuration and from here */
    char number[3][16];       /* columns that are given by number: text, text2, label */
} acf_data_keys;

/* *out stays where it is while its options are used. */
void acf_data_keys_of(acf_data_keys *out, const acf_config *cfg);

#endif
