#include "cli/options.h"

#include "base/cstring.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 48, FIRST_VALUE = 256, HELP_VALUE = 512, VERSION_VALUE = 513 };

/* One call of acf_options_read. */
typedef struct reading {
    const acf_program *prog;
    char *arguments; /* the program's */
    struct option longs[MAX_OPTIONS + 3];
    char shorts[2 * MAX_OPTIONS + 4];
    bool seen[MAX_OPTIONS];
    acf_error *e;
} reading;

static acf_status add_word(acf_words *w, const char *word, acf_error *e)
{
    const char **grown =
        acf_grow((void *)w->item, &w->cap, w->n + 1, sizeof *w->item, "arguments", e);
    if (grown == NULL) return ACF_ERR_RESOURCE;
    w->item = grown;
    w->item[w->n++] = word;
    return ACF_OK;
}

void acf_words_free(acf_words *w)
{
    acf_free((void *)w->item);
    *w = (acf_words){0};
}

/* The table as getopt_long wants it. */
static acf_status prepare(reading *r)
{
    const acf_program *prog = r->prog;
    char *s = r->shorts;
    if (prog->n_options > MAX_OPTIONS)
        return acf_fail(r->e, ACF_ERR_FAIL, "%s: more than %d options", prog->name, MAX_OPTIONS);
    *s++ = ':'; /* a missing argument is told apart from an unknown option */
    for (size_t i = 0; i < prog->n_options; i++) {
        const acf_option *o = &prog->option[i];
        int has = o->arg != NULL ? required_argument : no_argument;
        r->longs[i] = (struct option){o->name, has, NULL, FIRST_VALUE + (int)i};
        if (o->letter == '\0') continue;
        *s++ = o->letter;
        if (o->arg != NULL) *s++ = ':';
    }
    r->longs[prog->n_options] = (struct option){"help", no_argument, NULL, HELP_VALUE};
    r->longs[prog->n_options + 1] = (struct option){"version", no_argument, NULL, VERSION_VALUE};
    *s++ = 'h';
    *s = '\0';
    return ACF_OK;
}

/* Index of the option that getopt means, -1 for none. */
static int option_index(const reading *r, int value)
{
    if (value >= FIRST_VALUE && value < FIRST_VALUE + (int)r->prog->n_options)
        return value - FIRST_VALUE;
    for (size_t i = 0; i < r->prog->n_options; i++)
        if (value != 0 && r->prog->option[i].letter == value) return (int)i;
    return -1;
}

static acf_status read_whole(void *to, const acf_option *o, const char *text, acf_error *e)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    bool whole = *text != '\0' && !isspace((unsigned char)*text) && *end == '\0';
    if (!whole)
        return acf_fail(e, ACF_ERR_USAGE, "--%s: '%s' is not a whole number", o->name, text);
    if (errno == ERANGE || (double)v < o->low || (double)v > o->high)
        return acf_fail(e, ACF_ERR_USAGE, "--%s: %s is out of range [%.0f, %.0f]", o->name, text,
                        o->low, o->high);
    *(int64_t *)to = v;
    return ACF_OK;
}

static acf_status read_number(void *to, const acf_option *o, const char *text, acf_error *e)
{
    char *end;
    double v = strtod(text, &end);
    bool number = *text != '\0' && text[strspn(text, "0123456789.eE+-")] == '\0' && *end == '\0';
    if (!number) return acf_fail(e, ACF_ERR_USAGE, "--%s: '%s' is not a number", o->name, text);
    if (!(v >= o->low && v <= o->high))
        return acf_fail(e, ACF_ERR_USAGE, "--%s: %s is out of range [%g, %g]", o->name, text,
                        o->low, o->high);
    *(double *)to = v;
    return ACF_OK;
}

/* "1h30m": numbers with units, a bare number is seconds. */
static acf_status read_time(void *to, const acf_option *o, const char *text, acf_error *e)
{
    double total = 0.0;
    const char *c = text;
    bool good = *c != '\0';
    while (good && *c != '\0') {
        char *end;
        good = isdigit((unsigned char)*c) && c[strspn(c, "0123456789.")] != 'x';
        double v = good ? strtod(c, &end) : 0.0;
        if (!good) break;
        double unit = 1.0;
        switch (*end) {
        case 'd':
            unit = 86400.0;
            break;
        case 'h':
            unit = 3600.0;
            break;
        case 'm':
            unit = 60.0;
            break;
        case 's':
            break;
        case '\0':
            good = c == text; /* "1h30" would leave it open what the 30 are */
            break;
        default:
            good = false;
        }
        total += v * unit;
        c = *end == '\0' ? end : end + 1;
    }
    if (!good || !isfinite(total) || total <= 0.0)
        return acf_fail(e, ACF_ERR_USAGE, "--%s: '%s' is not a time such as 90s, 30m, 2h or 1h30m",
                        o->name, text);
    *(double *)to = total;
    return ACF_OK;
}

