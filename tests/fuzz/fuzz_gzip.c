/* A gzip file, within a limit of 1 MiB. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/gzip.h"
#include "base/mem.h"

void fuzz_one(fuzz_bytes in)
{
    const size_t most = (size_t)1 << 20;
    char *content, hex[ACF_DIGEST_HEX + 1];
    size_t len;
    acf_error e;
    if (acf_gzip_read(&content, &len, hex, fuzz_file("file.gz", in), most, &e) != ACF_OK) {
        ACF_ASSERT(content == NULL);
        return;
    }
    ACF_ASSERT(len <= most && content[len] == '\0' && acf_digest_is_hex(hex));
    acf_free(content);
}
