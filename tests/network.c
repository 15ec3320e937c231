/*
 * What an image network computes, for comparison with other implementations:
 *
 *     tests/network MODEL IN.safetensors OUT.safetensors UPDATES LR
 *
 * IN holds pixels [N, C, S, S] and labels [N]; OUT gets
 *
 *     logits [N, K]      by the running statistics, before any update
 *     loss [UPDATES]     cross-entropy of each update of plain SGD on that batch
 *     grad.NAME          gradients of the first one
 *     final.NAME         all parameters and running statistics afterwards
 *
 * scripts/parity_resnet.py and scripts/check_resnet.py use it.
 */
#include "base/mem.h"
#include "num/gemm.h"
#include "num/threads.h"
#include "model/model_dir.h"
#include "run/step.h"
#include "store/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static acf_error e;

static void check(acf_status st)
{
    if (st == ACF_OK) return;
    (void)fprintf(stderr, "network: %s\n", e.text);
    exit(1);
}

static void *take(size_t count, size_t size)
{
    void *p = acf_alloc(count, size, "tensor", &e);
    if (p == NULL) check(ACF_ERR_RESOURCE);
    return p;
}

typedef struct output {
    acf_st_item *item;
    size_t n;
} output;

/* A copy of data under "PREFIX NAME". */
static void put(output *out, const char *prefix, const char *name, const real *data, int rank,
                const int32_t *dim)
{
    acf_st_item *t = &out->item[out->n++];
    char *full = take(256, 1);
    size_t len = 1;
    (void)snprintf(full, 256, "%s%s", prefix, name);
    *t = (acf_st_item){.name = full, .dtype = ACF_DTYPE_REAL, .rank = rank};
    for (int k = 0; k < rank; k++) {
        t->dim[k] = (uint64_t)dim[k];
        len *= (size_t)dim[k];
    }
    real *copy = take(len, sizeof *copy);
    memcpy(copy, data, len * sizeof *copy);
    t->data = copy;
}

static const acf_st_entry *find(const acf_safetensors *in, const char *name, int rank)
{
    const acf_st_entry *t = acf_st_find(in, name);
    if (t != NULL && t->rank == rank) return t;
    (void)fprintf(stderr, "network: %s: no tensor '%s' of %d dimensions\n", acf_st_path(in), name,
                  rank);
    exit(1);
}

static acf_batch read_batch(acf_model *m, const char *path)
{
    acf_safetensors *in;
    check(acf_st_open(&in, path, &e));
    const acf_st_entry *pixels = find(in, "pixels", 4), *labels = find(in, "labels", 1);
    int N = (int)pixels->dim[0], side = (int)pixels->dim[2];
    real *x = take((size_t)pixels->len, sizeof *x);
    int64_t *wide = take((size_t)N, sizeof *wide);
    int32_t *label = take((size_t)N, sizeof *label), *row = take((size_t)N, sizeof *row);
    check(acf_st_read_real(x, (size_t)pixels->len, in, pixels, &e));
    check(acf_st_read_i64(wide, (size_t)N, in, labels, &e));
    for (int i = 0; i < N; i++)
        label[i] = (int32_t)wide[i];
    acf_free(wide);
    acf_batch batch = {.N = N, .row = row, .label = label};
    batch.input = (acf_input){
        .N = N, .pixels = x, .channels = (int)pixels->dim[1], .height = side, .width = side};
    m->enc->image_size = side;
    acf_st_close(&in);
    return batch;
}

static void put_logits(output *out, acf_model *m, const acf_batch *batch)
{
    size_t N = (size_t)batch->N, K = (size_t)m->K;
    real *features = take(N * (size_t)m->enc->d, sizeof *features);
    real *logits = take(N * K, sizeof *logits), *cosines = take(N * K, sizeof *cosines);
    acf_arena arena;
    check(acf_arena_init(&arena, acf_model_infer_bytes(m, batch->N, 0, 0, 0), "inference", &e));
    acf_model_infer(m, features, logits, cosines, &batch->input, &arena);
    put(out, "", "logits", logits, 2, (int32_t[]){batch->N, m->K});
    acf_arena_free(&arena);
}

static void run_updates(output *out, acf_model *m, const acf_batch *batch, int n, double lr)
{
    acf_params *p = &m->params;
    acf_optim_options o = acf_optim_default(ACF_OPTIM_SGD);
    o.lr = o.head_lr = lr;
    o.weight_decay = o.momentum = 0;
    o.n_layers = m->enc->n_layers;
    acf_step step = {.model = m, .total = n, .micro_batch = batch->N};
    step.objective = acf_objective_default(ACF_LOSS_CE);
    step.schedule = (acf_schedule){.type = ACF_SCHEDULE_CONSTANT};
    const acf_batch_bound bound = {.N = batch->N};
    check(acf_optimizer_open(&step.optimizer, &o, p, &e));
    check(acf_arena_init(&step.arena, acf_step_bytes(m, &bound, &bound), "step", &e));
    real *loss = take((size_t)n, sizeof *loss);
    for (int k = 0; k < n; k++) {
        acf_step_result r;
        check(acf_step_gradients(&r, &step, batch, k, &e));
        loss[k] = (real)r.loss.total;
        for (size_t i = 0; k == 0 && i < p->n; i++)
            if (acf_param_trains(&p->slice[i]))
                put(out, "grad.", p->slice[i].name, acf_grad(p, (int)i), p->slice[i].rank,
                    p->slice[i].dim);
        acf_step_update(&r, &step, k);
    }
    put(out, "", "loss", loss, 1, (int32_t[]){n});
    for (size_t i = 0; i < p->n; i++)
        put(out, "final.", p->slice[i].name, acf_value(p, (int)i), p->slice[i].rank,
            p->slice[i].dim);
    acf_optimizer_close(&step.optimizer);
    acf_arena_free(&step.arena);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        (void)fprintf(stderr, "usage: network MODEL IN.safetensors OUT.safetensors UPDATES LR\n");
        return 2;
    }
    acf_model m;
    char *dir;
    const acf_model_load load = {.pooling = -1, .dropout = -1, .with_grad = true};
    int updates = (int)strtol(argv[4], NULL, 10);
    check(acf_gemm_start(&e));
    check(acf_model_resolve(&dir, argv[1], &e));
    check(acf_model_open(&m, dir, &load, &e));
    acf_batch batch = read_batch(&m, argv[2]);
    output out = {.item = take(2 + 2 * m.params.n, sizeof *out.item)};
    put_logits(&out, &m, &batch);
    if (updates > 0) run_updates(&out, &m, &batch, updates, strtod(argv[5], NULL));
    check(acf_st_write(argv[3], out.item, out.n, NULL, &e));
    acf_model_free(&m);
    acf_free(dir);
    return 0;
}
