/* What reaches standard output and standard error, each case in a process of its own. */
#include "support/cm.h"

#include "cli/console.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs body() with standard output `out` (-1: closed) and standard error into a pipe; returns its
 * exit code and what it wrote there. */
static int run(int (*body)(void), int out, char *text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (out >= 0)
            (void)dup2(out, 1);
        else
            (void)close(1);
        (void)dup2(ends[1], 2);
        (void)close(ends[0]);
        (void)close(ends[1]);
        int code = body();
        (void)fflush(stderr);
        _exit(code);
    }
    (void)close(ends[1]);
    size_t len = 0;
    for (ssize_t n; len + 1 < size && (n = read(ends[0], text + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    text[len] = '\0';
    (void)close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int prints_all(void)
{
    acf_console c = acf_console_open();
    acf_log log = acf_console_log(&c);
    acf_error e = {ACF_ERR_DATA, "x.tsv: empty"};
    (void)puts("result");
    acf_console_progress(&c, false, "not in a pipe");
    acf_console_progress(&c, true, "step 50");
    acf_log_info(&log, "rows: %d", 3);
    acf_log_warn(&log, "few rows");
    acf_console_error(&c, &e);
    return acf_console_close(&c, acf_exit_code(e.status));
}

static int prints_result(void)
{
    acf_console c = acf_console_open();
    (void)puts("result");
    return acf_console_close(&c, 0);
}

static int prints_nothing(void)
{
    acf_console c = acf_console_open();
    return acf_console_close(&c, 0);
}

static int keeps_its_result(void)
{
    acf_console c = acf_console_open();
    c.is_kept = true;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)puts("result");
    return acf_console_close(&c, 0);
}

/* A file that is opened after the console must not become standard output. */
static int opens_a_file(void)
{
    acf_console c = acf_console_open();
    int fd = open("/dev/null", O_WRONLY);
    if (fd <= 2) return 99;
    return acf_console_close(&c, 0);
}

static void plain_lines_in_a_pipe(void **state)
{
    (void)state;
    char text[512];
    int null = open("/dev/null", O_WRONLY);
    assert_int_equal(run(prints_all, null, text, sizeof text), 3);
    assert_string_equal(text, "step 50\nrows: 3\nwarning: few rows\nerror: x.tsv: empty\n");
    (void)close(null);
}

static void sees_that_output_was_lost(void **state)
{
    (void)state;
    char text[512];
    int full = open("/dev/full", O_WRONLY);
    if (full < 0) skip();
    assert_int_equal(run(prints_result, full, text, sizeof text), 6);
    assert_string_equal(text, "error: standard output: cannot write: No space left on device\n");
    assert_int_equal(run(prints_all, full, text, sizeof text), 3);
    assert_int_equal(run(prints_nothing, full, text, sizeof text), 0);
    (void)close(full);
    assert_int_equal(run(prints_result, -1, text, sizeof text), 6);
    assert_string_equal(text, "error: standard output: cannot write: Bad file descriptor\n");
    assert_int_equal(run(prints_nothing, -1, text, sizeof text), 0);
    assert_int_equal(run(opens_a_file, -1, text, sizeof text), 0);
}

/* Where files hold the result as well, only a failing disk counts. */
static void nobody_has_to_listen(void **state)
{
    (void)state;
    char text[512];
    int ends[2];
    int full = open("/dev/full", O_WRONLY);
    if (full < 0) skip();
    assert_int_equal(run(keeps_its_result, -1, text, sizeof text), 0);
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    assert_int_equal(run(keeps_its_result, ends[1], text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_int_equal(run(keeps_its_result, full, text, sizeof text), 6);
    (void)close(ends[1]);
    (void)close(full);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_lines_in_a_pipe),
    cmocka_unit_test(sees_that_output_was_lost),
    cmocka_unit_test(nobody_has_to_listen),
};
TEST_MAIN(tests)
