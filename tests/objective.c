/*
 * The objective as a filter: JSON objects on standard input, one JSON object a line on standard
 * output, for checking it against any other implementation (scripts/check_objective.py).
 *
 * In:   {"H": [[..]], "y": [..], "W": [[..]], "b": [..], "keep": [[..]],
 *        "type": "acf", "ce": 1, "lambda": 0.5, "tau": 0.1, "form": "supcon", "label_weight": 1,
 *        "cor": {"type": "feature", "weight": 0}, "label_reg": 0, "class_weights": [..],
 *        "label_smoothing": 0}
 *       The loss keys stand at the top or together under "loss"; the preset of the type fills those
 *       not given.  b is zero, keep (factors of the classifier dropout) one when not given.  y
 * holds classes, for mse numbers.  Objects follow each other, on one line or on several. Out:
 * {"loss", "loss_ce", "loss_contrast", "loss_cor", "loss_label_reg", "excess", "n_anchor",
 *        "logits", "d_H", "d_W", "d_b"}, 17 significant digits; excess is null without an anchor,
 *       and a number that is not finite is null.
 *
 * Wrong input: one message on standard error, exit 2.
 */
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "loss/objective.h"
#include "support/choice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT    "standard input"
#define MAX_SIZE 100000 /* of N, K and d */

/* One object read, and its results. */
typedef struct problem {
    int N, K, d;
    real *h, *keep, *W, *b; /* keep NULL when not given */
    int32_t *y;
    double *target;
    double *class_weight;
    acf_objective o;
    real *logits, *d_h, *d_W, *d_b;
    void *scratch;
} problem;

static void problem_free(problem *t)
{
    void *block[] = {t->h,      t->keep, t->W,   t->b,   t->y,      t->target, t->class_weight,
                     t->logits, t->d_h,  t->d_W, t->d_b, t->scratch};
    for (size_t i = 0; i < sizeof block / sizeof *block; i++)
        acf_free(block[i]);
    *t = (problem){0};
}

static const cJSON *member(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(item) ? NULL : item;
}

/* Room for n elements; the caller's pointer is NULL on failure. */
static void *room(size_t n, size_t size, acf_error *e)
{
    return acf_alloc(n, size, INPUT, e);
}

static acf_status number(double *out, const cJSON *item, const char *key, acf_error *e)
{
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
        return acf_fail(e, ACF_ERR_USAGE, "'%s' holds what is not a finite number", key);
    *out = item->valuedouble;
    return ACF_OK;
}

/* A vector of n doubles; n = -1: any length from 1. */
static acf_status vector(double **out, int *n, const cJSON *item, const char *key, acf_error *e)
{
    if (!cJSON_IsArray(item))
        return acf_fail(e, ACF_ERR_USAGE, "'%s' is not an array of numbers", key);
    int len = cJSON_GetArraySize(item);
    if (len < 1 || len > MAX_SIZE)
        return acf_fail(e, ACF_ERR_USAGE, "'%s' has %d elements, must have 1 to %d", key, len,
                        MAX_SIZE);
    if (*n != -1 && len != *n)
        return acf_fail(e, ACF_ERR_USAGE, "'%s' has %d elements, expected %d", key, len, *n);
    *n = len;
    *out = room((size_t)len, sizeof **out, e);
    if (*out == NULL) return ACF_ERR_RESOURCE;
    int i = 0;
    for (const cJSON *x = item->child; x != NULL; x = x->next)
        ACF_TRY(number(&(*out)[i++], x, key, e));
    return ACF_OK;
}

