/* store/checkpoint: what is written, what is refused, and the run directory around it. */
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/path.h"
#include "store/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static acf_error e;

static void add_file(acf_checkpoint *ck, const char *name, const char *text, bool note)
{
    char hex[ACF_DIGEST_HEX + 1];
    char *path = acf_checkpoint_file(ck, name, &e);
    assert_non_null(path);
    tmpdir_write_text(path, text);
    acf_free(path);
    acf_digest_bytes(hex, text, strlen(text));
    if (note) assert_ok(acf_checkpoint_note_digest(ck, name, hex, &e), &e);
}

/* Returns the directory, in a static buffer. */
static const char *save(const char *run, int64_t step)
{
    static char dir[4096];
    acf_checkpoint *ck;
    char name[40];
    acf_checkpoint_name(name, step);
    assert_ok(acf_checkpoint_begin(&ck, run, name, 1000, &e), &e);
    assert_int_equal(tmpdir_count(run, ".checkpoint-"), 1);
    add_file(ck, "vocab.txt", "[PAD]\n[UNK]\n", false);
    add_file(ck, "config.json", "{}\n", true);
    add_file(ck, "model.safetensors", "weights", false);
    assert_ok(acf_checkpoint_commit(&ck, &e), &e);
    assert_null(ck);
    assert_int_equal(tmpdir_count(run, ".checkpoint-"), 0);
    acf_checkpoint_name(name, step);
    (void)snprintf(dir, sizeof dir, "%s/%s", run, name);
    return dir;
}

static const char sums[] =
    "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356  config.json\n"
    "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c  model.safetensors\n"
    "baaffec70d0b8f0f47664f0efc76a998ef632783831b56cc18f0e6c5cf316087  vocab.txt\n";

static void writes_sums_and_complete(void **state)
{
    const char *dir = save(*state, 4200);
    char hex[ACF_DIGEST_HEX + 1], command[256];
    size_t len, complete_len;
    assert_string_equal(acf_path_base(dir), "checkpoint-004200");
    assert_int_equal(tmpdir_count(*state, NULL), 1);
    assert_int_equal(tmpdir_count(dir, NULL), 5);
    char *text = tmpdir_read(tmpdir_path(dir, "SHA256SUMS"), &len);
    char *complete = tmpdir_read(tmpdir_path(dir, "COMPLETE"), &complete_len);
    assert_string_equal(text, sums);
    acf_digest_bytes(hex, text, len);
    assert_int_equal(complete_len, ACF_DIGEST_HEX + 1);
    assert_memory_equal(complete, hex, ACF_DIGEST_HEX);
    acf_free(text);
    acf_free(complete);
    (void)snprintf(command, sizeof command, "cd '%s' && sha256sum --strict --quiet -c SHA256SUMS",
                   dir);
    assert_int_equal(system(command), 0);
    assert_ok(acf_checkpoint_verify(dir, &e), &e);
    bool has_sums;
    assert_ok(acf_checkpoint_has_sums(&has_sums, dir, &e), &e);
    assert_true(has_sums);
    assert_ok(acf_checkpoint_has_sums(&has_sums, *state, &e), &e);
    assert_false(has_sums);
}

static const char *const files[] = {"config.json", "model.safetensors", "vocab.txt", "SHA256SUMS",
                                    "COMPLETE"};
enum { N_FILES = 5 };

/* Every bit of every file, every length, every file gone. */
static void notices_every_change(void **state)
{
    const char *dir = save(*state, 1);
    for (int k = 0; k < N_FILES; k++) {
        const char *path = tmpdir_path(dir, "%s", files[k]);
        size_t len;
        char *good = tmpdir_read(path, &len);
        for (size_t i = 0; i < len; i++)
            for (int bit = 0; bit < 8; bit++) {
                good[i] = (char)(good[i] ^ 1 << bit);
                tmpdir_write(path, good, len);
                good[i] = (char)(good[i] ^ 1 << bit);
                e = (acf_error){ACF_OK, ""};
                assert_fails(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL,
                             k == 4 ? "checkpoint-000001/" : files[k], &e);
            }
        for (size_t cut = 0; cut < len; cut++) {
            tmpdir_write(path, good, cut);
            assert_int_equal(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL);
        }
        tmpdir_write(path, good, len + 1); /* with the final NUL that follows */
        assert_int_equal(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL);
        assert_int_equal(remove(path), 0);
        assert_fails(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL, "is missing", &e);
        tmpdir_write(path, good, len);
        assert_ok(acf_checkpoint_verify(dir, &e), &e);
        acf_free(good);
    }
}

