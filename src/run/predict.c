#include "run/predict.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "run/evaluate.h"
#include "run/reject.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BATCH_LINES = 64, READ_BYTES = 1 << 16, NPY_HEADER = 128 };

/* Texts wait here until a batch is full or the input has nothing more at the moment. */
typedef struct predictor {
    acf_model *m;
    const acf_predict_options *opt;
    acf_encoding encoding;
    int32_t *ids, *types;
    size_t cap_ids, cap_types;
    int32_t start[BATCH_LINES + 1];
    int n;                  /* lines waiting */
    int64_t line;           /* lines taken so far */
    real *features;         /* [BATCH_LINES, d] */
    real *logits, *cosines; /* [BATCH_LINES, K] */
    double *prob;           /* [K] */
    acf_arena arena;
    acf_str out;
    acf_str npy;
} predictor;

/* The label embedding with the largest cosine. */
static int nearest_label(const predictor *p, int row)
{
    const real *cosine = p->cosines + (size_t)row * (size_t)p->m->K;
    int nearest = 0;
    for (int k = 1; k < p->m->K; k++)
        if (cosine[k] > cosine[nearest]) nearest = k;
    return nearest;
}

/* What the row is called: class k, or that it is none of them. */
static const char *answer_name(const predictor *p, int row, int k)
{
    size_t at = (size_t)row * (size_t)p->m->K + (size_t)nearest_label(p, row);
    return (double)p->cosines[at] < p->opt->reject ? ACF_REJECTED_LABEL : p->m->labels[k];
}

static acf_status label_json(cJSON *c, const predictor *p, int row, int best, const real *score,
                             double tau, acf_error *e)
{
    const acf_model *m = p->m;
    const real *cosine = p->cosines + (size_t)row * (size_t)m->K;
    const real *logit = p->logits + (size_t)row * (size_t)m->K;
    int nearest = nearest_label(p, row);
    acf_probabilities(p->prob, score, m->K, tau);
    cJSON *probs = NULL, *logits = NULL, *near = NULL;
    bool ok = cJSON_AddStringToObject(c, "label", answer_name(p, row, best)) != NULL &&
              cJSON_AddNumberToObject(c, "prob", p->prob[best]) != NULL &&
              (probs = cJSON_AddObjectToObject(c, "probs")) != NULL &&
              (logits = cJSON_AddArrayToObject(c, "logits")) != NULL;
    for (int k = 0; ok && k < m->K; k++)
        ok = cJSON_AddNumberToObject(probs, m->labels[k], p->prob[k]) != NULL &&
             cJSON_AddItemToArray(logits, cJSON_CreateNumber((double)logit[k]));
    ok = ok && (near = cJSON_AddObjectToObject(c, "nearest")) != NULL &&
         cJSON_AddStringToObject(near, "label", m->labels[nearest]) != NULL &&
         cJSON_AddNumberToObject(near, "cosine", (double)cosine[nearest]) != NULL;
    if (ok && p->opt->tokens) {
        int32_t from = p->start[row];
        cJSON *ids = cJSON_CreateIntArray(p->ids + from, p->start[row + 1] - from);
        ok = ids != NULL && cJSON_AddItemToObject(c, "input_ids", ids);
    }
    return acf_json_check(ok ? c : NULL, e);
}

static acf_status put_json(predictor *p, int row, int best, const real *score, double tau,
                           acf_error *e)
{
    cJSON *c = cJSON_CreateObject();
    ACF_TRY(acf_json_check(c, e));
    acf_status st = label_json(c, p, row, best, score, tau, e);
    char *text = st == ACF_OK ? acf_json_print(c, false, e) : NULL;
    if (st == ACF_OK)
        st = text == NULL ? ACF_ERR_RESOURCE : acf_str_printf(&p->out, e, "%s\n", text);
    acf_free(text);
    cJSON_Delete(c);
    return st;
}

