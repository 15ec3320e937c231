/* Options of the command line: values, refusals with their exact messages, the help text. */
#include "support/cm.h"

#include "cli/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct arguments {
    bool json;
    const char *split, *file;
    acf_words sets;
    int64_t k, step;
    int format;
    double time;
} arguments;

static arguments got;

static const char *const formats[] = {"labels", "tsv", "jsonl", NULL};

static const acf_option table[] = {
    {.name = "json",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(arguments, json),
     .help = "print one JSON object"},
    {.name = "split",
     .letter = 's',
     .arg = "NAME",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(arguments, split),
     .help = "which part"},
    {.name = "set",
     .arg = "KEY=VALUE",
     .kind = ACF_OPTION_TEXTS,
     .to = offsetof(arguments, sets),
     .help = "change a key of the configuration (repeatable)"},
    {.name = "top",
     .letter = 'k',
     .arg = "N",
     .kind = ACF_OPTION_WHOLE,
     .to = offsetof(arguments, k),
     .low = 1,
     .high = 100,
     .help = "labels a line"},
    {.name = "format",
     .arg = "F",
     .kind = ACF_OPTION_CHOICE,
     .to = offsetof(arguments, format),
     .choices = formats,
     .help = "labels, tsv or jsonl"},
    {.name = "max-time",
     .arg = "TIME",
     .kind = ACF_OPTION_TIME,
     .to = offsetof(arguments, time),
     .help = "save and stop after so long"},
    {.name = "dump-step",
     .arg = "N FILE.safetensors",
     .kind = ACF_OPTION_WHOLE,
     .to = offsetof(arguments, step),
     .low = 0,
     .high = 1e15,
     .has_second = true,
     .second = offsetof(arguments, file),
     .help = "write what update N computes"},
};

static const acf_program prog = {.name = "acf-test",
                                 .summary = "Tests options.",
                                 .usage = "MODEL [FILE] [options]",
                                 .option = table,
                                 .n_options = sizeof table / sizeof *table,
                                 .min_operands = 1,
                                 .max_operands = 2,
                                 .operands = "MODEL, a run or model directory",
                                 .more_help = "Exit code: 0 or 2.\n"};

/* Reads a command line that is given as one text with blanks between the arguments; '_' stands for
 * an empty one.  The result points into static memory. */
static acf_status run(acf_parsed *what, acf_words *operands, char hint[96], const char *line,
                      acf_error *e)
{
    static char text[512];
    static char *argv[32];
    int argc = 0;
    acf_words_free(&got.sets);
    memset(&got, 0, sizeof got);
    got.k = -1;
    (void)snprintf(text, sizeof text, "acf-test %s", line);
    for (char *c = text; *c != '\0';) {
        argv[argc++] = c;
        c += strcspn(c, " ");
        if (*c == ' ') *c++ = '\0';
        if (strcmp(argv[argc - 1], "_") == 0) argv[argc - 1][0] = '\0';
    }
    argv[argc] = NULL;
    return acf_options_read(what, operands, hint, &prog, &got, argc, argv, e);
}

static void reads_all_kinds(void **state)
{
    (void)state;
    acf_error e = {0};
    acf_parsed what;
    acf_words rest = {0};
    char hint[96];
    assert_ok(run(&what, &rest, hint,
                  "m --json --split=dev --set a=1 --set b= -k 5 - --format jsonl --max-time 1h30m "
                  "--dump-step 7 out.safetensors",
                  &e),
              &e);
    assert_int_equal(what, ACF_PARSED_RUN);
    assert_true(got.json);
    assert_string_equal(got.split, "dev");
    assert_int_equal(got.sets.n, 2);
    assert_string_equal(got.sets.item[0], "a=1");
    assert_string_equal(got.sets.item[1], "b=");
    assert_int_equal(got.k, 5);
    assert_int_equal(got.format, 2);
    assert_true(got.time == 5400.0);
    assert_int_equal(got.step, 7);
    assert_string_equal(got.file, "out.safetensors");
    assert_int_equal(rest.n, 2);
    assert_string_equal(rest.item[0], "m");
    assert_string_equal(rest.item[1], "-");
    acf_words_free(&rest);

    assert_ok(run(&what, &rest, hint, "-k3 -sdev -- --json", &e), &e);
    assert_int_equal(got.k, 3);
    assert_false(got.json);
    assert_string_equal(rest.item[0], "--json");
    acf_words_free(&rest);

    assert_ok(run(&what, &rest, hint, "--help --nonsense", &e), &e);
    assert_int_equal(what, ACF_PARSED_HELP);
    assert_ok(run(&what, &rest, hint, "-h", &e), &e);
    assert_int_equal(what, ACF_PARSED_HELP);
    assert_ok(run(&what, &rest, hint, "--version", &e), &e);
    assert_int_equal(what, ACF_PARSED_VERSION);
    acf_words_free(&got.sets);
}

