/*
 * Training steps and predictions of whole networks, as CSV on stdout:
 *
 *     bench_step WORKLOADS.json [WORKLOAD ...] [--runs N] [--seconds S] [--threads N] [--commit ID]
 *
 * workloads.json says what there is: networks with random weights on batches of the lengths that
 * texts of a data set have.  Each workload runs in a process of its own, N times for S seconds
 * (defaults 5 and 2) after one pass over its batches.  Columns: commit, processor, BLAS kernels,
 * threads, workload, quantity, unit, median, least and most of the runs.
 *
 *     rate              examples/s
 *     useful            GFLOP/s: two a multiply-add of the model's matrix products on real tokens,
 *                       forward once and backward twice, as the reference implementation does them
 *     share             useful / peak, %
 *     time KERNEL       % of the step
 *     peak              GFLOP/s of multiply-adds in registers, measured between the runs
 *     memory            MB, peak resident memory of the process
 *
 * scripts/bench-pytorch.py runs the same workloads, scripts/bench-compare.sh both in turn.
 */
#include "base/clock.h"
#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "bench/peak.h"
#include "bench/time_split.h"
#include "num/gemm.h"
#include "num/threads.h"
#include "run/step.h"
#include "support/fill.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_RUNS = 99, FIXED = 4, QUANTITIES = FIXED + SPLIT_KINDS };

typedef struct options {
    const char *commit, *cpu;
    int runs, threads;
    double seconds;
} options;

typedef struct bench {
    acf_model model;
    acf_step step;
    acf_arena arena; /* of predictions */
    acf_batch *batch;
    int n_batches;
    double multiply_adds; /* forward, all batches */
    double examples;
    bool predict;
    real *features, *logits, *cosines;
    int64_t update;
} bench;

static acf_error e;

static void check(acf_status st)
{
    if (st == ACF_OK) return;
    (void)fprintf(stderr, "bench_step: %s\n", e.text);
    exit(1);
}

static void *take(size_t count, size_t size)
{
    void *p = aligned_alloc(64, (count * size + 63) / 64 * 64);
    if (p == NULL) abort();
    return p;
}

static const cJSON *member(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    if (value != NULL) return value;
    (void)fprintf(stderr, "bench_step: workloads have no '%s'\n", key);
    exit(1);
}

static int whole(const cJSON *object, const char *key)
{
    return (int)cJSON_GetNumberValue(member(object, key));
}

static void label_batch(acf_batch *b, int N, int K)
{
    b->N = b->input.N = N;
    b->row = take((size_t)N, sizeof *b->row);
    b->label = take((size_t)N, sizeof *b->label);
    for (int i = 0; i < N; i++) {
        b->row[i] = i;
        b->label[i] = i % K;
    }
}

/* Sequences of these lengths, tokens at random. */
static void text_batch(acf_batch *b, const int *lengths, int N, int K, int vocab_size)
{
    *b = (acf_batch){0};
    label_batch(b, N, K);
    b->start = take((size_t)N + 1, sizeof *b->start);
    b->start[0] = 0;
    for (int i = 0; i < N; i++) {
        int L = lengths[i];
        b->start[i + 1] = b->start[i] + L;
        b->square += (size_t)L * (size_t)L;
        if (L > b->L) b->L = L;
    }
    b->input.T = b->start[N];
    b->input.start = b->start;
    b->ids = take((size_t)b->input.T, sizeof *b->ids);
    uint32_t seed = (uint32_t)b->input.T;
    for (int t = 0; t < b->input.T; t++) {
        seed = seed * 1664525u + 1013904223u;
        b->ids[t] = (int32_t)((seed >> 8) % (uint32_t)vocab_size);
    }
    b->input.ids = b->ids;
}

/* One list of lengths may be a whole file: predictions take 64 of it at a time, as acf-predict. */
static void text_batches(bench *p, const cJSON *lists, int K)
{
    enum { PREDICT = 64 };
    int length[1024], n = 0;
    p->batch = take(1024, sizeof *p->batch);
    const cJSON *list, *number;
    cJSON_ArrayForEach(list, lists)
    {
        n = 0;
        cJSON_ArrayForEach(number, list)
        {
            length[n++ % 1024] = (int)cJSON_GetNumberValue(number);
            if (p->predict && n == PREDICT) {
                text_batch(&p->batch[p->n_batches++], length, n, K, p->model.enc->vocab_size);
                n = 0;
            }
        }
        if (n > 0) text_batch(&p->batch[p->n_batches++], length, n, K, p->model.enc->vocab_size);
    }
}

