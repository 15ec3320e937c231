/* Types of one value: numbers, words, paths, intervals, sizes, columns. */
#include "base/mem.h"
#include "base/path.h"
#include "config/value_read.h"
#include "text/utf8.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decimal numbers as people write them: digits, a point, an exponent; no hex, no "inf". */
static bool parse_number(double *out, const char *s, const char **rest)
{
    const char *c = s;
    if (*c == '+' || *c == '-') c++;
    size_t digits = strspn(c, "0123456789");
    c += digits;
    if (*c == '.') {
        size_t more = strspn(c + 1, "0123456789");
        digits += more;
        c += more + 1;
    }
    if (digits == 0) return false;
    if (*c == 'e' || *c == 'E') {
        const char *x = c + 1;
        if (*x == '+' || *x == '-') x++;
        size_t more = strspn(x, "0123456789");
        if (more == 0) return false;
        c = x + more;
    }
    *out = strtod(s, NULL);
    *rest = c;
    return true;
}

bool acf_cfg_parse_whole(int64_t *out, const char *s)
{
    const char *c = s;
    if (*c == '+' || *c == '-') c++;
    if (*c == '\0' || c[strspn(c, "0123456789")] != '\0') return false;
    errno = 0;
    long long v = strtoll(s, NULL, 10);
    *out = errno == ERANGE ? (*s == '-' ? INT64_MIN : INT64_MAX) : (int64_t)v;
    return true;
}

const char *acf_cfg_kind_name(const acf_yaml_node *v)
{
    return v->kind == ACF_YAML_LIST ? "a list" : v->kind == ACF_YAML_MAP ? "a map" : "one value";
}

/* The scalar that this type wants, or a problem. */
bool acf_cfg_want_scalar(const acf_cfg_reader *r, const acf_yaml_node *v, const char *what)
{
    if (v->refused) return false;
    if (v->kind == ACF_YAML_SCALAR) return true;
    return acf_problem_add(r->p, v->at, "%s: expected %s, got %s", r->key->path, what,
                           acf_cfg_kind_name(v));
}

static bool not_a(const acf_cfg_reader *r, const acf_yaml_node *v, const char *what)
{
    char buf[ACF_SHOWN_MAX];
    if (v->quoted) {
        acf_problem_add(r->p, v->at, "%s = \"%s\" is a text, not %s", r->key->path,
                        acf_cut_text(buf, v->text), what);
        double number;
        const char *rest;
        if (parse_number(&number, v->text, &rest)) acf_problem_hint(r->p, "drop the quotes");
        return false;
    }
    return acf_problem_add(r->p, v->at, "%s = %s is not %s", r->key->path,
                           acf_cut_text(buf, v->text), what);
}

static bool out_of_range(const acf_cfg_reader *r, const acf_yaml_node *v, const char *range)
{
    char buf[ACF_SHOWN_MAX];
    return acf_problem_add(r->p, v->at, "%s = %s is out of range %s", r->key->path,
                           acf_cut_text(buf, v->text), range);
}

bool acf_cfg_read_whole(const acf_cfg_reader *r, int64_t *out, const acf_yaml_node *v)
{
    if (!acf_cfg_want_scalar(r, v, "a whole number")) return false;
    if (v->quoted || !acf_cfg_parse_whole(out, v->text)) return not_a(r, v, "a whole number");
    if (!acf_in_range(r->key->range, (double)*out)) return out_of_range(r, v, r->key->range);
    if (r->key->type == ACF_TYPE_INT && (*out < INT_MIN || *out > INT_MAX))
        return out_of_range(r, v, "of whole numbers");
    return true;
}

bool acf_cfg_read_real(const acf_cfg_reader *r, double *out, const acf_yaml_node *v)
{
    const char *rest = "";
    if (!acf_cfg_want_scalar(r, v, "a number")) return false;
    if (v->quoted || !parse_number(out, v->text, &rest) || *rest != '\0')
        return not_a(r, v, "a number");
    if (!isfinite(*out) || !acf_in_range(r->key->range, *out))
        return out_of_range(r, v, r->key->range);
    return true;
}

