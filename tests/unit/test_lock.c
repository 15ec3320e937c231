/* store/lock: one process at a time, however it ends. */
#include "support/cm.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/sysio.h"
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static acf_error e;

/* Removed before the next flock, as by an owner who releases between our open and our lock. */
static const char *released;

long syscall(long number, ...);

int flock(int fd, int operation)
{
    if (released != NULL && unlink(released) != 0) return -1;
    released = NULL;
    return (int)syscall(SYS_flock, fd, operation);
}

static void refuses_a_second_taker(void **state)
{
    acf_lock *lock, *other;
    char who[300], host[256];
    assert_ok(acf_lock_take(&lock, *state, &e), &e);
    assert_int_equal(gethostname(host, sizeof host), 0);
    (void)snprintf(who, sizeof who, "%s: is in use by process %ld on host %.200s", (char *)*state,
                   (long)getpid(), host);
    assert_fails(acf_lock_take(&other, *state, &e), ACF_ERR_BUSY, who, &e);
    assert_null(other);
    acf_lock_release(&lock);
    assert_null(lock);
    assert_int_equal(tmpdir_count(*state, NULL), 0);
    assert_ok(acf_lock_take(&lock, *state, &e), &e);
    acf_lock_release(&lock);
    acf_lock_release(&lock);
}

/* A killed owner leaves its file; the lock is free all the same. */
static void dies_with_its_owner(void **state)
{
    int ready[2];
    char go;
    acf_lock *lock;
    char who[64];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        go = acf_lock_take(&lock, *state, NULL) == ACF_OK;
        if (write(ready[1], &go, 1) == 1) pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &go, 1), 1);
    assert_true(go);
    (void)snprintf(who, sizeof who, "is in use by process %ld on host ", (long)pid);
    assert_fails(acf_lock_take(&lock, *state, &e), ACF_ERR_BUSY, who, &e);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(tmpdir_count(*state, ".lock"), 1);
    assert_ok(acf_lock_take(&lock, *state, &e), &e);
    acf_lock_release(&lock);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* The lock of a file that is gone locks nobody out: another is made and taken. */
static void takes_no_file_that_was_released_meanwhile(void **state)
{
    acf_lock *lock, *other;
    tmpdir_write_text(tmpdir_path(*state, ".lock"), "1 somewhere\n");
    released = tmpdir_path(*state, ".lock");
    assert_ok(acf_lock_take(&lock, *state, &e), &e);
    assert_null(released);
    assert_int_equal(tmpdir_count(*state, ".lock"), 1);
    assert_fails(acf_lock_take(&other, *state, &e), ACF_ERR_BUSY, "is in use by process ", &e);
    acf_lock_release(&lock);
}

/* Of an owner with a longer name nothing stays; programs that are started do not hold the lock. */
static void is_of_this_process_alone(void **state)
{
    acf_lock *lock;
    struct stat file, open_one;
    char want[300], host[256];
    size_t len;
    int n_open = 0;
    const char *path = tmpdir_path(*state, ".lock");
    (void)snprintf(want, sizeof want, "4194304 %0200d\n", 0);
    tmpdir_write_text(path, want);
    assert_ok(acf_lock_take(&lock, *state, &e), &e);
    assert_int_equal(gethostname(host, sizeof host), 0);
    (void)snprintf(want, sizeof want, "%ld %s\n", (long)getpid(), host);
    char *text = tmpdir_read(path, &len);
    assert_string_equal(text, want);
    acf_free(text);
    assert_int_equal(stat(path, &file), 0);
    for (int fd = 0; fd < 256; fd++) {
        if (fstat(fd, &open_one) != 0 || open_one.st_ino != file.st_ino) continue;
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        n_open++;
    }
    assert_int_equal(n_open, 1);
    acf_lock_release(&lock);
}

static void tells_what_it_cannot_do(void **state)
{
    acf_lock *lock;
    assert_fails(acf_lock_take(&lock, tmpdir_path(*state, "none"), &e), ACF_ERR_RESOURCE,
                 "none/.lock: cannot open: No such file", &e);
    (void)acf_sys_fail_at(1, 1, ENOSPC);
    assert_fails(acf_lock_take(&lock, *state, &e), ACF_ERR_RESOURCE,
                 ".lock: cannot write: No space left", &e);
    (void)acf_sys_fail_at(0, 0, 0);
    assert_int_equal(tmpdir_count(*state, NULL), 0);
    assert_ok(acf_lock_take(&lock, *state, &e), &e);
    tmpdir_write_text(tmpdir_path(*state, ".lock"), "rubbish");
    acf_lock *other;
    assert_fails(acf_lock_take(&other, *state, &e), ACF_ERR_BUSY,
                 "is in use by process unknown on host unknown", &e);
    acf_lock_release(&lock);
    assert_int_equal(symlink("/etc/none", tmpdir_path(*state, ".lock")), 0);
    assert_fails(acf_lock_take(&lock, *state, &e), ACF_ERR_RESOURCE, ".lock: cannot open", &e);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(refuses_a_second_taker, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(dies_with_its_owner, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(takes_no_file_that_was_released_meanwhile, tmpdir_setup,
                                    tmpdir_teardown),
    cmocka_unit_test_setup_teardown(is_of_this_process_alone, tmpdir_setup, tmpdir_teardown),
    cmocka_unit_test_setup_teardown(tells_what_it_cannot_do, tmpdir_setup, tmpdir_teardown),
};

TEST_MAIN(tests)
