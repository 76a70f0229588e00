#!/usr/bin/env python3
"""The loader's peer: a PyTorch DataLoader that decodes with Pillow, crops 224, jitters colours and normalises.

    python3 Benchmarks/loader_peer.py DATA [--workers N] [--seconds S] [--batch B]

DATA is a croco data set of encoded images; the peer reads the same JPEG bytes from memory, without a file system in
between, which favours it. Prints pairs a second, and pairs a second of one core's time. Compare with
`croco bench loader --preset croco_v1_base --data DATA --set data.loader_threads=1`.

Needs PyTorch, Pillow, h5py. Colour jitter is torchvision's on Pillow images: ImageEnhance in random order.
"""

import argparse
import io
import json
import pathlib
import random
import resource
import time

import h5py
import numpy
import torch
from PIL import Image, ImageEnhance

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
ENHANCERS = [ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color]


class Pairs(torch.utils.data.Dataset):
    """All pairs of a data set, their files in memory."""

    def __init__(self, folder, size):
        self.size = size
        self.images, self.pairs = [], []
        manifest = json.loads((pathlib.Path(folder) / "manifest.json").read_text())
        for shard in manifest["splits"]["train"]:
            with h5py.File(pathlib.Path(folder) / shard["name"]) as file:
                blob, offset, first = file["blob"][:], file["image/offset"][:], len(self.images)
                self.images += [blob[a:b].tobytes() for a, b in zip(offset[:-1], offset[1:])]
                self.pairs += [(first + int(a), first + int(b)) for a, b in file["pair/index"][:]]

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, number):
        return tuple(self.view(self.images[image]) for image in self.pairs[number])

    def view(self, encoded):
        image = Image.open(io.BytesIO(encoded)).convert("RGB")
        left, top = (random.randint(0, side - self.size) for side in image.size)
        image = image.crop((left, top, left + self.size, top + self.size))
        for enhancer in random.sample(ENHANCERS, 3):
            image = enhancer(image).enhance(random.uniform(0.6, 1.4))
        pixels = torch.from_numpy(numpy.array(image)).permute(2, 0, 1).contiguous()  # [3, H, W]
        return pixels.to(torch.float32).div(255).sub(MEAN).div(DEVIATION)


def core_seconds():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in (own, children))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--workers", type=int, default=0, help="processes of the DataLoader; 0: this one")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--size", type=int, default=224)
    options = parser.parse_args()
    torch.set_num_threads(1)
    pairs = Pairs(options.data, options.size)
    sampler = torch.utils.data.RandomSampler(pairs, replacement=True, num_samples=1_000_000)
    loader = torch.utils.data.DataLoader(
        pairs, batch_size=options.batch, sampler=sampler, num_workers=options.workers)
    batches = iter(loader)
    for _ in range(3):
        next(batches)
    count, cores, start = 0, core_seconds(), time.perf_counter()
    while time.perf_counter() - start < options.seconds:
        count += next(batches)[0].shape[0]
    elapsed = time.perf_counter() - start
    del batches  # ends the workers, whose time then counts
    spent = core_seconds() - cores
    print(json.dumps({
        "pairs": count, "pairs_per_second": round(count / elapsed, 1),
        "pairs_per_core_second": round(count / spent, 1) if options.workers == 0 else None,
        "workers": options.workers, "torch": torch.__version__, "pillow": Image.__version__}))


if __name__ == "__main__":
    main()
