#include "infer/predict_internal.h"

#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"
#include "infer/reject.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NPY_HEADER = 128 };

/* The answer to text `row` of the batch. */
static acf_status put_answer(acf_predictor *p, int row, acf_error *e)
{
    const acf_model *m = p->m;
    size_t at = (size_t)row * (size_t)m->K;
    acf_answer a = {.row = row, .number = p->n_taken - p->n + row, .tau = 1.0};
    a.score = (m->head == ACF_HEAD_LABEL ? p->cosines : p->logits) + at;
    if (m->head == ACF_HEAD_LABEL) a.tau = m->tau;
    for (int k = 0; k < m->K; k++) {
        if (!isfinite(p->logits[at + (size_t)k]))
            return acf_fail(e, ACF_ERR_NUMERIC, "%s: %s %" PRId64 ": logit of '%s' is %g",
                            p->opt->name, p->unit, a.number + 1, m->labels[k],
                            (double)p->logits[at + (size_t)k]);
        if (a.score[k] > a.score[a.best]) a.best = k;
        if (p->cosines[at + (size_t)k] > p->cosines[at + (size_t)a.nearest]) a.nearest = k;
    }
    bool is_rejected = (double)p->cosines[at + (size_t)a.nearest] < p->opt->reject;
    a.name = is_rejected ? ACF_REJECTED_LABEL : m->labels[a.best];
    return p->put(p, &a, e);
}

static acf_status keep_features(acf_predictor *p, acf_error *e)
{
    size_t n = (size_t)p->n * (size_t)p->m->enc->d;
    float *x = acf_alloc(n, sizeof *x, "features", e);
    if (x == NULL) return ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n; i++)
        x[i] = (float)p->features[i];
    acf_status st = acf_str_append(&p->npy, (const char *)x, n * sizeof *x, e);
    acf_free(x);
    return st;
}

/* The network over the texts that wait. */
static acf_status infer(acf_predictor *p, acf_error *e)
{
    int longest = 0;
    size_t square = 0;
    for (int s = 0; s < p->n && p->pixels == NULL; s++) {
        int L = p->start[s + 1] - p->start[s];
        if (L > longest) longest = L;
        square += (size_t)L * (size_t)L;
    }
    acf_input in = {
        .N = p->n, .T = p->start[p->n], .ids = p->ids, .types = p->types, .start = p->start};
    if (p->pixels != NULL) {
        int size = p->m->prep.size;
        in = (acf_input){.N = p->n, .T = p->n, .pixels = p->pixels};
        in.channels = p->m->prep.channels;
        in.height = in.width = size;
    }
    size_t bytes = acf_model_infer_bytes(p->m, in.N, in.T, longest, square);
    if (p->arena.bytes < bytes) {
        acf_arena_free(&p->arena);
        ACF_TRY(acf_arena_init(&p->arena, bytes, "prediction", e));
    }
    acf_model_infer(p->m, p->features, p->logits, p->cosines, &in, &p->arena);
    return ACF_OK;
}

acf_status acf_predictor_answer(acf_predictor *p, acf_error *e)
{
    if (p->n > 0) {
        ACF_TRY(infer(p, e));
        if (p->opt->features != NULL) ACF_TRY(keep_features(p, e));
        for (int row = 0; row < p->n; row++)
            ACF_TRY(put_answer(p, row, e));
        p->n = 0;
    }
    if (p->out.len == 0) return ACF_OK;
    acf_status st = p->opt->emit(p->opt->payload, p->out.data, p->out.len, e);
    acf_str_clear(&p->out);
    return st;
}

/* One more image: its path is `text`. */
static acf_status take_image(acf_predictor *p, const char *text, size_t len, acf_error *e)
{
    const acf_image_prep *prep = &p->m->prep;
    const acf_box nothing = {0};
    char *name = acf_strndup(text, len, e), *path = NULL;
    acf_status st = ACF_ERR_RESOURCE;
    if (name != NULL) path = acf_path_join(p->base, name, e);
    if (path != NULL) {
        st = len == 0 || strlen(name) != len
                 ? acf_fail(e, ACF_ERR_DATA, "%s",
                            len == 0 ? "is empty, expected the path of an image"
                                     : "holds a NUL byte, expected the path of an image")
                 : acf_image_prepare_file(p->levels, path, prep->channels, prep, e);
        st = acf_reclass(st, ACF_ERR_DATA, e);
        if (st == ACF_ERR_DATA)
            st = acf_context(st, e, "%s: %s %" PRId64, p->opt->name, p->unit, p->n_taken + 1);
    }
    acf_free(name);
    acf_free(path);
    ACF_TRY(st);
    size_t values = (size_t)prep->channels * (size_t)prep->size * (size_t)prep->size;
    acf_image_normalize(p->pixels + (size_t)p->n * values, p->levels, prep->channels, prep,
                        &p->scale, &nothing);
    return ACF_OK;
}

