/* The GLUE tasks as they are published, when ACF_GLUE names a directory that holds them: row
 * counts, labels and label counts, known from the publications. */
#include "data/dataset.h"
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct expected {
    const char *task, *folder;
    int n[3];  /* train, dev, test */
    int n_one; /* training rows of label id 1; of a regression, of a score of 1 or less */
} expected;

static const char *glue;

static void check(const expected *want)
{
    char dir[1024];
    acf_dataset *d;
    acf_error e;
    int32_t count[2];
    acf_data_options opt = acf_data_default();
    (void)snprintf(dir, sizeof dir, "%s/%s", glue, want->folder);
    opt.task = want->task;
    opt.dir = dir;
    assert_ok(acf_data_open(&d, &opt, NULL, &e), &e);
    for (int id = 0; id <= ACF_TEST; id++) {
        assert_int_equal(d->split[id].n, want->n[id]);
        assert_int_equal(d->split[id].n_bad, 0);
        if (want->n[id] > 0) assert_int_equal(d->split[id].is_labelled, id != ACF_TEST);
    }
    assert_int_equal(acf_data_count(count, &d->split[ACF_TRAIN], d->K), 0);
    if (d->regression) {
        count[1] = 0;
        for (int i = 0; i < d->split[ACF_TRAIN].n; i++)
            count[1] += d->split[ACF_TRAIN].target[i] <= 1.0;
    }
    assert_int_equal(count[1], want->n_one);
    assert_int_equal(d->pair, d->task->pair);
    acf_data_close(&d);
}

#define CASE(name, ...)                                                                            \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        check(&(const expected){__VA_ARGS__});                                                     \
    }

CASE(sst2, "sst2", "SST-2", {67349, 872, 0}, 37569)
CASE(cola, "cola", "CoLA", {8551, 1043, 1063}, 6023)
CASE(rte, "rte", "RTE", {2490, 277, 3000}, 1241)
CASE(mrpc, "mrpc", "MRPC", {4076, 1725, 0}, 2753)
CASE(wnli, "wnli", "WNLI", {635, 71, 146}, 312)
CASE(stsb, "stsb", "STS-B", {5749, 1500, 1379}, 1103)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sst2), cmocka_unit_test(cola), cmocka_unit_test(rte),
    cmocka_unit_test(mrpc), cmocka_unit_test(wnli), cmocka_unit_test(stsb),
};

int main(int argc, char **argv)
{
    glue = getenv("ACF_GLUE");
    if (glue == NULL || *glue == '\0') {
        puts("ACF_GLUE does not name a directory with GLUE's tasks");
        return 77;
    }
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
