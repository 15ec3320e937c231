/* A model directory without weights, its files parted by 0xFE: config.json, acf.json,
 * preprocessor_config.json, vocab.txt, model.safetensors.index.json.  With w in front a file of
 * weights comes last; with i, the weights are of the index. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "model/model_dir.h"

#include <stdio.h>

void fuzz_one(fuzz_bytes in)
{
    static const char *const file[] = {"config.json", "acf.json", "preprocessor_config.json",
                                       "vocab.txt", "model.safetensors.index.json"};
    enum { N_FILES = sizeof file / sizeof *file };
    int kind = fuzz_byte(&in);
    const char *base = kind == 'w' ? "w" : "i";
    for (int i = 0; i < N_FILES; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s/%s", base, file[i]);
        (void)fuzz_file(name, fuzz_part(&in));
    }
    (void)fuzz_file(kind == 'w' ? "w/model.safetensors" : "i/part.safetensors", in);
    acf_model m;
    acf_error e;
    const acf_model_load opt = {.pooling = -1, .dropout = -1, .seed = 1};
    acf_status st = acf_model_open(&m, fuzz_dir(base), &opt, &e);
    ACF_ASSERT(st == ACF_OK || st == ACF_ERR_MODEL || st == ACF_ERR_RESOURCE);
    if (st == ACF_OK) acf_model_free(&m);
}
