/* One task of one pair, of which compare/compare.c makes the whole. */
#ifndef ACF_COMPARE_COMPARE_INTERNAL_H
#define ACF_COMPARE_COMPARE_INTERNAL_H

#include "compare/compare.h"

/* Read and test the runs that both tasks have; run: the places of the two in c->path.  On failure
 * *row is empty.  *is_apt is false when that is because the metric or the head makes no sense of
 * such a task.  Errors as acf_compare_run. */
acf_status acf_compare_row_open(acf_compare_row *row, bool *is_apt, const acf_compare *c,
                                const int run[2], const acf_found_task *a, const acf_found_task *b,
                                acf_error *e) ACF_MUST_USE;
void acf_compare_row_close(acf_compare_row *row);

#endif