static void image_batch(bench *p, int N, int size, int K)
{
    p->batch = take(1, sizeof *p->batch);
    acf_batch *b = &p->batch[0];
    *b = (acf_batch){.L = 1};
    label_batch(b, N, K);
    size_t n = (size_t)N * 3 * (size_t)size * (size_t)size;
    b->pixels = take(n, sizeof *b->pixels);
    fill_normal(b->pixels, n, n);
    b->input.pixels = b->pixels;
    b->input.channels = 3;
    b->input.height = b->input.width = size;
    p->n_batches = 1;
}

static void open_network(bench *p, const cJSON *all, const cJSON *w, int K)
{
    const cJSON *preset = cJSON_GetObjectItem(w, "preset");
    char names[16][3], *labels[16];
    for (int k = 0; k < K; k++) {
        (void)snprintf(names[k], sizeof names[k], "%d", k % 100);
        labels[k] = names[k];
    }
    if (preset != NULL) {
        cJSON *config;
        const acf_preset_input input = {.channels = 3, .image_size = whole(w, "size")};
        check(acf_encoder_preset(&config, cJSON_GetStringValue(preset), &input, &e));
        check(acf_encoder_open(&p->model.enc, config, -1, -1, "preset", &e));
        cJSON_Delete(config);
    } else {
        const char *name = cJSON_GetStringValue(member(w, "encoder"));
        const cJSON *config = member(member(all, "encoders"), name);
        check(acf_encoder_open(&p->model.enc, config, -1, -1, name, &e));
    }
    check(acf_model_set_labels(&p->model, labels, K, &e));
    check(acf_model_alloc(&p->model, 1, !p->predict, &e));
}

static void open_step(bench *p, const acf_batch_bound *bound)
{
    acf_step *s = &p->step;
    bool images = p->model.enc->channels > 0;
    acf_optim_options o = acf_optim_default(images ? ACF_OPTIM_SGD : ACF_OPTIM_ADAMW);
    o.n_layers = p->model.enc->n_layers;
    check(acf_optimizer_open(&s->optimizer, &o, &p->model.params, &e));
    s->model = &p->model;
    s->objective = acf_objective_default(ACF_LOSS_ACF);
    s->schedule = (acf_schedule){.type = ACF_SCHEDULE_CONSTANT};
    s->total = 1000000;
    s->clip = 1;
    s->micro_batch = bound->N;
    check(acf_arena_init(&s->arena, acf_step_bytes(&p->model, bound, bound), "step", &e));
}

static void open_bench(bench *p, const cJSON *all, const cJSON *w)
{
    int K = whole(w, "classes");
    *p = (bench){.predict = cJSON_IsTrue(cJSON_GetObjectItem(w, "predict"))};
    open_network(p, all, w, K);
    if (p->model.enc->channels > 0)
        image_batch(p, whole(w, "batch"), whole(w, "size"), K);
    else
        text_batches(p, member(member(all, "lengths"), cJSON_GetStringValue(member(w, "lengths"))),
                     K);
    acf_batch_bound bound = {0};
    for (int k = 0; k < p->n_batches; k++) {
        const acf_batch *b = &p->batch[k];
        if (b->N > bound.N) bound.N = b->N;
        if (b->input.T > bound.T) bound.T = b->input.T;
        if (b->L > bound.L) bound.L = b->L;
        if (b->square > bound.square) bound.square = b->square;
        p->examples += b->N;
        p->multiply_adds +=
            p->model.enc->ops->multiply_adds(p->model.enc, b->N, b->input.T, b->square);
    }
    if (!p->predict) {
        open_step(p, &bound);
        return;
    }
    size_t N = (size_t)bound.N;
    p->features = take(N * (size_t)p->model.enc->d, sizeof(real));
    p->logits = take(N * (size_t)K, sizeof(real));
    p->cosines = take(N * (size_t)K, sizeof(real));
    check(acf_arena_init(&p->arena,
                         acf_model_infer_bytes(&p->model, bound.N, bound.T, bound.L, bound.square),
                         "inference", &e));
}

static void one_batch(bench *p, const acf_batch *b)
{
    if (p->predict) {
        acf_model_infer(&p->model, p->features, p->logits, p->cosines, &b->input, &p->arena);
        return;
    }
    acf_step_result r;
    check(acf_step_gradients(&r, &p->step, b, p->update, &e));
    acf_step_update(&r, &p->step, p->update++);
}

