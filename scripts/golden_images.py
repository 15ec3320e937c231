#!/usr/bin/env python3
"""Write tests/golden/images: small pictures in every format that is read, and what PIL makes of them.

    python3 scripts/golden_images.py        (Pillow 13.0, numpy)

NAME.png, NAME.jpg, NAME.bmp    16 x 12 pixels, drawn here
NAME.rgb                        what PIL's convert("RGB") gives, 3 bytes a pixel, row by row; of 16
                                bits a sample the upper 8
field.png                       37 x 23, noise: what is resized
resize-WxH.rgb                  field.png by PIL's bilinear resize to W x H
bicubic-WxH.rgb                 the same by its bicubic one
frame-EDGE-SIZE.rgb             field.png by Resize(EDGE) and CenterCrop(SIZE) as torchvision does
"""
import os
import struct
import zlib

import numpy as np
from PIL import Image

OUT = os.path.join(os.path.dirname(__file__), "..", "tests", "golden", "images")
W, H = 16, 12


def png(path, colour, bits, rows):
    """A PNG that PIL itself cannot write: 16 bits a sample in colour."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    header = struct.pack(">IIBBBBB", W, H, bits, colour, 0, 0, 0)
    data = b"".join(b"\0" + row for row in rows)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data, 9))
                + chunk(b"IEND", b""))


def keep(name, rgb):
    with open(os.path.join(OUT, name + ".rgb"), "wb") as f:
        f.write(np.ascontiguousarray(rgb, dtype=np.uint8).tobytes())


def save(name, image, ext, **options):
    path = os.path.join(OUT, f"{name}.{ext}")
    image.save(path, **options)
    keep(name, np.asarray(Image.open(path).convert("RGB")))


def main():
    os.makedirs(OUT, exist_ok=True)
    y, x = np.mgrid[0:H, 0:W]
    colour = np.stack([x * 16 + y, 255 - y * 20, (x * y * 3) % 256], axis=2).astype(np.uint8)
    grey = ((x * 11 + y * 5) % 256).astype(np.uint8)
    alpha = ((x * 16) % 256).astype(np.uint8)
    rgb = Image.fromarray(colour)
    save("rgb8", rgb, "png")
    save("grey8", Image.fromarray(grey), "png")
    save("rgba8", Image.fromarray(np.dstack([colour, alpha])), "png")
    save("grey-alpha8", Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha))), "png")
    save("palette", rgb.quantize(16), "png", transparency=3)
    save("bit1", Image.fromarray(grey > 60).convert("1"), "png")
    save("rgb24", rgb, "bmp")
    save("palette8", rgb.quantize(20), "bmp")
    save("mono1", Image.fromarray(grey > 60).convert("1"), "bmp")
    smooth = np.stack([x * 12 + 30, y * 15 + 40, (x + y) * 7 + 20], axis=2).astype(np.uint8)
    save("baseline", Image.fromarray(smooth), "jpg", quality=95, subsampling=0)
    save("progressive", Image.fromarray(smooth), "jpg", quality=95, progressive=True)
    save("greyscale", Image.fromarray(smooth[:, :, 0]), "jpg", quality=95)

    wide = (colour.astype(np.uint16) << 8) + 77
    png(os.path.join(OUT, "rgb16.png"), 2, 16, [wide[r].astype(">u2").tobytes() for r in range(H)])
    keep("rgb16", wide >> 8)
    deep = (grey.astype(np.uint16) << 8) + 200
    png(os.path.join(OUT, "grey16.png"), 0, 16, [deep[r].astype(">u2").tobytes() for r in range(H)])
    keep("grey16", np.repeat((deep >> 8)[:, :, None], 3, axis=2))

    rng = np.random.default_rng(4)
    noise = rng.integers(0, 256, (23, 37, 3), dtype=np.uint8)
    noise[4:12, 5:20] //= 8
    field = Image.fromarray(noise)
    field.save(os.path.join(OUT, "field.png"))
    for w, h in ((37, 10), (10, 23), (8, 8), (64, 48), (1, 1), (36, 22)):
        keep(f"resize-{w}x{h}", np.asarray(field.resize((w, h), Image.Resampling.BILINEAR)))
    for w, h in ((10, 23), (12, 9), (64, 48)):
        keep(f"bicubic-{w}x{h}", np.asarray(field.resize((w, h), Image.Resampling.BICUBIC)))
    for edge, size in ((16, 16), (20, 13), (40, 32), (23, 22)):
        far = int(edge * 37 / 23)
        sized = field.resize((far, edge), Image.Resampling.BILINEAR) if edge != 23 else field
        left, top = int(round((sized.width - size) / 2.0)), int(round((sized.height - size) / 2.0))
        keep(f"frame-{edge}-{size}", np.asarray(sized.crop((left, top, left + size, top + size))))


if __name__ == "__main__":
    main()
