"""Measures training steps of the peer and prints one JSON line.

  python peer.py --preset croco_v1_base --batch 8 [--compile] [--bf16] [--threads 2] [--steps 5] [--seconds 60]

The batch is one of random tensors that lie in memory already; the peer loads nothing.
"""

import argparse
import json
import resource
import statistics
import time

import torch

import network


def arguments():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("--preset", choices=sorted(network.PRESETS), required=True)
  parser.add_argument("--batch", type=int, default=8)
  parser.add_argument("--threads", type=int, default=torch.get_num_threads())
  parser.add_argument("--steps", type=int, default=5, help="measured steps")
  parser.add_argument("--warmup", type=int, default=2)
  parser.add_argument("--seconds", type=float, default=float("inf"), help="stop measuring after so many seconds")
  parser.add_argument("--compile", action="store_true", help="torch.compile")
  parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
  return parser.parse_args()


def main():
  options = arguments()
  torch.set_num_threads(options.threads)
  torch.manual_seed(0)
  sizes = network.PRESETS[options.preset]
  model = network.CroCo(sizes)
  adamw = network.optimizer(model)
  view1, view2 = torch.randn(2, options.batch, 3, sizes.image, sizes.image).unbind(0)
  mask = torch.zeros(options.batch, sizes.patches)
  for row in mask:
    row[torch.randperm(sizes.patches)[: sizes.masked]] = 1

  def objective():
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
      prediction = model(view1, view2, mask)
    return network.masked_loss(prediction, view1, mask, sizes.patch)

  if options.compile:
    objective = torch.compile(objective)

  def step():
    adamw.zero_grad(set_to_none=True)
    loss = objective()
    loss.backward()
    adamw.step()
    return loss.item()

  losses = [step() for _ in range(options.warmup)]
  times = []
  begin = time.perf_counter()
  while len(times) < options.steps and (not times or time.perf_counter() - begin < options.seconds):
    start = time.perf_counter()
    losses.append(step())
    times.append(time.perf_counter() - start)
  median, best = statistics.median(times), min(times)
  print(json.dumps({
    "peer": "PyTorch " + torch.__version__,
    "preset": options.preset,
    "variant": ("compiled" if options.compile else "eager") + (" bf16" if options.bf16 else " fp32"),
    "batch": options.batch,
    "threads": options.threads,
    "steps": len(times),
    "parameters": sum(p.numel() for p in model.parameters()),
    "step_seconds": {"median": median, "best": best},
    "pairs_per_second": {"median": options.batch / median, "best": options.batch / best},
    "peak_resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "first_loss": losses[0],
    "last_loss": losses[-1],
  }))


if __name__ == "__main__":
  main()
