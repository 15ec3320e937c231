#include "support/sweep_files.h"

#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/json.h"
#include "base/str.h"

#include <unistd.h>

static char start_dir[4096];

int sweep_files_enter(void **state)
{
    acf_json_start();
    if (tmpdir_setup(state) != 0 || getcwd(start_dir, sizeof start_dir) == NULL) return -1;
    if (chdir(*state) != 0) return -1;
    tmpdir_write_text("c.yaml", CONFIG);
    return 0;
}

int sweep_files_leave(void **state)
{
    if (chdir(start_dir) != 0) return -1;
    return tmpdir_teardown(state);
}

const acf_sweep_options sweep_plain = {.dir = "out", .n_jobs = 1};

void sweep_open_ok(acf_sweep *s, const char *yaml, const acf_sweep_options *opt)
{
    acf_error e = {0};
    acf_str problems = {0};
    tmpdir_write_text("s.yaml", yaml);
    acf_status st = acf_sweep_open(s, &problems, "s.yaml", opt, &e);
    if (st != ACF_OK) fail_msg("%s\n%s", e.text, problems.data != NULL ? problems.data : "");
    acf_str_free(&problems);
}
