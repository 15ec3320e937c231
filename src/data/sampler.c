#include "data/sampler.h"

#include "base/assert.h"
#include "base/mem.h"
#include "base/rng.h"
#include "data/draw.h"

static acf_status draw_balanced(int32_t *order, int n, const int32_t *label, int K, acf_rng rng,
                                acf_error *e)
{
    acf_status st = ACF_ERR_RESOURCE;
    int32_t *begin = acf_alloc((size_t)K + 1, sizeof *begin, "balanced sampler", e);
    int32_t *present = acf_alloc((size_t)K, sizeof *present, "balanced sampler", e);
    int32_t *rows = acf_alloc((size_t)n, sizeof *rows, "balanced sampler", e);
    if (begin == NULL || present == NULL || rows == NULL) goto done;

    acf_draw_by_class(begin, rows, label, n, K);
    uint64_t n_present = 0;
    for (int k = 0; k < K; k++)
        if (begin[k + 1] > begin[k]) present[n_present++] = k;
    for (int i = 0; i < n; i++) {
        uint64_t at = 2 * (uint64_t)i;
        int32_t k = present[acf_rng_below(rng, at, n_present)];
        uint64_t size = (uint64_t)(begin[k + 1] - begin[k]);
        order[i] = rows[(uint64_t)begin[k] + acf_rng_below(rng, at + 1, size)];
    }
    st = ACF_OK;
done:
    acf_free(begin);
    acf_free(present);
    acf_free(rows);
    return st;
}

acf_status acf_sampler_order(int32_t *order, int n, acf_sampler kind, const int32_t *label, int K,
                             uint64_t seed, uint64_t epoch, acf_error *e)
{
    ACF_ASSERT(epoch >> 32 == 0);
    if (kind == ACF_SAMPLER_BALANCED)
        return draw_balanced(order, n, label, K, (acf_rng){seed, ACF_STREAM_SAMPLER, epoch}, e);
    for (int i = 0; i < n; i++)
        order[i] = i;
    acf_rng_shuffle(order, (size_t)n, (acf_rng){seed, ACF_STREAM_SHUFFLE, epoch});
    return ACF_OK;
}
