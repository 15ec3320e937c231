#include "infer/predict_internal.h"

#include "base/json.h"
#include "base/mem.h"
#include "infer/evaluate.h"
#include "text/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 16, PICTURE_BYTES = 16 };

/* Of a class: its name, and the probabilities of all. */
static bool add_class(cJSON *c, const acf_predictor *p, const acf_answer *a)
{
    const acf_model *m = p->m;
    acf_probabilities(p->prob, a->score, m->K, a->tau);
    cJSON *probs = NULL;
    bool ok = cJSON_AddStringToObject(c, "label", a->name) != NULL &&
              cJSON_AddNumberToObject(c, "prob", p->prob[a->best]) != NULL &&
              (probs = cJSON_AddObjectToObject(c, "probs")) != NULL;
    for (int k = 0; ok && k < m->K; k++)
        ok = cJSON_AddNumberToObject(probs, m->labels[k], p->prob[k]) != NULL;
    return ok;
}

static bool add_nearest(cJSON *c, const acf_predictor *p, const acf_answer *a)
{
    const acf_model *m = p->m;
    const real *cosine = p->cosines + (size_t)a->row * (size_t)m->K;
    cJSON *near = cJSON_AddObjectToObject(c, "nearest");
    return near != NULL && cJSON_AddStringToObject(near, "label", m->labels[a->nearest]) != NULL &&
           cJSON_AddNumberToObject(near, "cosine", (double)cosine[a->nearest]) != NULL;
}

/* Of a regression the label is the number, and there is nothing to choose from. */
static bool add_answer(cJSON *c, const acf_predictor *p, const acf_answer *a)
{
    const acf_model *m = p->m;
    const real *logit = p->logits + (size_t)a->row * (size_t)m->K;
    bool ok = m->K == 1 ? cJSON_AddNumberToObject(c, "label", (double)logit[0]) != NULL
                        : add_class(c, p, a);
    cJSON *logits = ok ? cJSON_AddArrayToObject(c, "logits") : NULL;
    ok = logits != NULL;
    for (int k = 0; ok && k < m->K; k++)
        ok = cJSON_AddItemToArray(logits, cJSON_CreateNumber((double)logit[k]));
    if (ok && m->K > 1) ok = add_nearest(c, p, a);
    if (ok && p->opt->tokens) {
        int32_t from = p->start[a->row];
        ok = acf_json_put(c, "input_ids",
                          cJSON_CreateIntArray(p->ids + from, p->start[a->row + 1] - from));
    }
    return ok;
}

static acf_status put_json(acf_predictor *p, const acf_answer *a, acf_error *e)
{
    cJSON *c = cJSON_CreateObject();
    ACF_TRY(acf_json_check(c, e));
    acf_status st = acf_json_check(add_answer(c, p, a) ? c : NULL, e);
    char *text = st == ACF_OK ? acf_json_print(c, false, e) : NULL;
    if (st == ACF_OK)
        st = text == NULL ? ACF_ERR_RESOURCE : acf_str_printf(&p->out, e, "%s\n", text);
    acf_free(text);
    cJSON_Delete(c);
    return st;
}

/* The top_k labels with their probabilities, best first. */
static acf_status put_tsv(acf_predictor *p, const acf_answer *a, acf_error *e)
{
    const acf_model *m = p->m;
    acf_probabilities(p->prob, a->score, m->K, a->tau);
    for (int i = 0; i < p->opt->top_k; i++) {
        int best = 0;
        for (int k = 1; k < m->K; k++)
            if (p->prob[k] > p->prob[best]) best = k;
        if (i > 0) ACF_TRY(acf_str_puts(&p->out, "\t", e));
        ACF_TRY(acf_str_put_cell(&p->out, i == 0 ? a->name : m->labels[best], e));
        ACF_TRY(acf_str_printf(&p->out, e, "\t%.6f", p->prob[best]));
        p->prob[best] = -1; /* taken */
    }
    return acf_str_puts(&p->out, "\n", e);
}

static acf_status put_line(acf_predictor *p, const acf_answer *a, acf_error *e)
{
    bool is_score = p->m->K == 1;
    switch (p->opt->format) {
    case ACF_PREDICT_LABELS:
        break;
    case ACF_PREDICT_TSV:
        if (is_score) break;
        return put_tsv(p, a, e);
    case ACF_PREDICT_JSONL:
        return put_json(p, a, e);
    }
    if (is_score) return acf_str_printf(&p->out, e, "%.6f\n", (double)p->logits[a->row]);
    ACF_TRY(acf_str_put_cell(&p->out, a->name, e));
    return acf_str_puts(&p->out, "\n", e);
}

