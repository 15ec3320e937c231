/* acf-predict: one answer for each line of text. */
#include "base/mem.h"
#include "cli/about.h"
#include "cli/outputs.h"
#include "cli/program.h"
#include "infer/predict.h"
#include "model/model_dir.h"
#include "num/gemm.h"
#include "num/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct predict_arguments {
    const char *model, *file; /* file NULL: standard input */
    const char *const *files; /* all that are given; more than one: images */
    size_t n_files;
    int format; /* 0: not given */
    int header; /* acf_header */
    int64_t top_k, threads;
    bool tokens, pair;
    const char *features, *columns;
    double reject;
} predict_arguments;

static acf_status emit(void *payload, const char *bytes, size_t len, acf_error *e)
{
    (void)payload;
    if (fwrite(bytes, 1, len, stdout) != len || fflush(stdout) != 0)
        return acf_fail(e, ACF_ERR_RESOURCE, "standard output: cannot write: %s", strerror(errno));
    return ACF_OK;
}

static acf_status open_input(int *fd, const char *file, acf_error *e)
{
    struct stat info;
    *fd = STDIN_FILENO;
    if (file == NULL) return ACF_OK;
    *fd = open(file, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) return acf_fail(e, ACF_ERR_DATA, "%s: cannot open: %s", file, strerror(errno));
    if (fstat(*fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        (void)close(*fd);
        return acf_fail(e, ACF_ERR_DATA, "%s: is a directory, expected a file", file);
    }
    return ACF_OK;
}

/* --columns A or A,B: the names in `columns`, which is a copy; what it excludes. */
static acf_status take_columns(acf_predict_options *opt, char *columns, const predict_arguments *a,
                               acf_error *e)
{
    char *comma = strchr(columns, ',');
    if (comma != NULL) *comma = '\0';
    opt->path = a->file;
    opt->text = columns;
    opt->text2 = comma != NULL ? comma + 1 : NULL;
    opt->header = (acf_header)a->header;
    if (*columns == '\0' || (comma != NULL && (comma[1] == '\0' || strchr(comma + 1, ',') != NULL)))
        return acf_fail(e, ACF_ERR_USAGE,
                        "--columns '%s': expected one name or number, or two with "
                        "a comma between them",
                        a->columns);
    if (a->file == NULL || a->n_files > 1)
        return acf_fail(e, ACF_ERR_USAGE,
                        "--columns needs %s FILE, whose extension tells its format",
                        a->file == NULL ? "a" : "one");
    if (a->format > 0 || a->top_k > 1 || a->tokens || a->pair)
        return acf_fail(e, ACF_ERR_USAGE,
                        "--columns writes the file's own columns with label and "
                        "prob: it excludes --format, -k, --tokens and --pair");
    return ACF_OK;
}

static acf_status answer(const predict_arguments *a, acf_predict_options *opt, acf_model *m,
                         acf_error *e)
{
    int64_t n;
    bool takes_images = m->enc->channels > 0;
    if (opt->top_k > m->K)
        return acf_fail(e, ACF_ERR_USAGE, "-k %d is more than the model's %d labels", opt->top_k,
                        m->K);
    if (a->reject > -1 && m->K == 1)
        return acf_fail(e, ACF_ERR_USAGE, "--reject: a regression has no labels to reject by");
    if (takes_images && (a->pair || a->tokens || opt->text2 != NULL))
        return acf_fail(e, ACF_ERR_USAGE, "%s is for texts, the model takes images",
                        a->pair     ? "--pair"
                        : a->tokens ? "--tokens"
                                    : "--columns with two columns");
    if (a->n_files > 1 && !takes_images)
        return acf_fail(e, ACF_ERR_USAGE,
                        "'%s': one argument too many, the model takes texts from one FILE",
                        a->files[1]);
    bool are_images =
        a->n_files > 1 || (takes_images && a->file != NULL && acf_predict_is_picture(opt->input));
    if (are_images && a->columns == NULL) {
        opt->name = "arguments";
        return acf_predict_images(m, opt, a->files, a->n_files, e);
    }
    if (a->columns == NULL) {
        opt->pair = m->pair || a->pair;
        return acf_predict(&n, m, opt, e);
    }
    if (m->pair && opt->text2 == NULL)
        return acf_fail(e, ACF_ERR_USAGE,
                        "--columns %s: the model answers pairs of texts, expected "
                        "two columns",
                        a->columns);
    return acf_predict_table(&n, m, opt, e);
}

/* The format, and what the options say against each other. */
static acf_status check_format(acf_predict_format *format, const predict_arguments *a, acf_error *e)
{
    *format = a->format > 0  ? (acf_predict_format)(a->format - 1)
              : a->tokens    ? ACF_PREDICT_JSONL
              : a->top_k > 1 ? ACF_PREDICT_TSV
                             : ACF_PREDICT_LABELS;
    if (a->tokens && *format != ACF_PREDICT_JSONL)
        return acf_fail(e, ACF_ERR_USAGE, "--tokens needs --format jsonl");
    if (a->top_k > 1 && *format != ACF_PREDICT_TSV)
        return acf_fail(e, ACF_ERR_USAGE, "-k %lld needs --format tsv%s", (long long)a->top_k,
                        *format == ACF_PREDICT_JSONL ? "; jsonl has the probabilities of all labels"
                                                     : "");
    if (a->header != ACF_HEADER_AUTO && a->columns == NULL)
        return acf_fail(e, ACF_ERR_USAGE, "--header needs --columns: plain lines have no header");
    return ACF_OK;
}

/* The file of --features may be none of those that are read, here and in the model's directory. */
static acf_status check_output(const predict_arguments *a, acf_error *e)
{
    const acf_output features = {"features", a->features};
    const char *what = a->columns != NULL ? "rows" : a->n_files > 1 ? "images" : "lines";
    ACF_TRY(acf_outputs_check(&features, 1, e));
    if (a->file == NULL) return acf_outputs_spare(&features, 1, "/dev/stdin", what, e);
    for (size_t i = 0; i < a->n_files; i++)
        ACF_TRY(acf_outputs_spare(&features, 1, a->files[i], what, e));
    return ACF_OK;
}

static acf_status run(acf_console *console, void *arguments, const acf_words *operands,
                      acf_error *e)
{
    predict_arguments *a = arguments;
    a->model = operands->item[0];
    a->files = operands->item + 1;
    a->n_files = operands->n - 1;
    a->file = a->n_files > 0 && strcmp(a->files[0], "-") != 0 ? a->files[0] : NULL;
    acf_model m = {0};
    acf_log log = acf_console_log(console);
    char *dir = NULL, *columns = NULL;
    const acf_output features = {"features", a->features};
    int fd = STDIN_FILENO;
    const acf_model_load load = {.pooling = -1, .dropout = -1, .log = &log};
    acf_predict_options opt = {.top_k = a->top_k > 0 ? (int)a->top_k : 1,
                               .tokens = a->tokens,
                               .features = a->features,
                               .reject = a->reject,
                               .name = a->file != NULL ? a->file : "standard input",
                               .emit = emit};
    ACF_TRY(check_format(&opt.format, a, e));
    ACF_TRY(check_output(a, e));
    if (a->columns != NULL) {
        columns = acf_strdup(a->columns, e);
        if (columns == NULL) return ACF_ERR_RESOURCE;
    }
    acf_status st = columns != NULL ? take_columns(&opt, columns, a, e) : ACF_OK;
    if (st == ACF_OK) st = acf_model_resolve(&dir, a->model, e); /* is it swapped with FILE? */
    if (st == ACF_OK) st = acf_outputs_spare_model(&features, 1, dir, e);
    if (st == ACF_OK && columns == NULL && a->n_files < 2) st = open_input(&fd, a->file, e);
    acf_threads_set(a->threads > 0 ? (int)a->threads : acf_threads_available());
    if (st == ACF_OK) st = acf_gemm_start(e);
    if (st == ACF_OK) st = acf_model_open(&m, dir, &load, e);
    opt.input = fd;
    if (st == ACF_OK) st = answer(a, &opt, &m, e);
    if (fd != STDIN_FILENO) (void)close(fd);
    acf_model_free(&m);
    acf_free(dir);
    acf_free(columns);
    return st;
}

static const char *const formats[] = {"", "labels", "tsv", "jsonl", NULL};
static const char *const headers[] = {
    [ACF_HEADER_AUTO] = "auto", [ACF_HEADER_YES] = "yes", [ACF_HEADER_NO] = "no", NULL};

static const acf_option option[] = {
    {.name = "format",
     .arg = "labels|tsv|jsonl",
     .kind = ACF_OPTION_CHOICE,
     .to = offsetof(predict_arguments, format),
     .choices = formats,
     .help = "labels (default); tsv: label, probability; jsonl: everything"},
    {.name = "top",
     .letter = 'k',
     .arg = "N",
     .kind = ACF_OPTION_WHOLE,
     .to = offsetof(predict_arguments, top_k),
     .low = 1,
     .high = 100000,
     .help = "the N most probable labels of each line (tsv)"},
    {.name = "tokens",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(predict_arguments, tokens),
     .help = "add input_ids as the model sees them (jsonl)"},
    {.name = "columns",
     .arg = "TEXT[,TEXT2]",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(predict_arguments, columns),
     .help = "read FILE as a table (.csv, .tsv, .jsonl, also .gz), add label and prob to it"},
    {.name = "header",
     .arg = "auto|yes|no",
     .kind = ACF_OPTION_CHOICE,
     .to = offsetof(predict_arguments, header),
     .choices = headers,
     .help = "is line 1 of FILE a header? (default auto: when --columns gives a name)"},
    {.name = "features",
     .arg = "FILE.npy",
     .kind = ACF_OPTION_TEXT,
     .to = offsetof(predict_arguments, features),
     .help = "write the features of every line as float32 [n, d]"},
    {.name = "reject",
     .arg = "COSINE",
     .kind = ACF_OPTION_NUMBER,
     .to = offsetof(predict_arguments, reject),
     .low = -1,
     .high = 1,
     .help = "answer '?' when the nearest label embedding has a lower cosine"},
    {.name = "pair",
     .kind = ACF_OPTION_FLAG,
     .to = offsetof(predict_arguments, pair),
     .help = "a TAB separates two texts (what models trained on pairs expect anyway)"},
    {.name = "threads",
     .arg = "N",
     .kind = ACF_OPTION_WHOLE,
     .to = offsetof(predict_arguments, threads),
     .low = 1,
     .high = 1024,
     .help = "threads to use (default: all that this process may use)"},
};

static const acf_program program = {
    .name = "acf-predict",
    .summary = "Predict the label of each line of a file or of standard input.",
    .usage = "MODEL [FILE|-] [options]\n       acf-predict MODEL IMAGE... [options]",
    .option = option,
    .n_options = sizeof option / sizeof *option,
    .min_operands = 1,
    .max_operands = INT_MAX,
    .operands = "MODEL, a run directory or a model directory",
    .version = acf_about_version};

int main(int argc, char **argv)
{
    predict_arguments a = {.reject = -1};
    return acf_program_main(&program, run, &a, argc, argv);
}
