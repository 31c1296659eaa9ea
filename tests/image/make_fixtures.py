# Makes the pictures that the image tests decode, with PIL, pillow-heif (for HEIC) and a small PNG writer of its own.
# The photo is the portrait of Grace Hopper that matplotlib ships (US Navy, public domain).

import os
import struct
import zlib

import numpy as np
from PIL import Image

SOURCE = "/usr/share/matplotlib/mpl-data/sample_data/grace_hopper.jpg"
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
SIZE = (37, 47)  # odd, so that bit packing and interlacing have edges

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def pack(row, depth):
    """The bytes of one row of samples (pixels x channels)."""
    flat = row.reshape(-1)
    if depth == 16:
        return flat.astype(">u2").tobytes()
    if depth == 8:
        return flat.astype(np.uint8).tobytes()
    bits = "".join(format(int(v), f"0{depth}b") for v in flat)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def filtered(samples, depth):
    """The rows with every filter of PNG in turn."""
    channels = samples.shape[2]
    bpp = max(1, channels * depth // 8)
    above, out = None, b""
    for y, row in enumerate(samples):
        raw = pack(row, depth)
        above = above or bytes(len(raw))
        kind = (y + 4) % 5
        left = bytes(bpp) + raw[:-bpp] if len(raw) > bpp else bytes(len(raw))
        corner = bytes(bpp) + above[:-bpp] if len(raw) > bpp else bytes(len(raw))
        guess = {
            0: lambda i: 0,
            1: lambda i: left[i],
            2: lambda i: above[i],
            3: lambda i: (left[i] + above[i]) // 2,
            4: lambda i: paeth(left[i], above[i], corner[i]),
        }[kind]
        out += bytes([kind]) + bytes((raw[i] - guess(i)) & 255 for i in range(len(raw)))
        above = raw
    return out


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, samples, depth, color_type, palette=None, trns=None, interlaced=False):
    samples = samples if samples.ndim == 3 else samples[:, :, None]
    height, width = samples.shape[:2]
    if interlaced:
        passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        raw = b"".join(filtered(p, depth) for p in passes if p.size)
    else:
        raw = filtered(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    packed = zlib.compress(raw, 9)
    half = len(packed) // 2
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header))
        if palette is not None:
            f.write(chunk(b"PLTE", palette))
        if trns is not None:
            f.write(chunk(b"tRNS", trns))
        f.write(chunk(b"IDAT", packed[:half]) + chunk(b"IDAT", packed[half:]) + chunk(b"IEND", b""))


def raw(name, array):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(np.asarray(array, dtype=np.uint8).tobytes())


