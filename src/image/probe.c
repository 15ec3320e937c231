#include "image/probe.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

/* One file under inspection. */
typedef struct probe {
    const unsigned char *bytes;
    size_t len;
    const char *name;
    acf_image_info *info;
} probe;

static uint32_t big32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t big16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t little32(const unsigned char *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint32_t little16(const unsigned char *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

const char *acf_image_format_name(acf_image_format format)
{
    switch (format) {
    case ACF_IMAGE_PNG:
        return "PNG";
    case ACF_IMAGE_JPEG:
        return "JPEG";
    case ACF_IMAGE_BMP:
        return "BMP";
    }
    return "";
}

static acf_status cut_short(const probe *p, acf_error *e)
{
    return acf_fail(e, ACF_ERR_FORMAT, "%s: the %s data end too early, after %zu bytes: cut short?",
                    p->name, acf_image_format_name(p->info->format), p->len);
}

static acf_status take_size(const probe *p, uint32_t width, uint32_t height, acf_error *e)
{
    if (width < 1 || height < 1 || width > ACF_IMAGE_MAX_SIDE || height > ACF_IMAGE_MAX_SIDE)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: is %u x %u pixels, each side must be 1 to %d",
                        p->name, width, height, ACF_IMAGE_MAX_SIDE);
    p->info->width = (int)width;
    p->info->height = (int)height;
    return ACF_OK;
}

/* So that a file's size bounds the memory it makes the decoder take: `packed` bytes never unpack to
 * the pixels of this header (IHDR), whatever they are. */
static acf_status check_png_data(const probe *p, const unsigned char *header, size_t packed,
                                 acf_error *e)
{
    enum { DEFLATE_MOST = 1032 };                            /* bytes out of one, at best */
    static const uint8_t samples[7] = {1, 0, 3, 1, 2, 0, 4}; /* by type of colour */
    size_t bits = header[9] < 7 ? (size_t)samples[header[9]] * header[8] : 0;
    size_t need = ((size_t)p->info->width * bits + 7) / 8 * (size_t)p->info->height;
    if (need / DEFLATE_MOST <= packed) return ACF_OK;
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: damaged PNG data: %d x %d pixels cannot come out of %zu packed bytes",
                    p->name, p->info->width, p->info->height, packed);
}

static acf_status probe_png(const probe *p, acf_error *e)
{
    enum { SIGNATURE = 8, AROUND = 12, HEADER = 13 }; /* AROUND: length, type and CRC of a chunk */
    bool is_first = true;
    size_t packed = 0;
    for (size_t at = SIGNATURE;;) {
        const unsigned char *chunk = p->bytes + at;
        if (p->len - at < AROUND) return cut_short(p, e);
        size_t n = big32(chunk);
        bool is_header = memcmp(chunk + 4, "IHDR", 4) == 0;
        if (is_first != is_header || (is_first && n != HEADER))
            return acf_fail(e, ACF_ERR_FORMAT, "%s: damaged PNG data: chunk 'IHDR' of %d bytes %s",
                            p->name, HEADER, is_first ? "does not come first" : "comes twice");
        if (is_first && p->len - at >= AROUND + HEADER)
            ACF_TRY(take_size(p, big32(chunk + 8), big32(chunk + 12), e));
        if (n > p->len - at - AROUND) return cut_short(p, e);
        uint32_t crc = (uint32_t)crc32_z(0, chunk + 4, n + 4);
        bool is_critical = (chunk[4] & 0x20) == 0;
        if (is_critical && crc != big32(chunk + 8 + n))
            return acf_fail(e, ACF_ERR_FORMAT,
                            "%s: damaged PNG data: chunk '%.4s' at byte %zu has checksum %08x, "
                            "its data %08x",
                            p->name, (const char *)chunk + 4, at, big32(chunk + 8 + n), crc);
        if (memcmp(chunk + 4, "IDAT", 4) == 0) packed += n;
        if (memcmp(chunk + 4, "IEND", 4) == 0)
            return check_png_data(p, p->bytes + SIGNATURE + 8, packed, e);
        is_first = false;
        at += n + AROUND;
    }
}

