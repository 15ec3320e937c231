#include "support/corruption.h"

#include "support/cm.h"
#include "support/tiny_run.h"
#include "support/tmpdir.h"

#include "base/io.h"
#include "base/mem.h"
#include "model/model_dir.h"
#include "store/checkpoint.h"

#include <stdio.h>
#include <unistd.h>

enum { HEAD = 512, TAIL = 64, MAX_FILES = 16 };

static const char *const sets[] = {"train.steps=2", "save.every=1 steps", "eval.every=2 steps",
                                   NULL};

typedef struct whole_file {
    char *name, *bytes;
    size_t len;
} whole_file;

typedef struct victim {
    char run[300], dir[400];
    whole_file file[MAX_FILES];
    size_t n_files;
} victim;

static const char *path_of(const victim *v, size_t k)
{
    return tmpdir_path(v->dir, "%s", v->file[k].name);
}

static void restore(const victim *v, size_t k)
{
    tmpdir_write(path_of(v, k), v->file[k].bytes, v->file[k].len);
}

/* The checkpoint is refused, and the message names the file. */
static void must_see(const victim *v, size_t k, const char *what, size_t at)
{
    acf_error e = {ACF_OK, ""};
    acf_status st = acf_checkpoint_verify(v->dir, &e);
    if (st != ACF_ERR_MODEL || strstr(e.text, v->file[k].name) == NULL)
        fail_msg("%s, %s %zu: status %d, '%s'", v->file[k].name, what, at, (int)st, e.text);
}

/* The same as whoever uses it sees it: nothing is read from it. */
static void must_not_be_used(const victim *v, size_t k)
{
    acf_model m;
    acf_error e = {ACF_OK, ""};
    const acf_model_load load = {.pooling = -1, .dropout = -1};
    assert_fails(acf_model_open(&m, v->dir, &load, &e), ACF_ERR_MODEL, v->file[k].name, &e);
    if (strcmp(v->file[k].name, "config.json") == 0)
        assert_non_null(strstr(e.text, "to accept the change, delete SHA256SUMS"));
    tiny_run run = {.mode = ACF_RUN_RESUME, .stop_at = 1};
    assert_ok(tiny_train(&run, v->run, sets), &run.e);
    assert_int_equal(run.n_done, 1); /* from the checkpoint before */
    assert_non_null(strstr(run.log, "checkpoint-000002 skipped: "));
    assert_non_null(strstr(run.log, v->file[k].name));
    assert_ok(acf_checkpoint_verify(v->dir, &e), &e); /* written anew */
}

static size_t flip_bytes(const victim *v, size_t k, size_t stride)
{
    const whole_file *f = &v->file[k];
    bool is_seal = strcmp(f->name, "SHA256SUMS") == 0 || strcmp(f->name, "COMPLETE") == 0;
    size_t n = 0;
    FILE *file = fopen(path_of(v, k), "r+b");
    assert_non_null(file);
    for (size_t at = 0; at < f->len; at++) {
        if (!is_seal && at >= HEAD && at + TAIL < f->len && at % stride != 0) continue;
        int right = (unsigned char)f->bytes[at], wrong = right ^ 1 << at % 8;
        assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
        assert_int_equal(fputc(wrong, file), wrong);
        assert_int_equal(fflush(file), 0);
        must_see(v, k, "byte", at);
        assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
        assert_int_equal(fputc(right, file), right);
        n++;
    }
    assert_int_equal(fclose(file), 0);
    return n;
}

static void change_length(const victim *v, size_t k)
{
    const whole_file *f = &v->file[k];
    const size_t cut[] = {0, f->len / 2, f->len - 1};
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        tmpdir_write(path_of(v, k), f->bytes, cut[i]);
        must_see(v, k, "cut to", cut[i]);
    }
    char *more = acf_alloc(f->len + 1, 1, "longer file", NULL);
    assert_non_null(more);
    memcpy(more, f->bytes, f->len);
    more[f->len] = '\n';
    tmpdir_write(path_of(v, k), more, f->len + 1);
    must_see(v, k, "longer by", 1);
    acf_free(more);
    assert_int_equal(unlink(path_of(v, k)), 0);
    must_see(v, k, "missing", 0);
    restore(v, k);
}

static void change_places(const victim *v, size_t a, size_t b)
{
    acf_error e = {ACF_OK, ""};
    tmpdir_write(path_of(v, a), v->file[b].bytes, v->file[b].len);
    tmpdir_write(path_of(v, b), v->file[a].bytes, v->file[a].len);
    acf_status st = acf_checkpoint_verify(v->dir, &e);
    if (st != ACF_ERR_MODEL ||
        (strstr(e.text, v->file[a].name) == NULL && strstr(e.text, v->file[b].name) == NULL))
        fail_msg("%s and %s changed places: status %d, '%s'", v->file[a].name, v->file[b].name,
                 (int)st, e.text);
    restore(v, a);
    restore(v, b);
}

static void open_victim(victim *v, const char *dir)
{
    char **names;
    size_t n;
    acf_error e = {ACF_OK, ""};
    (void)snprintf(v->run, sizeof v->run, "%s/run", dir);
    (void)snprintf(v->dir, sizeof v->dir, "%s/checkpoint-000002", v->run);
    tiny_run run = {.mode = ACF_RUN_FRESH};
    assert_ok(tiny_train(&run, v->run, sets), &run.e);
    assert_ok(acf_list_dir(&names, &n, v->dir, &e), &e);
    assert_true(n >= 8 && n <= MAX_FILES);
    for (size_t i = 0; i < n; i++) {
        v->file[i].name = names[i];
        v->file[i].bytes = tmpdir_read(tmpdir_path(v->dir, "%s", names[i]), &v->file[i].len);
    }
    v->n_files = n;
    acf_free(names);
}

size_t corruption_faults(const char *dir, size_t stride)
{
    victim v;
    acf_error e = {ACF_OK, ""};
    size_t flipped = 0;
    open_victim(&v, dir);
    for (size_t k = 0; k < v.n_files; k++) {
        flipped += flip_bytes(&v, k, stride);
        change_length(&v, k);
        for (size_t other = 0; other < k; other++)
            change_places(&v, k, other);
    }
    assert_ok(acf_checkpoint_verify(v.dir, &e), &e); /* nothing is left of all that */
    for (size_t k = 0; k < v.n_files; k++) {
        v.file[k].bytes[v.file[k].len / 2] ^= 4;
        restore(&v, k);
        v.file[k].bytes[v.file[k].len / 2] ^= 4;
        must_not_be_used(&v, k);
    }
    for (size_t k = 0; k < v.n_files; k++) {
        acf_free(v.file[k].name);
        acf_free(v.file[k].bytes);
    }
    return flipped;
}