static acf_status read_choice(void *to, const acf_option *o, const char *text, acf_error *e)
{
    char list[256] = "";
    for (int i = 0; o->choices[i] != NULL; i++) {
        if (*o->choices[i] == '\0') continue; /* what it is when nobody gives it */
        if (strcmp(o->choices[i], text) == 0) {
            *(int *)to = i;
            return ACF_OK;
        }
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                       o->choices[i]);
    }
    return acf_fail(e, ACF_ERR_USAGE, "--%s: '%s' is none of %s", o->name, text, list);
}

static acf_status take_option(reading *r, int i, const char *text, int argc, char **argv)
{
    const acf_option *o = &r->prog->option[i];
    void *to = r->arguments + o->to;
    if (o->kind == ACF_OPTION_FLAG) {
        *(bool *)to = true;
        return ACF_OK;
    }
    if (r->seen[i] && o->kind != ACF_OPTION_TEXTS)
        return acf_fail(r->e, ACF_ERR_USAGE, "--%s: given twice", o->name);
    r->seen[i] = true;
    if (o->has_second) {
        if (optind >= argc || (argv[optind][0] == '-' && argv[optind][1] != '\0'))
            return acf_fail(r->e, ACF_ERR_USAGE, "--%s: needs %s", o->name, o->arg);
        *(const char **)(void *)(r->arguments + o->second) = argv[optind++];
    }
    switch (o->kind) {
    case ACF_OPTION_TEXT:
        if (*text == '\0')
            return acf_fail(r->e, ACF_ERR_USAGE, "--%s: needs %s, got nothing", o->name, o->arg);
        *(const char **)to = text;
        return ACF_OK;
    case ACF_OPTION_TEXTS:
        return add_word(to, text, r->e);
    case ACF_OPTION_WHOLE:
        return read_whole(to, o, text, r->e);
    case ACF_OPTION_NUMBER:
        return read_number(to, o, text, r->e);
    case ACF_OPTION_CHOICE:
        return read_choice(to, o, text, r->e);
    case ACF_OPTION_TIME:
        return read_time(to, o, text, r->e);
    case ACF_OPTION_FLAG:
        break;
    }
    return ACF_OK;
}

/* What getopt_long did not know, with the nearest name that it does. */
static acf_status unknown_option(const reading *r, char hint[96], const char *given, acf_error *e)
{
    char word[64];
    bool is_long = given[0] == '-' && given[1] == '-';
    if (optopt != 0 && option_index(r, optopt) >= 0)
        return acf_fail(e, ACF_ERR_USAGE, "--%s: takes no argument",
                        r->prog->option[option_index(r, optopt)].name);
    if (optopt == HELP_VALUE || optopt == VERSION_VALUE)
        return acf_fail(e, ACF_ERR_USAGE, "--%s: takes no argument",
                        optopt == HELP_VALUE ? "help" : "version");
    if (optopt != 0 && !is_long)
        return acf_fail(e, ACF_ERR_USAGE, "unknown option '-%c'", isprint(optopt) ? optopt : '?');

    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(given + 2, "="), given + 2);
    size_t len = strlen(word), n_starts = 0;
    int best = len <= 4 ? 2 : 4;
    const char *meant = NULL;
    for (const struct option *o = r->longs; o->name != NULL; o++) {
        int distance = acf_edit_distance(word, o->name);
        if (len > 0 && strncmp(o->name, word, len) == 0) n_starts++;
        if (distance >= best) continue;
        best = distance;
        meant = o->name;
    }
    if (n_starts > 1) {
        (void)snprintf(hint, 96, "several options start so: write it out");
        return acf_fail(e, ACF_ERR_USAGE, "ambiguous option '--%s'", word);
    }
    if (meant != NULL) (void)snprintf(hint, 96, "did you mean --%s?", meant);
    return acf_fail(e, ACF_ERR_USAGE, "unknown option '--%s'", word);
}

/* One argument too many, with the option that it may be meant for unless that is given. */
static acf_status too_many(const reading *r, const char *given, acf_error *e)
{
    const char *bare = r->prog->bare;
    for (size_t i = 0; bare != NULL && i < r->prog->n_options; i++)
        if (r->seen[i] && strcmp(r->prog->option[i].name, bare) == 0) bare = NULL;
    if (bare == NULL) return acf_fail(e, ACF_ERR_USAGE, "'%s': one argument too many", given);
    return acf_fail(e, ACF_ERR_USAGE, "'%s': one argument too many; did you mean --%s %s?", given,
                    bare, given);
}

