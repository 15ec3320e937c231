#include "metrics/assertion.h"

#include "base/cstring.h"

#include <string.h>

static const char *const symbol[] = {
    [ACF_REL_GE] = ">=", [ACF_REL_LE] = "<=", [ACF_REL_GT] = ">", [ACF_REL_LT] = "<"};

acf_status acf_assertion_parse(acf_assertion *a, const char *expr, acf_error *e)
{
    char name[64];
    *a = (acf_assertion){0};
    size_t len = strcspn(expr, "<>");
    if (expr[len] == '\0')
        return acf_fail(e, ACF_ERR_USAGE,
                        "--assert '%s': no relation, expected METRIC>=NUMBER (or <=, >, <)", expr);
    const char *value = expr + len + 1;
    bool or_equal = *value == '=';
    value += or_equal;
    if (expr[len] == '>')
        a->relation = or_equal ? ACF_REL_GE : ACF_REL_GT;
    else
        a->relation = or_equal ? ACF_REL_LE : ACF_REL_LT;

    const char *metric = expr;
    a->has_head = true;
    if (strncmp(expr, "linear.", 7) == 0) {
        a->head = ACF_HEAD_LINEAR;
        metric += 7;
    } else if (strncmp(expr, "label.", 6) == 0) {
        a->head = ACF_HEAD_LABEL;
        metric += 6;
    } else {
        a->has_head = false;
    }
    len -= (size_t)(metric - expr);
    while (len > 0 && metric[len - 1] == ' ')
        len--;
    if (len >= sizeof name) len = sizeof name - 1; /* no name is as long; the message shows expr */
    memcpy(name, metric, len);
    name[len] = '\0';
    int found = acf_metric_parse(name);
    if (found < 0) {
        const char *near = acf_metric_suggest(name);
        return acf_fail(e, ACF_ERR_USAGE, "--assert '%s': unknown metric '%s'%s%s%s", expr, name,
                        near == NULL ? "" : ": did you mean '", near == NULL ? "" : near,
                        near == NULL ? "" : "'?");
    }
    a->metric = (acf_metric)found;
    value += strspn(value, " ");
    if (!acf_number_parse(&a->bound, value))
        return acf_fail(e, ACF_ERR_USAGE, "--assert '%s': '%s' is not a number", expr, value);
    return ACF_OK;
}

static bool holds(acf_relation relation, double x, double bound)
{
    switch (relation) {
    case ACF_REL_GE:
        return x >= bound;
    case ACF_REL_LE:
        return x <= bound;
    case ACF_REL_GT:
        return x > bound;
    case ACF_REL_LT:
        return x < bound;
    }
    return false;
}

acf_status acf_assertion_check(const acf_assertion *a, const acf_eval_result *r, acf_error *e)
{
    acf_head head = a->has_head ? a->head : r->head;
    double x;
    if (!acf_metric_get(&x, r, head, a->metric))
        return acf_fail(e, ACF_ERR_FAIL, "%s.%s is absent from this evaluation, expected %s %.10g",
                        acf_head_name(head), acf_metric_name(a->metric), symbol[a->relation],
                        a->bound);
    if (!holds(a->relation, x, a->bound))
        return acf_fail(e, ACF_ERR_FAIL, "%s.%s = %.10g, expected %s %.10g", acf_head_name(head),
                        acf_metric_name(a->metric), x, symbol[a->relation], a->bound);
    return ACF_OK;
}
