/* What all programs say of themselves. */
#ifndef ACF_CLI_ABOUT_H
#define ACF_CLI_ABOUT_H

#include "base/str.h"

/* --version: version, compiler, BLAS with its kernels, the CPU kernels in use. */
acf_status acf_about_version(acf_str *out, acf_error *e) ACF_MUST_USE;

#endif
