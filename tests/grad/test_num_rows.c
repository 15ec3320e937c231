/* Backward passes of act, norm, dropout and embed against central differences. */
#include "num/act.h"
#include "num/dropout.h"
#include "num/embed.h"
#include "num/norm.h"
#include "num/threads.h"
#include "support/cm.h"
#include "support/fill.h"
#include "support/gradcheck.h"

#include <math.h>

enum { T = 5, C = 7, V = 4, N = 2, LEN = T * C };

/* The function is sum w y for a fixed random w: its gradient reaches every element of y. */
typedef struct fixture {
    real x[LEN], residual[LEN], gamma[C], beta[C], table[V * C], w[LEN];
    real d_x[LEN], d_residual[LEN], d_gamma[C], d_beta[C], d_table[V * C];
    acf_act act;
    acf_dropout drop;
} fixture;

static const int32_t id[T] = {1, 3, 1, 0, 1}; /* row 2 unused, row 1 three times */
static const int32_t start[N + 1] = {0, 2, T};

static fixture make(void)
{
    fixture f = {.drop = {.seed = 3, .step = 4, .site = 5}};
    fill_normal(f.x, LEN, 1);
    fill_normal(f.residual, LEN, 2);
    fill_normal(f.gamma, C, 3);
    fill_normal(f.beta, C, 4);
    fill_normal(f.table, V * C, 5);
    fill_normal(f.w, LEN, 6);
    return f;
}

static double weigh(const real *y, const real *w, int n)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += (double)y[i] * (double)w[i];
    return sum;
}

/* y = act(dropout(x) + bias), bias in beta */
static double act_value(void *ctx)
{
    fixture *f = ctx;
    real u[LEN], y[LEN];
    acf_dropout_apply(u, f->x, LEN, 3, f->drop);
    acf_act_forward(y, u, f->beta, T, C, f->act);
    return weigh(y, f->w, LEN);
}

static void act_and_bias_and_dropout(void **state)
{
    (void)state;
    for (int act = 0; act <= (int)ACF_ACT_SILU; act++)
        for (int p = 0; p < 2; p++) {
            fixture f = make();
            f.act = (acf_act)act;
            f.drop.p = p ? 0.3 : 0.0;
            real u[LEN], y[LEN];
            acf_dropout_apply(u, f.x, LEN, 3, f.drop);
            acf_act_forward(y, u, f.beta, T, C, f.act);
            acf_act_backward(f.d_x, f.w, u, T, C, f.act);
            acf_bias_backward(f.d_beta, f.d_x, T, C);
            acf_dropout_apply(f.d_x, f.d_x, LEN, 3, f.drop);
            grad_tensor t[] = {{.name = "x", .value = f.x, .grad = f.d_x, .n = LEN},
                               {.name = "bias", .value = f.beta, .grad = f.d_beta, .n = C}};
            assert_gradients(act_value, &f, t, 2);
        }
}

/* y = layernorm(dropout(x) + residual) */
static double norm_value(void *ctx)
{
    fixture *f = ctx;
    real u[LEN], y[LEN];
    acf_dropout_apply(u, f->x, LEN, 3, f->drop);
    acf_layernorm_forward(y, NULL, NULL, u, f->residual, f->gamma, f->beta, 1e-5, T, C);
    return weigh(y, f->w, LEN);
}

static void layernorm_with_residual_and_dropout(void **state)
{
    (void)state;
    for (int p = 0; p < 2; p++) {
        fixture f = make();
        f.drop.p = p ? 0.3 : 0.0;
        real u[LEN], y[LEN], xhat[LEN], rstd[T];
        acf_dropout_apply(u, f.x, LEN, 3, f.drop);
        acf_layernorm_forward(y, xhat, rstd, u, f.residual, f.gamma, f.beta, 1e-5, T, C);
        acf_layernorm_backward(f.d_residual, f.d_gamma, f.d_beta, f.w, xhat, rstd, f.gamma, T, C);
        acf_dropout_apply(f.d_x, f.d_residual, LEN, 3, f.drop);
        grad_tensor t[] = {
            {.name = "x", .value = f.x, .grad = f.d_x, .n = LEN},
            {.name = "residual", .value = f.residual, .grad = f.d_residual, .n = LEN},
            {.name = "gamma", .value = f.gamma, .grad = f.d_gamma, .n = C},
            {.name = "beta", .value = f.beta, .grad = f.d_beta, .n = C}};
        assert_gradients(norm_value, &f, t, 4);
    }
}

/* y = pool(x + table[id]) */
static double embed_value(void *ctx)
{
    fixture *f = ctx;
    real x[LEN], y[N * C];
    memcpy(x, f->x, sizeof x);
    acf_embed_forward(x, f->table, id, T, C, 1);
    acf_pool_mean_forward(y, x, start, N, C);
    return weigh(y, f->w, N * C);
}

static void embedding_and_pooling(void **state)
{
    (void)state;
    fixture f = make();
    acf_pool_mean_backward(f.d_x, f.w, start, N, C);
    acf_embed_backward(f.d_table, f.d_x, id, T, C);
    grad_tensor t[] = {{.name = "x", .value = f.x, .grad = f.d_x, .n = LEN},
                       {.name = "table", .value = f.table, .grad = f.d_table, .n = V * C}};
    assert_gradients(embed_value, &f, t, 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(act_and_bias_and_dropout),
        cmocka_unit_test(layernorm_with_residual_and_dropout),
        cmocka_unit_test(embedding_and_pooling),
    };
    acf_threads_set(1); /* the sizes are too small for more */
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
