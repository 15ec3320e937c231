/* Without libFuzzer: runs the target on the files and directories given, on its corpus
 * (tests/fuzz/corpus/NAME below SRC) when none are. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/io.h"
#include "base/path.h"
#include "base/mem.h"
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n_run;

static bool replay(const char *path, acf_error *e)
{
    char *data;
    size_t len;
    if (acf_read_file(&data, &len, path, (size_t)64 << 20, e) != ACF_OK) return false;
    unsigned char *copy = malloc(len + (len == 0)); /* of its own length, for the sanitizers */
    ACF_ASSERT(copy != NULL);
    memcpy(copy, data, len);
    acf_free(data);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
    n_run++;
    return true;
}

static bool replay_all(const char *path, acf_error *e)
{
    char **names;
    size_t n;
    if (!acf_path_is_dir(path)) return replay(path, e);
    if (acf_list_dir(&names, &n, path, e) != ACF_OK) return false;
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        char *file = acf_path_join(path, names[i], e);
        ok = file != NULL && replay(file, e);
        acf_free(file);
    }
    acf_free_names(names, n);
    return ok;
}

int main(int argc, char **argv)
{
    acf_error e = {ACF_OK, ""};
    bool ok = true;
    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc && ok; i++)
        ok = replay_all(argv[i], &e);
    if (argc < 2) {
        char corpus[4096];
        const char *src = getenv("SRC"), *name = strstr(acf_path_base(argv[0]), "fuzz_");
        ACF_ASSERT(name != NULL);
        (void)snprintf(corpus, sizeof corpus, "%s/tests/fuzz/corpus/%s", src == NULL ? "." : src,
                       name + strlen("fuzz_"));
        ok = replay_all(corpus, &e);
    }
    if (ok && n_run == 0) ok = acf_fail(&e, ACF_ERR_FAIL, "no file to replay") == ACF_OK;
    if (!ok)
        (void)fprintf(stderr, "replay: %s\n", e.text);
    else
        (void)printf("%d inputs\n", n_run);
    return ok ? 0 : 1;
}
