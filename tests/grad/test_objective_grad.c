/* The objective in the double build: golden vectors to nine digits, gradients by differences. */
#include "support/close.h"
#include "support/cm.h"
#include "support/golden_objective.h"
#include "support/gradcheck.h"

#include "base/mem.h"
#include "base/rng.h"

static void golden_vectors(void **state)
{
    (void)state;
    check_golden_values(1.1e-9);
    check_golden_per_anchor(1e-9);
    check_golden_gradient(1e-9);
    check_golden_cor(1e-9);
    check_golden_label_terms(1e-9);
}

enum { MAX_N = 7, MAX_K = 6, MAX_D = 9 };

/* A random batch and the objective over it. */
typedef struct batch {
    int N, K, d;
    real h[MAX_N * MAX_D], keep[MAX_N * MAX_D], W[MAX_K * MAX_D], b[MAX_K];
    int32_t y[MAX_N];
    double target[MAX_N];
    acf_objective o;
    void *scratch;
} batch;

static acf_objective_batch batch_of(const batch *t)
{
    return (acf_objective_batch){.N = t->N,
                                 .K = t->K,
                                 .d = t->d,
                                 .h = t->h,
                                 .keep = t->keep,
                                 .y = t->y,
                                 .target = t->target,
                                 .W = t->W,
                                 .b = t->b};
}

static double total(void *ctx)
{
    const batch *t = ctx;
    real logits[MAX_N * MAX_K];
    acf_loss loss;
    const acf_objective_batch in = batch_of(t);
    acf_objective_evaluate(&loss, logits, NULL, &in, &t->o, t->scratch);
    return loss.total;
}

static void check(batch *t)
{
    acf_error e;
    real logits[MAX_N * MAX_K], d_h[MAX_N * MAX_D], d_W[MAX_K * MAX_D] = {0}, d_b[MAX_K] = {0};
    acf_loss loss;
    assert_ok(acf_objective_check(&t->o, t->K, &e), &e);
    const acf_objective_gradient gradient = {d_h, d_W, d_b};
    const acf_objective_batch in = batch_of(t);
    acf_objective_evaluate(&loss, logits, &gradient, &in, &t->o, t->scratch);
    bool has_bias = t->o.type == ACF_LOSS_MSE || t->o.ce != 0.0;
    grad_tensor tensor[] = {
        {.name = "h", .value = t->h, .grad = d_h, .n = (size_t)(t->N * t->d)},
        {.name = "W", .value = t->W, .grad = d_W, .n = (size_t)(t->K * t->d)},
        {.name = "b", .value = t->b, .grad = d_b, .n = (size_t)t->K, .is_zero = !has_bias},
    };
    assert_gradients(total, t, tensor, 3);
}

static void fill(batch *t, int N, int K, int d, uint64_t seed)
{
    acf_error e;
    acf_rng rng = {.seed = seed, .stream = ACF_STREAM_INIT};
    *t = (batch){.N = N, .K = K, .d = d};
    uint64_t at = 0;
    for (int j = 0; j < N * d; j++) {
        t->h[j] = (real)acf_rng_normal(rng, at++);
        t->keep[j] = acf_rng_uniform(rng, at++) < 0.2 ? (real)0 : (real)1.25;
    }
    for (int j = 0; j < K * d; j++)
        t->W[j] = (real)acf_rng_normal(rng, at++);
    for (int k = 0; k < K; k++)
        t->b[k] = (real)acf_rng_normal(rng, at++);
    for (int i = 0; i < N; i++) {
        t->y[i] = i < 2 ? 0 : (int32_t)acf_rng_below(rng, at++, (uint64_t)K);
        t->target[i] = acf_rng_normal(rng, at++);
    }
    t->scratch = acf_alloc(acf_objective_scratch(N, K, d), 1, "scratch", &e);
    assert_non_null(t->scratch);
}

/* Every form, Cor-Reg, weighting and smoothing of one type on one batch. */
static void check_settings(batch *t, acf_loss_type type, double tau)
{
    static const double weight[] = {0.5, 3.0, 1.0, 0.2, 2.0, 1.5};
    for (int form = 0; form < ACF_N_FORMS; form++)
        for (int cor = 0; cor < ACF_N_CORS; cor++)
            for (int ce = 0; ce < 4; ce++)
                for (int rho = 0; rho < (form == ACF_FORM_SUPCON ? 2 : 1); rho++) {
                    t->o = acf_objective_default(type);
                    t->o.tau = tau;
                    t->o.form = (acf_form)form;
                    t->o.cor_type = (acf_cor)cor;
                    t->o.cor_weight = 0.3;
                    t->o.class_weight = (ce & 1) != 0 ? weight : NULL;
                    t->o.label_smoothing = (ce & 2) != 0 ? 0.15 : 0.0;
                    t->o.label_weight = rho == 0 ? 1.0 : 2.5;
                    check(t);
                }
}

static void every_setting_of_every_type(void **state)
{
    (void)state;
    static const struct {
        int N, K, d;
        double tau;
    } shape[] = {{5, 3, 7, 0.1}, {7, 2, 5, 0.5}, {4, 6, 9, 0.3}, {3, 4, 3, 1.0}};
    static batch t;
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++) {
        fill(&t, shape[s].N, shape[s].K, shape[s].d, s + 1);
        for (int type = ACF_LOSS_CE; type <= ACF_LOSS_LACON; type++)
            check_settings(&t, (acf_loss_type)type, shape[s].tau);
        acf_free(t.scratch);
    }
}

static void regression(void **state)
{
    (void)state;
    static batch t;
    fill(&t, 5, 1, 7, 11);
    memset(t.y, 0, sizeof t.y);
    t.o = acf_objective_default(ACF_LOSS_MSE);
    check(&t);
    acf_free(t.scratch);
}

/* A weight on every term, ce with its own: what a preset leaves at 0 or 1. */
static void all_terms_at_once(void **state)
{
    (void)state;
    static batch t;
    fill(&t, 6, 4, 7, 12);
    for (int type = ACF_LOSS_CE; type <= ACF_LOSS_LACON; type++) {
        t.o = acf_objective_default((acf_loss_type)type);
        t.o.ce = 0.7;
        t.o.lambda = 1.3;
        t.o.tau = 0.2;
        t.o.cor_type = ACF_COR_WITHIN;
        t.o.cor_weight = 0.05;
        t.o.label_reg = 0.4;
        check(&t);
        t.o.ce = 0.0;
        if (type != ACF_LOSS_SCL) check(&t);
    }
    acf_free(t.scratch);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_vectors),
        cmocka_unit_test(every_setting_of_every_type),
        cmocka_unit_test(regression),
        cmocka_unit_test(all_terms_at_once),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
