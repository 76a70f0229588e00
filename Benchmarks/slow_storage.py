#!/usr/bin/env python3
"""Does a shard on slow storage hold up training? Needs root, loop devices and the blkio controller of cgroups v1.

    Benchmarks/slow_storage.py .build/release/croco [--iops N] [--steps S] [--folder DIR]

Makes a data set of eight shards, puts one of them on a file system of its own whose reads are throttled to N a second,
and trains on it for one epoch at most, so that nothing is read twice. Prints how long steps wait for data: on the fast
disk, with the slow shard and no read-ahead, and with the slow shard and read-ahead.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import tempfile
import zlib

CGROUP = pathlib.Path("/sys/fs/cgroup/blkio/croco-slow-storage")
CONFIG = pathlib.Path(__file__).resolve().parent.parent / "configs/debug_tiny.yaml"
NETWORK = ["model.image_size=64", "model.encoder_dim=64", "model.encoder_depth=4", "model.decoder_dim=48",
           "validation.every_steps=0", "checkpoints.every_steps=0", "pictures.every_steps=0"]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


def write_images(folder, count, size=72):
    """PNG images of noise, which no codec makes smaller, and a list of pairs."""
    folder.mkdir()
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
    for number in range(count):
        rows = b"".join(b"\0" + os.urandom(3 * size) for _ in range(size))
        (folder / f"{number}.png").write_bytes(
            b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b""))
    (folder / "list.txt").write_text("".join(f"{k}.png {k + 1}.png\n" for k in range(0, count, 2)))


class SlowDisk:
    """A file system in a file whose reads are throttled for processes of the group."""

    def __init__(self, folder, iops):
        self.image, self.mount = folder / "disk.img", folder / "slow"
        self.iops = iops
        self.mount.mkdir()
        run("truncate", "-s", "256M", self.image)
        run("mkfs.ext4", "-q", self.image)
        CGROUP.mkdir(exist_ok=True)

    def __enter__(self):
        run("mount", "-o", "loop", self.image, self.mount)
        device = run("findmnt", "-no", "MAJ:MIN", self.mount).strip()
        (CGROUP / "blkio.throttle.read_iops_device").write_text(f"{device} {self.iops}")
        return self

    def __exit__(self, *_):
        run("umount", self.mount)  # forgets what the system has cached of it


def train(croco, data, output, steps, extra=()):
    """Milliseconds that each step waited for data, and all milliseconds of each step; without the first ten."""
    settings = [word for setting in [f"data.path={data}", f"schedule.total_steps={steps}", *NETWORK, *extra]
                for word in ("--set", setting)]
    command = ["sh", "-c", f'echo $$ > {CGROUP}/cgroup.procs; exec "$@"', "sh", str(croco), "train", "--config",
               str(CONFIG), "--output", str(output), *settings]
    subprocess.run(command, check=True, capture_output=True)
    lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()][10:]
    return [line["ms_data"] for line in lines], [line["ms"] for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("croco", type=pathlib.Path)
    parser.add_argument("--iops", type=int, default=100)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--folder", type=pathlib.Path, default=None, help="where to work; on a fast disk")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(dir=options.folder))
    try:
        pairs, data = 16 * options.steps + 64, folder / "data"
        write_images(folder / "images", 2 * pairs)
        run(options.croco, "convert", "pairs", folder / "images/list.txt", "--output", data, "--codec", "keep",
            "--validation", 0, "--shard-size", f"{2 * pairs * 72 * 73 * 3 // 8 + 65536}")
        shards = sorted(data.glob("*.h5"))
        print(f"{pairs} pairs, {len(shards)} shards, reads of {shards[1].name} throttled to {options.iops} a second")
        disk = SlowDisk(folder, options.iops)
        report("fast disk", *train(options.croco, data, folder / "fast", options.steps))
        with disk:
            shutil.copy(shards[1], disk.mount)
        shards[1].unlink()
        shards[1].symlink_to(disk.mount / shards[1].name)
        for name, pairs_ahead in [("slow shard, no read-ahead", 0), ("slow shard, read-ahead", 256)]:
            with disk:
                report(name, *train(options.croco, data, folder / name.replace(" ", "-"), options.steps,
                                    [f"data.read_ahead={pairs_ahead}"]))
    finally:
        subprocess.run(["umount", str(folder / "slow")], capture_output=True)
        if CGROUP.exists():
            CGROUP.rmdir()
        shutil.rmtree(folder)


def report(name, waits, steps):
    print(f"{name:28} step {statistics.median(steps):6.1f} ms, mean {statistics.mean(steps):6.1f} ms; waiting for data: "
          f"mean {statistics.mean(waits):6.2f} ms, largest {max(waits):7.1f} ms")


if __name__ == "__main__":
    main()
