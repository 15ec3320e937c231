#include "infer/reject.h"

#include "base/json.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

acf_threshold acf_threshold_keep(double *confidence, size_t n, double share)
{
    acf_threshold t;
    size_t kept = 0, wanted = (size_t)ceil(share * (double)n - 1e-9);
    if (wanted < 1) wanted = 1;
    qsort(confidence, n, sizeof *confidence, descending);
    t.value = floor(confidence[wanted - 1] * 1e6) / 1e6;
    while (kept < n && confidence[kept] >= t.value)
        kept++;
    t.kept = (double)kept / (double)n;
    return t;
}

acf_status acf_reject_choose(acf_rejection *out, const acf_evaluation *ev, acf_head head,
                             double tau, double share, acf_error *e)
{
    size_t n = (size_t)ev->n, K = (size_t)ev->K;
    double *cosine = acf_alloc(2 * n, sizeof *cosine, "confidences", e);
    if (cosine == NULL) return ACF_ERR_RESOURCE;
    double *prob = cosine + n;
    for (size_t i = 0; i < n; i++) {
        const real *row = ev->cosines + i * K;
        cosine[i] = (double)row[0];
        for (size_t k = 1; k < K; k++)
            if ((double)row[k] > cosine[i]) cosine[i] = (double)row[k];
        (void)acf_evaluation_answer(&prob[i], ev, (int)i, head, tau);
    }
    *out = (acf_rejection){.wanted = share,
                           .cosine = acf_threshold_keep(cosine, n, share),
                           .prob = acf_threshold_keep(prob, n, share)};
    acf_free(cosine);
    return ACF_OK;
}

acf_status acf_reject_report(acf_str *out, const acf_rejection *r, acf_error *e)
{
    return acf_str_printf(out, e,
                          "reject below cosine %.6f (keeps %.2f %%) or prob %.6f (keeps %.2f %%)\n"
                          "use:   acf-predict MODEL --reject %.6f\n",
                          r->cosine.value, 100 * r->cosine.kept, r->prob.value, 100 * r->prob.kept,
                          r->cosine.value);
}

acf_status acf_reject_json(cJSON *object, const acf_rejection *r, acf_error *e)
{
    cJSON *c = cJSON_AddObjectToObject(object, "reject");
    bool ok = c != NULL && cJSON_AddNumberToObject(c, "share", r->wanted) != NULL &&
              cJSON_AddNumberToObject(c, "cosine", r->cosine.value) != NULL &&
              cJSON_AddNumberToObject(c, "cosine_kept", r->cosine.kept) != NULL &&
              cJSON_AddNumberToObject(c, "prob", r->prob.value) != NULL &&
              cJSON_AddNumberToObject(c, "prob_kept", r->prob.kept) != NULL;
    return acf_json_check(ok ? c : NULL, e);
}