/* The top_k labels with their probabilities, best first. */
static acf_status put_tsv(predictor *p, int row, const real *score, double tau, acf_error *e)
{
    const acf_model *m = p->m;
    acf_probabilities(p->prob, score, m->K, tau);
    for (int i = 0; i < p->opt->top_k; i++) {
        int best = 0;
        for (int k = 1; k < m->K; k++)
            if (p->prob[k] > p->prob[best]) best = k;
        ACF_TRY(acf_str_printf(&p->out, e, "%s%s\t%.6f", i > 0 ? "\t" : "",
                               i == 0 ? answer_name(p, row, best) : m->labels[best],
                               p->prob[best]));
        p->prob[best] = -1; /* taken */
    }
    return acf_str_puts(&p->out, "\n", e);
}

static acf_status put_answer(predictor *p, int row, acf_error *e)
{
    const acf_model *m = p->m;
    size_t at = (size_t)row * (size_t)m->K;
    const real *score = (m->head == ACF_HEAD_LABEL ? p->cosines : p->logits) + at;
    double tau = m->head == ACF_HEAD_LABEL ? m->tau : 1.0;
    int best = 0;
    for (int k = 0; k < m->K; k++) {
        if (!isfinite(p->logits[at + (size_t)k]))
            return acf_fail(e, ACF_ERR_NUMERIC, "%s: line %" PRId64 ": logit of '%s' is %g",
                            p->opt->name, p->line - p->n + row + 1, m->labels[k],
                            (double)p->logits[at + (size_t)k]);
        if (score[k] > score[best]) best = k;
    }
    switch (p->opt->format) {
    case ACF_PREDICT_LABELS:
        return acf_str_printf(&p->out, e, "%s\n", answer_name(p, row, best));
    case ACF_PREDICT_TSV:
        return put_tsv(p, row, score, tau, e);
    case ACF_PREDICT_JSONL:
        return put_json(p, row, best, score, tau, e);
    }
    return ACF_OK;
}

static acf_status keep_features(predictor *p, acf_error *e)
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

/* Answer the lines that wait. */
static acf_status answer(predictor *p, acf_error *e)
{
    if (p->n == 0) return ACF_OK;
    int longest = 0;
    size_t square = 0;
    for (int s = 0; s < p->n; s++) {
        int L = p->start[s + 1] - p->start[s];
        if (L > longest) longest = L;
        square += (size_t)L * (size_t)L;
    }
    acf_input in = {
        .N = p->n, .T = p->start[p->n], .ids = p->ids, .types = p->types, .start = p->start};
    size_t bytes = acf_model_infer_bytes(p->m, in.N, in.T, longest, square);
    if (p->arena.bytes < bytes) {
        acf_arena_free(&p->arena);
        ACF_TRY(acf_arena_init(&p->arena, bytes, "prediction", e));
    }
    acf_model_infer(p->m, p->features, p->logits, p->cosines, &in, &p->arena);
    if (p->opt->features != NULL) ACF_TRY(keep_features(p, e));
    for (int row = 0; row < p->n; row++)
        ACF_TRY(put_answer(p, row, e));
    p->n = 0;
    acf_status st = p->opt->emit(p->opt->payload, p->out.data, p->out.len, e);
    acf_str_clear(&p->out);
    return st;
}

static acf_status take_line(predictor *p, const char *line, size_t len, acf_error *e)
{
    const char *second = NULL;
    size_t second_len = 0;
    p->line++;
    if (len > 0 && line[len - 1] == '\r') len--;
    if (p->opt->pair) {
        const char *tab = memchr(line, '\t', len);
        if (tab == NULL)
            return acf_fail(e, ACF_ERR_DATA,
                            "%s: line %" PRId64 ": has no TAB, expected two texts separated by one",
                            p->opt->name, p->line);
        second = tab + 1;
        second_len = len - (size_t)(second - line);
        len = (size_t)(tab - line);
    }
    acf_encoding *x = &p->encoding;
    ACF_TRY(acf_tokenizer_encode(p->m->tok, x, line, len, second, second_len, p->m->max_length, e));
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
    p->start[++p->n] = at + (int32_t)x->n;
    return p->n == BATCH_LINES ? answer(p, e) : ACF_OK;
}

