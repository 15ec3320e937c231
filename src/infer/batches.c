#include "infer/batches.h"

acf_status acf_batches_visit(const acf_model *m, acf_source *source, const int32_t *rows, int n,
                             const acf_batch_visitor *v, acf_error *e)
{
    acf_batch_bound bound;
    acf_arena arena = {0};
    acf_batch batch = {0};
    int32_t some[ACF_BATCH_ROWS];
    const acf_fetch how = {.train = false};
    ACF_TRY(acf_source_bound(&bound, source, ACF_BATCH_ROWS, false, e));
    ACF_TRY(acf_source_announce(source, rows, n, e));
    acf_status st = acf_arena_init(
        &arena, acf_model_infer_bytes(m, bound.N, bound.T, bound.L, bound.square), v->what, e);
    for (int first = 0; st == ACF_OK && first < n; first += ACF_BATCH_ROWS) {
        int N = n - first < ACF_BATCH_ROWS ? n - first : ACF_BATCH_ROWS;
        for (int i = 0; i < N; i++)
            some[i] = rows != NULL ? rows[first + i] : first + i;
        if (acf_poll_stops(v->poll))
            st = acf_fail(e, ACF_STOPPED, "%s: stopped at row %d of %d", v->what, first, n);
        else
            st = acf_source_fetch(source, &batch, some, N, &how, e);
        if (st == ACF_OK) st = v->visit(v->payload, &batch, first, &arena, e);
    }
    acf_batch_free(&batch);
    acf_arena_free(&arena);
    return st;
}
