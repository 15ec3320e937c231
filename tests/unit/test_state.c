/* store/state: numbers and optimizer blocks that come back bit for bit. */
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/safetensors.h"
#include "store/state.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

static acf_error e;

static const int64_t ints[] = {0,
                               -1,
                               42,
                               INT64_C(9007199254740992),
                               INT64_C(9007199254740993),
                               INT64_C(-9007199254740993),
                               INT64_MAX,
                               INT64_MIN};
static const double numbers[] = {0.0,
                                 -0.0,
                                 0.1,
                                 1.0 / 3.0,
                                 1e23,
                                 DBL_MAX,
                                 DBL_MIN,
                                 0x1p-1074,
                                 -DBL_EPSILON,
                                 123456789.123456789,
                                 5e-324,
                                 (double)INFINITY,
                                 -(double)INFINITY,
                                 9007199254740993.0};
enum { N_INTS = sizeof ints / sizeof *ints, N_NUMBERS = sizeof numbers / sizeof *numbers };

static void check_all(const acf_state *s)
{
    char key[16];
    double x;
    int64_t i;
    for (int k = 0; k < N_INTS; k++) {
        (void)snprintf(key, sizeof key, "i%d", k);
        assert_ok(acf_state_get_int(&i, s, key, INT64_MIN, INT64_MAX, &e), &e);
        assert_true(i == ints[k]);
    }
    for (int k = 0; k < N_NUMBERS; k++) {
        (void)snprintf(key, sizeof key, "x%d", k);
        assert_ok(acf_state_get_number(&x, s, key, -(double)INFINITY, (double)INFINITY, &e), &e);
        assert_memory_equal(&x, &numbers[k], sizeof x);
    }
    assert_ok(acf_state_get_number(&x, s, "nan", -(double)INFINITY, (double)INFINITY, &e), &e);
    assert_true(isnan(x));
}

static void comes_back_bit_for_bit(void **state)
{
    const char *path = tmpdir_path(*state, "trainer_state.json");
    char key[16], hex[ACF_DIGEST_HEX + 1], want[ACF_DIGEST_HEX + 1];
    acf_state *s = acf_state_new(&e);
    assert_non_null(s);
    for (int k = 0; k < N_INTS; k++) {
        (void)snprintf(key, sizeof key, "i%d", k);
        assert_ok(acf_state_set_int(s, key, ints[k], &e), &e);
    }
    for (int k = 0; k < N_NUMBERS; k++) {
        (void)snprintf(key, sizeof key, "x%d", k);
        assert_ok(acf_state_set_number(s, key, numbers[k], &e), &e);
    }
    assert_ok(acf_state_set_number(s, "nan", (double)NAN, &e), &e);
    assert_fails(acf_state_set_int(s, "nan", 1, &e), ACF_ERR_FAIL, "'nan' is set twice", &e);
    check_all(s);
    assert_ok(acf_state_save(s, path, hex, &e), &e);
    assert_ok(acf_digest_file(want, path, &e), &e);
    assert_string_equal(hex, want);
    acf_state_close(&s);
    assert_ok(acf_state_load(&s, path, &e), &e);
    check_all(s);
    acf_state_close(&s);
    assert_null(s);
    acf_state_close(&s);
}