/* Passes over all batches until `seconds` are over: rate, useful, share, peak, % of each kernel. */
static void run(double x[QUANTITIES], bench *p, double seconds)
{
    double split[SPLIT_KINDS], begin = acf_clock_s(), s;
    int passes = 0;
    split_reset();
    do {
        for (int k = 0; k < p->n_batches; k++)
            one_batch(p, &p->batch[k]);
        passes++;
        s = acf_clock_s() - begin;
    } while (s < seconds);
    split_read(split);
    x[0] = passes * p->examples / s;
    x[1] = 1e-9 * (p->predict ? 2 : 6) * passes * p->multiply_adds / s;
    x[3] = 1e-9 * peak_flops();
    x[2] = 100 * x[1] / x[3];
    for (int k = 0; k < SPLIT_KINDS; k++)
        x[FIXED + k] = 100 * split[k] / s;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_row(const options *o, const char *workload, const char *quantity,
                      const char *unit, double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, ascending);
    double median = (x[(n - 1) / 2] + x[n / 2]) / 2;
    printf("%s,\"%s\",%s,%d,%s,%s,%s,%.4g,%.4g,%.4g\n", o->commit, o->cpu, acf_gemm_core(),
           acf_threads_get(), workload, quantity, unit, median, x[0], x[n - 1]);
}

static void bench_workload(const options *o, const cJSON *all, const char *name)
{
    static const char *const quantity[FIXED][2] = {
        {"rate", "examples/s"}, {"useful", "GFLOP/s"}, {"share", "%"}, {"peak", "GFLOP/s"}};
    static bench p;
    double x[MAX_RUNS][QUANTITIES], column[MAX_RUNS];
    open_bench(&p, all, member(member(all, "workloads"), name));
    for (int k = 0; k < p.n_batches; k++)
        one_batch(&p, &p.batch[k]);
    for (int r = 0; r < o->runs; r++)
        run(x[r], &p, o->seconds);
    for (int q = 0; q < QUANTITIES; q++) {
        char label[32] = "";
        for (int r = 0; r < o->runs; r++)
            column[r] = x[r][q];
        if (q >= FIXED) (void)snprintf(label, sizeof label, "time %s", split_name[q - FIXED]);
        print_row(o, name, q < FIXED ? quantity[q][0] : label, q < FIXED ? quantity[q][1] : "%",
                  column, o->runs);
    }
    column[0] = 1e-6 * (double)acf_clock_peak_rss();
    print_row(o, name, "memory", "MB", column, 1);
}

/* A process of its own, so that memory is this workload's. */
static void fork_workload(const options *o, const cJSON *all, const char *name)
{
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        acf_threads_set(o->threads);
        check(acf_gemm_start(&e));
        bench_workload(o, all, name);
        (void)fflush(stdout);
        _exit(0);
    }
    int status = 1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        (void)fprintf(stderr, "bench_step: %s: failed\n", name);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"runs", required_argument, NULL, 'r'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"threads", required_argument, NULL, 't'},
                                          {"commit", required_argument, NULL, 'c'},
                                          {0}};
    char cpu[96];
    acf_cpu_name(cpu);
    options o = {
        .commit = "", .cpu = cpu, .runs = 5, .threads = acf_threads_available(), .seconds = 2};
    int c;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 'r') o.runs = (int)strtol(optarg, NULL, 10);
        if (c == 's') o.seconds = strtod(optarg, NULL);
        if (c == 't') o.threads = (int)strtol(optarg, NULL, 10);
        if (c == 'c') o.commit = optarg;
        if (c == '?') return 2;
    }
    if (optind == argc || o.runs < 1 || o.runs > MAX_RUNS || o.threads < 1) {
        (void)fprintf(stderr, "usage: bench_step WORKLOADS.json [WORKLOAD ...] [--runs N] "
                              "[--seconds S] [--threads N] [--commit ID]\n");
        return 2;
    }
    cJSON *all;
    check(acf_json_read(&all, argv[optind], 1 << 20, &e));
    printf("commit,processor,blas,threads,workload,quantity,unit,median,least,most\n");
    for (int k = optind + 1; k < argc; k++)
        fork_workload(&o, all, argv[k]);
    const cJSON *w;
    if (optind + 1 == argc)
        cJSON_ArrayForEach(w, member(all, "workloads")) fork_workload(&o, all, w->string);
    cJSON_Delete(all);
    return 0;
}
