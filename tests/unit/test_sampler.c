/* Orders of an epoch and shares of classes: exact properties, and chance within its limits. */
#include "base/mem.h"
#include "data/draw.h"
#include "data/sampler.h"
#include "support/cm.h"

enum { N = 1000 };

static void order(int32_t *out, int n, acf_sampler kind, const int32_t *label, int K, uint64_t seed,
                  uint64_t epoch)
{
    acf_error e;
    assert_ok(acf_sampler_order(out, n, kind, label, K, seed, epoch, &e), &e);
}

static void random_is_a_permutation_of_seed_and_epoch(void **state)
{
    (void)state;
    int32_t a[N], b[N];
    bool seen[N] = {false};
    order(a, N, ACF_SAMPLER_RANDOM, NULL, 0, 42, 3);
    for (int i = 0; i < N; i++) {
        assert_in_range(a[i], 0, N - 1);
        assert_false(seen[a[i]]);
        seen[a[i]] = true;
    }
    order(b, N, ACF_SAMPLER_RANDOM, NULL, 0, 42, 3);
    assert_memory_equal(a, b, sizeof a);
    order(b, N, ACF_SAMPLER_RANDOM, NULL, 0, 42, 4);
    assert_memory_not_equal(a, b, sizeof a);
    order(b, N, ACF_SAMPLER_RANDOM, NULL, 0, 43, 3);
    assert_memory_not_equal(a, b, sizeof a);
}

/* Over many epochs every row comes first about equally often: 4,000 draws of 8 cells, 500 each
 * with a standard deviation of 21. */
static void random_is_uniform(void **state)
{
    (void)state;
    int first[8] = {0}, last[8] = {0};
    for (uint64_t epoch = 0; epoch < 4000; epoch++) {
        int32_t a[8];
        order(a, 8, ACF_SAMPLER_RANDOM, NULL, 0, 1, epoch);
        first[a[0]]++;
        last[a[7]]++;
    }
    for (int i = 0; i < 8; i++) {
        assert_in_range(first[i], 400, 600);
        assert_in_range(last[i], 400, 600);
    }
}

/* 900 rows of class 0, 90 of 1, none of 2, 10 of 3: a third each, binomial with a standard
 * deviation of 15. */
static void balanced_draws_classes_uniformly(void **state)
{
    (void)state;
    int32_t a[N], b[N], label[N];
    int of_class[4] = {0}, of_row[N] = {0};
    for (int i = 0; i < N; i++)
        label[i] = i % 100 == 99 ? 3 : i % 10 == 8 ? 1 : 0;
    order(a, N, ACF_SAMPLER_BALANCED, label, 4, 42, 0);
    for (int i = 0; i < N; i++) {
        assert_in_range(a[i], 0, N - 1);
        of_class[label[a[i]]]++;
        of_row[a[i]]++;
    }
    assert_int_equal(of_class[2], 0);
    for (int k = 0; k < 4; k++)
        if (k != 2) assert_in_range(of_class[k], 333 - 75, 333 + 75);
    for (int i = 99; i < N; i += 100) /* the ten of class 3: 33 each, standard deviation 5.6 */
        assert_in_range(of_row[i], 33 - 25, 33 + 25);
    order(b, N, ACF_SAMPLER_BALANCED, label, 4, 42, 0);
    assert_memory_equal(a, b, sizeof a);
    order(b, N, ACF_SAMPLER_BALANCED, label, 4, 42, 1);
    assert_memory_not_equal(a, b, sizeof a);
    order(b, N, ACF_SAMPLER_BALANCED, label, 4, 43, 0);
    assert_memory_not_equal(a, b, sizeof a);
}