static void refuses_wrong_values(void **state)
{
    const char *path = tmpdir_path(*state, "s.json");
    acf_state *s;
    int64_t i = 77;
    double x = 77;
    tmpdir_write_text(path, "{\"a\": 1.5, \"b\": \"x\", \"c\": [1, true], \"d\": null, \"e\": 1e30,"
                            " \"f\": \"9223372036854775808\", \"g\": \"\", \"h\": \"NaN\","
                            " \"i\": 7, \"j\": \"-\", \"k\": \"-9223372036854775809\"}");
    assert_ok(acf_state_load(&s, path, &e), &e);
    static const char *const no_int[] = {"a", "b", "c", "d", "e", "f", "g", "h", "j", "k"};
    for (size_t k = 0; k < sizeof no_int / sizeof *no_int; k++) {
        assert_fails(acf_state_get_int(&i, s, no_int[k], INT64_MIN, INT64_MAX, &e), ACF_ERR_FORMAT,
                     "' is not an integer", &e);
        assert_non_null(strstr(e.text, "s.json: '"));
    }
    assert_fails(acf_state_get_int(&i, s, "i", 8, 9, &e), ACF_ERR_FORMAT,
                 "'i' = 7 is out of range [8, 9]", &e);
    assert_fails(acf_state_get_int(&i, s, "i", 0, 6, &e), ACF_ERR_FORMAT, "out of range", &e);
    assert_fails(acf_state_get_int(&i, s, "A", 0, 6, &e), ACF_ERR_FORMAT, "'A' is missing", &e);
    assert_int_equal(i, 77);
    assert_fails(acf_state_get_number(&x, s, "b", 0, 1, &e), ACF_ERR_FORMAT, "not a number", &e);
    assert_fails(acf_state_get_number(&x, s, "a", 0, 1, &e), ACF_ERR_FORMAT,
                 "'a' = 1.5 is out of range [0, 1]", &e);
    assert_fails(acf_state_get_number(&x, s, "h", 0, 1, &e), ACF_ERR_FORMAT,
                 "'h' = nan is out of range", &e);
    assert_true(x == 77);
    acf_state_close(&s);

    tmpdir_write_text(path, "[]");
    assert_fails(acf_state_load(&s, path, &e), ACF_ERR_FORMAT, "s.json: is not a JSON object", &e);
    assert_null(s);
    tmpdir_write_text(path, "{\"a\":");
    assert_fails(acf_state_load(&s, path, &e), ACF_ERR_FORMAT, "malformed JSON", &e);
    assert_fails(acf_state_load(&s, tmpdir_path(*state, "none"), &e), ACF_ERR_IO, "cannot open",
                 &e);
}

static const char *const block_names[2] = {"exp_avg", "exp_avg_sq"};

/* Slices 1 (frozen) and 3 (statistics) carry no optimizer state. */
static void make_params(acf_params *p)
{
    static const acf_param slices[] = {
        {.name = "a.weight", .rank = 2, .dim = {2, 3}},
        {.name = "frozen", .rank = 1, .dim = {5}, .flags = ACF_PARAM_FROZEN},
        {.name = "b", .rank = 1, .dim = {4}, .flags = ACF_PARAM_NO_DECAY},
        {.name = "running_mean", .rank = 1, .dim = {4}, .flags = ACF_PARAM_STATE},
    };
    *p = (acf_params){0};
    for (int i = 0; i < 4; i++) {
        int id;
        assert_ok(acf_params_add(&id, p, slices[i], &e), &e);
        assert_int_equal(id, i);
    }
    assert_ok(acf_params_alloc(p, true, &e), &e);
}

static void blocks_come_back(void **state)
{
    const char *path = tmpdir_path(*state, "optimizer.safetensors");
    acf_params p, q;
    size_t len;
    make_params(&p);
    make_params(&q);
    for (size_t i = 0; i < p.len; i++) {
        p.value[i] = (real)1 / (real)(i + 3);
        p.grad[i] = (real)-1e-30 / (real)(i + 7);
        q.value[i] = q.grad[i] = (real)5;
    }
    const real *const out[2] = {p.value, p.grad};
    real *const in[2] = {q.value, q.grad};
    assert_ok(acf_state_save_blocks(path, &p, block_names, out, 2, NULL, &e), &e);
    char *file = tmpdir_read(path, &len);
    assert_true(len <= acf_state_blocks_bytes(&p, 2));
    acf_free(file);
    assert_ok(acf_state_load_blocks(path, &q, block_names, in, 2, &e), &e);
    for (int k = 0; k < 4; k++)
        for (size_t i = 0; i < p.slice[k].len; i++) {
            bool trained = k == 0 || k == 2;
            assert_true(acf_value(&q, k)[i] == (trained ? acf_value(&p, k)[i] : (real)5));
            assert_true(acf_grad(&q, k)[i] == (trained ? acf_grad(&p, k)[i] : (real)5));
        }
    acf_safetensors *st;
    assert_ok(acf_st_open(&st, path, &e), &e);
    assert_int_equal(acf_st_count(st), 4);
    assert_non_null(acf_st_find(st, "exp_avg_sq.a.weight"));
    acf_st_close(&st);
    acf_params_free(&p);
    acf_params_free(&q);
}

