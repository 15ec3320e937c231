/* The comparator of all tests: rejects NaN, infinity and empty arrays, and names the worst place.
 */
#ifndef ACF_TESTS_CLOSE_H
#define ACF_TESTS_CLOSE_H

#include "num/real.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct close_report {
    double err;   /* largest |got - want| (a NaN counts as the largest); -1 when n == 0 */
    size_t worst; /* its index */
    size_t n_bad;
} close_report;

/* True when n > 0 and every element is finite and |got - want| <= atol + rtol |want|. */
bool close_enough(const real *got, const real *want, size_t n, double atol, double rtol,
                  close_report *r);

/* max |got - want| <= rtol max |want|, all finite, n > 0: how gradients are judged per tensor. */
bool close_by_max(const real *got, const real *want, size_t n, double rtol, close_report *r);

/* cmocka failures with file and line, the worst index and both values. */
void check_close(const real *got, const real *want, size_t n, double atol, double rtol,
                 const char *what, const char *file, int line);
void check_close_by_max(const real *got, const real *want, size_t n, double rtol, const char *what,
                        const char *file, int line);
void check_number(double got, double want, double tol, const char *what, const char *file,
                  int line);

#define assert_close(got, want, n, atol, rtol)                                                     \
    check_close((got), (want), (n), (atol), (rtol), #got, __FILE__, __LINE__)
#define assert_close_by_max(got, want, n, rtol)                                                    \
    check_close_by_max((got), (want), (n), (rtol), #got, __FILE__, __LINE__)
/* |got - want| <= tol for one double */
#define assert_number(got, want, tol) check_number((got), (want), (tol), #got, __FILE__, __LINE__)

#endif
