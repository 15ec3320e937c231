#include "support/close.h"

#include "support/cm.h"

#include <math.h>

bool close_enough(const real *got, const real *want, size_t n, double atol, double rtol,
                  close_report *r)
{
    *r = (close_report){.err = -1.0};
    for (size_t i = 0; i < n; i++) {
        double err = fabs((double)got[i] - (double)want[i]);
        bool ok =
            isfinite(got[i]) && isfinite(want[i]) && err <= atol + rtol * fabs((double)want[i]);
        if (!ok) r->n_bad++;
        if (!(err <= r->err)) { /* a NaN becomes the worst */
            r->err = err;
            r->worst = i;
        }
    }
    return n > 0 && r->n_bad == 0;
}

bool close_by_max(const real *got, const real *want, size_t n, double rtol, close_report *r)
{
    double top = 0.0;
    for (size_t i = 0; i < n; i++)
        if (fabs((double)want[i]) > top) top = fabs((double)want[i]);
    return close_enough(got, want, n, rtol * top, 0.0, r);
}

static void report(const real *got, const real *want, size_t n, const close_report *r,
                   const char *what, const char *file, int line)
{
    if (n == 0) fail_msg("%s:%d: %s: nothing to compare", file, line, what);
    fail_msg("%s:%d: %s: %zu of %zu differ, worst [%zu]: got %.9g, want %.9g (off by %.3g)", file,
             line, what, r->n_bad, n, r->worst, (double)got[r->worst], (double)want[r->worst],
             r->err);
}

void check_close(const real *got, const real *want, size_t n, double atol, double rtol,
                 const char *what, const char *file, int line)
{
    close_report r;
    if (!close_enough(got, want, n, atol, rtol, &r)) report(got, want, n, &r, what, file, line);
}

void check_close_by_max(const real *got, const real *want, size_t n, double rtol, const char *what,
                        const char *file, int line)
{
    close_report r;
    if (!close_by_max(got, want, n, rtol, &r)) report(got, want, n, &r, what, file, line);
}

void check_number(double got, double want, double tol, const char *what, const char *file, int line)
{
    if (!(isfinite(got) && fabs(got - want) <= tol))
        fail_msg("%s:%d: %s: got %.12g, want %.12g (tolerance %g)", file, line, what, got, want,
                 tol);
}
