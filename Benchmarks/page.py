"""The page that `compare` writes: tables of what was measured, and the ratios.

results: by subject, ("peer", variant) or ("croco", shape), a dictionary of each round's run.
"""

import datetime
import math
import os
import platform
import re
import statistics
import subprocess
from pathlib import Path

import variants

ROOT = Path(__file__).resolve().parent.parent
# Targets of the ratio of pairs/s to the strongest peer of the same precision, or of any where there is none of it; of
# memory; of the share of the matrix-product peak.
SPEED_TARGETS = {"fp32": 1.1, "bf16": 1.22, "int8": 1.5, "int8_full": 1.5}
MEMORY_TARGET = 0.6
MFU_TARGETS = {"fp32": 0.9, "bf16": 0.8}
# Ranks x threads against 1 rank on as many threads.
RANKS_TARGET = 0.95
# A run is undisturbed where the rest of the machine used fewer cores meanwhile.
QUIET_CORES = 0.2


def precision_of(name):
  """Of croco: the part that is neither its shape nor its passes."""
  return next((part for part in name.split("-")[1:] if not part.startswith("passes")), "fp32")


def shape_of(name):
  """Ranks and threads of croco."""
  return tuple(map(int, name.split("-")[0].split("x")))


def passes_of(name):
  """Into how many passes croco cuts a micro-batch."""
  found = re.search(r"-passes(\d+)", name)
  return int(found[1]) if found else 1


def title_of(name):
  """Of croco, in tables."""
  passes = passes_of(name)
  return precision_of(name) + (f" in {passes} passes" if passes > 1 else "") + ", %d x %d" % shape_of(name)


def median(values):
  return statistics.median(list(values))


def verdict(value, target, smaller=False):
  return "met" if (value <= target if smaller else value >= target) else "missed"


def ratios(results, shape, peer):
  """croco over peer in pairs/s, and in the memory of all processes."""
  pairs = list(zip(results["croco", shape], results["peer", peer]))
  speed = median(mine["pairs_per_second"] / other["pairs_per_second"] for mine, other in pairs)
  memory = median(sum(mine["memory"]) / sum(other["memory"]) for mine, other in pairs)
  return speed, memory


def quiet(rows):
  return [row for row in rows if row["raw"]["foreign_cores"] < QUIET_CORES]


def quiet_speed(results, shape, peer):
  """The ratio of the medians of undisturbed runs, as text; empty where either has none."""
  mine, other = quiet(results["croco", shape]), quiet(results["peer", peer])
  if not mine or not other:
    return "none"
  speed = median(row["pairs_per_second"] for row in mine) / median(row["pairs_per_second"] for row in other)
  return f"{speed:.2f} ({len(mine)} and {len(other)} runs)"


def table(*columns):
  """The two lines that begin a table."""
  return ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]


def row_of(*cells):
  return "| " + " | ".join(map(str, cells)) + " |"


def subjects_table(options, results):
  """Speed and memory of each subject."""
  lines = table("", "ranks x threads", "pairs/s", "s a step", "of each round, pairs/s", "cores that others used meanwhile",
                "peak memory, MB")
  for (kind, name), rows in results.items():
    ranks = range(len(rows[0]["memory"]))
    lines.append(row_of(
      f"PyTorch `{name}`" if kind == "peer" else f"**croco {title_of(name).split(',')[0]}**",
      f"1 x {options.threads}" if kind == "peer" else "%d x %d" % shape_of(name),
      f"{median(row['pairs_per_second'] for row in rows):.3g}", f"{median(row['step_seconds'] for row in rows):.3g}",
      ", ".join(f"{row['pairs_per_second']:.3g}" for row in rows),
      ", ".join(f"{row['raw']['foreign_cores']:.2f}" for row in rows),
      " + ".join(f"{median(row['memory'][rank] for row in rows) / 1e6:.0f}" for rank in ranks)))
  return lines


def searches_table(options, searches):
  """How the strongest peers were chosen."""
  lines = [
    f"The strongest of each precision, chosen one choice after the other (columns), each value beside the best so far, "
    f"by the best of {options.search_rounds} runs of {options.search_steps} steps, pairs/s:", "",
    *table("chosen", *variants.CHOICES)]
  for name, tried in searches.items():
    cells = (", ".join(f"{value} {speed:.3g}" for value, speed in tried[choice].items()) for choice in variants.CHOICES)
    lines.append(row_of(f"`{name}`", *cells))
  return lines + [""]


def opponents(options, results, shape):
  """The peers that a croco is compared with: those of its precision, and the fastest of all."""
  fastest = max(options.peer, key=lambda name: median(row["pairs_per_second"] for row in results["peer", name]))
  equal = [name for name in options.peer if variants.parse(name)[0] == precision_of(shape)]
  return list(dict.fromkeys(equal + [fastest]))


