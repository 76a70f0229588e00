#!/usr/bin/env python3
"""What a step costs on 16, 256 and 4,096 ranks, on paper.

    Benchmarks/scaling/scaling.py > Benchmarks/results/scaling.md
    Benchmarks/scaling/scaling.py --step step.json --reduce reduce.json       # with constants of your own
    Benchmarks/scaling/scaling.py --validate runs.csv --network croco_v1_base # prediction over measurement

`--step` takes what `croco bench step --json` prints, on one host, and `--reduce` what `croco bench reduce --json` prints
with two and more ranks on one host. A line of `--validate` has the columns hosts, ranks (in all), gbit_per_second, delay_ms
(one way; added to the latency of the constants), overlap (on or off), wire (fp32 or bf16) and seconds.
"""

import argparse
import csv
import dataclasses
import json
import pathlib
import sys

from exchange import Cluster, Constants, efficiency, limit, step

FOLDER = pathlib.Path(__file__).resolve().parent
RANKS = [16, 256, 4096]
LINKS = [1, 10, 25, 100]  # Gbit/s of a host
GOAL = 0.9
ADVICE = {
    "link": "more micro-batches a step, or a faster network",
    "messages": "fewer and larger hosts, or more micro-batches a step",
    "latency": "more micro-batches a step",
    "memory": "fewer ranks a host",
    "slowest rank": "hosts of one's own, bound ranks; croco names slow ranks",
    "overlap's core": "more cores a rank",
}
CHOICES = {"plain": (False, "fp32"), "bf16 wire": (False, "bf16"), "overlap": (True, "fp32"),
           "overlap, bf16 wire": (True, "bf16")}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--constants", type=pathlib.Path, default=FOLDER / "constants.json")
    parser.add_argument("--step", type=pathlib.Path, help="JSON of croco bench step: the only network then")
    parser.add_argument("--reduce", type=pathlib.Path, help="JSON of croco bench reduce on one host")
    parser.add_argument("--validate", type=pathlib.Path, help="CSV of measured runs")
    parser.add_argument("--network", help="that of the runs; by default the first one of the constants")
    return parser.parse_args()


def measured_network(path):
    """A network by its steps: name and constants."""
    bench = json.loads(path.read_text())
    stages, ranks = bench["stage_milliseconds"], bench["machine"]["ranks"]
    pairs = bench["micro_batch_size"]
    count = bench["global_batch_size"] / pairs / ranks
    return f"{bench['parameter_count'] / 1e6:.0f} million parameters", {
        "gradient_bytes": 4 * bench["parameter_count"], "pairs_of_a_micro_batch": pairs,
        "forward_seconds": stages["forward"]["median"] / 1000 / count,
        "backward_seconds": stages["backward"]["median"] / 1000 / count,
        "update_seconds": stages["optimizer"]["median"] / 1000}


def measured_sum(path):
    """Bytes a second that a host reads when its ranks add and copy."""
    bench = json.loads(path.read_text())
    times = [entry["sum"]["median"] + entry["gather"]["median"] for entry in bench["entries"]
             if entry["way"] == "host first" and entry["wire"] == "fp32"]
    if bench["machine"]["ranks"] < 2:
        sys.exit(f"{path} has one rank, which sums nothing: measure with two and more on one host.")
    return 2 * bench["machine"]["ranks"] * 4 * bench["count"] / (min(times) / 1000)


def read_constants(options):
    """The file's values with those of measurements in their place."""
    values = json.loads(options.constants.read_text())
    if options.step:
        name, network = measured_network(options.step)
        values["networks"], values["sources"]["networks"] = {name: network}, f"measured: {options.step.name}"
    if options.reduce:
        values["sum_bytes_per_second"] = measured_sum(options.reduce)
        values["sources"]["sum_bytes_per_second"] = f"measured: {options.reduce.name}"
    return values


def constants_of(values, name):
    fields = values | values["networks"][name]
    names = [field.name for field in dataclasses.fields(Constants)]
    return Constants(**{name: fields[name] for name in names})


