/* Types of several values: names, numbers, intervals. */
#include "base/mem.h"
#include "config/value_read.h"

#include <stdio.h>
#include <string.h>

/* Number of items of the list that this type wants, 0 with a problem. */
static size_t want_list(const acf_cfg_reader *r, const acf_yaml_node *v, const char *what)
{
    size_t n = 0;
    if (v->refused) return 0;
    if (v->kind != ACF_YAML_LIST) {
        char buf[ACF_SHOWN_MAX];
        acf_problem_add(r->p, v->at, "%s: expected a list of %s, got %s", r->key->path, what,
                        acf_cfg_kind_name(v));
        if (v->kind == ACF_YAML_SCALAR)
            acf_problem_hint(r->p, "write [%s]", acf_cut_text(buf, v->text));
        return 0;
    }
    for (const acf_yaml_node *item = v->child; item != NULL; item = item->next)
        n++;
    if (n == 0) acf_problem_add(r->p, v->at, "%s: an empty list", r->key->path);
    return n;
}

static bool has_control(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return true;
    return false;
}

/* Label names: every scalar is a text, whatever YAML would make of it. */
bool acf_cfg_read_strings(const acf_cfg_reader *r, acf_strings *out, const acf_yaml_node *v)
{
    enum { MOST = 100000 };
    char buf[ACF_SHOWN_MAX];
    size_t n = want_list(r, v, "texts");
    if (n == 0) return false;
    if (n < 2 || n > MOST)
        return acf_problem_add(r->p, v->at, "%s: %zu names, expected 2 to %d", r->key->path, n,
                               MOST);
    out->item = acf_alloc(n, sizeof *out->item, "labels", &r->p->failed);
    if (out->item == NULL) return false;
    bool good = true;
    for (const acf_yaml_node *item = v->child; item != NULL; item = item->next) {
        if (!acf_cfg_want_scalar(r, item, "a text")) {
            good = false;
            continue;
        }
        if (*item->text == '\0' || has_control(item->text))
            good = acf_problem_add(r->p, item->at,
                                   "%s: a name that is empty or has tabs or line "
                                   "breaks in it",
                                   r->key->path);
        for (size_t i = 0; i < out->n && n <= 2000; i++)
            if (strcmp(out->item[i], item->text) == 0)
                good = acf_problem_add(r->p, item->at, "%s: '%s' stands twice in the list",
                                       r->key->path, acf_cut_text(buf, item->text));
        out->item[out->n] = acf_strdup(item->text, &r->p->failed);
        if (out->item[out->n] == NULL) return false;
        out->n++;
    }
    return good;
}

/* "1..5": all whole numbers from the first to the last. */
static bool read_range(const acf_cfg_reader *r, acf_numbers *out, const acf_yaml_node *v)
{
    enum { MOST = 1000 };
    char buf[ACF_SHOWN_MAX], first[24];
    int64_t low, high;
    size_t len = (size_t)(strstr(v->text, "..") - v->text);
    (void)snprintf(first, sizeof first, "%.*s", len < sizeof first ? (int)len : 0, v->text);
    if (!acf_cfg_parse_whole(&low, first) || !acf_cfg_parse_whole(&high, v->text + len + 2) ||
        high < low || high - low >= MOST)
        return acf_problem_add(r->p, v->at,
                               "%s: '%s': expected a list like [1, 2, 3] or a range like 1..5 of "
                               "at most %d numbers",
                               r->key->path, acf_cut_text(buf, v->text), MOST);
    if (!acf_in_range(r->key->range, (double)low) || !acf_in_range(r->key->range, (double)high))
        return acf_problem_add(r->p, v->at, "%s: %s is out of range %s", r->key->path,
                               acf_cut_text(buf, v->text), r->key->range);
    out->item = acf_alloc((size_t)(high - low) + 1, sizeof *out->item, "numbers", &r->p->failed);
    if (out->item == NULL) return false;
    for (int64_t i = low; i <= high; i++)
        out->item[out->n++] = (double)i;
    return true;
}

bool acf_cfg_read_numbers(const acf_cfg_reader *r, acf_numbers *out, const acf_yaml_node *v)
{
    bool wholes = r->key->type == ACF_TYPE_WHOLES, pair = r->key->type == ACF_TYPE_PAIR;
    if (wholes && v->kind == ACF_YAML_SCALAR && !v->quoted && strstr(v->text, "..") != NULL)
        return read_range(r, out, v);
    size_t n = want_list(r, v, wholes ? "whole numbers" : "numbers");
    if (n == 0) return false;
    if ((pair && n != 2) || (!pair && !wholes && n != 1 && n != 3) || n > 1000)
        return acf_problem_add(r->p, v->at, "%s: %zu numbers, expected %s", r->key->path, n,
                               pair     ? "2"
                               : wholes ? "at most 1000"
                                        : "1 or 3");
    out->item = acf_alloc(n, sizeof *out->item, "numbers", &r->p->failed);
    if (out->item == NULL) return false;
    bool good = true;
    for (const acf_yaml_node *item = v->child; item != NULL; item = item->next) {
        int64_t whole = 0;
        double number = 0.0;
        bool read =
            wholes ? acf_cfg_read_whole(r, &whole, item) : acf_cfg_read_real(r, &number, item);
        good = good && read;
        if (wholes) number = (double)whole;
        for (size_t i = 0; i < out->n && wholes && read; i++)
            if (out->item[i] == number)
                good = acf_problem_add(r->p, item->at, "%s: %s stands twice in the list",
                                       r->key->path, item->text);
        out->item[out->n++] = number;
    }
    return good;
}

bool acf_cfg_read_intervals(const acf_cfg_reader *r, acf_intervals *out, const acf_yaml_node *v)
{
    size_t n = want_list(r, v, "intervals");
    if (n == 0) return false;
    out->item = acf_alloc(n, sizeof *out->item, "intervals", &r->p->failed);
    if (out->item == NULL) return false;
    bool good = true;
    for (const acf_yaml_node *item = v->child; item != NULL; item = item->next) {
        if (!acf_cfg_read_interval(r, &out->item[out->n], item)) {
            good = false;
            continue;
        }
        if (out->n > 0 && (out->item[out->n].unit != out->item[out->n - 1].unit ||
                           !(out->item[out->n].value > out->item[out->n - 1].value)))
            good = acf_problem_add(r->p, item->at, "%s: must rise, all in steps or all in epochs",
                                   r->key->path);
        out->n++;
    }
    return good;
}
