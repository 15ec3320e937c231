#include "data/split.h"

#include "base/mem.h"

#include <string.h>

acf_status acf_split_reserve(acf_split *s, size_t n, bool pair, acf_error *e)
{
    s->text = acf_alloc(n, sizeof *s->text, "rows", e);
    s->text2 = pair ? acf_alloc(n, sizeof *s->text2, "rows", e) : NULL;
    s->label = acf_alloc(n, sizeof *s->label, "rows", e);
    s->line = acf_alloc(n, sizeof *s->line, "rows", e);
    bool is_whole =
        s->text != NULL && (!pair || s->text2 != NULL) && s->label != NULL && s->line != NULL;
    return is_whole ? ACF_OK : ACF_ERR_RESOURCE;
}

acf_status acf_split_reserve_targets(acf_split *s, size_t n, acf_error *e)
{
    s->target = acf_alloc(n, sizeof *s->target, "rows", e);
    return s->target == NULL ? ACF_ERR_RESOURCE : ACF_OK;
}

void acf_split_keep(acf_split *s, const bool *taken, bool want)
{
    int n = 0;
    s->n_empty = 0;
    for (int i = 0; i < s->n; i++) {
        if (taken[i] != want) continue;
        s->text[n] = s->text[i];
        if (s->text2 != NULL) s->text2[n] = s->text2[i];
        s->label[n] = s->label[i];
        if (s->target != NULL) s->target[n] = s->target[i];
        s->line[n] = s->line[i];
        s->n_empty += s->text[n][0] == '\0' || (s->text2 != NULL && s->text2[n][0] == '\0');
        n++;
    }
    s->n = n;
    s->is_drawn = true;
}

acf_status acf_split_copy(acf_split *to, const acf_split *from, acf_error *e)
{
    size_t n = (size_t)from->n;
    const char *name = to->name;
    *to = *from;
    to->name = name;
    to->path = NULL;
    to->target = NULL;
    ACF_TRY(acf_split_reserve(to, n, from->text2 != NULL, e));
    if (from->target != NULL) ACF_TRY(acf_split_reserve_targets(to, n, e));
    to->path = acf_strdup(from->path, e);
    if (to->path == NULL) return ACF_ERR_RESOURCE;
    memcpy(to->text, from->text, n * sizeof *to->text);
    if (to->text2 != NULL) memcpy(to->text2, from->text2, n * sizeof *to->text2);
    memcpy(to->label, from->label, n * sizeof *to->label);
    if (to->target != NULL) memcpy(to->target, from->target, n * sizeof *to->target);
    memcpy(to->line, from->line, n * sizeof *to->line);
    to->n_bad = 0; /* told once, with training */
    to->bad = NULL;
    to->n_bad_images = 0;
    to->bad_images = (acf_str){0};
    return ACF_OK;
}

int acf_data_count(int32_t *count, const acf_split *s, int K)
{
    int n_unlabelled = 0;
    memset(count, 0, (size_t)K * sizeof *count);
    for (int i = 0; i < s->n; i++) {
        if (s->label[i] < 0)
            n_unlabelled++;
        else
            count[s->label[i]]++;
    }
    return n_unlabelled;
}

void acf_split_free(acf_split *s)
{
    acf_free(s->path);
    acf_free(s->text);
    acf_free(s->text2);
    acf_free(s->label);
    acf_free(s->target);
    acf_free(s->line);
    acf_str_free(&s->bad_images);
    *s = (acf_split){0};
}
