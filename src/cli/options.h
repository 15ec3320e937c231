/*
 * Command-line options from one table per program: parsing by getopt_long, strict values, --help
 * and --version, the nearest name for an unknown option.
 */
#ifndef ACF_CLI_OPTIONS_H
#define ACF_CLI_OPTIONS_H

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* How an option's argument is read, and what stands at `to`. */
typedef enum acf_option_kind {
    ACF_OPTION_FLAG,   /* bool          no argument */
    ACF_OPTION_TEXT,   /* const char *  given at most once */
    ACF_OPTION_TEXTS,  /* acf_words     may be repeated */
    ACF_OPTION_WHOLE,  /* int64_t       in [low, high], given at most once */
    ACF_OPTION_NUMBER, /* double        in [low, high], given at most once */
    ACF_OPTION_CHOICE, /* int           index into choices */
    ACF_OPTION_TIME    /* double        seconds: "90", "90s", "30m", "2h", "1d", "1h30m" */
} acf_option_kind;

/* Repeated arguments, in order; they point into argv.  The list is freed by acf_words_free. */
typedef struct acf_words {
    const char **item;
    size_t n, cap;
} acf_words;

typedef struct acf_option {
    const char *name; /* without dashes */
    char letter;      /* 0: none */
    const char *arg;  /* "FILE", for the help; NULL: no argument */
    acf_option_kind kind;
    size_t to;                  /* where in the program's arguments: offsetof */
    const char *help;           /* one line, no capital, no full stop */
    double low, high;           /* WHOLE, NUMBER */
    const char *const *choices; /* CHOICE, NULL after the last; "" is never matched */
    bool has_second;            /* a second argument, taken as it is ("--dump-step N FILE") */
    size_t second;              /* const char * */
} acf_option;

typedef struct acf_program {
    const char *name;    /* "acf-eval" */
    const char *summary; /* one line */
    const char *usage;   /* "MODEL [options]": what follows the name */
    const acf_option *option;
    size_t n_options;
    int min_operands, max_operands;
    const char *operands; /* "a model directory": what is missing when there are too few */
    /* The same where it depends on the options that are given; NULL: operands says it. */
    const char *(*operands_of)(const void *arguments);
    const char *bare;      /* the option that an argument too many may be meant for; NULL: none */
    const char *more_help; /* lines after the options, or NULL */
    acf_status (*version)(acf_str *out, acf_error *e); /* the text of --version */
} acf_program;

typedef enum acf_parsed { ACF_PARSED_RUN, ACF_PARSED_HELP, ACF_PARSED_VERSION } acf_parsed;

/* Read argv into the program's arguments.  Options and operands may be mixed; "--" ends the
 * options; "-" is an operand. *operands [<= max_operands] point into argv.  ACF_ERR_USAGE names the
 * option, its value and what was expected, with the nearest name in *hint (size 96) or "" there. */
acf_status acf_options_read(acf_parsed *what, acf_words *operands, char hint[96],
                            const acf_program *prog, void *arguments, int argc, char **argv,
                            acf_error *e) ACF_MUST_USE;

/* The text of --help. */
acf_status acf_options_help(acf_str *out, const acf_program *prog, acf_error *e) ACF_MUST_USE;

/* acf_options_read with its answers printed: --help and --version to standard output, errors to
 * standard error.  Returns -1 when the program is to run, else its exit code. */
int acf_options_parse(acf_words *operands, const acf_program *prog, void *arguments, int argc,
                      char **argv);

void acf_words_free(acf_words *w);

#endif
