#include "infer/add_class.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/path.h"
#include "infer/evaluate.h"
#include "model/model_dir.h"
#include "store/weights.h"

#include <math.h>
#include <string.h>

acf_status acf_new_class_parse(acf_new_class *c, const char *text, acf_error *e)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1] == '\0')
        return acf_fail(e, ACF_ERR_USAGE, "--add-class '%s': expected NAME=FILE", text);
    size_t len = (size_t)(equals - text);
    c->file = equals + 1;
    c->name = acf_alloc(len + 1, 1, "name of a class", e);
    if (c->name == NULL) return ACF_ERR_RESOURCE;
    memcpy(c->name, text, len);
    return ACF_OK;
}

static acf_status check_names(const acf_model *m, const acf_new_class *classes, size_t n,
                              acf_error *e)
{
    if (m->K < 2)
        return acf_fail(e, ACF_ERR_USAGE, "--add-class: a regression has no classes to add to");
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (int k = 0; k < m->K; k++)
            known |= strcmp(m->labels[k], classes[i].name) == 0;
        for (size_t j = 0; j < i; j++)
            known |= strcmp(classes[j].name, classes[i].name) == 0;
        if (known)
            return acf_fail(e, ACF_ERR_USAGE, "--add-class: there is a class '%s' already",
                            classes[i].name);
    }
    return ACF_OK;
}

static double norm(const real *x, int d)
{
    double square = 0;
    for (int j = 0; j < d; j++)
        square += (double)x[j] * (double)x[j];
    return sqrt(square);
}

/* row [d] = mean of features [n, d], scaled to `length`.  False when the mean is zero. */
static bool mean_direction(real *row, const acf_evaluation *ev, double length, double *sum)
{
    double square = 0;
    for (int j = 0; j < ev->d; j++) {
        sum[j] = 0;
        for (int i = 0; i < ev->n; i++)
            sum[j] += (double)ev->features[(size_t)i * (size_t)ev->d + (size_t)j];
        square += sum[j] * sum[j];
    }
    double size = sqrt(square);
    if (!(size / ev->n > 1e-12)) return false;
    for (int j = 0; j < ev->d; j++)
        row[j] = (real)(length * sum[j] / size);
    return true;
}

/* Tell the class and the label embedding that resembles row [d] most. */
static acf_status tell_class(acf_str *out, const acf_model *m, const char *name,
                             const acf_held_out_part *examples, const real *row, acf_error *e)
{
    int near = 0;
    char left_out[ACF_LEFT_OUT];
    real *cosine = acf_alloc((size_t)m->K, sizeof *cosine, "cosines", e);
    if (cosine == NULL) return ACF_ERR_RESOURCE;
    acf_label_cosines(cosine, row, acf_value(&m->params, m->W), 1, m->K, m->enc->d);
    for (int k = 1; k < m->K; k++)
        if (cosine[k] > cosine[near]) near = k;
    acf_status st =
        acf_str_printf(out, e, "class '%s' from %d examples%s; nearest: '%s' (cosine %.4f)\n", name,
                       examples->split->n, acf_held_out_left_out(left_out, examples),
                       m->labels[near], (double)cosine[near]);
    acf_free(cosine);
    return st;
}

/* Label embedding of one new class into row [d]. */
static acf_status embed_class(real *row, acf_model *m, const acf_new_class *c, double length,
                              const acf_held_out_options *given, acf_str *out, acf_str *problems,
                              acf_error *e)
{
    acf_held_out h;
    acf_evaluation ev;
    acf_held_out_options opt = *given;
    const acf_evaluate_options how = {.head = m->head, .keep_features = true};
    opt.data = c->file;
    opt.ignore_labels = true;
    ACF_TRY(acf_held_out_open(&h, problems, m, &opt, e));
    acf_status st = acf_evaluate(&ev, m, h.part[0].source, &how, e);
    if (st == ACF_OK) {
        double *sum = acf_alloc((size_t)ev.d, sizeof *sum, "mean features", e);
        if (sum == NULL)
            st = ACF_ERR_RESOURCE;
        else if (!mean_direction(row, &ev, length, sum))
            st = acf_fail(e, ACF_ERR_NUMERIC, "%s: the mean of the features of %d examples is zero",
                          c->file, ev.n);
        acf_free(sum);
        if (st == ACF_OK) st = tell_class(out, m, c->name, &h.part[0], row, e);
        acf_evaluation_free(&ev);
    }
    acf_held_out_close(&h);
    return st;
}