/* A matrix of real; rows and cols are checked when not -1, and set. */
static acf_status matrix(real **out, int *rows, int *cols, const cJSON *item, const char *key,
                         acf_error *e)
{
    if (!cJSON_IsArray(item) || !cJSON_IsArray(item->child))
        return acf_fail(e, ACF_ERR_USAGE, "'%s' is not an array of rows", key);
    int n = cJSON_GetArraySize(item), d = cJSON_GetArraySize(item->child);
    if (n > MAX_SIZE || d < 1 || d > MAX_SIZE)
        return acf_fail(e, ACF_ERR_USAGE, "'%s' is %d x %d, must be 1 x 1 to %d x %d", key, n, d,
                        MAX_SIZE, MAX_SIZE);
    if ((*rows != -1 && n != *rows) || (*cols != -1 && d != *cols))
        return acf_fail(e, ACF_ERR_USAGE, "'%s' is %d x %d, expected %d x %d", key, n, d,
                        *rows == -1 ? n : *rows, *cols == -1 ? d : *cols);
    *rows = n;
    *cols = d;
    *out = room((size_t)n * (size_t)d, sizeof **out, e);
    if (*out == NULL) return ACF_ERR_RESOURCE;
    real *at = *out;
    for (const cJSON *row = item->child; row != NULL; row = row->next) {
        if (!cJSON_IsArray(row) || cJSON_GetArraySize(row) != d)
            return acf_fail(e, ACF_ERR_USAGE, "'%s': rows differ in length, the first has %d", key,
                            d);
        for (const cJSON *x = row->child; x != NULL; x = x->next) {
            double value = 0.0;
            ACF_TRY(number(&value, x, key, e));
            *at++ = (real)value;
        }
    }
    return ACF_OK;
}

/* A misspelt key must not silently leave a default in place. */
static acf_status only_keys(const cJSON *object, const char *const *known, acf_error *e)
{
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        const char *const *key = known;
        while (*key != NULL && strcmp(*key, item->string) != 0)
            key++;
        if (*key == NULL) return acf_fail(e, ACF_ERR_USAGE, "unknown key '%s'", item->string);
    }
    return ACF_OK;
}

static acf_status read_cor(acf_objective *o, const cJSON *cor, acf_error *e)
{
    static const char *const keys[] = {"type", "weight", NULL};
    const char *name;
    if (cor == NULL) return ACF_OK;
    if (!cJSON_IsObject(cor)) return acf_fail(e, ACF_ERR_USAGE, "'cor' is not an object");
    ACF_TRY(only_keys(cor, keys, e));
    ACF_TRY(acf_json_string(&name, cor, "type", "feature", "cor", e));
    int type = choice_value("loss.cor.type", name);
    if (type < 0)
        return acf_fail(e, ACF_ERR_USAGE, "cor.type '%s' is none of none, feature, within, label",
                        name);
    o->cor_type = (acf_cor)type;
    return acf_json_number(&o->cor_weight, cor, "weight", -1e300, 1e300, o->cor_weight, "cor", e);
}

