/* The run directory around its checkpoints: which there are, links, pruning, sweeping. */
#include "store/checkpoint.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sysio.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_real_dir(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int64_t acf_checkpoint_step(const char *name)
{
    char again[40];
    int64_t step = 0;
    if (strncmp(name, "checkpoint-", 11) != 0 || strlen(name) > 11 + 18) return -1;
    for (const char *c = name + 11; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') return -1;
        step = 10 * step + (*c - '0');
    }
    acf_checkpoint_name(again, step);
    return strcmp(name, again) == 0 ? step : -1;
}

static int compare_steps(const void *a, const void *b)
{
    int64_t s = *(const int64_t *)a, t = *(const int64_t *)b;
    return (s > t) - (s < t);
}

acf_status acf_checkpoint_list(int64_t **steps, size_t *n, const char *run_dir, acf_error *e)
{
    char **names;
    size_t n_names, count = 0;
    *steps = NULL;
    *n = 0;
    ACF_TRY(acf_list_dir(&names, &n_names, run_dir, e));
    int64_t *list = acf_alloc(n_names, sizeof *list, "list of checkpoints", e);
    acf_status st = list == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    for (size_t i = 0; i < n_names && st == ACF_OK; i++) {
        int64_t step = acf_checkpoint_step(names[i]);
        if (step < 0) continue;
        char *path = acf_path_join(run_dir, names[i], e);
        if (path == NULL)
            st = ACF_ERR_RESOURCE;
        else if (is_real_dir(path))
            list[count++] = step;
        acf_free(path);
    }
    acf_free_names(names, n_names);
    if (st != ACF_OK) {
        acf_free(list);
        return st;
    }
    if (count > 1) qsort(list, count, sizeof *list, compare_steps);
    *steps = list;
    *n = count;
    return ACF_OK;
}

acf_status acf_checkpoint_newest_valid(int64_t *step, const char *run_dir, const acf_log *log,
                                       acf_error *e)
{
    int64_t *steps;
    size_t n;
    *step = -1;
    ACF_TRY(acf_checkpoint_list(&steps, &n, run_dir, e));
    acf_status st = ACF_OK;
    acf_error why = {ACF_OK, ""};
    for (size_t i = n; i > 0 && *step < 0 && st == ACF_OK; i--) {
        char name[40];
        acf_checkpoint_name(name, steps[i - 1]);
        char *path = acf_path_join(run_dir, name, e);
        st = path == NULL ? ACF_ERR_RESOURCE : acf_checkpoint_verify(path, &why);
        acf_free(path);
        if (st == ACF_OK) {
            *step = steps[i - 1];
        } else if (st == ACF_ERR_MODEL) {
            acf_log_warn(log, "%s skipped: %s", name, why.text);
            st = ACF_OK;
        } else if (path != NULL) {
            acf_error_give(e, &why);
        }
    }
    if (st == ACF_OK && n > 0 && *step < 0)
        st = acf_fail(e, ACF_ERR_MODEL,
                      "%.250s: none of the %zu checkpoints is intact (the oldest: %.600s); "
                      "--overwrite starts the run anew",
                      run_dir, n, why.text);
    acf_free(steps);
    return st;
}

acf_status acf_checkpoint_link(const char *run_dir, const char *name, int64_t step, acf_error *e)
{
    char target[40];
    acf_checkpoint_name(target, step);
    return acf_checkpoint_link_to(run_dir, name, target, e);
}

acf_status acf_checkpoint_link_to(const char *run_dir, const char *name, const char *target,
                                  acf_error *e)
{
    char hidden[96];
    (void)snprintf(hidden, sizeof hidden, ".%.40s.tmp-%ld", name, (long)getpid());
    char *dir = acf_path_join(run_dir, target, e);
    char *tmp = acf_path_join(run_dir, hidden, e);
    char *path = acf_path_join(run_dir, name, e);
    acf_status st = dir == NULL || tmp == NULL || path == NULL ? ACF_ERR_RESOURCE : ACF_OK;
    if (st == ACF_OK && !is_real_dir(dir))
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot point to %s, which is not there", path,
                      target);
    if (st == ACF_OK) {
        (void)acf_sys_remove(tmp); /* left by an earlier try of this process */
        if (acf_sys_symlink(target, tmp) != 0) {
            st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot create link: %s", tmp, strerror(errno));
        } else if (acf_sys_rename(tmp, path) != 0) {
            st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot replace: %s", path, strerror(errno));
            (void)acf_sys_remove(tmp);
        } else {
            st = acf_sync_dir(run_dir, e);
        }
    }
    acf_free(dir);
    acf_free(tmp);
    acf_free(path);
    return st;
}

int64_t acf_checkpoint_linked(const char *run_dir, const char *name)
{
    char target[40];
    char *path = acf_path_join(run_dir, name, NULL);
    ssize_t len = path == NULL ? -1 : readlink(path, target, sizeof target - 1);
    acf_free(path);
    if (len < 0) return -1;
    target[len] = '\0';
    int64_t step = acf_checkpoint_step(target);
    if (step < 0) return -1;
    path = acf_path_join(run_dir, target, NULL);
    bool there = path != NULL && is_real_dir(path);
    acf_free(path);
    return there ? step : -1;
}

