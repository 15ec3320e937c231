/* Packed attention against plain loops in double; the first-token form against the full one. */
#include "num/attn.h"
#include "num/threads.h"
#include "support/close.h"
#include "support/cm.h"
#include "support/fill.h"

#include <math.h>
#include <stdlib.h>

#define TOL (sizeof(real) == 4 ? 2e-6 : 1e-13)

/* One batch with all arrays of the calls; q, k, v as slices of one matrix. */
typedef struct batch {
    acf_attn_shape shape;
    int32_t start[9];
    size_t T, width, pairs;
    real *qkv, *d_qkv, *want_d;              /* [T, ld] */
    real *out, *want, *d_out;                /* [T, A D] */
    real *prob;                              /* [pairs] */
    real *q1, *out1, *prob1, *d_q1, *d_qkv1; /* first token: [N, A D], [T A], [T, ld] */
    void *scratch;
    acf_dropout drop;
} batch;

static batch make(int N, const int *length, int A, int D, double p, int max_threads)
{
    batch b = {.drop = {.p = p, .seed = 5, .step = 6, .site = 7}};
    for (int s = 0; s < N; s++)
        b.start[s + 1] = b.start[s] + length[s];
    b.T = (size_t)b.start[N];
    b.width = (size_t)A * (size_t)D;
    b.shape = (acf_attn_shape){.N = N, .A = A, .D = D, .ld = 3 * A * D + 2, .pair0 = 1001};
    b.shape.start = b.start;
    b.pairs = acf_attn_pairs(&b.shape);
    size_t len = b.T * (size_t)b.shape.ld;
    b.qkv = new_unaligned(len, 1);
    b.d_qkv = new_unaligned(len, 2);
    b.want_d = new_unaligned(len, 2);
    b.out = new_unaligned(b.T * b.width, 3);
    b.want = new_unaligned(b.T * b.width, 4);
    b.d_out = new_unaligned(b.T * b.width, 5);
    b.prob = new_unaligned(b.pairs, 6);
    b.q1 = new_unaligned((size_t)N * b.width, 7);
    b.out1 = new_unaligned((size_t)N * b.width, 8);
    b.prob1 = new_unaligned(b.T * (size_t)A, 9);
    b.d_q1 = new_unaligned((size_t)N * b.width, 10);
    b.d_qkv1 = new_unaligned(len, 2);
    size_t bytes = acf_attn_scratch(&b.shape, max_threads);
    b.scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
    assert_non_null(b.scratch);
    return b;
}

static void drop(batch *b)
{
    free_unaligned(b->qkv), free_unaligned(b->d_qkv), free_unaligned(b->want_d);
    free_unaligned(b->out), free_unaligned(b->want), free_unaligned(b->d_out);
    free_unaligned(b->prob), free_unaligned(b->q1), free_unaligned(b->out1);
    free_unaligned(b->prob1), free_unaligned(b->d_q1), free_unaligned(b->d_qkv1);
    free(b->scratch);
}

static void forward(batch *b, real *prob)
{
    b->shape.start = b->start; /* the struct was copied */
    const real *q = b->qkv, *k = q + b->width, *v = k + b->width;
    acf_attn_forward(b->out, prob, q, k, v, &b->shape, b->drop, b->scratch);
}

static void backward(batch *b)
{
    b->shape.start = b->start;
    const real *q = b->qkv, *k = q + b->width, *v = k + b->width;
    acf_attn_backward(b->d_qkv, b->d_qkv + b->width, b->d_qkv + 2 * b->width, b->d_out, b->prob, q,
                      k, v, &b->shape, b->drop, b->scratch);
}

