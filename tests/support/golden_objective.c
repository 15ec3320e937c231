#include "support/golden_objective.h"

#include "base/mem.h"
#include "base/rng.h"
#include "loss/label_terms.h"
#include "support/close.h"
#include "support/cm.h"

#include <math.h>

const real golden_h[] = {1,         2,          (real)0.5, -1, (real)0.3, 2,
                         (real)0.4, (real)-1.5, 1,         2,  1,         (real)-0.7};
const real golden_w[] = {(real)0.5, 1,         (real)-0.2, (real)-0.3, (real)0.4,
                         (real)0.9, (real)0.1, (real)-0.8, (real)0.6};
const real golden_b[GOLDEN_K] = {0};
const int32_t golden_y[] = {0, 1, 1, 0};

void fill_objective(real *x, size_t n, uint64_t step)
{
    acf_rng rng = {.seed = 7, .stream = ACF_STREAM_INIT, .step = step};
    for (size_t i = 0; i < n; i++)
        x[i] = (real)acf_rng_normal(rng, i);
}

bool all_finite(const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return false;
    return true;
}

bool all_zero(const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] != 0) return false;
    return true;
}

void assert_finite(const eval *r, int N, int K, int d)
{
    assert_true(isfinite(r->loss.total));
    assert_true(isfinite(r->loss.contrast));
    assert_true(isfinite(r->loss.cor));
    assert_true(isfinite(r->loss.excess));
    assert_true(r->loss.excess >= 0.0);
    assert_true(all_finite(r->d_h, (size_t)N * (size_t)d));
    assert_true(all_finite(r->d_W, (size_t)K * (size_t)d));
    assert_true(all_finite(r->d_b, (size_t)K));
}

void evaluate(eval *out, const real *h, const real *keep, const int32_t *y, const real *W,
              const real *b, int N, int K, int d, const acf_objective *o)
{
    acf_error e;
    assert_true(N * d <= EVAL_MAX && K * d <= EVAL_MAX && N * K <= EVAL_MAX);
    assert_ok(acf_objective_check(o, K, &e), &e);
    void *scratch = acf_alloc(acf_objective_scratch(N, K, d), 1, "scratch", &e);
    assert_non_null(scratch);
    memset(out, 0, sizeof *out);
    const acf_objective_gradient gradient = {out->d_h, out->d_W, out->d_b};
    const acf_objective_batch in = {
        .N = N, .K = K, .d = d, .h = h, .keep = keep, .y = y, .W = W, .b = b};
    acf_objective_evaluate(&out->loss, out->logits, &gradient, &in, o, scratch);
    acf_free(scratch);
}

acf_objective only_contrast(acf_loss_type type, acf_form form, double tau)
{
    acf_objective o = acf_objective_default(type);
    o.ce = 0.0;
    o.lambda = 1.0;
    o.label_reg = 0.0;
    o.tau = tau;
    o.form = form;
    return o;
}

static void golden_eval(eval *out, const acf_objective *o)
{
    evaluate(out, golden_h, NULL, golden_y, golden_w, golden_b, GOLDEN_N, GOLDEN_K, GOLDEN_D, o);
}

void check_golden_values(double tol)
{
    static const struct {
        acf_loss_type type;
        acf_form form;
        double tau, rho, value;
        int n_anchor;
    } row[] = {
        {ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.1, 1, 3.135068752, 6},
        {ACF_LOSS_SCL, ACF_FORM_SUPCON, 0.1, 1, 0.047660814, 4},
        {ACF_LOSS_ICL, ACF_FORM_SUPCON, 0.1, 1, 2.244188128, 4},
        {ACF_LOSS_LCL, ACF_FORM_SUPCON, 0.1, 1, 2.583823563, 2},
        {ACF_LOSS_PACO, ACF_FORM_SUPCON, 0.1, 1, 3.410514592, 4},
        {ACF_LOSS_ACF, ACF_FORM_NTXENT, 0.1, 1, 1.737276655, 6},
        {ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.5, 1, 1.290286721, 6},
        {ACF_LOSS_SCL, ACF_FORM_SUPCON, 0.5, 1, 0.400792433, 4},
        {ACF_LOSS_ICL, ACF_FORM_SUPCON, 0.5, 1, 0.707640322, 4},
        {ACF_LOSS_LCL, ACF_FORM_SUPCON, 0.5, 1, 1.047344587, 2},
        {ACF_LOSS_PACO, ACF_FORM_SUPCON, 0.5, 1, 1.331800781, 4},
        {ACF_LOSS_ACF, ACF_FORM_NTXENT, 0.5, 1, 0.869438166, 6},
        {ACF_LOSS_LCL, ACF_FORM_NTXENT, 0.5, 1, 0.453043318, 2},
        {ACF_LOSS_PACO, ACF_FORM_NTXENT, 0.5, 1, 0.937761509, 4},
        {ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.1, 2, 2.894797734, 6},
        {ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.5, 2, 1.242232517, 6},
        {ACF_LOSS_PACO, ACF_FORM_SUPCON, 0.5, 2, 1.259719476, 4},
        {ACF_LOSS_COSINE_CE, ACF_FORM_SUPCON, 0.5, 1, 0.707640322, 4},
        {ACF_LOSS_LACON, ACF_FORM_SUPCON, 0.5, 1, 0.707640322 + 1.047344587, 6},
    };
    static eval got;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        acf_objective o = only_contrast(row[i].type, row[i].form, row[i].tau);
        o.label_weight = row[i].rho;
        golden_eval(&got, &o);
        assert_number(got.loss.contrast, row[i].value, tol);
        assert_number(got.loss.total, row[i].value, tol);
        assert_int_equal(got.loss.n_anchor, row[i].n_anchor);
        assert_true(got.loss.has_excess);
        if (row[i].form == ACF_FORM_NTXENT) assert_number(got.loss.excess, row[i].value, tol);
    }

    acf_objective o = only_contrast(ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.1);
    golden_eval(&got, &o);
    assert_number(got.loss.excess, 2.441921572, tol);
    o.tau = 0.5;
    golden_eval(&got, &o);
    assert_number(got.loss.excess, 0.597139540, tol);
}

