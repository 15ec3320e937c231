/* Rows drawn by class. */
#include "data/draw.h"
#include "support/cm.h"

enum { N = 120, K = 3 };

static acf_error e;

/* Rows of the classes take turns, so that row i is number i / K of its class. */
static void draw(bool taken[N], int32_t share, acf_draw what, uint64_t seed)
{
    int32_t label[N], shares[K] = {share, share, share};
    for (int i = 0; i < N; i++)
        label[i] = i % K;
    assert_ok(acf_draw_rows(taken, label, N, shares, K, what, seed, &e), &e);
}

/* How many numbers within the class are taken in both of two classes. */
static int common(const bool *a, int k, const bool *b, int other)
{
    int n = 0;
    for (int i = 0; i < N / K; i++)
        n += a[i * K + k] && b[i * K + other];
    return n;
}

static void shares_are_met_and_smaller_ones_are_subsets(void **state)
{
    (void)state;
    bool few[N], many[N];
    draw(few, 5, ACF_DRAW_TRAIN, 3);
    draw(many, 20, ACF_DRAW_TRAIN, 3);
    for (int k = 0; k < K; k++) {
        assert_int_equal(common(few, k, few, k), 5);
        assert_int_equal(common(many, k, many, k), 20);
        assert_int_equal(common(few, k, many, k), 5);
    }
}

/* Of 40 rows 20: for two independent draws 10 in common, give or take 6 (a deviation is 1.6). */
static void draws_are_independent(void **state)
{
    (void)state;
    bool a[N], other_seed[N], other_draw[N];
    draw(a, 20, ACF_DRAW_TRAIN, 3);
    draw(other_seed, 20, ACF_DRAW_TRAIN, 4);
    draw(other_draw, 20, ACF_DRAW_DEV, 3);
    for (int k = 0; k < K; k++) {
        assert_in_range(common(a, k, a, (k + 1) % K), 4, 16);
        assert_in_range(common(a, k, other_seed, k), 4, 16);
        assert_in_range(common(a, k, other_draw, k), 4, 16);
    }
}

/* The closed form against what is dealt. */
static void classes_that_a_fold_leaves_are_counted(void **state)
{
    (void)state;
    static const int32_t sizes[][4] = {{9, 1, 0, 0}, {1, 1, 1, 1}, {1, 4, 1, 0}, {1, 5, 1, 9},
                                       {2, 2, 0, 3}, {1, 1, 0, 0}, {7, 1, 8, 1}};
    for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
        int32_t label[N];
        bool taken[N];
        int n = 0;
        for (int k = 0; k < 4; k++)
            for (int i = 0; i < sizes[c][k]; i++)
                label[n++] = k;
        for (int folds = 2; folds <= 6; folds++) {
            for (int fold = 1; fold <= folds; fold++) {
                bool stays[4] = {false};
                assert_ok(acf_draw_fold(taken, label, n, 4, fold, folds, 1, &e), &e);
                for (int i = 0; i < n; i++)
                    stays[label[i]] = stays[label[i]] || !taken[i];
                assert_int_equal(acf_draw_fold_keeps(sizes[c], 4, fold, folds),
                                 stays[0] + stays[1] + stays[2] + stays[3]);
            }
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(shares_are_met_and_smaller_ones_are_subsets),
    cmocka_unit_test(draws_are_independent),
    cmocka_unit_test(classes_that_a_fold_leaves_are_counted),
};

TEST_MAIN(tests)