/* Value and gradients of one head of one sequence, by the book. */
static void plain_head(batch *b, int s, int a, size_t pair)
{
    size_t L = (size_t)(b->start[s + 1] - b->start[s]), D = (size_t)b->shape.D;
    size_t ld = (size_t)b->shape.ld, row = (size_t)b->start[s], column = (size_t)a * D;
    const real *q = b->qkv + row * ld + column, *k = q + b->width, *v = k + b->width;
    real *d_q = b->want_d + row * ld + column, *d_k = d_q + b->width, *d_v = d_k + b->width;
    real *out = b->want + row * b->width + column;
    const real *d_out = b->d_out + row * b->width + column;
    double *P = calloc(3 * L * L + 3 * L * D, sizeof *P), *dS = P + L * L, *m = dS + L * L;
    double *g = m + L * L;
    assert_non_null(P);
    real *keep = malloc(L * L * sizeof *keep);
    assert_non_null(keep);
    acf_dropout_mask(keep, L * L, b->shape.pair0 + pair, b->drop);

    for (size_t i = 0; i < L; i++) {
        double sum = 0.0, peak = -INFINITY, dot = 0.0;
        for (size_t j = 0; j < L; j++) {
            double score = 0.0;
            for (size_t d = 0; d < D; d++)
                score += (double)q[i * ld + d] * (double)k[j * ld + d] / sqrt((double)D);
            P[i * L + j] = score;
            peak = fmax(peak, score);
        }
        for (size_t j = 0; j < L; j++)
            sum += P[i * L + j] = exp(P[i * L + j] - peak);
        for (size_t j = 0; j < L; j++) {
            P[i * L + j] /= sum;
            double d_p = 0.0;
            for (size_t d = 0; d < D; d++)
                d_p += (double)d_out[i * b->width + d] * (double)v[j * ld + d];
            m[i * L + j] = (double)keep[i * L + j];
            dS[i * L + j] = d_p * m[i * L + j];
            dot += P[i * L + j] * dS[i * L + j];
        }
        for (size_t j = 0; j < L; j++)
            dS[i * L + j] = P[i * L + j] * (dS[i * L + j] - dot) / sqrt((double)D);
    }
    for (size_t i = 0; i < L; i++)
        for (size_t d = 0; d < D; d++) {
            double o = 0.0;
            for (size_t j = 0; j < L; j++) {
                o += P[i * L + j] * m[i * L + j] * (double)v[j * ld + d];
                g[i * D + d] += dS[i * L + j] * (double)k[j * ld + d];
                g[(L + j) * D + d] += dS[i * L + j] * (double)q[i * ld + d];
                g[(2 * L + j) * D + d] +=
                    P[i * L + j] * m[i * L + j] * (double)d_out[i * b->width + d];
            }
            out[i * b->width + d] = (real)o;
        }
    for (size_t i = 0; i < L; i++)
        for (size_t d = 0; d < D; d++) {
            d_q[i * ld + d] = (real)g[i * D + d];
            d_k[i * ld + d] = (real)g[(L + i) * D + d];
            d_v[i * ld + d] = (real)g[(2 * L + i) * D + d];
        }
    for (size_t i = 0; i < L * L; i++)
        assert_number((double)b->prob[pair + i], P[i], TOL);
    free(P);
    free(keep);
}

static const int lengths[][8] = {{1, 2, 3, 7, 8, 9, 16, 17},
                                 {13, 13, 5, 31, 32, 33, 1, 4},
                                 {63, 64, 65, 1, 1, 1, 1, 128},
                                 {129, 1, 200, 1, 1, 1, 1, 1}};
static const int heads[][2] = {{2, 32}, {3, 5}, {1, 64}, {2, 1}, {1, 33}, {2, 16}, {1, 80}};
enum { N_LENGTHS = 4, N_HEADS = 7 };

/* The long batches, slow in plain loops, meet two widths only. */
static size_t heads_for(size_t lengths_row)
{
    return lengths_row < 2 ? N_HEADS : 2;
}

static void equals_plain_loops(void **state)
{
    (void)state;
    for (size_t l = 0; l < N_LENGTHS; l++)
        for (size_t h = 0; h < heads_for(l); h++)
            for (int p = 0; p < 2; p++) {
                batch b =
                    make(8, lengths[l], heads[h][0], heads[h][1], p ? 0.1 : 0.0, acf_threads_get());
                size_t len = b.T * (size_t)b.shape.ld, pair = 0;
                forward(&b, b.prob);
                backward(&b);
                for (int s = 0; s < 8; s++)
                    for (int a = 0; a < b.shape.A; a++) {
                        plain_head(&b, s, a, pair);
                        pair += (size_t)lengths[l][s] * (size_t)lengths[l][s];
                    }
                assert_int_equal(pair, b.pairs);
                assert_close(b.out, b.want, b.T * b.width, 3 * TOL, 3 * TOL);
                assert_close(b.d_qkv, b.want_d, len, 20 * TOL, 20 * TOL); /* gaps untouched */
                memcpy(b.want, b.out, b.T * b.width * sizeof *b.out);
                forward(&b, NULL); /* evaluation: the same numbers */
                assert_memory_equal(b.out, b.want, b.T * b.width * sizeof *b.out);
                drop(&b);
            }
}

/* The first-token form gives row 0 of the full one, and its gradient is that of a d_out with zeros
 * elsewhere. */
