#include "cli/program.h"

#include "base/json.h"

#include <stdlib.h>
#include <unistd.h>

#define SPIN_COUNT "2000" /* about ten microseconds */

static void limit_spinning(char **argv)
{
    if (getenv("GOMP_SPINCOUNT") != NULL || getenv("OMP_WAIT_POLICY") != NULL) return;
    if (setenv("GOMP_SPINCOUNT", SPIN_COUNT, 1) != 0) return;
    (void)execv("/proc/self/exe", argv); /* where that fails, all works as before, only slower */
}

int acf_program_main(const acf_program *program, acf_program_run run, void *arguments, int argc,
                     char **argv)
{
    acf_console console = acf_console_open();
    acf_words operands = {0};
    acf_json_start();
    limit_spinning(argv);
    int code = acf_options_parse(&operands, program, arguments, argc, argv);
    if (code < 0) {
        acf_error e = {0};
        acf_status st = run(&console, arguments, &operands, &e);
        if (st != ACF_OK) acf_console_error(&console, &e);
        code = acf_exit_code(st);
    }
    acf_words_free(&operands);
    for (size_t i = 0; i < program->n_options; i++)
        if (program->option[i].kind == ACF_OPTION_TEXTS)
            acf_words_free((void *)((char *)arguments + program->option[i].to));
    return acf_console_close(&console, code);
}