static acf_status take_text(acf_predictor *p, const char *text, size_t len, const char *second,
                            size_t second_len, acf_error *e)
{
    acf_encoding *x = &p->encoding;
    ACF_TRY(acf_tokenizer_encode(p->m->tok, x, text, len, second, second_len, p->m->max_length, e));
    int32_t at = p->n == 0 ? 0 : p->start[p->n];
    int32_t *ids = acf_grow(p->ids, &p->cap_ids, (size_t)at + x->n, sizeof *ids, "token ids", e);
    if (ids == NULL) return ACF_ERR_RESOURCE;
    p->ids = ids;
    int32_t *types =
        acf_grow(p->types, &p->cap_types, (size_t)at + x->n, sizeof *types, "token types", e);
    if (types == NULL) return ACF_ERR_RESOURCE;
    p->types = types;
    memcpy(p->ids + at, x->ids, x->n * sizeof *x->ids);
    memcpy(p->types + at, x->types, x->n * sizeof *x->types);
    p->start[0] = 0;
    p->start[p->n + 1] = at + (int32_t)x->n;
    return ACF_OK;
}

acf_status acf_predictor_take(acf_predictor *p, const char *text, size_t len, const char *second,
                              size_t second_len, acf_error *e)
{
    ACF_TRY(p->pixels != NULL ? take_image(p, text, len, e)
                              : take_text(p, text, len, second, second_len, e));
    p->n++;
    p->n_taken++;
    return p->n == ACF_PREDICT_BATCH ? acf_predictor_answer(p, e) : ACF_OK;
}

acf_status acf_predictor_end(acf_predictor *p, acf_status st, acf_error *e)
{
    acf_error other; /* the bad line is what is told */
    acf_status answered = ACF_OK;
    if (st == ACF_OK || st == ACF_ERR_DATA)
        answered = acf_predictor_answer(p, st == ACF_OK ? e : &other);
    return st != ACF_OK ? st : answered;
}

/* NumPy format 1.0: magic, length of the header, a Python literal padded to 128 bytes, then data.
 */
acf_status acf_predictor_finish(acf_predictor *p, acf_error *e)
{
    if (p->opt->features == NULL) return ACF_OK;
    static const char magic[] = "\x93NUMPY\x01\x00";
    char *h = p->npy.data;
    memset(h, ' ', NPY_HEADER);
    memcpy(h, magic, 8);
    h[8] = (char)(NPY_HEADER - 10);
    h[9] = 0;
    char text[NPY_HEADER];
    int n = snprintf(text, sizeof text,
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (%" PRId64 ", %d), }",
                     p->n_taken, p->m->enc->d);
    memcpy(h + 10, text, (size_t)n);
    h[NPY_HEADER - 1] = '\n';
    return acf_write_output(p->opt->features, p->npy.data, p->npy.len, e);
}

static acf_status open_images(acf_predictor *p, acf_error *e)
{
    const acf_image_prep *prep = &p->m->prep;
    size_t values = (size_t)prep->channels * (size_t)prep->size * (size_t)prep->size;
    if (!(prep->std[0] > 0))
        return acf_fail(e, ACF_ERR_MODEL,
                        "the model has no preprocessor_config.json that says by which mean and "
                        "standard deviation images are normalized");
    p->pixels = acf_alloc((size_t)ACF_PREDICT_BATCH * values, sizeof *p->pixels, "images", e);
    p->levels = acf_alloc(values, 1, "images", e);
    acf_image_scale_make(&p->scale, prep);
    return p->pixels != NULL && p->levels != NULL ? ACF_OK : ACF_ERR_RESOURCE;
}

acf_status acf_predictor_open(acf_predictor *p, acf_error *e)
{
    size_t d = (size_t)p->m->enc->d, K = (size_t)p->m->K;
    p->features = acf_alloc((size_t)ACF_PREDICT_BATCH * d, sizeof *p->features, "features", e);
    p->logits = acf_alloc((size_t)ACF_PREDICT_BATCH * K, sizeof *p->logits, "logits", e);
    p->cosines = acf_alloc((size_t)ACF_PREDICT_BATCH * K, sizeof *p->cosines, "cosines", e);
    p->prob = acf_alloc(K, sizeof *p->prob, "probabilities", e);
    if (p->features == NULL || p->logits == NULL || p->cosines == NULL || p->prob == NULL)
        return ACF_ERR_RESOURCE;
    if (p->m->enc->channels > 0) ACF_TRY(open_images(p, e));
    char header[NPY_HEADER] = {0};
    return p->opt->features != NULL ? acf_str_append(&p->npy, header, sizeof header, e) : ACF_OK;
}

void acf_predictor_close(acf_predictor *p)
{
    acf_encoding_free(&p->encoding);
    acf_arena_free(&p->arena);
    acf_str_free(&p->out);
    acf_str_free(&p->npy);
    acf_free(p->ids);
    acf_free(p->types);
    acf_free(p->pixels);
    acf_free(p->levels);
    acf_free(p->features);
    acf_free(p->logits);
    acf_free(p->cosines);
    acf_free(p->prob);
}