static void first_token_equals_row_0(void **state)
{
    (void)state;
    for (size_t l = 0; l < N_LENGTHS; l++)
        for (size_t h = 0; h < heads_for(l); h++)
            for (int p = 0; p < 2; p++) {
                batch b =
                    make(8, lengths[l], heads[h][0], heads[h][1], p ? 0.1 : 0.0, acf_threads_get());
                size_t ld = (size_t)b.shape.ld, w = b.width, bytes = w * sizeof *b.out;
                b.shape.start = b.start;
                memset(b.d_out, 0, b.T * bytes);
                for (int s = 0; s < 8; s++) {
                    size_t row = (size_t)b.start[s];
                    memcpy(b.q1 + (size_t)s * w, b.qkv + row * ld, bytes);
                    fill_normal(b.d_out + row * w, w, (uint64_t)s);
                }
                forward(&b, b.prob);
                backward(&b);
                b.shape.first_only = true;
                assert_int_equal(acf_attn_pairs(&b.shape), b.T * (size_t)heads[h][0]);
                acf_attn_forward(b.out1, b.prob1, b.q1, b.qkv + w, b.qkv + 2 * w, &b.shape, b.drop,
                                 b.scratch);
                for (int s = 0; s < 8; s++)
                    assert_close(b.out1 + (size_t)s * w, b.out + (size_t)b.start[s] * w, w, TOL,
                                 TOL);
                real *d_out1 = b.out1; /* no longer needed */
                for (int s = 0; s < 8; s++)
                    memcpy(d_out1 + (size_t)s * w, b.d_out + (size_t)b.start[s] * w, bytes);
                acf_attn_backward(b.d_q1, b.d_qkv1 + w, b.d_qkv1 + 2 * w, d_out1, b.prob1, b.q1,
                                  b.qkv + w, b.qkv + 2 * w, &b.shape, b.drop, b.scratch);
                for (int s = 0; s < 8; s++) {
                    size_t row = (size_t)b.start[s];
                    assert_close(b.d_q1 + (size_t)s * w, b.d_qkv + row * ld, w, 4 * TOL, TOL);
                    for (size_t t = row; t < (size_t)b.start[s + 1]; t++)
                        assert_close(b.d_qkv1 + t * ld + w, b.d_qkv + t * ld + w, 2 * w, 4 * TOL,
                                     TOL);
                }
                drop(&b);
            }
}

static void large_scores_do_not_overflow_and_nan_shows(void **state)
{
    (void)state;
    static const int length[] = {20, 20};
    batch b = make(2, length, 1, 8, 0.0, acf_threads_get());
    for (size_t i = 0; i < 20 * (size_t)b.shape.ld; i++)
        b.qkv[i] *= 1000;
    b.qkv[25 * b.shape.ld] = (real)NAN; /* q of one token of the second sequence */
    forward(&b, b.prob);
    for (size_t i = 0; i < b.T * b.width; i++)
        assert_int_equal(isfinite(b.out[i]) == 0, i / b.width == 25);
    drop(&b);
}

static void same_bits_for_any_threads(void **state)
{
    (void)state;
    int kept = acf_threads_get();
    batch b = make(8, lengths[2], 3, 32, 0.1, 3);
    size_t len = b.T * (size_t)b.shape.ld;
    for (int threads = 1; threads <= 3; threads++) {
        acf_threads_set(threads);
        forward(&b, b.prob);
        backward(&b);
        if (threads == 1) {
            memcpy(b.want, b.out, b.T * b.width * sizeof *b.out);
            memcpy(b.want_d, b.d_qkv, len * sizeof *b.out);
        }
        assert_memory_equal(b.out, b.want, b.T * b.width * sizeof *b.out);
        assert_memory_equal(b.d_qkv, b.want_d, len * sizeof *b.out);
    }
    acf_threads_set(kept);
    drop(&b);
}

/* Two micro batches draw the dropout of the whole batch. */
static void pieces_equal_the_whole(void **state)
{
    (void)state;
    batch whole = make(8, lengths[1], 2, 32, 0.3, acf_threads_get());
    batch piece = make(5, lengths[1] + 3, 2, 32, 0.3, acf_threads_get());
    forward(&whole, whole.prob);
    size_t row = (size_t)whole.start[3], ld = (size_t)whole.shape.ld;
    memcpy(piece.qkv, whole.qkv + row * ld, piece.T * ld * sizeof(real));
    for (int s = 0; s < 3; s++)
        piece.shape.pair0 += 2 * (uint64_t)(lengths[1][s] * lengths[1][s]);
    forward(&piece, NULL);
    assert_memory_equal(piece.out, whole.out + row * whole.width,
                        piece.T * piece.width * sizeof(real));
    drop(&whole);
    drop(&piece);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_plain_loops),
        cmocka_unit_test(first_token_equals_row_0),
        cmocka_unit_test(large_scores_do_not_overflow_and_nan_shows),
        cmocka_unit_test(same_bits_for_any_threads),
        cmocka_unit_test(pieces_equal_the_whole),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