static void refuses_blocks_of_another_model(void **state)
{
    const char *path = tmpdir_path(*state, "optimizer.safetensors");
    acf_params p;
    make_params(&p);
    real *const in[2] = {p.value, p.grad};
    const real *const out[2] = {p.value, p.grad};
    acf_st_item item = {
        .name = "exp_avg.a.weight", .dtype = ACF_DTYPE_REAL, .rank = 2, .dim = {3, 2}};
    item.data = p.value;
    assert_ok(acf_st_write(path, &item, 1, NULL, &e), &e);
    assert_fails(acf_state_load_blocks(path, &p, block_names, in, 2, &e), ACF_ERR_FORMAT,
                 "tensor 'exp_avg.a.weight' is [3, 2], the model expects [2, 3]", &e);
    item.dim[0] = 2;
    item.dim[1] = 3;
    assert_ok(acf_st_write(path, &item, 1, NULL, &e), &e);
    assert_fails(acf_state_load_blocks(path, &p, block_names, in, 2, &e), ACF_ERR_FORMAT,
                 "tensor 'exp_avg.b' is missing", &e);
    item.dtype = ACF_F16;
    assert_ok(acf_st_write(path, &item, 1, NULL, &e), &e);
    assert_fails(acf_state_load_blocks(path, &p, block_names, in, 2, &e), ACF_ERR_FORMAT,
                 "tensor 'exp_avg.a.weight' is F16, expected F", &e);
    acf_value(&p, 2)[3] = NAN;
    assert_ok(acf_state_save_blocks(path, &p, block_names, out, 2, NULL, &e), &e);
    assert_fails(acf_state_load_blocks(path, &p, block_names, in, 2, &e), ACF_ERR_FORMAT,
                 "tensor 'exp_avg.b': element 3 is nan, must be finite", &e);
    acf_value(&p, 2)[3] = 0;
    assert_ok(acf_state_save_blocks(path, &p, block_names, out, 2, NULL, &e), &e);
    assert_fails(acf_state_load_blocks(path, &p, block_names, in, 1, &e), ACF_ERR_FORMAT,
                 "optimizer.safetensors: holds 4 tensors, expected 2", &e);
    assert_fails(acf_state_load_blocks(tmpdir_path(*state, "none"), &p, block_names, in, 1, &e),
                 ACF_ERR_IO, "none: cannot open", &e);
    acf_params_free(&p);
}

static void survives_every_failed_allocation(void **state)
{
    acf_json_start(); /* cJSON's allocations count */
    const char *path = tmpdir_path(*state, "s.json");
    acf_params p;
    make_params(&p);
    real *const in[2] = {p.value, p.grad};
    const real *const out[2] = {p.value, p.grad};
    size_t held = acf_mem_held();
    bool done = false;
    for (size_t n = 1; !done && n < 1000; n++) {
        (void)acf_mem_fail_at(n);
        acf_state *s = acf_state_new(&e);
        acf_status st = s == NULL ? ACF_ERR_RESOURCE : acf_state_set_int(s, "step", 3, &e);
        if (st == ACF_OK) st = acf_state_save(s, path, NULL, &e);
        acf_state_close(&s);
        if (st == ACF_OK) st = acf_state_load(&s, path, &e);
        acf_state_close(&s);
        const char *blocks = tmpdir_path(*state, "o");
        if (st == ACF_OK) st = acf_state_save_blocks(blocks, &p, block_names, out, 2, NULL, &e);
        if (st == ACF_OK) st = acf_state_load_blocks(blocks, &p, block_names, in, 2, &e);
        done = acf_mem_fail_at(0) < n;
        assert_int_equal(st, done ? ACF_OK : ACF_ERR_RESOURCE);
        assert_int_equal(acf_mem_held(), held);
    }
    assert_true(done);
    acf_params_free(&p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(comes_back_bit_for_bit, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(refuses_wrong_values, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(blocks_come_back, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(refuses_blocks_of_another_model, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(survives_every_failed_allocation, tmpdir_setup,
                                    tmpdir_teardown),
};

TEST_MAIN(tests)
