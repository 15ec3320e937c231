/* store/safetensors: round trips, exact bytes, conversions. */
#include "support/close.h"
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sysio.h"
#include "store/safetensors.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static acf_error e;

static const float f32[6] = {1.5f, -2.0f, 0.0f, 3.25f, 1e-20f, -7.0f};
static const double f64[2] = {0.1, -1e300};
static const int64_t i64[3] = {INT64_MIN, -1, INT64_MAX};
static const int32_t i32[2] = {INT32_MIN, 7};
static const int16_t i16[1] = {-300};
static const int8_t i8[3] = {-128, 0, 127};
static const uint8_t u8[2] = {0, 255}, flags[1] = {1};
static const uint16_t half[5] = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x8400};
static const uint16_t brain[3] = {0x3f80, 0xbf80, 0x7f7f};

static const acf_st_item items[] = {
    {.name = "u8", .dtype = ACF_U8, .rank = 1, .dim = {2}, .data = u8},
    {.name = "w", .dtype = ACF_F32, .rank = 2, .dim = {2, 3}, .data = f32},
    {.name = "a\"\\\xc3\xa9", .dtype = ACF_F32, .rank = 0, .data = f32},
    {.name = "half", .dtype = ACF_F16, .rank = 1, .dim = {5}, .data = half},
    {.name = "brain", .dtype = ACF_BF16, .rank = 3, .dim = {1, 3, 1}, .data = brain},
    {.name = "i64", .dtype = ACF_I64, .rank = 1, .dim = {3}, .data = i64},
    {.name = "i32", .dtype = ACF_I32, .rank = 1, .dim = {2}, .data = i32},
    {.name = "i16", .dtype = ACF_I16, .rank = 1, .dim = {1}, .data = i16},
    {.name = "i8", .dtype = ACF_I8, .rank = 1, .dim = {3}, .data = i8},
    {.name = "flags", .dtype = ACF_BOOL, .rank = 1, .dim = {1}, .data = flags},
    {.name = "f64", .dtype = ACF_F64, .rank = 1, .dim = {2}, .data = f64},
    {.name = "none", .dtype = ACF_F32, .rank = 2, .dim = {0, 4}, .data = NULL},
};
enum { N_ITEMS = sizeof items / sizeof *items };

static void comes_back_as_it_was(void **state)
{
    const char *path = tmpdir_path(*state, "m.safetensors");
    char hex[ACF_DIGEST_HEX + 1], want[ACF_DIGEST_HEX + 1];
    acf_safetensors *st;
    assert_ok(acf_st_write(path, items, N_ITEMS, hex, &e), &e);
    assert_ok(acf_digest_file(want, path, &e), &e);
    assert_string_equal(hex, want);
    assert_ok(acf_st_open(&st, path, &e), &e);
    assert_int_equal(acf_st_count(st), N_ITEMS);
    assert_null(acf_st_find(st, "other"));
    assert_null(acf_st_find(st, "__metadata__"));
    for (size_t i = 0; i < N_ITEMS; i++) {
        const acf_st_entry *t = acf_st_find(st, items[i].name);
        assert_non_null(t);
        assert_string_equal(t->name, items[i].name);
        assert_int_equal(t->dtype, items[i].dtype);
        assert_int_equal(t->rank, items[i].rank);
        assert_memory_equal(t->dim, items[i].dim, sizeof t->dim);
        assert_int_equal((uintptr_t)t->data % acf_dtype_bytes(t->dtype), 0);
        if (t->end > t->begin) assert_memory_equal(t->data, items[i].data, t->end - t->begin);
        if (i > 0) assert_true(acf_st_entry_at(st, i)->begin >= acf_st_entry_at(st, i - 1)->begin);
    }
    acf_st_close(&st);
    assert_null(st);
    acf_st_close(&st);
}