def cluster_of(values, ranks, gigabits, choice):
    overlap, wire = CHOICES[choice]
    return Cluster(ranks // values["ranks_per_host"], values["ranks_per_host"], gigabits * 1e9 / 8,
                   values["latency_seconds"], overlap, wire)


def micro_batches_for_goal(constants, cluster):
    """The fewest micro-batches of a rank, a power of two, with which the goal is reached; None where 1024 do not do."""
    counts = (2 ** power for power in range(11))
    return next((count for count in counts
                 if efficiency(dataclasses.replace(constants, micro_batches=count), cluster) >= GOAL), None)


def recommendation(values, constants, ranks, gigabits):
    """The least that reaches the goal."""
    for choice in ["plain", "overlap", "overlap, bf16 wire"]:
        cluster = cluster_of(values, ranks, gigabits, choice)
        if efficiency(constants, cluster) >= GOAL:
            return choice
    count = micro_batches_for_goal(constants, cluster)
    return f"{choice}, {count} micro-batches" if count else ADVICE[limit(constants, cluster)[0]]


def table(values, name):
    constants = constants_of(values, name)
    seconds = constants.micro_batches * (constants.forward_seconds + constants.backward_seconds)
    pairs = constants.micro_batches * values["networks"][name]["pairs_of_a_micro_batch"]
    lines = [
        f"## {name}", "",
        f"{constants.gradient_bytes / 1e6:.0f} MB of gradients; a rank computes {seconds:.2f} s a step, {pairs} pairs.", "",
        "| Gbit/s | ranks | hosts | step, s | " + " | ".join(CHOICES) + f" | limit with overlap | {GOAL:.0%} with |",
        "|---|---|---|---|" + "---|" * len(CHOICES) + "---|---|"]
    for gigabits in LINKS:
        for ranks in RANKS:
            clusters = {choice: cluster_of(values, ranks, gigabits, choice) for choice in CHOICES}
            term, gain = limit(constants, clusters["overlap"])
            cells = [str(gigabits), f"{ranks:,}", f"{clusters['plain'].hosts:,}", f"{step(constants, clusters['plain']):.2f}"]
            cells += [f"{efficiency(constants, cluster):.1%}" for cluster in clusters.values()]
            cells += [f"{term}, {gain:.0%}", recommendation(values, constants, ranks, gigabits)]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def page(values):
    lines = [(FOLDER / "page.md").read_text().rstrip(), ""]
    for name in values["networks"]:
        lines += table(values, name) + [""]
    lines += ["## Constants", "", "| | value | source |", "|---|---|---|"]
    for key, source in values["sources"].items():
        value = "" if key == "networks" else json.dumps(values[key])
        lines.append(f"| {key.replace('_', ' ')} | {value} | {source} |")
    return "\n".join(lines)


def validate(values, options):
    """Prints each measured run with its prediction."""
    constants = constants_of(values, options.network or next(iter(values["networks"])))
    print(f"{'hosts':>5} {'ranks':>5} {'Gbit/s':>7} {'delay':>6} {'wire':>5} {'overlap':>7} {'measured':>9} {'paper':>9} {'ratio':>6}")
    with open(options.validate, newline="") as file:
        for row in csv.DictReader(file):
            hosts, ranks = int(row["hosts"]), int(row["ranks"])
            cluster = Cluster(hosts, ranks // hosts, float(row["gbit_per_second"]) * 1e9 / 8,
                              values["latency_seconds"] + float(row["delay_ms"]) / 1000, row["overlap"] == "on", row["wire"])
            seconds, predicted = float(row["seconds"]), step(constants, cluster)
            print(f"{hosts:5} {ranks:5} {row['gbit_per_second']:>7} {row['delay_ms']:>6} {row['wire']:>5} {row['overlap']:>7} "
                  f"{seconds:9.3f} {predicted:9.3f} {predicted / seconds:6.2f}")


def main():
    options = arguments()
    values = read_constants(options)
    if options.validate:
        validate(values, options)
    else:
        print(page(values))


if __name__ == "__main__":
    main()
