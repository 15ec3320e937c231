#include "sweep/sweep_inputs.h"

#include "input/inputs.h"

#include <stdio.h>
#include <string.h>

/* Variants of a task mostly read the same. */
static void tell_once(acf_problems *p, const acf_sweep_task *t, const char *what)
{
    char text[ACF_ERROR_TEXT + 128];
    (void)snprintf(text, sizeof text, "task '%s': %s", t->name, what);
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->item[i].text, text) == 0) return;
    acf_problem_add(p, t->where, "%s", text);
}

/* What is missing for one cell; *worst is the status of the first class of problems. */
static acf_status look_at_cell(acf_problems *p, acf_status *worst, const acf_sweep *s, int cell,
                               acf_error *e)
{
    static acf_status (*const find[])(const acf_config *cfg, acf_error *e) = {
        acf_inputs_find_data, acf_inputs_find_encoder};
    const acf_sweep_cell *c = &s->cell[cell];
    for (int k = 0; k < 2; k++) {
        acf_error why = {0};
        acf_status st = find[k](&c->cfg, &why);
        if (st == ACF_ERR_RESOURCE) return acf_error_give(e, &why);
        if (st == ACF_OK) continue;
        tell_once(p, &s->file.task[c->task], why.text);
        if (*worst != ACF_ERR_DATA) *worst = st;
    }
    return ACF_OK;
}

acf_status acf_sweep_check_inputs(const acf_sweep *s, acf_str *problems, const char *path,
                                  acf_error *e)
{
    acf_problems p = {.name = path, .source = s->text, .source_len = s->text_len};
    acf_status st = ACF_OK, worst = ACF_OK;
    for (int i = 0; i < s->n_cells && st == ACF_OK; i++)
        if (acf_sweep_has_open_runs(s, i)) st = look_at_cell(&p, &worst, s, i, e);
    if (st == ACF_OK && worst != ACF_OK) st = acf_problems_render(problems, &p, e);
    acf_problems_free(&p);
    if (st != ACF_OK || worst == ACF_OK) return st;
    return acf_fail(e, worst, "%s: nothing was started: see above", path);
}
