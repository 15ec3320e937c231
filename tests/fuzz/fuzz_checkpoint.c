/* A checkpoint's directory: SHA256SUMS, after 0xFE COMPLETE, after 0xFE config.json.  With m in
 * front COMPLETE is what belongs to SHA256SUMS; with s, SHA256SUMS is right, too. */
#include "fuzz/frame.h"

#include "base/assert.h"
#include "base/digest.h"
#include "store/checkpoint.h"

#include <stdio.h>

static fuzz_bytes digest_line(char line[96], fuzz_bytes content, const char *name)
{
    char hex[ACF_DIGEST_HEX + 1];
    acf_digest_bytes(hex, content.at, content.len);
    (void)snprintf(line, 96, "%s%s%s\n", hex, name[0] != '\0' ? "  " : "", name);
    return fuzz_text(line);
}

void fuzz_one(fuzz_bytes in)
{
    char line[96], last[96];
    acf_error e;
    int kind = fuzz_byte(&in);
    fuzz_bytes sums = fuzz_part(&in), complete = fuzz_part(&in);
    if (kind == 's') sums = digest_line(line, in, "config.json");
    if (kind == 's' || kind == 'm') complete = digest_line(last, sums, "");
    (void)fuzz_file("ck/config.json", in);
    (void)fuzz_file("ck/SHA256SUMS", sums);
    (void)fuzz_file("ck/COMPLETE", complete);
    const char *dir = fuzz_dir("ck");
    bool has_sums;
    acf_status st = acf_checkpoint_has_sums(&has_sums, dir, &e);
    ACF_ASSERT(st == ACF_OK && has_sums);
    st = acf_checkpoint_verify(dir, &e);
    ACF_ASSERT(st == ACF_OK || st == ACF_ERR_MODEL);
    ACF_ASSERT(kind != 's' || st == ACF_OK);
}