bool acf_cfg_read_bool(const acf_cfg_reader *r, bool *out, const acf_yaml_node *v)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    if (!acf_cfg_want_scalar(r, v, "yes or no")) return false;
    for (int i = 0; i < 6; i++) {
        if (v->quoted || strcasecmp(v->text, words[i]) != 0) continue;
        *out = i % 2 == 1;
        return true;
    }
    return not_a(r, v, "yes or no");
}

static const acf_choice *find_choice(const acf_choice *c, const char *name)
{
    for (; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}

/* "a, b, c" into list, the names one by one into at most `most` places; returns how many. */
static int list_choices(char *list, size_t size, const char **names, int most, const acf_choice *c)
{
    int n = 0;
    for (; c->name != NULL && n < most - 1; c++) {
        size_t used = strlen(list);
        (void)snprintf(list + used, size - used, "%s%s", n > 0 ? ", " : "", c->name);
        names[n++] = c->name;
    }
    return n;
}

/* "a, b, c" and the nearest of them. */
static bool no_choice(const acf_cfg_reader *r, const acf_yaml_node *v)
{
    enum { MOST = 32 };
    const char *names[MOST];
    char list[ACF_ERROR_TEXT / 2] = "", buf[ACF_SHOWN_MAX];
    int n = list_choices(list, sizeof list, names, MOST, r->key->choices);
    names[n] = NULL;
    acf_problem_add(r->p, v->at, "%s = %s is none of %s", r->key->path, acf_cut_text(buf, v->text),
                    list);
    const char *meant = acf_nearest(v->text, names);
    if (meant != NULL) acf_problem_hint(r->p, "did you mean '%s'?", meant);
    return false;
}

bool acf_cfg_read_choice(const acf_cfg_reader *r, const acf_choice **out, const acf_yaml_node *v)
{
    if (!acf_cfg_want_scalar(r, v, "a name")) return false;
    *out = find_choice(r->key->choices, v->text);
    return *out != NULL || no_choice(r, v);
}

bool acf_cfg_read_path(const acf_cfg_reader *r, char **out, const acf_yaml_node *v)
{
    if (!acf_cfg_want_scalar(r, v, "a path")) return false;
    if (*v->text == '\0') return acf_problem_add(r->p, v->at, "%s: an empty path", r->key->path);
    char *joined = acf_path_join(r->base, v->text, &r->p->failed);
    if (joined == NULL) return false;
    *out = acf_path_absolute(joined, &r->p->failed);
    acf_free(joined);
    if (*out == NULL) return false;
    if (acf_utf8_valid(*out, strlen(*out)) == strlen(*out)) return true;
    acf_free(*out);
    *out = NULL;
    return acf_problem_add(r->p, v->at, "%s: the path is not valid UTF-8", r->key->path);
}

/* A name that is neither a preset nor there: what may have been meant. */
static bool no_encoder(const acf_cfg_reader *r, const acf_yaml_node *v)
{
    enum { MOST = 32 };
    const char *names[MOST];
    char list[ACF_ERROR_TEXT / 2] = "", buf[ACF_SHOWN_MAX];
    int n = list_choices(list, sizeof list, names, MOST, r->key->choices);
    names[n] = NULL;
    acf_problem_add(r->p, v->at, "%s = %s is neither a preset nor a directory", r->key->path,
                    acf_cut_text(buf, v->text));
    const char *meant = acf_nearest(v->text, names);
    if (meant != NULL) {
        acf_problem_hint(r->p, "did you mean '%s'?", meant);
    } else {
        acf_problem_hint(r->p, "presets: %s", list);
        acf_problem_hint(r->p, "a model of Hugging Face is fetched first: scripts/get-model.sh "
                               "--list");
    }
    return false;
}

/* A preset's name stays as it is, another bare name must be there.  Whether a path is there shows
 * when it is read: a run that goes on needs its checkpoint only. */
bool acf_cfg_read_encoder(const acf_cfg_reader *r, char **out, const acf_yaml_node *v)
{
    if (!acf_cfg_want_scalar(r, v, "a path or a preset's name")) return false;
    if (acf_is_encoder_preset(v->text)) {
        *out = acf_strdup(v->text, &r->p->failed);
        return *out != NULL;
    }
    if (!acf_cfg_read_path(r, out, v)) return false;
    if (strchr(v->text, '/') != NULL || acf_path_exists(*out)) return true;
    acf_free(*out);
    *out = NULL;
    return no_encoder(r, v);
}

/* The unit behind a number: steps when there is none. */
static bool parse_unit(acf_unit *out, const char *s)
{
    s += strspn(s, " ");
    *out = strncmp(s, "epoch", 5) == 0 ? ACF_UNIT_EPOCHS : ACF_UNIT_STEPS;
    return *s == '\0' || strcmp(s, "steps") == 0 || strcmp(s, "step") == 0 ||
           strcmp(s, "epochs") == 0 || strcmp(s, "epoch") == 0;
}

bool acf_cfg_read_interval(const acf_cfg_reader *r, acf_interval *out, const acf_yaml_node *v)
{
    bool warmup = r->key->type == ACF_TYPE_WARMUP;
    const char *what = warmup ? "N steps, N epochs or a fraction below 1" : "N steps or N epochs";
    const char *rest = "";
    acf_interval got = {0.0, ACF_UNIT_STEPS};
    if (!acf_cfg_want_scalar(r, v, what)) return false;
    if (!parse_number(&got.value, v->text, &rest) || !parse_unit(&got.unit, rest) ||
        (v->quoted && *rest == '\0'))
        return not_a(r, v, what);
    if (warmup && *rest == '\0' && got.value >= 0.0 && got.value < 1.0)
        got.unit = ACF_UNIT_FRACTION;
    if (got.unit == ACF_UNIT_STEPS && floor(got.value) != got.value) {
        char buf[ACF_SHOWN_MAX];
        return acf_problem_add(r->p, v->at, "%s = %s: steps are whole; fractions go with 'epochs'",
                               r->key->path, acf_cut_text(buf, v->text));
    }
    bool least = warmup                       ? got.value >= 0.0
                 : got.unit == ACF_UNIT_STEPS ? got.value >= 1.0
                                              : got.value > 0.0;
    if (!least || !(got.value <= 1e9))
        return out_of_range(r, v,
                            warmup                       ? "[0, 1e9]"
                            : got.unit == ACF_UNIT_STEPS ? "[1, 1e9]"
                                                         : "(0, 1e9]");
    *out = got;
    return true;
}

bool acf_cfg_read_bytes(const acf_cfg_reader *r, int64_t *out, const acf_yaml_node *v)
{
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"", 1.0},   {"B", 1.0},      {"kB", 1e3},        {"MB", 1e6},
                 {"GB", 1e9}, {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}};
    const char *rest = "";
    double number;
    if (!acf_cfg_want_scalar(r, v, "a size")) return false;
    if (!parse_number(&number, v->text, &rest)) return not_a(r, v, "a size such as 512 MiB");
    rest += strspn(rest, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcasecmp(rest, units[i].name) != 0) continue;
        number *= units[i].factor;
        if (!acf_in_range(r->key->range, number)) return out_of_range(r, v, r->key->range);
        *out = (int64_t)number;
        return true;
    }
    return not_a(r, v, "a size such as 512 MiB");
}

bool acf_cfg_read_column(const acf_cfg_reader *r, acf_column *out, const acf_yaml_node *v)
{
    int64_t number;
    if (!acf_cfg_want_scalar(r, v, "a column's name or number")) return false;
    if (*v->text == '\0') return acf_problem_add(r->p, v->at, "%s: an empty name", r->key->path);
    if (!v->quoted && acf_cfg_parse_whole(&number, v->text)) {
        if (number < 0 || number > 9999) return out_of_range(r, v, "[0, 9999]");
        *out = (acf_column){NULL, (int)number};
        return true;
    }
    *out = (acf_column){acf_strdup(v->text, &r->p->failed), ACF_UNSET};
    return out->name != NULL;
}
