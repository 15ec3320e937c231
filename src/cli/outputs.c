#include "cli/outputs.h"

#include "base/output.h"
#include "base/path.h"
#include "model/model_dir.h"

#include <string.h>

/* Is the first of n outputs one of the others? */
static acf_status check_others(const acf_output *output, size_t n, acf_error *e)
{
    for (size_t i = 1; i < n; i++) {
        bool is_same = false;
        if (output[i].path != NULL)
            ACF_TRY(acf_path_is_same(&is_same, output->path, output[i].path, e));
        if (is_same)
            return acf_fail(e, ACF_ERR_USAGE, "--%s: %s is the file of --%s; give another name",
                            output[i].option, output[i].path, output->option);
    }
    return ACF_OK;
}

acf_status acf_outputs_check(const acf_output *output, size_t n, acf_error *e)
{
    for (size_t i = 0; i < n; i++) {
        if (output[i].path == NULL) continue;
        if (strcmp(output[i].path, "-") == 0)
            return acf_fail(e, ACF_ERR_USAGE,
                            "--%s: '-' is not standard output here; give the name of a file",
                            output[i].option);
        ACF_TRY(check_others(output + i, n - i, e));
    }
    for (size_t i = 0; i < n; i++)
        if (output[i].path != NULL) ACF_TRY(acf_output_check(output[i].path, e));
    return ACF_OK;
}

acf_status acf_outputs_spare(const acf_output *output, size_t n, const char *input,
                             const char *what, acf_error *e)
{
    for (size_t i = 0; i < n; i++) {
        bool is_same = false;
        if (output[i].path != NULL) ACF_TRY(acf_path_is_same(&is_same, output[i].path, input, e));
        if (is_same)
            return acf_fail(e, ACF_ERR_USAGE,
                            "--%s: %s is the file that the %s come from; give another name",
                            output[i].option, output[i].path, what);
    }
    return ACF_OK;
}

acf_status acf_outputs_spare_model(const acf_output *output, size_t n, const char *dir,
                                   acf_error *e)
{
    for (size_t i = 0; i < n; i++) {
        bool reads = false;
        if (output[i].path != NULL) ACF_TRY(acf_model_reads(&reads, dir, output[i].path, e));
        if (reads)
            return acf_fail(e, ACF_ERR_USAGE,
                            "--%s: %s is a file of the model that is read; give another name",
                            output[i].option, output[i].path);
    }
    return ACF_OK;
}