/* Out of sight first, so that no half-removed checkpoint has a checkpoint's name. */
static acf_status remove_checkpoint(const char *run_dir, int64_t step, acf_error *e)
{
    char name[40], hidden[96];
    acf_checkpoint_name(name, step);
    (void)snprintf(hidden, sizeof hidden, ".%s.tmp-%ld", name, (long)getpid());
    char *path = acf_path_join(run_dir, name, e);
    char *tmp = acf_path_join(run_dir, hidden, e);
    acf_status st = path == NULL || tmp == NULL ? ACF_ERR_RESOURCE : acf_remove_tree(tmp, e);
    if (st == ACF_OK && acf_sys_rename(path, tmp) != 0)
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot rename to %s: %s", path, tmp,
                      strerror(errno));
    if (st == ACF_OK) st = acf_remove_tree(tmp, e);
    acf_free(path);
    acf_free(tmp);
    return st;
}

acf_status acf_checkpoint_prune(const char *run_dir, int keep_last, int64_t best_step, acf_error *e)
{
    int64_t *steps;
    size_t n;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_checkpoint_list(&steps, &n, run_dir, e), e);
    int64_t best = acf_checkpoint_linked(run_dir, "best");
    int64_t last = acf_checkpoint_linked(run_dir, "last");
    size_t n_keep = keep_last > 1 ? (size_t)keep_last : 1;
    acf_status st = ACF_OK;
    for (size_t i = 0; i + n_keep < n && st == ACF_OK; i++)
        if (steps[i] != best_step && steps[i] != best && steps[i] != last)
            st = remove_checkpoint(run_dir, steps[i], e);
    acf_free(steps);
    return st;
}

acf_status acf_checkpoint_remove_all(const char *run_dir, acf_error *e)
{
    static const char *const links[] = {"last", "best"};
    int64_t *steps;
    size_t n;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_checkpoint_list(&steps, &n, run_dir, e), e);
    acf_status st = ACF_OK;
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        st = remove_checkpoint(run_dir, steps[i], e);
    for (int k = 0; k < 2 && st == ACF_OK; k++) {
        char *path = acf_path_join(run_dir, links[k], e);
        st = path == NULL ? ACF_ERR_RESOURCE : acf_remove_tree(path, e);
        acf_free(path);
    }
    acf_free(steps);
    return st;
}

/* Whether `text` is `mark` and digits. */
static bool is_mark(const char *text, const char *mark)
{
    size_t len = strlen(mark);
    if (text == NULL || strncmp(text, mark, len) != 0 || text[len] == '\0') return false;
    return text[len + strspn(text + len, "0123456789")] == '\0';
}

/* ".checkpoint-004200.old-PID": give the name back, or remove it when the new one has the name. */
static acf_status sweep_old(const char *run_dir, const char *path, const char *name, size_t len,
                            const acf_log *log, acf_error *e)
{
    char *final_name = acf_strndup(name, len, e);
    char *final = final_name == NULL ? NULL : acf_path_join(run_dir, final_name, e);
    struct stat info;
    acf_status st = ACF_OK;
    if (final == NULL) {
        st = ACF_ERR_RESOURCE;
    } else if (lstat(final, &info) == 0) {
        st = acf_remove_tree(path, e);
    } else if (acf_sys_rename(path, final) != 0) {
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: cannot rename to %s: %s", path, final,
                      strerror(errno));
    } else {
        acf_log_warn(log, "%s was being replaced when its run ended: brought back", final_name);
        st = acf_sync_dir(run_dir, e);
    }
    acf_free(final);
    acf_free(final_name);
    return st;
}

/* ".best.tmp-PID", ".last.tmp-PID": other hidden links are somebody's. */
static bool is_unfinished_link(const char *name)
{
    if (strncmp(name, ".best.", 6) != 0 && strncmp(name, ".last.", 6) != 0) return false;
    return is_mark(name + 5, ".tmp-");
}

/* What commit, prune and link leave when they are killed. */
static acf_status sweep_name(const char *run_dir, const char *name, const acf_log *log,
                             acf_error *e)
{
    struct stat info;
    char *path = acf_path_join(run_dir, name, e);
    if (path == NULL) return ACF_ERR_RESOURCE;
    acf_status st = ACF_OK;
    const char *tail = strrchr(name, '.');
    bool of_checkpoint = tail != NULL && tail > name && strncmp(name, ".checkpoint-", 12) == 0;
    bool there = lstat(path, &info) == 0;
    if (there && of_checkpoint && is_mark(tail, ".old-")) {
        st = sweep_old(run_dir, path, name + 1, (size_t)(tail - name - 1), log, e);
    } else if (there && ((S_ISLNK(info.st_mode) && is_unfinished_link(name)) ||
                         (S_ISDIR(info.st_mode) && of_checkpoint && is_mark(tail, ".tmp-")))) {
        acf_log_info(log, "%s removed: its run ended before it was complete", name);
        st = acf_remove_tree(path, e);
    }
    acf_free(path);
    return st;
}

acf_status acf_checkpoint_sweep(const char *run_dir, const acf_log *log, acf_error *e)
{
    char **names;
    size_t n;
    ACF_TRY_AS(ACF_ERR_RESOURCE, acf_list_dir(&names, &n, run_dir, e), e);
    acf_status st = ACF_OK;
    for (size_t i = 0; i < n && st == ACF_OK; i++)
        st = sweep_name(run_dir, names[i], log, e);
    acf_free_names(names, n);
    return st;
}
