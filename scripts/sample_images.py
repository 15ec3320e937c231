"""Draw the pictures of data/sample-image: coloured shapes of three kinds, as PNG and BMP.

    python3 scripts/sample_images.py data/sample-image

Needs nothing but Python; the pixels are the same everywhere (the bytes of a PNG depend on zlib).
"""
import os
import random
import struct
import sys
import zlib

SIDE = 16
KINDS = ("bars", "disc", "frame")
SPLITS = (("train", 8), ("dev", 4))


def is_inside(kind, x, y, r, at):
    """Whether pixel (x, y) belongs to a shape of half-width r around `at`."""
    dx, dy = abs(x - at[0]), abs(y - at[1])
    if kind == "disc":
        return dx * dx + dy * dy <= r * r
    if kind == "frame":
        return max(dx, dy) <= r and max(dx, dy) > r - 2
    return max(dx, dy) <= r and (x + at[0]) % 4 < 2


def draw(kind, rng):
    """Rows of (red, green, blue): a light shape on dark ground or the other way round."""
    dark = [rng.randrange(0, 90) for _ in range(3)]
    light = [rng.randrange(150, 256) for _ in range(3)]
    shape, ground = (light, dark) if rng.random() < 0.5 else (dark, light)
    r = rng.randrange(4, 7)
    at = [rng.randrange(r + 1, SIDE - r - 1) for _ in range(2)]
    return [[shape if is_inside(kind, x, y, r, at) else ground for x in range(SIDE)]
            for y in range(SIDE)]


def png(rows):
    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    raw = b"".join(b"\0" + bytes(v for pixel in row for v in pixel) for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def bmp(rows):
    raw = b"".join(bytes(v for pixel in row for v in reversed(pixel)) for row in reversed(rows))
    return (b"BM" + struct.pack("<IHHI", 54 + len(raw), 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 24, 0, len(raw), 2835, 2835, 0, 0) + raw)


def main():
    out = sys.argv[1]
    rng = random.Random(1)
    for split, n in SPLITS:
        for kind in KINDS:
            folder = os.path.join(out, split, kind)
            os.makedirs(folder, exist_ok=True)
            for i in range(n):
                write, ending = (bmp, "bmp") if i == n - 1 else (png, "png")
                with open(os.path.join(folder, "%02d.%s" % (i + 1, ending)), "wb") as f:
                    f.write(write(draw(kind, rng)))


if __name__ == "__main__":
    main()