/* acf.json of the larger model. */
static acf_status update_card(cJSON *card, const acf_model *m, acf_error *e)
{
    cJSON *labels = cJSON_CreateArray();
    bool ok = labels != NULL;
    for (int k = 0; ok && k < m->K; k++)
        ok = cJSON_AddItemToArray(labels, cJSON_CreateString(m->labels[k]));
    if (!ok) {
        cJSON_Delete(labels);
        return acf_json_check(NULL, e);
    }
    cJSON_DeleteItemFromObject(card, "labels");
    cJSON_DeleteItemFromObject(card, "head");
    ok = acf_json_put(card, "labels", labels) &&
         cJSON_AddStringToObject(card, "head", "label") != NULL;
    return acf_json_check(ok ? card : NULL, e);
}

acf_status acf_model_add_classes(acf_model *m, const acf_new_class *classes, size_t n,
                                 const acf_held_out_options *opt, acf_str *out, acf_str *problems,
                                 acf_error *e)
{
    ACF_TRY(check_names(m, classes, n, e));
    size_t d = (size_t)m->enc->d;
    double length = 0;
    for (int k = 0; k < m->K; k++)
        length += norm(acf_value(&m->params, m->W) + (size_t)k * d, (int)d) / m->K;
    acf_status st = ACF_OK;
    real *rows = acf_alloc(n * d, sizeof *rows, "label embeddings", e);
    const char **names = acf_alloc(n, sizeof *names, "names of classes", e);
    if (rows == NULL || names == NULL) st = ACF_ERR_RESOURCE;
    for (size_t i = 0; i < n && st == ACF_OK; i++) {
        names[i] = classes[i].name;
        st = embed_class(rows + i * d, m, &classes[i], length, opt, out, problems, e);
    }
    if (st == ACF_OK) st = acf_model_grow_head(m, names, rows, (int)n, e);
    if (st == ACF_OK && m->card != NULL) st = update_card(m->card, m, e);
    if (st == ACF_OK) m->head = ACF_HEAD_LABEL;
    acf_free(rows);
    acf_free(names);
    return st;
}

acf_status acf_model_export_check(const char *dir, acf_error *e)
{
    if (acf_path_exists(dir))
        return acf_fail(e, ACF_ERR_USAGE, "%s: is there already, choose another --output", dir);
    char *whole = acf_path_absolute(dir, e); /* without slashes at the end */
    acf_status st = whole == NULL ? ACF_ERR_RESOURCE : acf_output_check(whole, e);
    acf_free(whole);
    return st;
}

acf_status acf_model_export(const acf_model *m, const char *dir, acf_error *e)
{
    ACF_TRY(acf_model_export_check(dir, e));
    char *whole = acf_path_absolute(dir, e);
    char *parent = whole == NULL ? NULL : acf_path_dir(whole, e);
    acf_checkpoint *ck;
    acf_status st = ACF_ERR_RESOURCE;
    if (parent != NULL)
        st = acf_checkpoint_begin(&ck, parent, acf_path_base(whole),
                                  acf_weights_bytes(&m->params) + ((uint64_t)4 << 20), e);
    if (st == ACF_OK) {
        st = acf_model_save(m, ck, e);
        if (st == ACF_OK)
            st = acf_checkpoint_commit(&ck, e);
        else
            acf_checkpoint_abort(&ck);
    }
    acf_free(parent);
    acf_free(whole);
    return st;
}
