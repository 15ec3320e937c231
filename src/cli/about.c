#include "cli/about.h"

#include "base/version.h"
#include "num/gemm.h"
#include "num/real.h"

static const char *kernels(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return "x86-64-v4";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "x86-64-v3";
    return "x86-64";
#else
    return "portable C";
#endif
}

acf_status acf_about_version(acf_str *out, acf_error *e)
{
    acf_error blas;
    bool has_blas = acf_gemm_start(&blas) == ACF_OK;
    return acf_str_printf(
        out, e,
        "acf %s\ncompiler: %s\nnumbers: %s, products of sums fused in num/\nBLAS: "
        "%s\nBLAS kernels: %s\nown kernels: %s\n",
        ACF_VERSION, __VERSION__, ACF_REAL_NAME, has_blas ? acf_gemm_library() : blas.text,
        has_blas ? acf_gemm_core() : "none", kernels());
}
