"""Variants of the PyTorch peer: their names, how each is run, and which is the fastest.

A name joins a precision and choices by dashes, in any order: `bf16-compiled-tcmalloc`. What it leaves out is as
PyTorch is installed. README.md beside this file says what each choice is.
"""

import os
import subprocess
from pathlib import Path

PEER = Path(__file__).resolve().parent / "peer"
PRECISIONS = ("fp32", "bf16")
# The values of each choice. The search for the fastest begins with the first of each.
CHOICES = {
  "mode": ("compiled", "eager"),
  "attention": ("plain", "sdpa"),
  "allocator": ("tcmalloc", "jemalloc", "malloc"),
  "brake": ("lifted", "braked"),
  "pages": ("huge", "small"),
  "optimizer": ("fused", "foreach", "loop"),
  "placement": ("free", "pinned"),
}
INSTALLED = {
  "mode": "eager", "attention": "plain", "allocator": "malloc", "brake": "braked", "pages": "small", "optimizer": "loop", "placement": "free"}
LIBRARIES = {"tcmalloc": "libtcmalloc_minimal.so.4", "jemalloc": "libjemalloc.so.2"}


def clean_environment():
  """Without what would force other kernels, threads or allocators on either side."""
  names = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "LD_PRELOAD"}
  return {name: value for name, value in os.environ.items() if name not in names}


def parse(name):
  """The precision and the choices of a variant's name; ValueError where a part is unknown or doubled."""
  parts = name.split("-")
  precision = [part for part in parts if part in PRECISIONS]
  if len(precision) != 1:
    raise ValueError(f"{name}: name one precision of {', '.join(PRECISIONS)}")
  chosen = {choice: [part for part in parts if part in values] for choice, values in CHOICES.items()}
  if sum(map(len, chosen.values())) + 1 != len(parts) or any(len(values) > 1 for values in chosen.values()):
    raise ValueError(f"{name}: its parts are one of each of " + "; ".join(" | ".join(values) for values in CHOICES.values()))
  return precision[0], INSTALLED | {choice: values[0] for choice, values in chosen.items() if values}


def name_of(precision, choices):
  """The shortest name that parses to these."""
  return "-".join([precision] + [value for choice, value in choices.items() if value != INSTALLED[choice]])


def flags(name):
  """Of peer.py and train.py."""
  precision, choices = parse(name)
  return (["--compile"] * (choices["mode"] == "compiled") + ["--bf16"] * (precision == "bf16")
          + ["--attention", choices["attention"], "--optimizer", choices["optimizer"]])


class Preloads:
  """The libraries that variants preload."""

  def __init__(self, folder):
    """folder: where the library that lifts MKL's brake is built."""
    self.paths = {name: path for name, file in LIBRARIES.items() if (path := find_library(file))}
    self.paths["lifted"] = str(Path(folder) / "libmkl_brake.so")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", PEER / "mkl_brake.c", "-o", self.paths["lifted"]], check=True)

  def missing(self, value):
    """Whether a choice's value needs a library that this machine lacks."""
    return value in LIBRARIES and value not in self.paths

  def environment(self, name, threads):
    """What a variant runs in."""
    _, choices = parse(name)
    if self.missing(choices["allocator"]):
      raise ValueError(f"{name}: this machine has no {LIBRARIES[choices['allocator']]}")
    added = {"OMP_NUM_THREADS": str(threads)}
    preloaded = [self.paths[choices[choice]] for choice in ("allocator", "brake") if choices[choice] in self.paths]
    if preloaded:
      added["LD_PRELOAD"] = ":".join(preloaded)
    if choices["pages"] == "huge":
      # PyTorch asks for huge pages where it allocates 2 MB or more.
      added["THP_MEM_ALLOC_ENABLE"] = "1"
    if choices["placement"] == "pinned":
      added |= {"OMP_PROC_BIND": "close", "OMP_PLACES": "cores"}
    return clean_environment() | added


def find_library(file):
  """Its path by the dynamic linker's cache; None where it has none."""
  environment = os.environ | {"PATH": os.environ.get("PATH", "") + ":/sbin:/usr/sbin"}
  listing = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, env=environment).stdout
  return next((line.split("=> ")[1] for line in listing.splitlines() if line.strip().startswith(file + " ")), None)


def first_choices(preloads):
  """Where the search begins: the fastest as a rule."""
  return {choice: next(value for value in values if not preloads.missing(value)) for choice, values in CHOICES.items()}


def strongest(precision, preloads, measure, rounds):
  """The fastest variant's name, and the speeds of each choice's values when it was decided.

  One choice after the other: each of its values beside the best so far, alternating, by the best of `rounds` runs.
  measure: pairs a second of a name.
  """
  best, tried = first_choices(preloads), {}
  for choice, values in CHOICES.items():
    speeds = {value: 0.0 for value in values if not preloads.missing(value)}
    for number in range(rounds):
      for value in speeds if number % 2 == 0 else reversed(speeds):
        speeds[value] = max(speeds[value], measure(name_of(precision, best | {choice: value})))
    best[choice] = max(speeds, key=speeds.get)
    tried[choice] = speeds
  return name_of(precision, best), tried