static void shares_by_largest_remainders(void **state)
{
    (void)state;
    static const struct {
        int32_t size[4];
        int64_t m;
        bool leave_one;
        int32_t want[4];
    } row[] = {
        {{50, 30, 15, 5}, 10, false, {5, 3, 2, 0}}, /* 5, 3, 1.5, 0.5: the tie to class 2 */
        {{7, 7, 7, 0}, 10, false, {4, 3, 3, 0}},    /* 3.33 each */
        {{1, 1, 1, 97}, 3, false, {0, 0, 0, 3}},    /* 0.03, 0.03, 0.03, 2.91 */
        {{5, 5, 5, 5}, 20, false, {5, 5, 5, 5}},    /* all */
        {{5, 5, 5, 5}, 0, false, {0, 0, 0, 0}},     /* none */
        {{2, 1, 1, 0}, 4, true, {1, 0, 0, 0}},      /* one of each stays */
        {{3, 1, 6, 0}, 5, true, {2, 0, 3, 0}},      /* 1.5, 0.5, 3: class 1 has none to give */
        {{2000000000, 100000000, 0, 0}, 2099999999, false, {1999999999, 100000000, 0, 0}},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        int32_t share[4];
        acf_error e;
        assert_ok(acf_draw_share(share, row[i].size, 4, row[i].m, row[i].leave_one, &e), &e);
        for (int k = 0; k < 4; k++)
            if (share[k] != row[i].want[k])
                fail_msg("case %zu class %d: %d, expected %d", i, k, (int)share[k],
                         (int)row[i].want[k]);
    }
}

static void a_smaller_share_is_part_of_a_larger(void **state)
{
    (void)state;
    int32_t label[N];
    bool small[N], large[N];
    acf_error e;
    for (int i = 0; i < N; i++)
        label[i] = i % 3;
    assert_ok(acf_draw_rows(small, label, N, (int32_t[]){10, 0, 7}, 3, ACF_DRAW_TRAIN, 5, &e), &e);
    assert_ok(acf_draw_rows(large, label, N, (int32_t[]){11, 4, 90}, 3, ACF_DRAW_TRAIN, 5, &e), &e);
    int n_small[3] = {0}, n_large[3] = {0};
    for (int i = 0; i < N; i++) {
        n_small[label[i]] += small[i];
        n_large[label[i]] += large[i];
        if (small[i]) assert_true(large[i]);
    }
    assert_memory_equal(n_small, ((int[]){10, 0, 7}), sizeof n_small);
    assert_memory_equal(n_large, ((int[]){11, 4, 90}), sizeof n_large);
    assert_ok(acf_draw_rows(large, label, N, (int32_t[]){10, 0, 7}, 3, ACF_DRAW_DEV, 5, &e), &e);
    assert_memory_not_equal(small, large, sizeof small);
}

static void lists_rows_by_class(void **state)
{
    (void)state;
    static const int32_t label[] = {2, 0, 2, 2, 0};
    int32_t begin[5], rows[5];
    acf_draw_by_class(begin, rows, label, 5, 4);
    assert_memory_equal(begin, ((int32_t[]){0, 2, 2, 5, 5}), sizeof begin);
    assert_memory_equal(rows, ((int32_t[]){1, 4, 0, 2, 3}), sizeof rows);
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    int32_t a[3];
    acf_error e;
    size_t held = acf_mem_held();
    for (size_t n = 1; n <= 3; n++) {
        (void)acf_mem_fail_at(n);
        acf_status st =
            acf_sampler_order(a, 3, ACF_SAMPLER_BALANCED, (int32_t[]){0, 1, 0}, 2, 1, 1, &e);
        (void)acf_mem_fail_at(0);
        assert_int_equal(st, ACF_ERR_RESOURCE);
        assert_int_equal(acf_mem_held(), held);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_is_a_permutation_of_seed_and_epoch),
    cmocka_unit_test(random_is_uniform),
    cmocka_unit_test(balanced_draws_classes_uniformly),
    cmocka_unit_test(shares_by_largest_remainders),
    cmocka_unit_test(a_smaller_share_is_part_of_a_larger),
    cmocka_unit_test(lists_rows_by_class),
    cmocka_unit_test(survives_failing_allocations),
};

TEST_MAIN(tests)
