/* What held_out.c and held_out_config.c share. */
#ifndef ACF_INFER_HELD_OUT_INTERNAL_H
#define ACF_INFER_HELD_OUT_INTERNAL_H

#include "config/config.h"
#include "infer/held_out.h"

/* The configuration behind the model: the one kept in acf.json, or a minimal one for a foreign
 * model; with --task, --data and --set on top.  The caller frees *cfg.  ACF_ERR_USAGE (with every
 * problem in `problems`), ACF_ERR_DATA, ACF_ERR_MODEL for what acf.json holds. */
acf_status acf_held_out_config(acf_config *cfg, acf_str *problems, const acf_model *m,
                               const acf_held_out_options *opt, acf_error *e) ACF_MUST_USE;

#endif
