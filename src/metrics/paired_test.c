#include "metrics/paired_test.h"

#include "base/mem.h"
#include "metrics/bootstrap.h"
#include "metrics/exact.h"
#include "metrics/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Draws of the two tests must not be the same numbers. */
enum { SWAP_SEED = ACF_BOOTSTRAP_SEED + 1 };

static double part_difference(const acf_paired *p, size_t part, acf_paired_draw draw)
{
    double figure[2];
    size_t place;
    const acf_paired_block *b = acf_paired_find(p, part, &place);
    acf_paired_figures(figure, p, b, place, draw);
    return figure[1] - figure[0];
}

/* One draw of the bootstrap; times [n_parts] is scratch. */
static double resample(acf_paired *p, size_t *times, acf_rng r)
{
    uint64_t index = 0;
    double total = 0.0;
    size_t n = p->n_parts, place;
    memset(times, 0, n * sizeof *times);
    for (size_t i = 0; i < n; i++)
        times[n > 1 ? acf_rng_below(r, index++, n) : 0]++;
    if (p->is_crossed) acf_paired_make(p->block, ACF_PAIRED_RESAMPLED, r, &index);
    for (size_t part = 0; part < n; part++) {
        if (p->is_crossed && times[part] > 0) {
            total += (double)times[part] * part_difference(p, part, ACF_PAIRED_RESAMPLED);
            continue;
        }
        for (size_t i = 0; i < times[part]; i++) {
            acf_paired_make(acf_paired_find(p, part, &place), ACF_PAIRED_RESAMPLED, r, &index);
            total += part_difference(p, part, ACF_PAIRED_RESAMPLED);
        }
    }
    return total / (double)n;
}

static acf_status bootstrap(acf_paired_test *t, acf_paired *p, int n_draws, acf_error *e)
{
    acf_status st = ACF_ERR_RESOURCE;
    size_t *times = acf_alloc(p->n_parts, sizeof *times, "bootstrap draws", e);
    double *draws = acf_alloc((size_t)n_draws, sizeof *draws, "bootstrap draws", e);
    if (times == NULL || draws == NULL) goto done;
    acf_rng r = {.seed = ACF_BOOTSTRAP_SEED, .stream = ACF_STREAM_BOOTSTRAP};
    for (int b = 0; b < n_draws; b++) {
        r.step = (uint64_t)b;
        draws[b] = resample(p, times, r);
    }
    t->bootstrap_p = acf_bootstrap_p(draws, (size_t)n_draws);
    t->bootstrap_ci = acf_bootstrap_interval(draws, (size_t)n_draws);
    st = ACF_OK;
done:
    acf_free(draws);
    acf_free(times);
    return st;
}

static void randomize(acf_paired_test *t, acf_paired *p, int n_draws)
{
    /* Swapping everything must count as equally far, whatever the rounding. */
    double limit = fabs(t->difference) * (1.0 - 1e-9) - 1e-12;
    acf_rng r = {.seed = SWAP_SEED, .stream = ACF_STREAM_BOOTSTRAP};
    int64_t far = 0, kept = 0;
    for (int b = 0; b < n_draws; b++) {
        double total = 0.0;
        uint64_t index = 0;
        r.step = (uint64_t)b;
        for (size_t i = 0; i < p->n_blocks; i++)
            acf_paired_make(&p->block[i], ACF_PAIRED_SWAPPED, r, &index);
        for (size_t part = 0; part < p->n_parts; part++)
            total += part_difference(p, part, ACF_PAIRED_SWAPPED);
        if (isnan(total)) continue;
        kept++;
        far += fabs(total / (double)p->n_parts) >= limit ? 1 : 0;
    }
    t->randomization_p = (1.0 + (double)far) / (1.0 + (double)kept);
}

/* Answers of accuracy are 1 where they are right. */
static acf_status mcnemar(acf_paired_test *t, const acf_paired *p, acf_error *e)
{
    int64_t observed = 0;
    int64_t *count = acf_alloc(p->n_parts + 1, sizeof *count, "differences", e);
    if (count == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < p->n_blocks; i++) {
        const acf_paired_block *b = &p->block[i];
        for (size_t u = 0; u < b->n_units; u++) {
            const int32_t *answer = b->cls + u * (1 + 2 * b->n_parts) + 1;
            int32_t value = 0;
            for (size_t k = 0; k < b->n_parts; k++, answer += 2) {
                value += answer[1] - answer[0];
                if (answer[0] != answer[1]) t->only[answer[1]] += b->count[u];
            }
            count[value < 0 ? -value : value] += b->count[u];
            observed += value * b->count[u];
        }
    }
    acf_status st = acf_sign_flip_test(&t->mcnemar_p, count, (int)p->n_parts, observed, e);
    t->has_mcnemar = true;
    acf_free(count);
    return st;
}

static acf_status student(acf_paired_test *t, const double *first, const double *second, size_t n,
                          int n_folds, acf_error *e)
{
    double *d = acf_alloc(n, sizeof *d, "differences", e);
    if (d == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n; i++)
        d[i] = second[i] - first[i];
    acf_sample s = acf_sample_of(d, n, n_folds);
    t->student_ci = (acf_ci){s.low, s.high};
    t->student_p = acf_sample_p(&s);
    acf_free(d);
    return ACF_OK;
}

static acf_status observe(acf_paired_test *t, double *first, double *second, acf_paired *p,
                          acf_error *e)
{
    uint64_t index = 0;
    double n = (double)p->n_parts;
    for (size_t i = 0; i < p->n_blocks; i++)
        acf_paired_make(&p->block[i], ACF_PAIRED_AS_IT_IS, (acf_rng){0}, &index);
    for (size_t part = 0; part < p->n_parts; part++) {
        double figure[2];
        size_t place;
        const acf_paired_block *b = acf_paired_find(p, part, &place);
        acf_paired_figures(figure, p, b, place, ACF_PAIRED_AS_IT_IS);
        if (isnan(figure[0]) || isnan(figure[1]))
            return acf_fail(e, ACF_ERR_DATA, "%s is undefined: the %s model answers with one value",
                            acf_metric_name(p->metric), isnan(figure[0]) ? "first" : "second");
        first[part] = figure[0];
        second[part] = figure[1];
        t->mean[0] += figure[0] / n;
        t->mean[1] += figure[1] / n;
    }
    t->difference = t->mean[1] - t->mean[0];
    return ACF_OK;
}

acf_status acf_paired_test_run(acf_paired_test *t, double *first, double *second, acf_paired *p,
                               const acf_paired_options *opt, acf_error *e)
{
    *t = (acf_paired_test){.randomization_p = NAN, .student_ci = {NAN, NAN}, .student_p = NAN};
    ACF_TRY(observe(t, first, second, p, e));
    ACF_TRY(bootstrap(t, p, opt->n_draws, e));
    if (p->by_right)
        ACF_TRY(mcnemar(t, p, e));
    else
        randomize(t, p, opt->n_draws);
    t->p = p->by_right ? t->mcnemar_p : t->randomization_p;
    t->ci = t->bootstrap_ci;
    if (p->n_parts == 1) return ACF_OK;
    ACF_TRY(student(t, first, second, p->n_parts, opt->n_folds, e));
    t->p = fmax(t->bootstrap_p, t->student_p);
    t->ci.low = fmin(t->bootstrap_ci.low, t->student_ci.low);
    t->ci.high = fmax(t->bootstrap_ci.high, t->student_ci.high);
    return ACF_OK;
}