/* The whole file, byte by byte: the format's text and order are fixed. */
static void writes_exactly_these_bytes(void **state)
{
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]},"
        "\"c\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[12,16]},"
        "\"a8\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[16,18]}}";
    const acf_st_item order[2][4] = {
        {
            {.name = "c", .dtype = ACF_F32, .rank = 2, .dim = {1, 1}, .data = f32 + 1},
            {.name = "a8", .dtype = ACF_U8, .rank = 1, .dim = {2}, .data = u8},
            {.name = "b", .dtype = ACF_I64, .rank = 1, .dim = {1}, .data = i64 + 1},
            {.name = "a", .dtype = ACF_F32, .rank = 0, .data = f32},
        },
        {
            {.name = "a", .dtype = ACF_F32, .rank = 0, .data = f32},
            {.name = "a8", .dtype = ACF_U8, .rank = 1, .dim = {2}, .data = u8},
            {.name = "c", .dtype = ACF_F32, .rank = 2, .dim = {1, 1}, .data = f32 + 1},
            {.name = "b", .dtype = ACF_I64, .rank = 1, .dim = {1}, .data = i64 + 1},
        },
    };
    static const unsigned char data[18] = {255, 255,  255,  255, 255, 255, 255,  255, 0,
                                           0,   0xc0, 0x3f, 0,   0,   0,   0xc0, 0,   255};
    const char *path = tmpdir_path(*state, "m.safetensors");
    size_t padded = (sizeof header - 1 + 7) / 8 * 8;
    for (int k = 0; k < 2; k++) {
        size_t len;
        uint64_t claimed;
        assert_ok(acf_st_write(path, order[k], 4, NULL, &e), &e);
        char *got = tmpdir_read(path, &len);
        assert_int_equal(len, 8 + padded + sizeof data);
        assert_true(len <= acf_st_bytes(order[k], 4));
        memcpy(&claimed, got, 8);
        assert_int_equal(claimed, padded);
        assert_memory_equal(got + 8, header, sizeof header - 1);
        for (size_t i = sizeof header - 1; i < padded; i++)
            assert_int_equal(got[8 + i], ' ');
        assert_memory_equal(got + 8 + padded, data, sizeof data);
        acf_free(got);
    }
}

static void converts_to_real(void **state)
{
    const char *path = tmpdir_path(*state, "m.safetensors");
    acf_safetensors *st;
    real x[6];
    assert_ok(acf_st_write(path, items, N_ITEMS, NULL, &e), &e);
    assert_ok(acf_st_open(&st, path, &e), &e);
    assert_ok(acf_st_read_real(x, 5, st, acf_st_find(st, "half"), &e), &e);
    const real want_half[5] = {1, -2, 65504, (real)0x1p-24, (real)-0x1p-14};
    assert_close(x, want_half, 5, 0, 0);
    assert_ok(acf_st_read_real(x, 3, st, acf_st_find(st, "brain"), &e), &e);
    const real want_brain[3] = {1, -1, (real)0x1.fep127};
    assert_close(x, want_brain, 3, 0, 0);
    assert_ok(acf_st_read_real(x, 6, st, acf_st_find(st, "w"), &e), &e);
    for (int i = 0; i < 6; i++)
        assert_true(x[i] == (real)f32[i]);
    assert_ok(acf_st_read_real(x, 2, st, acf_st_find(st, "f64"), &e), &e);
    assert_true(x[0] == (real)0.1);
    assert_true(sizeof(real) == 8 ? x[1] == (real)-1e300 : isinf(x[1]));
    assert_ok(acf_st_read_real(x, 0, st, acf_st_find(st, "none"), &e), &e);
    assert_fails(acf_st_read_real(x, 5, st, acf_st_find(st, "w"), &e), ACF_ERR_FORMAT,
                 "m.safetensors: tensor 'w' has 6 elements, expected 5", &e);
    assert_fails(acf_st_read_real(x, 3, st, acf_st_find(st, "i64"), &e), ACF_ERR_FORMAT,
                 "tensor 'i64' is I64, expected F64, F32, F16 or BF16", &e);
    acf_st_close(&st);
}

/* All 65,536 half values, against the definition. */
static void converts_every_half(void **state)
{
    static uint16_t bits[65536];
    static real x[65536];
    const char *path = tmpdir_path(*state, "m.safetensors");
    acf_safetensors *st;
    for (int i = 0; i < 65536; i++)
        bits[i] = (uint16_t)i;
    const acf_st_item item = {
        .name = "h", .dtype = ACF_F16, .rank = 1, .dim = {65536}, .data = bits};
    assert_ok(acf_st_write(path, &item, 1, NULL, &e), &e);
    assert_ok(acf_st_open(&st, path, &e), &e);
    assert_ok(acf_st_read_real(x, 65536, st, acf_st_find(st, "h"), &e), &e);
    for (int i = 0; i < 65536; i++) {
        int exponent = (i >> 10) & 31, fraction = i & 1023;
        double want = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
        if (exponent == 31) want = fraction == 0 ? (double)INFINITY : (double)NAN;
        if (i & 0x8000) want = -want;
        if (isnan(want))
            assert_true(isnan(x[i]));
        else
            assert_true((double)x[i] == want && !signbit(x[i]) == !signbit(want));
    }
    acf_st_close(&st);
}

