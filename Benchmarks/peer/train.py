"""Trains the peer for some seconds on a croco data set and writes its weights as safetensors.

  python train.py --data DIR --seconds 60 --batch 16 --lr 2e-3 --output weights.safetensors [--compile]
    [--bf16] [--attention plain] [--optimizer fused]

The images lie in memory, decoded, and are not jittered, so that the peer spends its time on training. The learning rate
follows the clock as the quickstart's follows the steps: a short warm-up, the peak, and in the last quarter a line down to 0.
Compilation and the first two steps come before the clock starts.
"""

import argparse
import json
import math
import time
from pathlib import Path

import h5py
import numpy
import torch
from safetensors.torch import save_file

import network
import trainer

MEAN = torch.tensor([0.485, 0.456, 0.406])
DEVIATION = torch.tensor([0.229, 0.224, 0.225])
# Shares of the time.
WARMUP, DECAY = 0.03, 0.25


def arguments():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("--data", type=Path, required=True, help="a data set with codec raw")
  parser.add_argument("--preset", default="quickstart", choices=sorted(network.PRESETS))
  parser.add_argument("--seconds", type=float, default=60)
  parser.add_argument("--batch", type=int, default=16)
  parser.add_argument("--lr", type=float, default=2e-3)
  parser.add_argument("--clip", type=float, default=1.0, help="the largest gradient norm")
  trainer.add_options(parser)
  parser.add_argument("--output", required=True)
  return parser.parse_args()


def read_pairs(folder):
  """All training pairs: images [M, H, W, 3] and their indices [Q, 2]."""
  images, pairs, count = [], [], 0
  for shard in json.loads((folder / "manifest.json").read_text())["splits"]["train"]:
    with h5py.File(folder / shard["name"]) as file:
      images.append(file["image/raw"][:])
      pairs.append(file["pair/index"][:].astype(numpy.int64) + count)
      count += len(images[-1])
  return torch.from_numpy(numpy.concatenate(images)), torch.from_numpy(numpy.concatenate(pairs))


def batches(images, pairs, size, sizes, generator):
  """Endless normalised views [B, 3, H, W] in random order of pairs and of views, and masks [B, N] with 1 = masked."""
  while True:
    for chosen in torch.randperm(len(pairs), generator=generator).split(size):
      if len(chosen) < size:
        continue
      indices = pairs[chosen]
      swap = torch.rand(size, generator=generator) < 0.5
      indices[swap] = indices[swap].flip(1)
      views = (images[indices].float() / 255 - MEAN) / DEVIATION  # [B, 2, H, W, 3]
      view1, view2 = views.permute(1, 0, 4, 2, 3).contiguous().unbind(0)
      mask = torch.zeros(size, sizes.patches)
      mask.scatter_(1, torch.rand(size, sizes.patches, generator=generator).topk(sizes.masked).indices, 1)
      yield view1, view2, mask


def save(model, sizes, path):
  kwargs = {
    "img_size": sizes.image, "patch_size": sizes.patch, "mask_ratio": sizes.mask_ratio,
    "enc_embed_dim": sizes.encoder_dim, "enc_depth": sizes.encoder_depth, "enc_num_heads": sizes.encoder_heads,
    "dec_embed_dim": sizes.decoder_dim, "dec_depth": sizes.decoder_depth, "dec_num_heads": sizes.decoder_heads,
    "mlp_ratio": sizes.mlp_ratio, "norm_im2_in_dec": sizes.normalize_memory,
    "pos_embed": "cosine" if sizes.rope_base is None else f"RoPE{sizes.rope_base:g}"}
  tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
  save_file(tensors, path, metadata={"croco_kwargs": json.dumps(kwargs)})


def main():
  options = arguments()
  generator = torch.Generator().manual_seed(1)
  sizes = network.PRESETS[options.preset]
  peer = trainer.Trainer(sizes, options)
  source = batches(*read_pairs(options.data), options.batch, sizes, generator)

  def step(rate):
    return peer.step(*next(source), rate, options.clip)

  for _ in range(2):
    step(0.0)
  steps, loss, begin = 0, math.nan, time.perf_counter()
  while (share := (time.perf_counter() - begin) / options.seconds) < 1:
    loss = step(options.lr * min(1, share / WARMUP, (1 - share) / DECAY))
    steps += 1
  save(peer.model, sizes, options.output)
  print(json.dumps({"steps": steps, "seconds": time.perf_counter() - begin, "last_loss": loss}))


if __name__ == "__main__":
  main()