/* The loss keys in `from`. */
static acf_status read_objective(problem *t, const cJSON *from, acf_error *e)
{
    const char *name;
    ACF_TRY(acf_json_string(&name, from, "type", "acf", "loss", e));
    int type = choice_value("loss.type", name);
    if (type < 0) return acf_fail(e, ACF_ERR_USAGE, "type '%s' is no loss type", name);
    acf_objective *o = &t->o;
    *o = acf_objective_default((acf_loss_type)type);
    ACF_TRY(acf_json_string(&name, from, "form", "supcon", "loss", e));
    int form = choice_value("loss.form", name);
    if (form < 0) return acf_fail(e, ACF_ERR_USAGE, "form '%s' is neither supcon nor ntxent", name);
    o->form = (acf_form)form;

    const struct {
        const char *key;
        double *value;
    } plain[] = {{"ce", &o->ce},
                 {"lambda", &o->lambda},
                 {"tau", &o->tau},
                 {"label_weight", &o->label_weight},
                 {"label_reg", &o->label_reg},
                 {"label_smoothing", &o->label_smoothing}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        ACF_TRY(acf_json_number(plain[i].value, from, plain[i].key, -1e300, 1e300, *plain[i].value,
                                "loss", e));
    ACF_TRY(read_cor(o, member(from, "cor"), e));
    const cJSON *weights = member(from, "class_weights");
    if (weights != NULL) {
        int n = t->K;
        ACF_TRY(vector(&t->class_weight, &n, weights, "class_weights", e));
        o->class_weight = t->class_weight;
    }
    return acf_objective_check(o, t->K, e);
}

static acf_status read_labels(problem *t, const cJSON *item, acf_error *e)
{
    int n = t->N;
    ACF_TRY(vector(&t->target, &n, item, "y", e));
    t->y = room((size_t)n, sizeof *t->y, e);
    if (t->y == NULL) return ACF_ERR_RESOURCE;
    for (int i = 0; i < n && t->o.type != ACF_LOSS_MSE; i++) {
        double y = t->target[i];
        if (!(y >= 0 && y < t->K && floor(y) == y))
            return acf_fail(e, ACF_ERR_USAGE, "y[%d] = %g is no class 0 .. %d", i, y, t->K - 1);
        t->y[i] = (int32_t)y;
    }
    return ACF_OK;
}

static acf_status read_problem(problem *t, const cJSON *object, acf_error *e)
{
    static const char *const arrays[] = {"H", "y", "W", "b", "keep", "loss", NULL};
    static const char *const all[] = {"H",
                                      "y",
                                      "W",
                                      "b",
                                      "keep",
                                      "type",
                                      "ce",
                                      "lambda",
                                      "tau",
                                      "form",
                                      "label_weight",
                                      "cor",
                                      "label_reg",
                                      "class_weights",
                                      "label_smoothing",
                                      NULL};
    if (!cJSON_IsObject(object)) return acf_fail(e, ACF_ERR_USAGE, "is not a JSON object");
    const cJSON *loss = member(object, "loss");
    if (loss != NULL && !cJSON_IsObject(loss))
        return acf_fail(e, ACF_ERR_USAGE, "'loss' is not an object");
    ACF_TRY(only_keys(object, loss != NULL ? arrays : all, e));
    if (loss != NULL) ACF_TRY(only_keys(loss, all + 5, e));

    t->N = t->K = t->d = -1;
    ACF_TRY(matrix(&t->h, &t->N, &t->d, member(object, "H"), "H", e));
    ACF_TRY(matrix(&t->W, &t->K, &t->d, member(object, "W"), "W", e));
    if (member(object, "keep") != NULL)
        ACF_TRY(matrix(&t->keep, &t->N, &t->d, member(object, "keep"), "keep", e));
    t->b = room((size_t)t->K, sizeof *t->b, e);
    if (t->b == NULL) return ACF_ERR_RESOURCE;
    if (member(object, "b") != NULL) {
        double *b = NULL;
        acf_status st = vector(&b, &t->K, member(object, "b"), "b", e);
        for (int k = 0; k < t->K && st == ACF_OK; k++)
            t->b[k] = (real)b[k];
        acf_free(b);
        ACF_TRY(st);
    }
    ACF_TRY(read_objective(t, loss != NULL ? loss : object, e));
    return read_labels(t, member(object, "y"), e);
}

static acf_status put_number(acf_str *out, double x, acf_error *e)
{
    return isfinite(x) ? acf_str_printf(out, e, "%.17g", x) : acf_str_puts(out, "null", e);
}

static acf_status put_part(acf_str *out, const char *key, double x, acf_error *e)
{
    ACF_TRY(acf_str_printf(out, e, "\"%s\": ", key));
    ACF_TRY(put_number(out, x, e));
    return acf_str_puts(out, ", ", e);
}

static acf_status put_row(acf_str *out, const real *x, int n, acf_error *e)
{
    for (int j = 0; j < n; j++) {
        ACF_TRY(acf_str_puts(out, j == 0 ? "[" : ", ", e));
        ACF_TRY(put_number(out, (double)x[j], e));
    }
    return acf_str_puts(out, "]", e);
}

static acf_status put_matrix(acf_str *out, const char *key, const real *x, int rows, int cols,
                             acf_error *e)
{
    ACF_TRY(acf_str_printf(out, e, "\"%s\": ", key));
    for (int i = 0; i < rows; i++) {
        ACF_TRY(acf_str_puts(out, i == 0 ? "[" : ", ", e));
        ACF_TRY(put_row(out, x + (size_t)i * (size_t)cols, cols, e));
    }
    return acf_str_puts(out, "], ", e);
}

static acf_status put_results(acf_str *out, const problem *t, const acf_loss *loss, acf_error *e)
{
    ACF_TRY(acf_str_puts(out, "{", e));
    ACF_TRY(put_part(out, "loss", loss->total, e));
    ACF_TRY(put_part(out, "loss_ce", loss->ce, e));
    ACF_TRY(put_part(out, "loss_contrast", loss->contrast, e));
    ACF_TRY(put_part(out, "loss_cor", loss->cor, e));
    ACF_TRY(put_part(out, "loss_label_reg", loss->label_reg, e));
    ACF_TRY(put_part(out, "excess", loss->has_excess ? loss->excess : (double)NAN, e));
    ACF_TRY(acf_str_printf(out, e, "\"n_anchor\": %d, ", loss->n_anchor));
    ACF_TRY(put_matrix(out, "logits", t->logits, t->N, t->K, e));
    ACF_TRY(put_matrix(out, "d_H", t->d_h, t->N, t->d, e));
    ACF_TRY(put_matrix(out, "d_W", t->d_W, t->K, t->d, e));
    ACF_TRY(acf_str_puts(out, "\"d_b\": ", e));
    ACF_TRY(put_row(out, t->d_b, t->K, e));
    return acf_str_puts(out, "}\n", e);
}

static acf_status solve(acf_str *out, problem *t, acf_error *e)
{
    size_t n_h = (size_t)t->N * (size_t)t->d, n_w = (size_t)t->K * (size_t)t->d;
    t->logits = room((size_t)t->N * (size_t)t->K, sizeof(real), e);
    t->d_h = room(n_h, sizeof(real), e);
    t->d_W = room(n_w, sizeof(real), e);
    t->d_b = room((size_t)t->K, sizeof(real), e);
    t->scratch = room(acf_objective_scratch(t->N, t->K, t->d), 1, e);
    if (t->logits == NULL || t->d_h == NULL || t->d_W == NULL || t->d_b == NULL ||
        t->scratch == NULL)
        return ACF_ERR_RESOURCE;
    acf_loss loss;
    const acf_objective_gradient gradient = {t->d_h, t->d_W, t->d_b};
    const acf_objective_batch in = {.N = t->N,
                                    .K = t->K,
                                    .d = t->d,
                                    .h = t->h,
                                    .keep = t->keep,
                                    .y = t->y,
                                    .target = t->target,
                                    .W = t->W,
                                    .b = t->b};
    acf_objective_evaluate(&loss, t->logits, &gradient, &in, &t->o, t->scratch);
    return put_results(out, t, &loss, e);
}

static acf_status read_input(acf_str *text, acf_error *e)
{
    static char piece[1 << 16];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, stdin)) > 0) {
        if (memchr(piece, '\0', n) != NULL) return acf_fail(e, ACF_ERR_USAGE, "has a NUL byte");
        ACF_TRY(acf_str_append(text, piece, n, e));
    }
    if (ferror(stdin)) return acf_fail(e, ACF_ERR_USAGE, "cannot be read");
    return ACF_OK;
}