static void reads_integers(void **state)
{
    const char *path = tmpdir_path(*state, "m.safetensors");
    acf_safetensors *st;
    int64_t x[3];
    assert_ok(acf_st_write(path, items, N_ITEMS, NULL, &e), &e);
    assert_ok(acf_st_open(&st, path, &e), &e);
    assert_ok(acf_st_read_i64(x, 3, st, acf_st_find(st, "i64"), &e), &e);
    assert_memory_equal(x, i64, sizeof i64);
    assert_ok(acf_st_read_i64(x, 2, st, acf_st_find(st, "i32"), &e), &e);
    assert_true(x[0] == INT32_MIN && x[1] == 7);
    assert_ok(acf_st_read_i64(x, 1, st, acf_st_find(st, "i16"), &e), &e);
    assert_true(x[0] == -300);
    assert_ok(acf_st_read_i64(x, 3, st, acf_st_find(st, "i8"), &e), &e);
    assert_true(x[0] == -128 && x[1] == 0 && x[2] == 127);
    assert_ok(acf_st_read_i64(x, 2, st, acf_st_find(st, "u8"), &e), &e);
    assert_true(x[0] == 0 && x[1] == 255);
    assert_ok(acf_st_read_i64(x, 1, st, acf_st_find(st, "flags"), &e), &e);
    assert_true(x[0] == 1);
    assert_fails(acf_st_read_i64(x, 2, st, acf_st_find(st, "i64"), &e), ACF_ERR_FORMAT,
                 "has 3 elements, expected 2", &e);
    assert_fails(acf_st_read_i64(x, 2, st, acf_st_find(st, "f64"), &e), ACF_ERR_FORMAT,
                 "tensor 'f64' is F64, expected an integer type", &e);
    acf_st_close(&st);
}

static void refuses_to_write_what_it_would_not_read(void **state)
{
    const char *path = tmpdir_path(*state, "m.safetensors");
    acf_st_item two[2] = {items[1], items[1]};
    assert_fails(acf_st_write(path, two, 2, NULL, &e), ACF_ERR_RESOURCE,
                 "tensor 'w' is given twice", &e);
    two[1].name = "__metadata__";
    assert_fails(acf_st_write(path, two, 2, NULL, &e), ACF_ERR_RESOURCE, "no name for", &e);
    two[1].name = "x\xff";
    assert_fails(acf_st_write(path, two, 2, NULL, &e), ACF_ERR_RESOURCE, "not UTF-8", &e);
    two[1].name = "x\n";
    assert_fails(acf_st_write(path, two, 2, NULL, &e), ACF_ERR_RESOURCE, "control", &e);
    two[1] = (acf_st_item){.name = "x", .rank = 2, .dim = {UINT64_C(1) << 40, UINT64_C(1) << 40}};
    assert_fails(acf_st_write(path, two, 2, NULL, &e), ACF_ERR_RESOURCE,
                 "tensor 'x': shape does not fit", &e);
    assert_false(acf_path_exists(path));
}

static void every_failed_write_leaves_no_file(void **state)
{
    const char *path = tmpdir_path(*state, "m.safetensors");
    (void)acf_sys_fail_at(0, 0, 0);
    assert_ok(acf_st_write(path, items, N_ITEMS, NULL, &e), &e);
    size_t calls = acf_sys_fail_at(0, 0, 0);
    assert_true(calls >= 4);
    for (size_t n = 1; n <= calls; n++) {
        char hex[ACF_DIGEST_HEX + 1] = "untouched";
        assert_int_equal(remove(path), 0);
        (void)acf_sys_fail_at(n, 1, EIO);
        assert_fails(acf_st_write(path, items, N_ITEMS, hex, &e), ACF_ERR_RESOURCE,
                     "m.safetensors: cannot ", &e);
        (void)acf_sys_fail_at(0, 0, 0);
        assert_false(acf_path_exists(path));
        assert_string_equal(hex, "untouched");
        tmpdir_write_text(path, "");
    }
}

/* Each allocation of writing and reading fails in turn. */
static void survives_every_failed_allocation(void **state)
{
    acf_json_start(); /* cJSON's allocations count */
    const char *path = tmpdir_path(*state, "m.safetensors");
    size_t held = acf_mem_held();
    bool done = false;
    for (size_t n = 1; !done && n < 1000; n++) {
        acf_safetensors *st = NULL;
        (void)acf_mem_fail_at(n);
        acf_status wrote = acf_st_write(path, items, N_ITEMS, NULL, &e);
        acf_status opened = wrote == ACF_OK ? acf_st_open(&st, path, &e) : ACF_OK;
        (void)acf_mem_fail_at(0);
        done = wrote == ACF_OK && opened == ACF_OK;
        assert_true(wrote == ACF_OK || wrote == ACF_ERR_RESOURCE);
        assert_true(opened == ACF_OK || opened == ACF_ERR_RESOURCE);
        acf_st_close(&st);
        assert_int_equal(acf_mem_held(), held);
    }
    assert_true(done);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(comes_back_as_it_was, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(writes_exactly_these_bytes, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(converts_to_real, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(converts_every_half, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(reads_integers, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(refuses_to_write_what_it_would_not_read, tmpdir_setup,
                                    tmpdir_teardown),
    cmocka_unit_test_setup_teardown(every_failed_write_leaves_no_file, tmpdir_setup,
                                    tmpdir_teardown),
    cmocka_unit_test_setup_teardown(survives_every_failed_allocation, tmpdir_setup,
                                    tmpdir_teardown),
};

TEST_MAIN(tests)
