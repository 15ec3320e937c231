/* The variants of a sweep, and their product with the values of one key after another. */
#ifndef ACF_SWEEP_SWEEP_GRID_H
#define ACF_SWEEP_SWEEP_GRID_H

#include "sweep/sweep_file.h"

/* Append a variant with copies of the settings. */
acf_status acf_sweep_variant_add(acf_sweep_file *f, const char *name, const acf_settings *set,
                                 acf_error *e) ACF_MUST_USE;

/*
 * Replace the variants by their product with `values` (n >= 1) of one key that stands at `at`: in
 * the old order, each with the first value, the second ...; so keys that come later vary faster.
 * Names grow by "_KEY=VALUE" (without the key's first section; a path's VALUE is its last part;
 * what a directory's name should not hold becomes '_').  Told as problems: a variant that sets the
 * key, too, names that become the same, more than ACF_SWEEP_MOST variants.
 */
enum { ACF_SWEEP_MOST = 10000 };
acf_status acf_sweep_grid(acf_sweep_file *f, acf_problems *p, acf_place at,
                          const acf_settings *values, acf_error *e) ACF_MUST_USE;

#endif