/* Take all whole lines of the buffer; what remains is moved to its front. */
static acf_status take_lines(predictor *p, acf_str *buffer, acf_error *e)
{
    size_t at = 0;
    while (at < buffer->len) {
        const char *end = memchr(buffer->data + at, '\n', buffer->len - at);
        if (end == NULL) break;
        size_t len = (size_t)(end - buffer->data) - at;
        ACF_TRY(take_line(p, buffer->data + at, len, e));
        at += len + 1;
    }
    if (at > 0) memmove(buffer->data, buffer->data + at, buffer->len - at);
    buffer->len -= at;
    return answer(p, e);
}

static acf_status read_all(predictor *p, acf_error *e)
{
    acf_str buffer = {0};
    acf_status st = ACF_OK;
    char *chunk = acf_alloc(READ_BYTES, 1, "input buffer", e);
    if (chunk == NULL) return ACF_ERR_RESOURCE;
    while (st == ACF_OK) {
        ssize_t n = read(p->opt->input, chunk, READ_BYTES);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            st = acf_fail(e, ACF_ERR_DATA, "%s: cannot read: %s", p->opt->name, strerror(errno));
        if (n <= 0) break;
        st = acf_str_append(&buffer, chunk, (size_t)n, e);
        if (st == ACF_OK) st = take_lines(p, &buffer, e);
    }
    if (st == ACF_OK && buffer.len > 0) st = take_line(p, buffer.data, buffer.len, e);
    if (st == ACF_OK) st = answer(p, e);
    acf_free(chunk);
    acf_str_free(&buffer);
    return st;
}

/* NumPy format 1.0: magic, length of the header, a Python literal padded to 128 bytes, then data.
 */
static acf_status write_npy(predictor *p, acf_error *e)
{
    static const char magic[] = "\x93NUMPY\x01\x00";
    char *h = p->npy.data;
    memset(h, ' ', NPY_HEADER);
    memcpy(h, magic, 8);
    h[8] = (char)(NPY_HEADER - 10);
    h[9] = 0;
    char text[NPY_HEADER];
    int n = snprintf(text, sizeof text,
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (%" PRId64 ", %d), }",
                     p->line, p->m->enc->d);
    memcpy(h + 10, text, (size_t)n);
    h[NPY_HEADER - 1] = '\n';
    return acf_write_output(p->opt->features, p->npy.data, p->npy.len, e);
}

static acf_status predictor_open(predictor *p, acf_error *e)
{
    size_t d = (size_t)p->m->enc->d, K = (size_t)p->m->K;
    p->features = acf_alloc(BATCH_LINES * d, sizeof *p->features, "features", e);
    p->logits = acf_alloc(BATCH_LINES * K, sizeof *p->logits, "logits", e);
    p->cosines = acf_alloc(BATCH_LINES * K, sizeof *p->cosines, "cosines", e);
    p->prob = acf_alloc(K, sizeof *p->prob, "probabilities", e);
    if (p->features == NULL || p->logits == NULL || p->cosines == NULL || p->prob == NULL)
        return ACF_ERR_RESOURCE;
    char header[NPY_HEADER] = {0};
    return p->opt->features != NULL ? acf_str_append(&p->npy, header, sizeof header, e) : ACF_OK;
}

acf_status acf_predict(int64_t *n_lines, acf_model *m, const acf_predict_options *opt, acf_error *e)
{
    predictor p = {.m = m, .opt = opt};
    acf_status st = predictor_open(&p, e);
    if (st == ACF_OK) st = read_all(&p, e);
    if (st == ACF_OK && opt->features != NULL) st = write_npy(&p, e);
    *n_lines = p.line;
    acf_encoding_free(&p.encoding);
    acf_arena_free(&p.arena);
    acf_str_free(&p.out);
    acf_str_free(&p.npy);
    acf_free(p.ids);
    acf_free(p.types);
    acf_free(p.features);
    acf_free(p.logits);
    acf_free(p.cosines);
    acf_free(p.prob);
    return st;
}