static void reads_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } good[] = {{"90", 90},    {"90s", 90},          {"30m", 1800}, {"2h", 7200},
                {"1d", 86400}, {"1h30m15s", 5415.0}, {"0.5h", 1800}};
    static const char *const bad[] = {"_",   "x",  "-1h", "1h30", "1w",  "0",     "1.2.3h",
                                      "0x1", "1e", "inf", "h",    "nan", "1e999h"};
    acf_error e = {0};
    acf_parsed what;
    acf_words rest = {0};
    char hint[96], line[64];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        (void)snprintf(line, sizeof line, "m --max-time %s", good[i].text);
        assert_ok(run(&what, &rest, hint, line, &e), &e);
        if (got.time != good[i].seconds) fail_msg("%s: %g", good[i].text, got.time);
        acf_words_free(&rest);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)snprintf(line, sizeof line, "m --max-time %s", bad[i]);
        assert_fails(run(&what, &rest, hint, line, &e), ACF_ERR_USAGE,
                     "is not a time such as 90s, 30m, 2h or 1h30m", &e);
    }
}

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message, *hint;
    } cases[] = {
        {"m --jsn", "unknown option '--jsn'", "did you mean --json?"},
        {"m --spilt=dev", "unknown option '--spilt'", "did you mean --split?"},
        {"m --max_time 3", "unknown option '--max_time'", "did you mean --max-time?"},
        {"m --frobnicate", "unknown option '--frobnicate'", ""},
        {"m --s dev", "ambiguous option '--s'", "several options start so: write it out"},
        {"m -x", "unknown option '-x'", ""},
        {"m --json=3", "--json: takes no argument", ""},
        {"m --help=3", "--help: takes no argument", ""},
        {"m --split", "--split: needs NAME", ""},
        {"m -s", "--split: needs NAME", ""},
        {"m --split _", "--split: needs NAME, got nothing", ""},
        {"m --split a --split b", "--split: given twice", ""},
        {"m -k x", "--top: 'x' is not a whole number", ""},
        {"m -k 3.0", "--top: '3.0' is not a whole number", ""},
        {"m -k _", "--top: '' is not a whole number", ""},
        {"m -k 0", "--top: 0 is out of range [1, 100]", ""},
        {"m -k 99999999999999999999", "--top: 99999999999999999999 is out of range [1, 100]", ""},
        {"m --format xml", "--format: 'xml' is none of labels, tsv, jsonl", ""},
        {"m --dump-step 3", "--dump-step: needs N FILE.safetensors", ""},
        {"m --dump-step 3 --json", "--dump-step: needs N FILE.safetensors", ""},
        {"_ b c", "'c': one argument too many", ""},
        {"--json", "missing: MODEL, a run or model directory", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        acf_error e = {0};
        acf_parsed what;
        acf_words rest = {0};
        char hint[96];
        acf_status st = run(&what, &rest, hint, cases[i].line, &e);
        if (st != ACF_ERR_USAGE || strcmp(e.text, cases[i].message) != 0)
            fail_msg("'%s': status %d '%s'", cases[i].line, (int)st, e.text);
        if (strcmp(hint, cases[i].hint) != 0) fail_msg("'%s': hint '%s'", cases[i].line, hint);
        acf_words_free(&rest);
    }
    acf_words_free(&got.sets);
}

static void prints_the_table_as_help(void **state)
{
    (void)state;
    acf_error e = {0};
    acf_str out = {0};
    assert_ok(acf_options_help(&out, &prog, &e), &e);
    assert_string_equal(
        out.data,
        "usage: acf-test MODEL [FILE] [options]\n"
        "\n"
        "Tests options.\n"
        "\n"
        "options:\n"
        "      --json                  print one JSON object\n"
        "  -s, --split NAME            which part\n"
        "      --set KEY=VALUE         change a key of the configuration (repeatable)\n"
        "  -k, --top N                 labels a line\n"
        "      --format F              labels, tsv or jsonl\n"
        "      --max-time TIME         save and stop after so long\n"
        "      --dump-step N FILE.safetensors\n"
        "                              write what update N computes\n"
        "  -h, --help                  this text\n"
        "      --version               version, compiler, BLAS and the kernels in use on this CPU\n"
        "\n"
        "Exit code: 0 or 2.\n");
    acf_str_free(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_all_kinds),
    cmocka_unit_test(reads_times),
    cmocka_unit_test(refuses_what_is_wrong),
    cmocka_unit_test(prints_the_table_as_help),
};
TEST_MAIN(tests)
