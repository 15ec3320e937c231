#include "support/data.h"

#include "base/mem.h"
#include "support/cm.h"
#include "support/tmpdir.h"

acf_data_options data_options(const char *task, const char *dir)
{
    acf_data_options opt = acf_data_default();
    opt.task = task;
    opt.dir = dir;
    return opt;
}

const char *data_put(const char *dir, const char *name, const char *text)
{
    const char *path = tmpdir_path(dir, "%s", name);
    tmpdir_write_text(path, text);
    return path;
}

acf_dataset *data_open_ok(const acf_data_options *opt)
{
    acf_dataset *d;
    acf_error e;
    assert_ok(acf_data_open(&d, opt, NULL, &e), &e);
    return d;
}

void data_refuse(const acf_data_options *opt, acf_status status, const char *message)
{
    acf_dataset *d;
    acf_error e;
    size_t held = acf_mem_held();
    assert_fails(acf_data_open(&d, opt, NULL, &e), status, message, &e);
    assert_null(d);
    assert_int_equal(acf_mem_held(), held);
}
