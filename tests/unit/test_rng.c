/* Philox against its published known-answer vectors, and what is drawn from it. */
#include "base/rng.h"
#include "support/close.h"
#include "support/cm.h"

#include <math.h>

static void check_block(uint64_t seed, uint32_t stream, uint64_t step, uint64_t block,
                        const uint32_t want[4])
{
    const acf_rng r = {.seed = seed, .stream = stream, .step = step};
    uint32_t got[4];
    acf_rng_block(got, r, block);
    for (int i = 0; i < 4; i++)
        assert_int_equal(got[i], want[i]);
}

/* Random123, kat_vectors, philox4x32 with 10 rounds: counter (4 words), key (2 words), answer. */
static void known_answers(void **state)
{
    (void)state;
    check_block(0, 0, 0, 0, (uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    check_block(UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT64_MAX,
                (uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    check_block(0x299f31d0a4093822, 0x03707344, 0x13198a2e, 0x85a308d3243f6a88,
                (uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

static void uniform_is_below_one(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    const acf_rng r = {.seed = 1, .stream = ACF_STREAM_INIT};
    double sum = 0, squares = 0, low = 1, high = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        double x = acf_rng_uniform(r, i);
        assert_true(x >= 0 && x < 1);
        sum += x;
        squares += x * x;
        low = fmin(low, x);
        high = fmax(high, x);
    }
    /* Five standard errors. */
    assert_number(sum / DRAWS, 0.5, 5 * sqrt(1.0 / 12 / DRAWS));
    assert_number(squares / DRAWS, 1.0 / 3, 5 * sqrt(4.0 / 45 / DRAWS));
    assert_true(low < 1e-3 && high > 1 - 1e-3);
}

static void normal_has_its_moments(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    const acf_rng r = {.seed = 2, .stream = ACF_STREAM_INIT};
    double sum = 0, squares = 0;
    int beyond = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        double x = acf_rng_normal(r, i);
        assert_true(isfinite(x));
        beyond += fabs(x) > 2;
        sum += x;
        squares += x * x;
    }
    assert_number(sum / DRAWS, 0, 5 / sqrt(DRAWS));
    assert_number(squares / DRAWS, 1, 5 * sqrt(2.0 / DRAWS));
    assert_number((double)beyond / DRAWS, 0.0455, 5 * sqrt(0.0455 / DRAWS));
}

static void below_is_even(void **state)
{
    (void)state;
    enum { DRAWS = 14000 };
    const acf_rng r = {.seed = 3, .stream = ACF_STREAM_SAMPLER};
    int count[7] = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint64_t x = acf_rng_below(r, i, 7);
        assert_true(x < 7);
        count[x]++;
        assert_int_equal(acf_rng_below(r, i, 1), 0);
        assert_true(acf_rng_below(r, i, UINT64_MAX) < UINT64_MAX);
    }
    double chi = 0;
    for (int k = 0; k < 7; k++)
        chi += (count[k] - DRAWS / 7.0) * (count[k] - DRAWS / 7.0) / (DRAWS / 7.0);
    assert_true(chi < 22.5); /* one in a thousand with six degrees of freedom */
}

static void shuffles_are_orders_and_differ(void **state)
{
    (void)state;
    enum { LEN = 97, EPOCHS = 5 };
    int32_t order[EPOCHS + 1][LEN];
    for (int epoch = 0; epoch <= EPOCHS; epoch++) {
        bool seen[LEN] = {false};
        const acf_rng r = {
            .seed = 42, .stream = ACF_STREAM_SHUFFLE, .step = (uint64_t)(epoch % EPOCHS)};
        for (int i = 0; i < LEN; i++)
            order[epoch][i] = i;
        acf_rng_shuffle(order[epoch], LEN, r);
        for (int i = 0; i < LEN; i++) {
            assert_in_range(order[epoch][i], 0, LEN - 1);
            assert_false(seen[order[epoch][i]]);
            seen[order[epoch][i]] = true;
        }
        for (int before = 0; before < epoch; before++) {
            int same = 0;
            for (int i = 0; i < LEN; i++)
                same += order[epoch][i] == order[before][i];
            if (epoch % EPOCHS == before)
                assert_int_equal(same, LEN); /* the same epoch again */
            else
                assert_true(same < 10);
        }
    }
    int32_t one = 5;
    acf_rng_shuffle(&one, 1, (acf_rng){.seed = 1});
    acf_rng_shuffle(&one, 0, (acf_rng){.seed = 1});
    assert_int_equal(one, 5);
}

/* All orders of four items about equally often. */
static void shuffles_are_even(void **state)
{
    (void)state;
    enum { DRAWS = 12000 };
    int count[256] = {0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        int32_t x[4] = {0, 1, 2, 3};
        acf_rng_shuffle(x, 4, (acf_rng){.seed = 9, .stream = ACF_STREAM_SHUFFLE, .step = i});
        count[x[0] | x[1] << 2 | x[2] << 4 | x[3] << 6]++;
    }
    double chi = 0;
    int kinds = 0;
    for (int k = 0; k < 256; k++)
        if (count[k] > 0) {
            chi += (count[k] - DRAWS / 24.0) * (count[k] - DRAWS / 24.0) / (DRAWS / 24.0);
            kinds++;
        }
    assert_int_equal(kinds, 24);
    assert_true(chi < 49.7); /* one in a thousand with 23 degrees of freedom */
}

static void every_part_of_the_key_matters(void **state)
{
    (void)state;
    const acf_rng r[] = {{.seed = 1, .stream = 1, .step = 1},
                         {.seed = 2, .stream = 1, .step = 1},
                         {.seed = 1 + (1ull << 32), .stream = 1, .step = 1},
                         {.seed = 1, .stream = 2, .step = 1},
                         {.seed = 1, .stream = 1, .step = 2}};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++)
            assert_true(fabs(acf_rng_uniform(r[i], 0) - acf_rng_uniform(r[j], 0)) > 1e-9);
    assert_true(fabs(acf_rng_uniform(r[0], 1) - acf_rng_uniform(r[0], 1ull << 32)) > 1e-9);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(known_answers),
    cmocka_unit_test(uniform_is_below_one),
    cmocka_unit_test(normal_has_its_moments),
    cmocka_unit_test(below_is_even),
    cmocka_unit_test(shuffles_are_orders_and_differ),
    cmocka_unit_test(shuffles_are_even),
    cmocka_unit_test(every_part_of_the_key_matters),
};

TEST_MAIN(tests)
