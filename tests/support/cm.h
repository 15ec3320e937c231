/* cmocka with the headers it wants before it, and the main of every test program. */
#ifndef ACF_TESTS_CM_H
#define ACF_TESTS_CM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/status.h"

/* Fails with the error's text when a call did not return ACF_OK. */
#define assert_ok(call, e)                                                                         \
    do {                                                                                           \
        if ((call) != ACF_OK) fail_msg("%s: %s", #call, (e)->text);                                \
    } while (0)

/* The call must return this status and its message contain this text. */
#define assert_fails(call, want_status, want_text, e)                                              \
    do {                                                                                           \
        acf_status got_st_ = (call);                                                               \
        if (got_st_ != (want_status))                                                              \
            fail_msg("%s: status %d, expected %d", #call, (int)got_st_, (int)(want_status));       \
        if (strstr((e)->text, (want_text)) == NULL)                                                \
            fail_msg("%s: message '%s' lacks '%s'", #call, (e)->text, (want_text));                \
    } while (0)

/* main: argv[1], when given, filters tests by name. */
#define TEST_MAIN(tests)                                                                           \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        if (argc > 1) cmocka_set_test_filter(argv[1]);                                             \
        return cmocka_run_group_tests((tests), NULL, NULL) != 0;                                   \
    }

#endif