static void tells_what_changed(void **state)
{
    const char *dir = save(*state, 1);
    tmpdir_write_text(tmpdir_path(dir, "config.json"), "{ }\n");
    assert_fails(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL,
                 "checkpoint-000001/config.json: has changed since it was written (sha256 ", &e);
    assert_non_null(strstr(e.text, "SHA256SUMS says ca3d163bab05...)"));
    assert_non_null(strstr(e.text, "delete SHA256SUMS and COMPLETE"));
    dir = save(*state, 2);
    tmpdir_write_text(tmpdir_path(dir, "model.safetensors"), "weightz");
    assert_fails(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL, "model.safetensors: has changed",
                 &e);
    assert_null(strstr(e.text, "delete SHA256SUMS"));
    dir = save(*state, 3); /* two files change places */
    assert_int_equal(rename(tmpdir_path(dir, "config.json"), tmpdir_path(dir, "x")), 0);
    assert_int_equal(rename(tmpdir_path(dir, "vocab.txt"), tmpdir_path(dir, "config.json")), 0);
    assert_int_equal(rename(tmpdir_path(dir, "x"), tmpdir_path(dir, "vocab.txt")), 0);
    assert_fails(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL, "config.json: has changed", &e);
    dir = save(*state, 4); /* a link to the very same bytes */
    assert_int_equal(rename(tmpdir_path(dir, "vocab.txt"), tmpdir_path(*state, "vocab.txt")), 0);
    assert_int_equal(symlink("../vocab.txt", tmpdir_path(dir, "vocab.txt")), 0);
    assert_fails(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL, "vocab.txt: is a symbolic link",
                 &e);
    dir = save(*state, 5);
    assert_int_equal(remove(tmpdir_path(dir, "vocab.txt")), 0);
    assert_int_equal(mkdir(tmpdir_path(dir, "vocab.txt"), 0777), 0);
    assert_fails(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL, "vocab.txt: is a directory", &e);
    assert_fails(acf_checkpoint_verify(tmpdir_path(*state, "none"), &e), ACF_ERR_MODEL,
                 "none: is not a checkpoint directory", &e);
    assert_fails(acf_checkpoint_verify(*state, &e), ACF_ERR_MODEL,
                 "SHA256SUMS: is missing: the checkpoint is not complete", &e);
    dir = save(*state, 6); /* unlisted files are none of our business */
    tmpdir_write_text(tmpdir_path(dir, "README.md"), "mine");
    assert_ok(acf_checkpoint_verify(dir, &e), &e);
}

/* Sums that would be fine for their COMPLETE, but name what they must not. */
static void refuses_odd_sums(void **state)
{
    static const char hex[] = "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356";
    static const char *const tails[] = {"  ../config.json\n",
                                        "  /etc/passwd\n",
                                        "  ..\n",
                                        "  .\n",
                                        "  \n",
                                        " config.json\n",
                                        "\n",
                                        ""};
    const char *dir = save(*state, 1);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        char text[200], complete[ACF_DIGEST_HEX + 2];
        (void)snprintf(text, sizeof text, "%s%s", hex, tails[i]);
        acf_digest_bytes(complete, text, strlen(text));
        complete[ACF_DIGEST_HEX] = '\n';
        tmpdir_write_text(tmpdir_path(dir, "SHA256SUMS"), text);
        tmpdir_write(tmpdir_path(dir, "COMPLETE"), complete, ACF_DIGEST_HEX + 1);
        assert_fails(acf_checkpoint_verify(dir, &e), ACF_ERR_MODEL,
                     i < 7 ? "SHA256SUMS:1: is not a digest" : "SHA256SUMS: is not a list", &e);
    }
}

static void replaces_the_same_step(void **state)
{
    const char *dir = save(*state, 7);
    tmpdir_write_text(tmpdir_path(dir, "README.md"), "old");
    dir = save(*state, 7);
    assert_ok(acf_checkpoint_verify(dir, &e), &e);
    assert_int_equal(tmpdir_count(dir, NULL), 5);
    assert_int_equal(tmpdir_count(*state, NULL), 1);
}

