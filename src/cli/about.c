#include "cli/about.h"

#include "base/version.h"
#include "num/clones.h"
#include "num/gemm.h"
#include "num/real.h"

static const char *kernels(void)
{
    int level = acf_cpu_level();
    if (level == 0) return "portable C";
    if (!ACF_HAS_CLONES || level == 1) return "x86-64";
    return level == 4 ? "x86-64-v4" : "x86-64-v3";
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
