/* What a resumed run reads back, by the first byte: s trainer_state.json; o optimizer.safetensors;
 * e metrics.jsonl. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/mem.h"
#include "run/run_log.h"
#include "store/state.h"

#include <math.h>
#include <string.h>

static void read_state(fuzz_bytes in)
{
    static const char *const keys[] = {"format", "update", "best", "best_value", "sum_loss", "x"};
    acf_state *s;
    acf_error e;
    if (acf_state_load(&s, fuzz_file("trainer_state.json", in), &e) != ACF_OK) return;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        int64_t whole;
        double x;
        if (acf_state_get_int(&whole, s, keys[k], -1, 1 << 20, &e) == ACF_OK)
            ACF_ASSERT(whole >= -1 && whole <= 1 << 20);
        if (acf_state_get_number(&x, s, keys[k], -1, 1, &e) == ACF_OK)
            ACF_ASSERT(x >= -1 && x <= 1);
        (void)(acf_state_get_int(&whole, s, keys[k], INT64_MIN, INT64_MAX, &e) == ACF_OK);
    }
    acf_state_close(&s);
}

static void read_optimizer(fuzz_bytes in)
{
    static const char *const name[] = {"m", "v"};
    acf_params p = {0};
    acf_error e;
    int id;
    acf_param W = {.name = "W", .rank = 2, .dim = {2, 3}}, b = {.name = "b", .rank = 1, .dim = {2}};
    ACF_ASSERT(acf_params_add(&id, &p, W, &e) == ACF_OK);
    ACF_ASSERT(acf_params_add(&id, &p, b, &e) == ACF_OK);
    ACF_ASSERT(acf_params_alloc(&p, true, &e) == ACF_OK);
    real *const block[] = {p.value, p.grad};
    const char *path = fuzz_file("optimizer.safetensors", in);
    if (acf_state_load_blocks(path, &p, name, block, 2, &e) == ACF_OK)
        for (size_t i = 0; i < p.len; i++)
            ACF_ASSERT(isfinite(p.value[i]) && isfinite(p.grad[i]));
    acf_params_free(&p);
}

static void rewind_events(fuzz_bytes in)
{
    acf_run_log *log;
    acf_error e;
    const char *dir = fuzz_dir("run");
    (void)fuzz_file("run/metrics.jsonl", in);
    if (acf_run_log_open(&log, dir, 10, 5, &e) == ACF_OK) acf_run_log_close(&log);
}

void fuzz_one(fuzz_bytes in)
{
    switch (fuzz_byte(&in)) {
    case 's':
        read_state(in);
        break;
    case 'o':
        read_optimizer(in);
        break;
    case 'e':
        rewind_events(in);
        break;
    default:
        break;
    }
}
