#!/usr/bin/env python3
"""Images/s of PyTorch for what `croco features` does: a folder of images through an encoder that croco exported, to an .npy file.

    croco features RUN IMAGES -o croco.npy [--precision bf16]
    croco export RUN encoder --names timm
    features_peer.py encoder IMAGES peer.npy [--precision bf16] [--batch 16] [--workers 2] [--plain-attention] [--freezing]

The model is compiled; the first two batches, which do that, are not timed. Try the options: the fastest is the peer. Needs torch,
timm, Pillow and numpy. Keep the machine free, and alternate both.
"""
import argparse
import os
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("encoder")
arguments.add_argument("images")
arguments.add_argument("output")
arguments.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
arguments.add_argument("--batch", type=int, default=16)
arguments.add_argument("--workers", type=int, default=2, help="processes that decode")
arguments.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
arguments.add_argument("--plain-attention", action="store_true", help="products with a softmax between, which are fused")
arguments.add_argument("--freezing", action="store_true", help="weights are constants of the compiled code")
options = arguments.parse_args()
os.environ["TIMM_FUSED_ATTN"] = "0" if options.plain_attention else "1"

import numpy
import timm
import torch
import torch._inductor.config
from PIL import Image


class Images(torch.utils.data.Dataset):
    """Just covered by the image, then its centre, as croco does it; normalised."""

    def __init__(self, folder, height, width):
        self.paths = sorted(os.path.join(root, name) for root, _, names in os.walk(folder) for name in names)
        self.height, self.width = height, width
        self.mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
        self.deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        image = Image.open(self.paths[index]).convert("RGB")
        scale = max(self.width / image.width, self.height / image.height)
        size = (max(self.width, round(image.width * scale)), max(self.height, round(image.height * scale)))
        image = image.resize(size, Image.LANCZOS)
        left, top = (size[0] - self.width) // 2, (size[1] - self.height) // 2
        image = image.crop((left, top, left + self.width, top + self.height))
        pixels = torch.from_numpy(numpy.array(image)).permute(2, 0, 1)
        return (pixels.float() / 255 - self.mean) / self.deviation


def main():
    torch.set_num_threads(options.threads)
    torch._inductor.config.freezing = options.freezing
    network = timm.create_model(f"local-dir:{options.encoder}", pretrained=True).eval()
    element = {"fp32": torch.float32, "bf16": torch.bfloat16}[options.precision]
    network = network.to(element)
    encode = torch.compile(network.forward_features)
    height, width = network.patch_embed.img_size
    images = Images(options.images, height, width)
    loader = torch.utils.data.DataLoader(images, options.batch, num_workers=options.workers, drop_last=True)
    first, done, features = None, 0, None
    with torch.inference_mode():
        for number, batch in enumerate(loader):
            if number == 2:
                first = time.perf_counter()
            result = encode(batch.to(element)).float().numpy()
            if features is None:
                features = numpy.lib.format.open_memmap(
                    options.output, mode="w+", dtype=numpy.float32, shape=(len(images), *result.shape[1:]))
            features[number * options.batch:number * options.batch + len(result)] = result
            done += len(result) if number >= 2 else 0
    print(f"{done / (time.perf_counter() - first):.2f} images/s: {options}")


if __name__ == "__main__":
    main()
