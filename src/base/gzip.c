#include "base/gzip.h"

#include "base/io.h"
#include "base/mem.h"

#include <string.h>
#include <strings.h>

#define ZLIB_CONST /* input through a pointer to const */
#include <zlib.h>

enum {
    PIECE = 1 << 18,      /* bytes of room for the next piece of content */
    GZIP_WINDOW = 15 + 16 /* largest window, gzip wrapper only: zlib.h, inflateInit2 */
};

/* Unpacking under way. */
typedef struct gunzip {
    z_stream z;
    const char *path;
    size_t packed; /* bytes of the file */
    size_t left;   /* bytes of it not yet given to zlib */
    size_t most;   /* bytes of content allowed */
    bool is_mid;   /* inside a member */
    char *data;    /* content so far */
    size_t len, cap;
} gunzip;

bool acf_gzip_is_name(const char *path)
{
    size_t len = strlen(path);
    return len > 3 && strcasecmp(path + len - 3, ".gz") == 0;
}

static void *take(void *payload, unsigned count, unsigned size)
{
    size_t bytes;
    (void)payload;
    return acf_size_mul(&bytes, count, size) ? acf_hook_malloc(bytes) : NULL;
}

static void give(void *payload, void *block)
{
    (void)payload;
    acf_hook_free(block);
}

static acf_status too_much(const gunzip *g, acf_error *e)
{
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: %zu packed bytes unpack to more than the %zu allowed; if they are meant, "
                    "give the unpacked file",
                    g->path, g->packed, g->most);
}

static acf_status cut_short(const gunzip *g, acf_error *e)
{
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: the gzip data end after %zu bytes in the middle of their content (%zu "
                    "bytes came out): an incomplete copy?",
                    g->path, g->packed, g->len);
}

/* Begin the member that must start at the next byte. */
static acf_status begin_member(gunzip *g, acf_error *e)
{
    const unsigned char *at = g->z.next_in;
    size_t left = g->left + g->z.avail_in, place = g->packed - left;
    if (left >= 2 && at[0] == 0x1F && at[1] == 0x8B) {
        g->is_mid = true;
        return inflateReset(&g->z) == Z_OK
                   ? ACF_OK
                   : acf_fail(e, ACF_ERR_FAIL, "%s: zlib cannot begin again", g->path);
    }
    if (place == 0)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: is not gzip data (it begins with byte 0x%02X)",
                        g->path, at[0]);
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: %zu bytes that are not gzip data follow the content, from byte %zu on",
                    g->path, left, place + 1);
}

/* Unpack until the file is at its end. */
static acf_status unpack(gunzip *g, acf_error *e)
{
    while (g->left + g->z.avail_in > 0 || g->is_mid) {
        if (g->z.avail_in == 0 && g->left > 0) { /* zlib counts in unsigned int */
            size_t n = g->left < PIECE ? g->left : PIECE;
            g->z.avail_in = (uInt)n;
            g->left -= n;
        }
        if (!g->is_mid) ACF_TRY(begin_member(g, e));
        char *grown = acf_grow(g->data, &g->cap, g->len + PIECE + 1, 1, g->path, e);
        if (grown == NULL) return ACF_ERR_RESOURCE;
        g->data = grown;
        g->z.next_out = (unsigned char *)g->data + g->len;
        g->z.avail_out = PIECE;
        int code = inflate(&g->z, Z_NO_FLUSH);
        g->len += PIECE - g->z.avail_out;

        if (g->len > g->most) return too_much(g, e);
        if (code == Z_STREAM_END) {
            g->is_mid = false;
        } else if (code == Z_MEM_ERROR) {
            return acf_fail(e, ACF_ERR_RESOURCE, "%s: not enough memory to unpack", g->path);
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            return acf_fail(e, ACF_ERR_FORMAT, "%s: damaged gzip data near byte %zu: %s", g->path,
                            g->packed - g->left - g->z.avail_in,
                            g->z.msg != NULL ? g->z.msg : "a preset dictionary is needed");
        } else if (g->z.avail_out > 0 && g->z.avail_in == 0 && g->left == 0) {
            return cut_short(g, e);
        }
    }
    return ACF_OK;
}

acf_status acf_gzip_read(char **data, size_t *len, char hex[ACF_DIGEST_HEX + 1], const char *path,
                         size_t max_bytes, acf_error *e)
{
    const unsigned char *packed;
    gunzip g = {.path = path, .most = max_bytes};
    *data = NULL;
    *len = 0;
    ACF_TRY(acf_map_file(&packed, &g.packed, path, e));
    if (g.packed < (max_bytes - 1) / ACF_GZIP_RATIO && /* the product below is under max_bytes */
        ACF_GZIP_FREE < max_bytes - g.packed * ACF_GZIP_RATIO)
        g.most = ACF_GZIP_FREE + g.packed * ACF_GZIP_RATIO;

    acf_status st = ACF_OK;
    g.z.zalloc = take;
    g.z.zfree = give;
    if (g.packed == 0)
        st = acf_fail(e, ACF_ERR_FORMAT, "%s: is empty, expected gzip data", path);
    else if (inflateInit2(&g.z, GZIP_WINDOW) != Z_OK)
        st = acf_fail(e, ACF_ERR_RESOURCE, "%s: not enough memory to unpack", path);
    if (st == ACF_OK) {
        acf_digest_bytes(hex, packed, g.packed);
        g.z.next_in = packed;
        g.left = g.packed;
        st = unpack(&g, e);
        (void)inflateEnd(&g.z);
    }
    acf_unmap_file(&packed, &g.packed);
    if (st != ACF_OK) {
        acf_free(g.data);
        return st;
    }
    g.data[g.len] = '\0';
    *data = g.data;
    *len = g.len;
    return ACF_OK;
}
