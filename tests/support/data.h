/* Data sets in tests: options, opening that must succeed or fail. */
#ifndef ACF_TESTS_DATA_H
#define ACF_TESTS_DATA_H

#include "data/dataset.h"

/* The defaults for a task whose files are in dir. */
acf_data_options data_options(const char *task, const char *dir);

/* Write dir/name; its path, as tmpdir_path gives it. */
const char *data_put(const char *dir, const char *name, const char *text);

/* Open, failing the test when that fails; closed with acf_data_close. */
acf_dataset *data_open_ok(const acf_data_options *opt);

/* Opening must fail with this status and a message that holds `message`, and leave no memory. */
void data_refuse(const acf_data_options *opt, acf_status status, const char *message);

#endif