static bool begins_as_gzip(const char *bytes, size_t len)
{
    return len >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

static bool begins_as_picture(const char *bytes, size_t len)
{
    return !begins_as_gzip(bytes, len) &&
           memchr(bytes, '\0', len < PICTURE_BYTES ? len : PICTURE_BYTES) != NULL;
}

bool acf_predict_is_picture(int fd)
{
    char bytes[PICTURE_BYTES];
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);
    return n > 0 && begins_as_picture(bytes, (size_t)n);
}

/* Training takes no other texts either. */
static acf_status check_text(const acf_predictor *p, const char *line, size_t len, acf_error *e)
{
    const char *nul = memchr(line, '\0', len);
    size_t good = acf_utf8_is_ascii(line, len) ? len : acf_utf8_valid(line, len);
    if (good < len)
        return acf_fail(
            e, ACF_ERR_DATA, "%s: line %" PRId64 ": is not valid UTF-8 (byte 0x%02X at byte %zu)",
            p->opt->name, p->n_taken + 1, (unsigned)(unsigned char)line[good], good + 1);
    if (nul == NULL) return ACF_OK;
    return acf_fail(e, ACF_ERR_DATA, "%s: line %" PRId64 ": holds a NUL byte (at byte %zu)",
                    p->opt->name, p->n_taken + 1, (size_t)(nul - line) + 1);
}

static acf_status take_line(acf_predictor *p, const char *line, size_t len, acf_error *e)
{
    if (p->n_taken == 0 && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
        line += 3;
        len -= 3;
    }
    if (len > 0 && line[len - 1] == '\r') len--;
    if (p->pixels == NULL) ACF_TRY(check_text(p, line, len, e));
    if (!p->opt->pair) return acf_predictor_take(p, line, len, NULL, 0, e);
    const char *tab = memchr(line, '\t', len);
    if (tab == NULL)
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: line %" PRId64 ": has no TAB, expected two texts separated by one",
                        p->opt->name, p->n_taken + 1);
    size_t first = (size_t)(tab - line);
    return acf_predictor_take(p, line, first, tab + 1, len - first - 1, e);
}

/* Take all whole lines of the buffer; what remains is moved to its front. */
static acf_status take_lines(acf_predictor *p, acf_str *buffer, acf_error *e)
{
    size_t at = 0;
    if (p->n_taken == 0 && begins_as_gzip(buffer->data, buffer->len))
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: is gzip data; unpack it (zcat FILE | acf-predict MODEL) or name its "
                        "columns with --columns",
                        p->opt->name);
    if (p->n_taken == 0 && p->pixels != NULL && begins_as_picture(buffer->data, buffer->len))
        return acf_fail(e, ACF_ERR_DATA,
                        "%s: holds a NUL byte as a picture does, expected lines with the paths of "
                        "images; pictures themselves are given as arguments",
                        p->opt->name);
    while (at < buffer->len) {
        const char *end = memchr(buffer->data + at, '\n', buffer->len - at);
        if (end == NULL) break;
        size_t len = (size_t)(end - buffer->data) - at;
        ACF_TRY(take_line(p, buffer->data + at, len, e));
        at += len + 1;
    }
    if (at > 0) memmove(buffer->data, buffer->data + at, buffer->len - at);
    buffer->len -= at;
    return acf_predictor_answer(p, e);
}

static acf_status read_all(acf_predictor *p, acf_error *e)
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
    st = acf_predictor_end(p, st, e);
    acf_free(chunk);
    acf_str_free(&buffer);
    return st;
}

acf_status acf_predict(int64_t *n_lines, acf_model *m, const acf_predict_options *opt, acf_error *e)
{
    acf_predictor p = {.m = m, .opt = opt, .put = put_line, .unit = "line"};
    acf_status st = acf_predictor_open(&p, e);
    if (st == ACF_OK) st = read_all(&p, e);
    if (st == ACF_OK) st = acf_predictor_finish(&p, e);
    *n_lines = p.n_taken;
    acf_predictor_close(&p);
    return st;
}

acf_status acf_predict_images(acf_model *m, const acf_predict_options *opt, const char *const *path,
                              size_t n, acf_error *e)
{
    acf_predictor p = {.m = m, .opt = opt, .put = put_line, .unit = "image"};
    acf_status st = acf_predictor_open(&p, e);
    if (st == ACF_OK) {
        for (size_t i = 0; i < n && st == ACF_OK; i++)
            st = acf_predictor_take(&p, path[i], strlen(path[i]), NULL, 0, e);
        st = acf_predictor_end(&p, st, e);
    }
    if (st == ACF_OK) st = acf_predictor_finish(&p, e);
    acf_predictor_close(&p);
    return st;
}