static acf_status check_operands(acf_words *operands, const reading *r, int argc, char **argv,
                                 acf_error *e)
{
    const acf_program *prog = r->prog;
    int n = argc - optind;
    if (n < prog->min_operands)
        return acf_fail(e, ACF_ERR_USAGE, "missing: %s",
                        prog->operands_of != NULL ? prog->operands_of(r->arguments)
                                                  : prog->operands);
    if (n > prog->max_operands) return too_many(r, argv[optind + prog->max_operands], e);
    for (; optind < argc; optind++)
        ACF_TRY(add_word(operands, argv[optind], e));
    return ACF_OK;
}

acf_status acf_options_read(acf_parsed *what, acf_words *operands, char hint[96],
                            const acf_program *prog, void *arguments, int argc, char **argv,
                            acf_error *e)
{
    reading r = {.prog = prog, .arguments = arguments, .e = e};
    *what = ACF_PARSED_RUN;
    hint[0] = '\0';
    ACF_TRY(prepare(&r));
    optind = 0; /* glibc: start anew */
    opterr = 0;
    for (;;) {
        int before = optind == 0 ? 1 : optind;
        optopt = 0;
        int value = getopt_long(argc, argv, r.shorts, r.longs, NULL);
        if (value == -1) break;
        const char *given = argv[optind > before ? optind - 1 : before];
        if (value == HELP_VALUE || (value == 'h' && option_index(&r, 'h') < 0)) {
            *what = ACF_PARSED_HELP;
            return ACF_OK;
        }
        if (value == VERSION_VALUE) {
            *what = ACF_PARSED_VERSION;
            return ACF_OK;
        }
        if (value == '?') return unknown_option(&r, hint, given, e);
        int i = option_index(&r, value == ':' ? optopt : value);
        if (value == ':')
            return acf_fail(e, ACF_ERR_USAGE, "--%s: needs %s", prog->option[i].name,
                            prog->option[i].arg);
        ACF_TRY(take_option(&r, i, optarg, argc, argv));
    }
    return check_operands(operands, &r, argc, argv, e);
}

static acf_status help_line(acf_str *out, char letter, const char *name, const char *arg,
                            const char *text, acf_error *e)
{
    enum { TEXT_COLUMN = 30 };
    char left[80], dash[8] = "    ";
    if (letter != '\0') (void)snprintf(dash, sizeof dash, "-%c, ", letter);
    (void)snprintf(left, sizeof left, "  %s--%s%s%s", dash, name, arg != NULL ? " " : "",
                   arg != NULL ? arg : "");
    if (strlen(left) + 2 > TEXT_COLUMN)
        return acf_str_printf(out, e, "%s\n%*s%s\n", left, TEXT_COLUMN, "", text);
    return acf_str_printf(out, e, "%-*s%s\n", TEXT_COLUMN, left, text);
}

acf_status acf_options_help(acf_str *out, const acf_program *prog, acf_error *e)
{
    ACF_TRY(acf_str_printf(out, e, "usage: %s %s\n\n%s\n\noptions:\n", prog->name, prog->usage,
                           prog->summary));
    for (size_t i = 0; i < prog->n_options; i++) {
        const acf_option *o = &prog->option[i];
        ACF_TRY(help_line(out, o->letter, o->name, o->arg, o->help, e));
    }
    ACF_TRY(help_line(out, 'h', "help", NULL, "this text", e));
    ACF_TRY(help_line(out, '\0', "version", NULL,
                      "version, compiler, BLAS and the kernels in use on this CPU", e));
    if (prog->more_help != NULL) ACF_TRY(acf_str_printf(out, e, "\n%s", prog->more_help));
    return ACF_OK;
}

int acf_options_parse(acf_words *operands, const acf_program *prog, void *arguments, int argc,
                      char **argv)
{
    acf_error e = {0};
    acf_str text = {0};
    acf_parsed what;
    char hint[96];
    acf_status st = acf_options_read(&what, operands, hint, prog, arguments, argc, argv, &e);
    if (st == ACF_OK && what == ACF_PARSED_RUN) return -1;
    if (st == ACF_OK)
        st = what == ACF_PARSED_HELP ? acf_options_help(&text, prog, &e) : prog->version(&text, &e);
    if (st == ACF_OK) {
        (void)fputs(text.data, stdout); /* looked at when standard output is closed */
    } else {
        (void)fprintf(stderr, "error: %s\n", e.text);
        if (hint[0] != '\0') (void)fprintf(stderr, "      hint: %s\n", hint);
        if (st == ACF_ERR_USAGE)
            (void)fprintf(stderr, "      hint: %s --help lists the options\n", prog->name);
    }
    acf_str_free(&text);
    acf_words_free(operands);
    return acf_exit_code(st);
}