/* Points of the golden batch in an arena of its own. */
static acf_points golden_points(acf_arena *arena)
{
    acf_error e;
    size_t bytes = acf_points_bytes(GOLDEN_N, GOLDEN_K, GOLDEN_D) +
                   acf_contrast_bytes(GOLDEN_N + GOLDEN_K) +
                   acf_arena_cost((GOLDEN_N + GOLDEN_K) * GOLDEN_D, sizeof(double));
    assert_ok(acf_arena_init(arena, bytes, "golden", &e), &e);
    return acf_points_make(golden_h, golden_w, golden_y, GOLDEN_N, GOLDEN_K, GOLDEN_D, arena);
}

void check_golden_per_anchor(double tol)
{
    static const double want[] = {1.068043448, 1.320171462, 2.057868490,
                                  0.881119724, 0.878474339, 1.536042861};
    const acf_block all = {true, true, true, true};
    double got[GOLDEN_N + GOLDEN_K];
    acf_arena arena;
    acf_points p = golden_points(&arena);
    acf_contrast c = acf_contrast_term(NULL, got, &p, all, ACF_FORM_SUPCON, 0.5, 1.0, 1.0, &arena);
    for (int i = 0; i < 6; i++)
        assert_number(got[i], want[i], tol);
    assert_true(isnan(got[6])); /* class 2 has no instance */
    assert_int_equal(c.n_anchor, 6);
    assert_int_equal(c.n_pairs, 2 + 2 + 2 + 2 + 2 + 2);
    acf_arena_free(&arena);
}

void check_golden_gradient(double tol)
{
    static const double d_h[] = {-0.060516201, 0.005962748,  0.097181410,  -0.005575159,
                                 0.110126788,  -0.019306598, 0.122252181,  -0.102352446,
                                 -0.202429541, 0.022904541,  -0.045768287, 0.000058278};
    static const double d_w[] = {-0.041625392, 0.035024031, 0.071056678, 0.043650374, 0.324398166,
                                 -0.129626838, 0.005802938, 0.044627549, 0.058536242};
    static eval got;
    acf_objective o = only_contrast(ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.5);
    golden_eval(&got, &o);
    for (int j = 0; j < GOLDEN_N * GOLDEN_D; j++)
        assert_number((double)got.d_h[j], d_h[j], tol);
    for (int j = 0; j < GOLDEN_K * GOLDEN_D; j++)
        assert_number((double)got.d_W[j], d_w[j], tol);
    for (int k = 0; k < GOLDEN_K; k++)
        assert_number((double)got.d_b[k], 0.0, 0.0);
}

void check_golden_cor(double tol)
{
    static const double d_h[] = {0.068545318,  -0.029585936, -0.191216211, 0.078929783,
                                 -0.248448635, 0.001461108,  -0.190834166, 0.057731243,
                                 0.132655565,  0.043359066,  0.220303327,  0.057099538};
    static eval got;
    acf_objective o = only_contrast(ACF_LOSS_ACF, ACF_FORM_SUPCON, 0.5);
    o.lambda = 0.0;
    o.cor_weight = 1.0;
    golden_eval(&got, &o);
    assert_true(got.loss.has_cor);
    assert_number(got.loss.cor, 1.582310613, tol);
    assert_number(got.loss.cor * got.loss.cor, 2.503706876, 4 * tol);
    assert_number(got.loss.total, 1.582310613, tol);
    for (int j = 0; j < GOLDEN_N * GOLDEN_D; j++)
        assert_number((double)got.d_h[j], d_h[j], tol);
    for (int j = 0; j < GOLDEN_K * GOLDEN_D; j++)
        assert_number((double)got.d_W[j], 0.0, 0.0);

    o.cor_type = ACF_COR_WITHIN;
    golden_eval(&got, &o);
    assert_true(got.loss.has_cor);
    assert_number(got.loss.cor, 2.363541160, tol);
}

void check_golden_label_terms(double tol)
{
    static eval got;
    acf_objective o = acf_objective_default(ACF_LOSS_ACF);
    o.ce = o.lambda = 0.0;
    o.cor_type = ACF_COR_LABEL;
    o.cor_weight = 2.0;
    golden_eval(&got, &o);
    assert_number(got.loss.cor, 0.206079230, tol);
    assert_number(got.loss.total, 2 * 0.206079230, 2 * tol);

    o = acf_objective_default(ACF_LOSS_LACON);
    golden_eval(&got, &o);
    assert_number(got.loss.label_reg, 1.473547814, tol);
    assert_number(got.loss.total, 2.244188128 + 2.583823563 + 0.1473547814, 2.2 * tol);
}