def main():
    os.makedirs(OUT, exist_ok=True)
    photo = Image.open(SOURCE).convert("RGB").crop((96, 20, 416, 440)).resize(SIZE)
    rgb, grey = np.asarray(photo), np.asarray(photo.convert("L"))
    raw("photo.rgb", rgb)
    raw("grey.raw", grey)
    # Left to right from clear to opaque; what the picture then is over white.
    alpha = np.tile(np.linspace(0, 255, SIZE[0]).round().astype(np.uint8), (SIZE[1], 1))
    over = lambda c: np.round(c * (alpha / 255) + 255 * (1 - alpha / 255))
    raw("photo_over_white.rgb", np.stack([over(rgb[:, :, i]) for i in range(3)], axis=2))
    raw("grey_over_white.raw", over(grey))

    wide = lambda a: a.astype(np.uint16) * 257
    rgba = np.dstack([rgb, alpha])
    la = np.dstack([grey, alpha])
    png("rgb8.png", rgb, 8, 2)
    png("rgb8_interlaced.png", rgb, 8, 2, interlaced=True)
    png("rgb16.png", wide(rgb), 16, 2)
    png("rgba8.png", rgba, 8, 6)
    png("rgba16_interlaced.png", wide(rgba), 16, 6, interlaced=True)
    png("grey8.png", grey, 8, 0)
    png("grey16.png", wide(grey), 16, 0)
    png("la8.png", la, 8, 4)
    png("la16.png", wide(la), 16, 4)
    for depth in (1, 2, 4):
        few = grey >> (8 - depth)
        raw(f"grey{depth}.raw", few.astype(int) * 255 // (2**depth - 1))
        png(f"grey{depth}.png", few, depth, 0)
        if depth == 4:
            png("grey4_interlaced.png", few, depth, 0, interlaced=True)
    indexed = photo.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    palette = bytes(indexed.getpalette()[:48])
    raw("indexed.rgb", np.asarray(indexed.convert("RGB")))
    png("palette4.png", np.asarray(indexed), 4, 3, palette)
    png("palette8_interlaced.png", np.asarray(indexed), 8, 3, palette, interlaced=True)
    clear = np.array(indexed.convert("RGB"))
    clear[np.asarray(indexed) == 3] = 255
    raw("indexed_clear.rgb", clear)
    png("palette8_clear.png", np.asarray(indexed), 8, 3, palette, bytes([255, 255, 255, 0]))
    key = struct.pack(">HHH", *(int(v) for v in palette[9:12]))
    png("rgb8_clear.png", np.asarray(indexed.convert("RGB")), 8, 2, trns=key)
    Image.open(os.path.join(OUT, "rgb8_interlaced.png")).load()  # PIL finds our writer sound
    assert (np.asarray(Image.open(os.path.join(OUT, "rgb8_interlaced.png"))) == rgb).all()

    save = lambda image, name, **how: image.save(os.path.join(OUT, name), **how)
    save(photo, "444.jpg", quality=95, subsampling=0)
    save(photo, "420.jpg", quality=90)
    save(photo, "progressive.jpg", quality=90, progressive=True)
    save(photo.convert("L"), "grey.jpg", quality=95)
    save(photo.convert("CMYK"), "cmyk.jpg", quality=95)
    save(indexed, "interlaced.gif", interlace=1)
    save(indexed, "plain.gif", interlace=0)
    save(indexed, "clear.gif", transparency=3, interlace=0)
    other = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("P")
    save(indexed, "animated.gif", save_all=True, append_images=[other])
    save(photo, "lossless.webp", lossless=True)
    save(photo, "lossy.webp", quality=95)
    save(Image.fromarray(rgba, "RGBA"), "alpha.webp", lossless=True, exact=True)
    save(photo, "animated.webp", save_all=True, append_images=[photo.rotate(90)], lossless=True)
    for name in ("444.jpg", "420.jpg", "cmyk.jpg", "lossy.webp"):  # as PIL decodes them
        decoded = Image.open(os.path.join(OUT, name)).convert("RGB")
        raw(name.split(".")[0] + ".rgb", np.asarray(decoded))
    exif = Image.Exif()
    exif[0x0112] = 6
    save(photo.transpose(Image.Transpose.ROTATE_90), "turned.webp", lossless=True, exif=exif)
    save(photo.transpose(Image.Transpose.ROTATE_90), "turned.jpg", quality=95, exif=exif)


def phones_and_cameras():
    """HEIC, AVIF, TIFF and BMP of the photo that photo.rgb holds."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    with open(os.path.join(OUT, "photo.rgb"), "rb") as file:
        rgb = np.frombuffer(file.read(), np.uint8).reshape(SIZE[1], SIZE[0], 3)
    photo = Image.fromarray(rgb)
    alpha = np.tile(np.linspace(0, 255, SIZE[0]).round().astype(np.uint8), (SIZE[1], 1))
    at = lambda name: os.path.join(OUT, name)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = photo.transpose(Image.Transpose.ROTATE_90)

    photo.save(at("photo.heic"), quality=95, chroma=444)
    turned.save(at("turned.heic"), quality=95, chroma=444, exif=exif.tobytes())
    photo.save(at("photo.avif"), quality=95, subsampling="4:4:4")
    wide = photo.resize((36, 24))
    wide.save(at("wide.avif"), quality=95, subsampling="4:4:4")
    with open(at("wide.rgb"), "wb") as file:
        file.write(np.asarray(wide).tobytes())
    Image.fromarray(np.dstack([rgb, alpha])).save(at("alpha.avif"), quality=95, subsampling="4:4:4")
    turned.save(at("turned.avif"), quality=95, subsampling="4:4:4", exif=exif)
    for orientation in range(2, 9):  # PIL writes them as boxes
        exif[0x0112] = orientation
        wide.save(at(f"orientation{orientation}.avif"), quality=95, subsampling="4:4:4", exif=exif)

    for name, how in (("plain", None), ("lzw", "tiff_lzw"), ("deflate", "tiff_deflate")):
        photo.save(at(f"{name}.tif"), compression=how)
    turned.save(at("turned.tif"), compression="tiff_lzw", tiffinfo={0x0112: 6})
    photo.save(at("predictor.tif"), compression="tiff_lzw", tiffinfo={317: 2})
    photo.convert("L").save(at("grey.tif"))
    photo.convert("1", dither=0).save(at("refused_black.tif"))
    grey = np.asarray(photo.convert("L"))
    Image.fromarray(grey.astype(np.uint16) * 257).save(at("grey16.tif"))
    Image.fromarray(np.dstack([rgb, alpha])).save(at("alpha.tif"))
    photo.convert("P", palette=Image.Palette.ADAPTIVE, colors=16).save(at("palette.tif"))
    for name, how in (("jpeg", "jpeg"), ("packbits", "packbits"), ("fax", "group4")):
        picture = photo.convert("1") if how == "group4" else photo
        picture.save(at(f"refused_{name}.tif"), compression=how)
    photo.convert("CMYK").save(at("refused_cmyk.tif"))

    photo.save(at("rgb24.bmp"))
    Image.fromarray(np.dstack([rgb, alpha])).save(at("rgb32.bmp"))
    photo.convert("P", palette=Image.Palette.ADAPTIVE, colors=16).save(at("palette8.bmp"))
    photo.convert("L").save(at("grey8.bmp"))
    photo.convert("1", dither=0).save(at("black.bmp"))
    black = np.asarray(photo.convert("1", dither=0)).astype(np.uint8) * 255
    with open(at("black.raw"), "wb") as file:
        file.write(black.tobytes())
    with open(at("rgb24.bmp"), "rb") as file:
        bmp = bytearray(file.read())
    start, row = struct.unpack_from("<I", bmp, 10)[0], (SIZE[0] * 3 + 3) // 4 * 4
    rows = [bmp[start + i * row : start + (i + 1) * row] for i in range(SIZE[1])]
    struct.pack_into("<i", bmp, 22, -SIZE[1])
    with open(at("top_down.bmp"), "wb") as file:
        file.write(bytes(bmp[:start]) + b"".join(bytes(r) for r in reversed(rows)))



def bombs():
    """Large pictures of one colour in few bytes; hostile_test.ts makes their headers say less."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    os.makedirs(os.path.join(OUT, "bombs"), exist_ok=True)
    at = lambda name: os.path.join(OUT, "bombs", name)
    Image.new("RGB", (8192, 8192), (90, 120, 60)).save(at("bomb.avif"), quality=30, speed=10)
    Image.new("RGB", (6000, 6000), (90, 120, 60)).save(at("bomb.heic"), quality=10)


if __name__ == "__main__":
    main()
    phones_and_cameras()
    bombs()
