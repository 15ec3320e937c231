#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/status.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 32, MAX_PATH = 256 };

typedef struct scratch_file {
    char path[MAX_PATH];
    int fd; /* -1: none, or a directory */
} scratch_file;

static char scratch[MAX_PATH];
static scratch_file files[MAX_FILES];
static int n_files;

static void remove_scratch(void)
{
    for (int i = 0; i < n_files; i++)
        if (files[i].fd >= 0) (void)close(files[i].fd);
    if (acf_remove_tree(scratch, NULL) != ACF_OK)
        (void)fprintf(stderr, "%s: could not be removed\n", scratch);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    acf_json_start();
    const char *where = getenv("FUZZ_SCRATCH");
    (void)snprintf(scratch, sizeof scratch, "%s/acf-fuzz-XXXXXX",
                   where != NULL                   ? where
                   : access("/dev/shm", W_OK) == 0 ? "/dev/shm"
                                                   : "/tmp");
    ACF_ASSERT(mkdtemp(scratch) != NULL);
    ACF_ASSERT(atexit(remove_scratch) == 0);
    if (fuzz_start != NULL) fuzz_start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t held = acf_mem_held();
    fuzz_one((fuzz_bytes){data, size});
    ACF_ASSERT(acf_mem_held() == held); /* nothing leaks, whatever the answer */
    return 0;
}

uint8_t fuzz_byte(fuzz_bytes *in)
{
    if (in->len == 0) return 0;
    in->len--;
    return *in->at++;
}

fuzz_bytes fuzz_part(fuzz_bytes *in)
{
    const uint8_t *end = in->len == 0 ? NULL : memchr(in->at, 0xFE, in->len);
    fuzz_bytes part = {in->at, end == NULL ? in->len : (size_t)(end - in->at)};
    size_t taken = end == NULL ? part.len : part.len + 1;
    in->at += taken;
    in->len -= taken;
    return part;
}

fuzz_bytes fuzz_text(const char *text)
{
    return (fuzz_bytes){(const uint8_t *)text, strlen(text)};
}

static scratch_file *find(const char *name, bool is_dir)
{
    char path[MAX_PATH];
    int n = snprintf(path, sizeof path, "%s/%s", scratch, name);
    ACF_ASSERT(n > 0 && n < MAX_PATH);
    for (int i = 0; i < n_files; i++)
        if (strcmp(files[i].path, path) == 0) return &files[i];
    ACF_ASSERT(n_files < MAX_FILES);
    scratch_file *f = &files[n_files++];
    memcpy(f->path, path, sizeof path);
    f->fd = -1;
    if (!is_dir) *strrchr(path, '/') = '\0';
    ACF_ASSERT(acf_make_dirs(path, NULL) == ACF_OK);
    return f;
}

const char *fuzz_dir(const char *name)
{
    return find(name, true)->path;
}

const char *fuzz_file(const char *name, fuzz_bytes content)
{
    struct stat info;
    scratch_file *f = find(name, false);
    /* The file is kept open; a reader may have put another in its place. */
    if (f->fd >= 0 && (fstat(f->fd, &info) != 0 || info.st_nlink == 0)) {
        (void)close(f->fd);
        f->fd = -1;
    }
    if (f->fd < 0) f->fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ACF_ASSERT(f->fd >= 0);
    ACF_ASSERT(ftruncate(f->fd, (off_t)content.len) == 0);
    ACF_ASSERT(content.len == 0 ||
               pwrite(f->fd, content.at, content.len, 0) == (ssize_t)content.len);
    return f->path;
}