static void refuses_what_it_cannot_seal(void **state)
{
    acf_checkpoint *ck;
    assert_fails(acf_checkpoint_begin(&ck, *state, "checkpoint-000001", UINT64_MAX / 2, &e),
                 ACF_ERR_RESOURCE,
                 "checkpoint-000001 needs 9223372036854775807 bytes, the disk has ", &e);
    assert_null(ck);
    assert_fails(acf_checkpoint_begin(&ck, tmpdir_path(*state, "none"), "checkpoint-000001", 0, &e),
                 ACF_ERR_RESOURCE, "none/.checkpoint-000001.tmp-", &e);
    for (int k = 0; k < 3; k++) {
        assert_ok(acf_checkpoint_begin(&ck, *state, "checkpoint-000001", 0, &e), &e);
        const char *dir = acf_checkpoint_dir(ck);
        if (k == 0) tmpdir_write_text(tmpdir_path(dir, "a\nb"), "x");
        if (k == 1) assert_int_equal(symlink("/etc/passwd", tmpdir_path(dir, "x")), 0);
        if (k == 2) assert_int_equal(mkdir(tmpdir_path(dir, "x"), 0777), 0);
        assert_fails(acf_checkpoint_commit(&ck, &e), ACF_ERR_RESOURCE,
                     k == 0 ? "is no name for a file of a checkpoint" : "is not a regular file",
                     &e);
        assert_null(ck);
        assert_int_equal(tmpdir_count(*state, NULL), 0);
    }
    assert_ok(acf_checkpoint_begin(&ck, *state, "checkpoint-000001", 0, &e), &e);
    acf_checkpoint_abort(&ck);
    acf_checkpoint_abort(&ck);
    assert_int_equal(tmpdir_count(*state, NULL), 0);
}

