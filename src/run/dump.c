#include "run/dump.h"

#include "base/mem.h"
#include "base/str.h"
#include "store/safetensors.h"
#include "store/weights.h"

#include <string.h>

enum { N_FIXED = 14 };

acf_status acf_dump_path(acf_str *out, const acf_dump *dump, int64_t update, acf_error *e)
{
    const char *at = strstr(dump->path, "%d");
    if (at == NULL) return acf_str_puts(out, dump->path, e);
    ACF_TRY(acf_str_append(out, dump->path, (size_t)(at - dump->path), e));
    return acf_str_printf(out, e, "%lld%s", (long long)update, at + 2);
}

static void vector(acf_st_item *item, const char *name, acf_dtype dtype, size_t n, const void *data)
{
    *item =
        (acf_st_item){.name = name, .dtype = dtype, .rank = 1, .dim = {(uint64_t)n}, .data = data};
}

static void matrix(acf_st_item *item, const char *name, int rows, int cols, const real *data)
{
    *item = (acf_st_item){.name = name,
                          .dtype = ACF_DTYPE_REAL,
                          .rank = 2,
                          .dim = {(uint64_t)rows, (uint64_t)cols},
                          .data = data};
}

acf_status acf_dump_step(const acf_dump *dump, const acf_step *s, const acf_batch *batch,
                         const acf_loss *loss, int64_t update, acf_error *e)
{
    if (dump->path == NULL || update < dump->first || update > dump->last) return ACF_OK;
    const acf_model *m = s->model;
    const acf_input *in = &batch->input;
    acf_str path = {0};
    size_t n = 0;
    acf_st_item *item = acf_alloc(N_FIXED + m->params.n, sizeof *item, "dump", e);
    if (item == NULL) return ACF_ERR_RESOURCE;
    size_t N = (size_t)batch->N, T = (size_t)in->T;
    if (in->ids != NULL) {
        vector(&item[n++], "input_ids", ACF_I32, T, in->ids);
        if (in->types != NULL) vector(&item[n++], "token_type_ids", ACF_I32, T, in->types);
        vector(&item[n++], "start", ACF_I32, N + 1, in->start);
    }
    if (in->pixels != NULL)
        item[n++] = (acf_st_item){
            .name = "pixel_values",
            .dtype = ACF_DTYPE_REAL,
            .rank = 4,
            .dim = {N, (uint64_t)in->channels, (uint64_t)in->height, (uint64_t)in->width},
            .data = in->pixels};
    vector(&item[n++], "row", ACF_I32, N, batch->row);
    vector(&item[n++], "labels", ACF_I32, N, batch->label);
    matrix(&item[n++], "features", batch->N, m->enc->d, s->features);
    matrix(&item[n++], "logits", batch->N, m->K, s->logits);
    vector(&item[n++], "loss", ACF_F64, 1, &loss->total);
    vector(&item[n++], "loss_ce", ACF_F64, 1, &loss->ce);
    vector(&item[n++], "loss_contrast", ACF_F64, 1, &loss->contrast);
    vector(&item[n++], "loss_cor", ACF_F64, 1, &loss->cor);
    vector(&item[n++], "excess", ACF_F64, 1, &loss->excess);
    for (size_t i = 0; i < m->params.n; i++) {
        const acf_param *p = &m->params.slice[i];
        if ((p->flags & ACF_PARAM_STATE) != 0) continue;
        item[n++] = acf_weights_item(p, m->params.grad + p->at);
    }
    acf_status st = acf_dump_path(&path, dump, update, e);
    if (st == ACF_OK) st = acf_st_write(path.data, item, n, NULL, e);
    acf_str_free(&path);
    acf_free(item);
    return st;
}
