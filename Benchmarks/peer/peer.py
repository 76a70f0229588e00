"""Measures training steps of the peer and prints one JSON line.

  python peer.py --preset croco_v1_base --batch 8 [--compile] [--bf16] [--attention plain] [--optimizer fused]

The batch is one of random tensors that lie in memory already; the peer loads nothing.
"""

import argparse
import json
import resource
import statistics
import time

import torch

import network
import trainer


def arguments():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("--preset", choices=sorted(network.PRESETS), required=True)
  parser.add_argument("--batch", type=int, default=8)
  parser.add_argument("--steps", type=int, default=5, help="measured steps")
  parser.add_argument("--warmup", type=int, default=2)
  parser.add_argument("--seconds", type=float, default=float("inf"), help="stop measuring after so many seconds")
  trainer.add_options(parser)
  return parser.parse_args()


def main():
  options = arguments()
  sizes = network.PRESETS[options.preset]
  peer = trainer.Trainer(sizes, options)
  view1, view2 = torch.randn(2, options.batch, 3, sizes.image, sizes.image).unbind(0)
  mask = torch.zeros(options.batch, sizes.patches)
  for row in mask:
    row[torch.randperm(sizes.patches)[: sizes.masked]] = 1

  losses = [peer.step(view1, view2, mask) for _ in range(options.warmup)]
  times = []
  begin = time.perf_counter()
  while len(times) < options.steps and (not times or time.perf_counter() - begin < options.seconds):
    start = time.perf_counter()
    losses.append(peer.step(view1, view2, mask))
    times.append(time.perf_counter() - start)
  median, best = statistics.median(times), min(times)
  print(json.dumps({
    "peer": "PyTorch " + torch.__version__,
    "preset": options.preset,
    "variant": {name: getattr(options, name) for name in ("compile", "bf16", "attention", "optimizer")},
    "batch": options.batch,
    "threads": options.threads,
    "steps": len(times),
    "parameters": sum(p.numel() for p in peer.model.parameters()),
    "step_seconds": {"median": median, "best": best},
    "pairs_per_second": {"median": options.batch / median, "best": options.batch / best},
    "peak_resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "first_loss": losses[0],
    "last_loss": losses[-1],
  }))


if __name__ == "__main__":
  main()