static void lists_by_number(void **state)
{
    static const char *const others[] = {"checkpoint-12",      "checkpoint-0000012", "checkpoint-",
                                         "checkpoint-000012x", "checkpoint--00012",  "checkpoints"};
    int64_t *steps;
    size_t n;
    assert_ok(acf_checkpoint_list(&steps, &n, *state, &e), &e);
    assert_int_equal(n, 0);
    acf_free(steps);
    save(*state, 12345678);
    save(*state, 999999);
    save(*state, 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(mkdir(tmpdir_path(*state, "%s", others[i]), 0777), 0);
    tmpdir_write_text(tmpdir_path(*state, "checkpoint-000005"), "");
    assert_int_equal(symlink("checkpoint-000000", tmpdir_path(*state, "checkpoint-000006")), 0);
    assert_ok(acf_checkpoint_list(&steps, &n, *state, &e), &e);
    assert_int_equal(n, 3);
    assert_true(steps[0] == 0 && steps[1] == 999999 && steps[2] == 12345678);
    acf_free(steps);
    assert_fails(acf_checkpoint_list(&steps, &n, tmpdir_path(*state, "none"), &e), ACF_ERR_IO,
                 "none: cannot list", &e);
}

static char logged[4096];

static void take_line(void *payload, acf_log_level level, const char *line)
{
    (void)payload;
    assert_true(level == ACF_LOG_WARN || level == ACF_LOG_INFO);
    strncat(logged, line, sizeof logged - strlen(logged) - 2);
    strcat(logged, "\n");
}

static const acf_log log_here = {take_line, NULL};

static void finds_the_newest_valid(void **state)
{
    int64_t step;
    logged[0] = '\0';
    assert_ok(acf_checkpoint_newest_valid(&step, *state, &log_here, &e), &e);
    assert_int_equal(step, -1);
    save(*state, 100);
    save(*state, 200);
    const char *newest = save(*state, 300);
    assert_ok(acf_checkpoint_newest_valid(&step, *state, &log_here, &e), &e);
    assert_int_equal(step, 300);
    assert_string_equal(logged, "");
    tmpdir_write_text(tmpdir_path(newest, "model.safetensors"), "weightz");
    assert_int_equal(remove(tmpdir_path(*state, "checkpoint-000200/COMPLETE")), 0);
    assert_ok(acf_checkpoint_newest_valid(&step, *state, &log_here, &e), &e);
    assert_int_equal(step, 100);
    assert_non_null(strstr(logged, "checkpoint-000300 skipped: "));
    assert_non_null(strstr(logged, "model.safetensors: has changed"));
    assert_non_null(strstr(logged, "checkpoint-000200 skipped: "));
    assert_non_null(strstr(logged, "COMPLETE: is missing"));
    assert_int_equal(remove(tmpdir_path(*state, "checkpoint-000100/vocab.txt")), 0);
    assert_fails(acf_checkpoint_newest_valid(&step, *state, &log_here, &e), ACF_ERR_MODEL,
                 "none of the 3 checkpoints is intact (the oldest: ", &e);
    assert_non_null(strstr(e.text, "vocab.txt: is missing, SHA256SUMS lists it); --overwrite "
                                   "starts the run anew"));
}

static void links_and_prunes(void **state)
{
    char target[64];
    int64_t *steps;
    size_t n;
    for (int64_t step = 1; step <= 6; step++)
        save(*state, step);
    assert_int_equal(acf_checkpoint_linked(*state, "best"), -1);
    assert_ok(acf_checkpoint_link(*state, "best", 5, &e), &e);
    assert_ok(acf_checkpoint_link(*state, "best", 2, &e), &e);
    assert_ok(acf_checkpoint_link(*state, "last", 3, &e), &e);
    assert_int_equal(acf_checkpoint_linked(*state, "best"), 2);
    ssize_t len = readlink(tmpdir_path(*state, "best"), target, sizeof target);
    assert_int_equal(len, 17);
    assert_memory_equal(target, "checkpoint-000002", 17);
    assert_fails(acf_checkpoint_link(*state, "best", 9, &e), ACF_ERR_RESOURCE,
                 "best: cannot point to checkpoint-000009, which is not there", &e);

    assert_ok(acf_checkpoint_prune(*state, 2, 1, &e), &e);
    assert_ok(acf_checkpoint_list(&steps, &n, *state, &e), &e);
    const int64_t kept[] = {1, 2, 3, 5, 6};
    assert_int_equal(n, 5);
    assert_memory_equal(steps, kept, sizeof kept);
    acf_free(steps);
    assert_ok(acf_checkpoint_prune(*state, 0, -1, &e), &e);
    assert_ok(acf_checkpoint_list(&steps, &n, *state, &e), &e);
    const int64_t left[] = {2, 3, 6};
    assert_int_equal(n, 3);
    assert_memory_equal(steps, left, sizeof left);
    acf_free(steps);
    assert_int_equal(tmpdir_count(*state, NULL), 5);

    assert_int_equal(remove(tmpdir_path(*state, "last")), 0);
    assert_int_equal(symlink("/tmp", tmpdir_path(*state, "last")), 0);
    assert_int_equal(acf_checkpoint_linked(*state, "last"), -1);
    assert_ok(acf_checkpoint_link(*state, "last", 6, &e), &e);
    assert_int_equal(acf_checkpoint_linked(*state, "last"), 6);
}

static void sweeps_what_the_dead_leave(void **state)
{
    static const char *const stay[] = {".gitignore", ".checkpoint-000009.tmp-x",
                                       "notes.tmp",  "notes.2024.tmp",
                                       ".x.tmp-5",   "train.log"};
    static const char *const links[] = {".data.tmp-99", ".best.tmp-x", ".best.old.tmp-99"};
    const int n_stay = 3 + 6 + 3;
    for (int k = 1; k <= 3; k++)
        save(*state, k);
    assert_int_equal(rename(tmpdir_path(*state, "checkpoint-000002"),
                            tmpdir_path(*state, ".checkpoint-000002.old-99")),
                     0);
    assert_int_equal(mkdir(tmpdir_path(*state, ".checkpoint-000003.old-99"), 0777), 0);
    assert_int_equal(mkdir(tmpdir_path(*state, ".checkpoint-000004.tmp-99"), 0777), 0);
    tmpdir_write_text(tmpdir_path(*state, ".checkpoint-000004.tmp-99/model.safetensors"), "x");
    assert_int_equal(symlink("checkpoint-000001", tmpdir_path(*state, ".best.tmp-99")), 0);
    assert_int_equal(symlink("checkpoint-000001", tmpdir_path(*state, ".last.tmp-99")), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(symlink("checkpoint-000001", tmpdir_path(*state, "%s", links[i])), 0);
    for (int i = 0; i < 6; i++)
        tmpdir_write_text(tmpdir_path(*state, "%s", stay[i]), "x");
    logged[0] = '\0';
    assert_ok(acf_checkpoint_sweep(*state, &log_here, &e), &e);
    assert_non_null(strstr(logged, "checkpoint-000002 was being replaced when its run ended"));
    assert_non_null(strstr(logged, ".checkpoint-000004.tmp-99 removed"));
    assert_int_equal(tmpdir_count(*state, NULL), n_stay);
    for (int i = 0; i < 6; i++)
        assert_true(acf_path_exists(tmpdir_path(*state, "%s", stay[i])));
    for (int k = 1; k <= 3; k++)
        assert_ok(acf_checkpoint_verify(tmpdir_path(*state, "checkpoint-00000%d", k), &e), &e);
    assert_ok(acf_checkpoint_sweep(*state, NULL, &e), &e);
    assert_int_equal(tmpdir_count(*state, NULL), n_stay);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(writes_sums_and_complete, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(notices_every_change, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(tells_what_changed, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(refuses_odd_sums, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(replaces_the_same_step, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(refuses_what_it_cannot_seal, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(lists_by_number, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(finds_the_newest_valid, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(links_and_prunes, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(sweeps_what_the_dead_leave, tmpdir_setup, tmpdir_teardown),
};

TEST_MAIN(tests)
