/* The files that options name to be written, looked at before the work that would be lost. */
#ifndef ACF_CLI_OUTPUTS_H
#define ACF_CLI_OUTPUTS_H

#include "base/status.h"

#include <stddef.h>

typedef struct acf_output {
    const char *option; /* without dashes */
    const char *path;   /* NULL: not given */
} acf_output;

/* ACF_ERR_USAGE: "-", or one file twice; ACF_ERR_RESOURCE: one that cannot be written. */
acf_status acf_outputs_check(const acf_output *output, size_t n, acf_error *e) ACF_MUST_USE;

/* ACF_ERR_USAGE when one of them is the file `input`, from which the `what` ("rows") come. */
acf_status acf_outputs_spare(const acf_output *output, size_t n, const char *input,
                             const char *what, acf_error *e) ACF_MUST_USE;

/* ACF_ERR_USAGE when one of them is a file of the model in the directory `dir` (acf_model_reads).
 */
acf_status acf_outputs_spare_model(const acf_output *output, size_t n, const char *dir,
                                   acf_error *e) ACF_MUST_USE;

#endif
