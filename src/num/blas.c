#include "num/blas.h"

#include "base/assert.h"
#include "num/clones.h"
#include "num/gemm.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY "libopenblas.so.0"
#ifdef ACF_REAL_DOUBLE
#define GEMM_SYMBOL "cblas_dgemm"
#else
#define GEMM_SYMBOL "cblas_sgemm"
#endif

enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 }; /* cblas.h */

typedef void gemm_function(int order, int trans_a, int trans_b, int m, int n, int k, real alpha,
                           const real *a, int lda, const real *b, int ldb, real beta, real *c,
                           int ldc);
typedef char *text_function(void);
typedef void count_function(int n);

/* Set once, by acf_gemm_start. */
static struct {
    gemm_function *gemm;
    char core[64];
    char library[256];
} blas;

const char *acf_gemm_core(void)
{
    return blas.core;
}

const char *acf_gemm_library(void)
{
    return blas.library;
}

/* Kernels for this processor by OpenBLAS's names; NULL: leave the choice to it. */
static const char *kernels_by_cpu(void)
{
    int level = acf_cpu_level();
#if defined(__x86_64__) && defined(__GNUC__)
    if (level == 3) return __builtin_cpu_is("amd") ? "Zen" : "Haswell";
#endif
    return level == 4 ? "SkylakeX" : NULL;
}

/* Load with the environment that OpenBLAS reads while loading; what the user set comes back. */
static void *open_library(void)
{
    const char *core = kernels_by_cpu();
    bool set_core = core != NULL && getenv("OPENBLAS_CORETYPE") == NULL;
    const char *threads = getenv("OPENBLAS_NUM_THREADS");
    char kept[32] = "";
    if (threads != NULL) (void)snprintf(kept, sizeof kept, "%s", threads);

    if (set_core) (void)setenv("OPENBLAS_CORETYPE", core, 1);
    (void)setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (set_core) (void)unsetenv("OPENBLAS_CORETYPE");
    if (threads != NULL)
        (void)setenv("OPENBLAS_NUM_THREADS", kept, 1);
    else
        (void)unsetenv("OPENBLAS_NUM_THREADS");
    return handle;
}

/* Small whole numbers that look random: their products and sums are exact. */
static void fill_whole(real *x, int len, unsigned seed)
{
    for (int i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (real)(int)(seed >> 29) - 3;
    }
}

/* Large enough for the kernels that pack, with edges in every dimension. */
enum { CHECK_M = 101, CHECK_N = 107, CHECK_K = 103 };

/* One product against plain loops; all four ways of storing a and b. */
static bool multiplies(gemm_function *gemm, int m, int n, int k)
{
    real a[CHECK_M * CHECK_K], b[CHECK_K * CHECK_N];
    real want[CHECK_M * CHECK_N], c[CHECK_M * CHECK_N];

    for (int way = 0; way < 4; way++) {
        bool trans_a = (way & 1) != 0, trans_b = (way & 2) != 0;
        fill_whole(a, m * k, 1);
        fill_whole(b, k * n, 2);
        fill_whole(c, m * n, 3);
        for (int i = 0; i < m; i++) {
            real *want_i = want + (size_t)i * (size_t)n;
            for (int j = 0; j < n; j++)
                want_i[j] = -c[i * n + j];
            for (int p = 0; p < k; p++) {
                real a_ip = 2 * (trans_a ? a[p * m + i] : a[i * k + p]);
                if (trans_b)
                    for (int j = 0; j < n; j++)
                        want_i[j] += a_ip * b[j * k + p];
                else
                    for (int j = 0; j < n; j++)
                        want_i[j] += a_ip * b[p * n + j];
            }
        }
        gemm(ROW_MAJOR, trans_a ? TRANS : NO_TRANS, trans_b ? TRANS : NO_TRANS, m, n, k, 2, a,
             trans_a ? m : k, b, trans_b ? k : n, -1, c, n);
        for (int i = 0; i < m * n; i++)
            if (!(fabs((double)(c[i] - want[i])) <= 0.0)) return false;
    }
    return true;
}

/* A function of the library; the detour because ISO C has no cast from void * to a function. */
static bool find(void *function, void *handle, const char *name)
{
    void *symbol = dlsym(handle, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

acf_status acf_gemm_start(acf_error *e)
{
    if (blas.gemm != NULL) return ACF_OK;

    void *handle = open_library();
    if (handle == NULL)
        return acf_fail(e, ACF_ERR_RESOURCE,
                        "%s: cannot open: %s; install OpenBLAS (Debian: libopenblas0)", LIBRARY,
                        dlerror());
    gemm_function *gemm;
    text_function *core, *library;
    count_function *set_threads;
    if (!find(&gemm, handle, GEMM_SYMBOL) || !find(&core, handle, "openblas_get_corename") ||
        !find(&library, handle, "openblas_get_config") ||
        !find(&set_threads, handle, "openblas_set_num_threads")) {
        (void)dlclose(handle);
        return acf_fail(e, ACF_ERR_RESOURCE,
                        "%s: has no %s, openblas_get_corename, openblas_get_config or "
                        "openblas_set_num_threads; is it an OpenBLAS with CBLAS?",
                        LIBRARY, GEMM_SYMBOL);
    }
    set_threads(1);
    if (!multiplies(gemm, 5, 7, 3) || !multiplies(gemm, CHECK_M, CHECK_N, CHECK_K)) {
        acf_status st = acf_fail(e, ACF_ERR_RESOURCE,
                                 "%s: its %s kernels multiply wrongly on this processor; set the "
                                 "environment variable OPENBLAS_CORETYPE to others, for example "
                                 "Haswell",
                                 LIBRARY, core());
        (void)dlclose(handle);
        return st;
    }
    (void)snprintf(blas.core, sizeof blas.core, "%s", core());
    (void)snprintf(blas.library, sizeof blas.library, "%s", library());
    blas.gemm = gemm;
    return ACF_OK;
}

void acf_blas_multiply(const acf_product *p)
{
    ACF_ASSERT(blas.gemm != NULL);
    blas.gemm(ROW_MAJOR, p->trans_a ? TRANS : NO_TRANS, p->trans_b ? TRANS : NO_TRANS, p->m, p->n,
              p->k, p->alpha, p->a, p->lda, p->b, p->ldb, p->beta, p->c, p->ldc);
}
