/*
 * What a run will read, looked at before anything is begun.
 */
#ifndef ACF_INPUT_INPUTS_H
#define ACF_INPUT_INPUTS_H

#include "base/status.h"
#include "config/config.h"

/* Are the data files there, and can they be opened?  Reads none of them.  ACF_ERR_DATA. */
acf_status acf_inputs_find_data(const acf_config *cfg, acf_error *e) ACF_MUST_USE;

/* Read the data as acf_setup_open does, and forget them.  Fails as acf_data_open. */
acf_status acf_inputs_read_data(const acf_config *cfg, acf_error *e) ACF_MUST_USE;

/* Is model.encoder a preset, or a model or run directory?  ACF_ERR_MODEL. */
acf_status acf_inputs_find_encoder(const acf_config *cfg, acf_error *e) ACF_MUST_USE;

#endif
