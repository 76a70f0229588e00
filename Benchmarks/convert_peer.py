#!/usr/bin/env python3
"""The peer of `croco convert --size`: Pillow and h5py, one process, one thread.

Reads pairs of images, crops to the aspect ratio, resizes with Lanczos, encodes as JPEG at quality 95, and writes the
same arrays as a shard. With --croco it alternates with `croco convert frames --threads 1` on the same folder, each
`--rounds` times, and prints images/s of both and the ratio of every round.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import time

import h5py
import numpy as np
from PIL import Image


def convert(paths, size, output):
    """Writes one shard of consecutive pairs."""
    blobs = []
    for path in paths:
        image = Image.open(path).convert("RGB")
        scale = max(size / image.width, size / image.height)
        width, height = max(size, round(image.width * scale)), max(size, round(image.height * scale))
        image = image.resize((width, height), Image.LANCZOS)
        left, top = (width - size) // 2, (height - size) // 2
        data = io.BytesIO()
        image.crop((left, top, left + size, top + size)).save(data, "JPEG", quality=95)
        blobs.append(data.getvalue())
    with h5py.File(output, "w") as file:
        file["blob"] = np.frombuffer(b"".join(blobs), np.uint8)
        file["image/offset"] = np.cumsum([0] + [len(blob) for blob in blobs], dtype=np.uint64)
        file["pair/index"] = np.array([(i, i + 1) for i in range(len(blobs) - 1)], np.uint32)
    with open(output, "rb") as file:
        os.fsync(file.fileno())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="images, in one folder")
    parser.add_argument("output", help="a folder for what is written; removed afterwards")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--croco", help="the croco program to alternate with")
    options = parser.parse_args()
    paths = sorted(os.path.join(options.folder, name) for name in os.listdir(options.folder))
    for _ in range(options.rounds):
        os.makedirs(options.output)
        start = time.monotonic()
        convert(paths, options.size, os.path.join(options.output, "peer.h5"))
        peer = len(paths) / (time.monotonic() - start)
        line = f"Pillow + h5py {peer:.1f} images/s"
        if options.croco:
            command = [options.croco, "convert", "frames", options.folder, "--output", options.output + "/croco"]
            command += ["--size", str(options.size), "--quality", "95", "--validation", "0", "--threads", "1", "--max-gap", "1"]
            start = time.monotonic()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            croco = len(paths) / (time.monotonic() - start)
            line += f" | croco {croco:.1f} images/s | {croco / peer:.2f} x"
        print(line, flush=True)
        shutil.rmtree(options.output)


if __name__ == "__main__":
    sys.exit(main())