def target_of(shape, peer, peers, searches):
  """Of croco's speed over a peer's: only over one that was found to be the strongest of its precision, or of any."""
  equal = any(variants.parse(name)[0] == precision_of(shape) for name in peers)
  aimed = peer in searches and (not equal or variants.parse(peer)[0] == precision_of(shape))
  return SPEED_TARGETS.get(precision_of(shape)) if aimed else None


def ratios_table(options, results, searches):
  """Each croco against peers, and several ranks against one on as many threads."""
  lines = table("croco", "against PyTorch", "speed", "target",
                f"speed, only of runs with others below {QUIET_CORES:g} cores", "memory", "target")
  for shape in options.croco:
    peers = opponents(options, results, shape)
    for peer in peers:
      speed, memory = ratios(results, shape, peer)
      target = target_of(shape, peer, peers, searches)
      lines.append(row_of(
        title_of(shape), f"`{peer}`", f"**{speed:.2f}**", f"{target:g}: {verdict(speed, target)}" if target else "",
        quiet_speed(results, shape, peer), f"{memory:.2f}",
        f"{MEMORY_TARGET:g}: {verdict(memory, MEMORY_TARGET, smaller=True)}"))
    alone = f"1x{math.prod(shape_of(shape))}" + "".join(f"-{part}" for part in shape.split("-")[1:])
    if alone != shape and alone in options.croco:
      pairs = zip(results["croco", shape], results["croco", alone])
      speed = median(mine["pairs_per_second"] / other["pairs_per_second"] for mine, other in pairs)
      lines.append(row_of(title_of(shape), "croco %d x %d" % shape_of(alone), f"**{speed:.2f}**",
                          f"{RANKS_TARGET:g}: {verdict(speed, RANKS_TARGET)}", "", "", ""))
  return lines


def stages_table(options, results):
  """Where croco's time goes, and the share of the peak."""
  stages = ("data", "forward", "backward", "reduce", "optimizer")
  lines = table("croco", *stages, "GFLOP/s", "peak", "MFU", "target", "MFU of each round")
  for shape in options.croco:
    rows = [row["raw"] for row in results["croco", shape]]
    share, target = median(row["mfu"]["median"] for row in rows), MFU_TARGETS.get(precision_of(shape))
    lines.append(row_of(
      title_of(shape), *(f"{median(row['stage_milliseconds'][stage]['median'] for row in rows):.4g}" for stage in stages),
      f"{median(row['achieved_gflops']['median'] for row in rows):.1f}",
      f"{median(row['peak_gflops']['median'] for row in rows):.1f}", f"{100 * share:.1f} %",
      f"{100 * target:g} %: {verdict(share, target)}" if target else "",
      ", ".join(f"{100 * row['mfu']['median']:.1f} %" for row in rows)))
  return lines


def section(options, results, searches, load):
  """One configuration's part of the page; searches: what was tried for each chosen peer, by its name."""
  growth = max(row["raw"]["heap_growth_bytes"] for shape in options.croco for row in results["croco", shape])
  return "\n".join([
    f"## {options.preset}, batch {options.batch}", "",
    f"{options.rounds} rounds of {options.steps} steps after {options.warmup}; load average before: {load:.2f}. "
    "Pairs/s and seconds a step are medians of the rounds' medians.", "",
    *subjects_table(options, results), "", *(searches_table(options, searches) if searches else []),
    "Ratios, medians over the rounds:", "", *ratios_table(options, results, searches), "",
    "croco by stage, ms (medians of rank 0), and share of the matrix-product peak (MFU):", "",
    *stages_table(options, results), "",
    f"Largest growth of croco's heap from the first to the last measured step: {growth} bytes.", "",
    "<details><summary>croco's configuration</summary>", "", "```yaml",
    results["croco", options.croco[0]][0]["raw"]["configuration"].strip(), "```", "", "</details>", ""])


def version_of(*command):
  try:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()
  except OSError:
    return "unknown"


def header(options, results):
  """What holds for the whole page."""
  machine = results["croco", options.croco[0]][0]["raw"]["machine"]
  peer = results["peer", options.peer[0]][0]["raw"]["peer"]
  memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
  commit = version_of("git", "rev-parse", "--short=12", "HEAD")
  changed = " with uncommitted changes" if version_of("git", "status", "--porcelain", "--untracked-files=no") else ""
  mpi = re.search(r"[\d.]+$", version_of("mpirun", "--version").split("\n")[0])
  return "\n".join([
    f"# croco against PyTorch, {datetime.date.today():%Y-%m-%d}", "",
    "Written by `Benchmarks/compare`; every figure is of this machine and of the same session.", "",
    f"- croco: commit {commit}{changed}, own kernels {machine['kernels']}",
    f"- machine: {machine['processor']}, {machine['cores']} cores, {memory:.0f} GiB; {platform.system()} "
    f"{platform.release()}",
    f"- products of fp32 by {machine['float']}, of bf16 by {machine['bfloat16']}; OpenBLAS: {machine['blas_configuration']}",
    f"- Open MPI {mpi[0] if mpi else 'none'}; peer: {peer}, Python {platform.python_version()}", "", ""])