static acf_status probe_frame(const probe *p, unsigned marker, const unsigned char *frame, size_t n,
                              acf_error *e)
{
    if (marker != 0xC0 && marker != 0xC1 && marker != 0xC2)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: JPEG of kind SOF%u (lossless, hierarchical or arithmetic) is not "
                        "read; baseline and progressive are",
                        p->name, marker - 0xC0);
    if (n < 6) return cut_short(p, e);
    if (frame[0] != 8)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: JPEG of %u bits a sample is not read; 8 are",
                        p->name, frame[0]);
    return take_size(p, big16(frame + 3), big16(frame + 1), e);
}

/* Huffman tables (T.81 B.2.4.2).  The decoder has room for 256 symbols a table, without looking,
 * and loses its way in one of 256; with 8 bits a sample there are at most 176 different symbols. */
static acf_status probe_huffman(const probe *p, const unsigned char *segment, size_t n,
                                acf_error *e)
{
    enum { HEADER = 17, MOST = 255 }; /* HEADER: class and place, 16 numbers of symbols */
    for (size_t at = 0; at < n;) {
        size_t symbols = 0;
        if (n - at < HEADER) return cut_short(p, e);
        for (size_t k = 1; k < HEADER; k++)
            symbols += segment[at + k];
        if (symbols > MOST)
            return acf_fail(e, ACF_ERR_FORMAT,
                            "%s: damaged JPEG data: a Huffman table of %zu symbols", p->name,
                            symbols);
        at += HEADER;
        if (symbols > n - at) return cut_short(p, e);
        at += symbols;
    }
    return ACF_OK;
}

/* As check_png_data: of each 8 x 8 pixels, a scan tells at least one bit. */
static acf_status check_jpeg_data(const probe *p, size_t packed, acf_error *e)
{
    size_t blocks = ((size_t)p->info->width + 7) / 8 * (((size_t)p->info->height + 7) / 8);
    if (blocks / 8 <= packed) return ACF_OK;
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: damaged JPEG data: %d x %d pixels cannot come out of %zu packed bytes",
                    p->name, p->info->width, p->info->height, packed);
}

static acf_status probe_jpeg(const probe *p, acf_error *e)
{
    const unsigned char *b = p->bytes;
    bool has_frame = false, has_scan = false;
    size_t packed = 0;
    for (size_t at = 2;;) {
        /* To the next marker: after a scan its data lie before it, with 0 after each FF. */
        while (at + 1 < p->len && (b[at] != 0xFF || b[at + 1] == 0x00 || b[at + 1] == 0xFF)) {
            if (b[at] != 0xFF && !has_scan)
                return acf_fail(e, ACF_ERR_FORMAT,
                                "%s: damaged JPEG data: no marker at byte %zu (0x%02x)", p->name,
                                at, b[at]);
            at++;
            packed++;
        }
        if (at + 1 >= p->len) return cut_short(p, e);
        unsigned marker = b[at + 1];
        at += 2;
        if (marker == 0xD9) break;                                          /* EOI */
        if ((marker >= 0xD0 && marker <= 0xD8) || marker == 0x01) continue; /* RST, SOI, TEM */
        if (p->len - at < 2) return cut_short(p, e);
        size_t n = big16(b + at);
        if (n < 2 || n > p->len - at) return cut_short(p, e);
        if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 &&
            marker != 0xCC) {
            ACF_TRY(probe_frame(p, marker, b + at + 2, n - 2, e));
            has_frame = true;
        }
        if (marker == 0xC4) ACF_TRY(probe_huffman(p, b + at + 2, n - 2, e));
        has_scan |= marker == 0xDA;
        at += n;
    }
    if (has_frame && has_scan) return check_jpeg_data(p, packed, e);
    return acf_fail(e, ACF_ERR_FORMAT, "%s: damaged JPEG data: no %s before the end marker",
                    p->name, has_frame ? "scan" : "frame");
}

