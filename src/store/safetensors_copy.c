/* Copying tensors out of a mapped file: bytes of any alignment to the types that we compute with.
 */
#include "store/safetensors.h"

#include <inttypes.h>
#include <string.h>

static acf_status check_len(size_t len, const acf_safetensors *st, const acf_st_entry *t,
                            acf_error *e)
{
    if (t->len == len) return ACF_OK;
    return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s' has %" PRIu64 " elements, expected %zu",
                    acf_st_path(st), t->name, t->len, len);
}

static float float_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
static float float_of_half(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    uint32_t exponent = (h >> 10) & 31;
    uint32_t fraction = h & 1023;
    if (exponent == 0) { /* zero and subnormal: fraction x 2^-24 */
        float x = (float)fraction * 0x1p-24f;
        return sign != 0 ? -x : x;
    }
    if (exponent == 31) return float_of_bits(sign | 0x7f800000u | fraction << 13);
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

acf_status acf_st_check_real(size_t len, const acf_safetensors *st, const acf_st_entry *t,
                             acf_error *e)
{
    ACF_TRY(check_len(len, st, t, e));
    if (t->dtype == ACF_F64 || t->dtype == ACF_F32 || t->dtype == ACF_F16 || t->dtype == ACF_BF16)
        return ACF_OK;
    return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s' is %s, expected F64, F32, F16 or BF16",
                    acf_st_path(st), t->name, acf_dtype_name(t->dtype));
}

acf_status acf_st_read_real(real *out, size_t len, const acf_safetensors *st, const acf_st_entry *t,
                            acf_error *e)
{
    ACF_TRY(acf_st_check_real(len, st, t, e));
    const unsigned char *data = t->data;
    switch (t->dtype) {
    case ACF_F64:
        for (size_t i = 0; i < len; i++) {
            double x;
            memcpy(&x, data + 8 * i, sizeof x);
            out[i] = (real)x;
        }
        return ACF_OK;
    case ACF_F32:
        for (size_t i = 0; i < len; i++) {
            float x;
            memcpy(&x, data + 4 * i, sizeof x);
            out[i] = (real)x;
        }
        return ACF_OK;
    case ACF_F16:
        for (size_t i = 0; i < len; i++) {
            uint16_t h;
            memcpy(&h, data + 2 * i, sizeof h);
            out[i] = (real)float_of_half(h);
        }
        return ACF_OK;
    case ACF_BF16: /* the upper half of a float */
        for (size_t i = 0; i < len; i++) {
            uint16_t h;
            memcpy(&h, data + 2 * i, sizeof h);
            out[i] = (real)float_of_bits((uint32_t)h << 16);
        }
        return ACF_OK;
    case ACF_I64:
    case ACF_I32:
    case ACF_I16:
    case ACF_I8:
    case ACF_U8:
    case ACF_BOOL:
        break;
    }
    return ACF_OK;
}

acf_status acf_st_read_i64(int64_t *out, size_t len, const acf_safetensors *st,
                           const acf_st_entry *t, acf_error *e)
{
    ACF_TRY(check_len(len, st, t, e));
    const unsigned char *data = t->data;
    switch (t->dtype) {
    case ACF_I64:
        if (len > 0) memcpy(out, data, len * sizeof *out);
        return ACF_OK;
    case ACF_I32:
        for (size_t i = 0; i < len; i++) {
            int32_t x;
            memcpy(&x, data + 4 * i, sizeof x);
            out[i] = x;
        }
        return ACF_OK;
    case ACF_I16:
        for (size_t i = 0; i < len; i++) {
            int16_t x;
            memcpy(&x, data + 2 * i, sizeof x);
            out[i] = x;
        }
        return ACF_OK;
    case ACF_I8:
        for (size_t i = 0; i < len; i++) {
            int8_t x;
            memcpy(&x, data + i, sizeof x);
            out[i] = x;
        }
        return ACF_OK;
    case ACF_U8:
    case ACF_BOOL:
        for (size_t i = 0; i < len; i++)
            out[i] = data[i];
        return ACF_OK;
    case ACF_F64:
    case ACF_F32:
    case ACF_F16:
    case ACF_BF16:
        break;
    }
    return acf_fail(e, ACF_ERR_FORMAT, "%s: tensor '%s' is %s, expected an integer type",
                    acf_st_path(st), t->name, acf_dtype_name(t->dtype));
}