/* Parse and answer the object at *at, moving it behind. */
static acf_status answer(acf_str *out, const char **at, const char *end, acf_error *e)
{
    const char *stop = NULL;
    problem t = {0};
    cJSON *object = cJSON_ParseWithLengthOpts(*at, (size_t)(end - *at), &stop, 0);
    if (object == NULL) return acf_fail(e, ACF_ERR_USAGE, "malformed JSON");
    acf_status st = read_problem(&t, object, e);
    if (st == ACF_OK) st = solve(out, &t, e);
    problem_free(&t);
    cJSON_Delete(object);
    *at = stop;
    return st;
}

int main(void)
{
    acf_error e = {0};
    acf_str text = {0}, out = {0};
    int n_objects = 0;
    acf_json_start();
    acf_status st = read_input(&text, &e);
    const char *at = text.data, *end = text.data + text.len;
    while (st == ACF_OK) {
        while (at < end && strchr(" \t\r\n", *at) != NULL)
            at++;
        if (at == end) break;
        n_objects++;
        acf_str_clear(&out);
        st = answer(&out, &at, end, &e);
        if (st == ACF_OK && fwrite(out.data, 1, out.len, stdout) != out.len) break;
    }
    if (st == ACF_OK && n_objects == 0) st = acf_fail(&e, ACF_ERR_USAGE, "is empty");
    if (n_objects > 0) (void)acf_context(st, &e, "object %d", n_objects);
    if (st != ACF_OK) (void)fprintf(stderr, INPUT ": %s\n", e.text);
    bool is_written = fflush(stdout) == 0 && !ferror(stdout);
    if (!is_written) (void)fprintf(stderr, "standard output: cannot be written\n");
    acf_str_free(&text);
    acf_str_free(&out);
    return st != ACF_OK ? 2 : is_written ? 0 : 1;
}