static acf_status probe_bmp(const probe *p, acf_error *e)
{
    enum { CORE = 12, INFO = 40 };
    const unsigned char *b = p->bytes;
    if (p->len < 26) return cut_short(p, e);
    uint32_t header = little32(b + 14), offset = little32(b + 10);
    if (header != CORE && header < INFO)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: damaged BMP data: a header of %u bytes", p->name,
                        header);
    if (header != CORE && p->len < 14 + INFO) return cut_short(p, e);
    uint32_t width = header == CORE ? little16(b + 18) : little32(b + 18);
    uint32_t height = header == CORE ? little16(b + 20) : little32(b + 22);
    uint32_t bits = header == CORE ? little16(b + 24) : little16(b + 28);
    uint32_t packing = header == CORE ? 0 : little32(b + 30);
    if (height > INT32_MAX) height = 0u - height; /* rows from the top */
    ACF_TRY(take_size(p, width, height, e));
    if (packing != 0 && packing != 3)
        return acf_fail(e, ACF_ERR_FORMAT,
                        "%s: BMP with packed pixels (compression %u) is not read; plain ones are",
                        p->name, packing);
    if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: damaged BMP data: %u bits a pixel", p->name, bits);
    size_t row = ((size_t)width * bits + 31) / 32 * 4; /* the last one may lack its padding */
    size_t need = (size_t)offset + row * (height - 1) + ((size_t)width * bits + 7) / 8;
    return need <= p->len ? ACF_OK : cut_short(p, e);
}

static bool begins(const probe *p, size_t at, const char *text, size_t n)
{
    return p->len >= at + n && memcmp(p->bytes + at, text, n) == 0;
}

/* The name of a format that is known but not read; NULL: none that is known. */
static const char *foreign_name(const probe *p)
{
    static const struct {
        size_t at, n;
        const char *text, *name;
    } table[] = {
        {0, 4, "GIF8", "GIF"},
        {8, 4, "WEBP", "WebP"},
        {0, 4, "II*\0", "TIFF"},
        {0, 4, "MM\0*", "TIFF"},
        {0, 4, "8BPS", "Photoshop (PSD)"},
        {4, 8, "ftypavif", "AVIF"},
        {4, 8, "ftypheic", "HEIC"},
        {4, 8, "ftypmif1", "HEIF"},
        {4, 4, "jP  ", "JPEG 2000"},
        {0, 4, "\xFF\x4F\xFF\x51", "JPEG 2000"},
        {0, 2, "\xFF\x0A", "JPEG XL"},
        {4, 4, "JXL ", "JPEG XL"},
        {0, 4, "\0\0\1\0", "icon (ICO)"},
        {0, 4, "%PDF", "PDF"},
        {0, 4, "<svg", "SVG"},
        {0, 2, "\x1F\x8B", "gzip"},
        {0, 4, "PK\3\4", "zip"},
        {0, 10, "#?RADIANCE", "Radiance HDR"},
        {0, 4, "\x76\x2F\x31\x01", "OpenEXR"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (begins(p, table[i].at, table[i].text, table[i].n)) return table[i].name;
    bool is_pnm = p->len > 2 && p->bytes[0] == 'P' && p->bytes[1] >= '1' && p->bytes[1] <= '7' &&
                  strchr(" \t\r\n", p->bytes[2]) != NULL && p->bytes[2] != '\0';
    return is_pnm ? "PNM (PBM, PGM, PPM, PAM)" : NULL;
}

static acf_status refuse(const probe *p, acf_error *e)
{
    const char *foreign = foreign_name(p);
    if (p->len == 0) return acf_fail(e, ACF_ERR_FORMAT, "%s: is empty (0 bytes)", p->name);
    if (foreign != NULL)
        return acf_fail(e, ACF_ERR_FORMAT, "%s: is a %s file; PNG, JPEG and BMP are read", p->name,
                        foreign);
    char shown[9] = "";
    for (size_t i = 0; i < 8 && i < p->len; i++)
        shown[i] = p->bytes[i] >= 0x20 && p->bytes[i] < 0x7F ? (char)p->bytes[i] : '?';
    return acf_fail(e, ACF_ERR_FORMAT,
                    "%s: is neither PNG nor JPEG nor BMP, whatever its name (it begins with '%s')",
                    p->name, shown);
}

acf_status acf_image_probe(acf_image_info *out, const unsigned char *bytes, size_t len,
                           const char *name, acf_error *e)
{
    const probe p = {bytes, len, name, out};
    *out = (acf_image_info){0};
    if (begins(&p, 0, "\x89PNG\r\n\x1A\n", 8)) {
        out->format = ACF_IMAGE_PNG;
        return probe_png(&p, e);
    }
    if (begins(&p, 0, "\xFF\xD8\xFF", 3)) {
        out->format = ACF_IMAGE_JPEG;
        return probe_jpeg(&p, e);
    }
    if (begins(&p, 0, "BM", 2) && (len < 18 || little32(bytes + 14) < 256)) {
        out->format = ACF_IMAGE_BMP;
        return probe_bmp(&p, e);
    }
    return refuse(&p, e);
}
