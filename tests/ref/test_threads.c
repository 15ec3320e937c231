/* How many threads: CPU quotas of both cgroup versions from made-up trees, and the set number. */
#include "base/io.h"
#include "num/threads.h"
#include "support/cm.h"

#include <limits.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char root[] = "/tmp/acf-threads-XXXXXX";

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL;
}

static int remove_root(void **state)
{
    (void)state;
    return acf_remove_tree(root, NULL) != ACF_OK;
}

static void put(const char *dir, const char *file, const char *text)
{
    char path[256];
    acf_error e = {0};
    (void)snprintf(path, sizeof path, "%s%s", root, dir);
    assert_ok(acf_make_dirs(path, &e), &e);
    (void)snprintf(path, sizeof path, "%s%s/%s", root, dir, file);
    assert_ok(acf_write_synced(path, text, strlen(text), &e), &e);
}

static void quotas_of_version_2(void **state)
{
    (void)state;
    put("/a/b", "cpu.max", "max 100000\n");
    assert_int_equal(acf_threads_quota("0::/a/b\n", root), INT_MAX);
    put("/a", "cpu.max", "250000 100000\n"); /* the parent's counts too */
    assert_int_equal(acf_threads_quota("0::/a/b\n", root), 3);
    put("/a/b", "cpu.max", "50000 100000\n");
    assert_int_equal(acf_threads_quota("0::/a/b\n", root), 1);
    put("/a/b", "cpu.max", "nonsense");
    assert_int_equal(acf_threads_quota("0::/a/b", root), 3);
    put("", "cpu.max", "200000 100000\n"); /* a container sees its own group as the root */
    assert_int_equal(acf_threads_quota("0::/elsewhere/x\n", root), 2);
}

static void quotas_of_version_1(void **state)
{
    (void)state;
    put("/cpu/d", "cpu.cfs_quota_us", "-1\n");
    put("/cpu/d", "cpu.cfs_period_us", "100000\n");
    const char *groups = "5:memory:/d\n4:cpu,cpuacct:/d\n3:cpuset:/d\n";
    assert_int_equal(acf_threads_quota(groups, root), INT_MAX);
    put("/cpu/d", "cpu.cfs_quota_us", "400000\n");
    assert_int_equal(acf_threads_quota(groups, root), 4);
    assert_int_equal(acf_threads_quota("5:memory:/d\n3:cpuset:/d\n", root), INT_MAX);
    assert_int_equal(acf_threads_quota("4:cpuacct,cpu:/d", root), 4);
}

static void broken_text_is_no_quota(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "", "\n\n", "0", "0:", "4:cpu", ":::", "x:cpuset:/", "\n:"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_true(acf_threads_quota(broken[i], "/nonexistent") >= 1);
}

static void the_number_is_set_and_asked(void **state)
{
    (void)state;
    assert_true(acf_threads_available() >= 1);
    for (int n = 1; n <= 3; n++) {
        int inside = 0;
        acf_threads_set(n);
        assert_int_equal(acf_threads_get(), n);
#pragma omp parallel reduction(+ : inside)
        inside += omp_get_num_threads() > 1 ? acf_threads_get() == 1 : 1;
        assert_int_equal(inside, n);
    }
}

/* The same in every thread: results do not depend on who computes them. */
static void denormals_count_as_zero(void **state)
{
    (void)state;
#ifdef __SSE__
    int n_zero = 0;
    volatile float tiny = 1e-38f, denormal = 0x1p-140f, scale = 0.01f, large = 0x1p120f;
    acf_threads_set(3);
#pragma omp parallel reduction(+ : n_zero)
    n_zero += !(tiny * scale > 0) && !(denormal * large > 0);
    assert_int_equal(n_zero, 3);
#else
    skip();
#endif
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotas_of_version_2),     cmocka_unit_test(quotas_of_version_1),
        cmocka_unit_test(broken_text_is_no_quota), cmocka_unit_test(the_number_is_set_and_asked),
        cmocka_unit_test(denormals_count_as_zero),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, make_root, remove_root) != 0;
}
