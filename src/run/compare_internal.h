/* One task of one pair, of which run/compare.c makes the whole. */
#ifndef ACF_RUN_COMPARE_INTERNAL_H
#define ACF_RUN_COMPARE_INTERNAL_H

#include "run/compare.h"

/* Read and test the runs that both tasks have; run: the places of the two in c->path.  On failure
 * *row must be closed as well.  Errors as acf_compare_run. */
acf_status acf_compare_row_open(acf_compare_row *row, const acf_compare *c, const int run[2],
                                const acf_found_task *a, const acf_found_task *b,
                                acf_error *e) ACF_MUST_USE;
void acf_compare_row_close(acf_compare_row *row);

#endif
