"""The time of a training step on many hosts, from measured constants: the model behind scaling.py.

All hosts are alike. What a host does in a step, in order:

1. Its ranks compute their micro-batches. All wait for the slowest rank of the cluster.
2. Sums, bucket by bucket: the ranks of the host add in shared memory, each host sends every other one its slice of the sum,
   and adds what it receives. With overlap a bucket goes as soon as the backward pass of the last micro-batch has it.
3. The ranks agree on losses and the gradient's norm, and each host updates its slice of the parameters.
4. Values, bucket by bucket: each host sends its slice to every other one, and the ranks copy. With overlap the next forward pass
   waits only for the layers that it comes to.

Seconds, bytes, and bytes a second everywhere.
"""

import dataclasses
import math
import statistics


@dataclasses.dataclass(frozen=True)
class Constants:
    """What was measured of a network and a host."""
    gradient_bytes: float        # of fp32
    forward_seconds: float       # of a micro-batch on a rank
    backward_seconds: float
    micro_batches: int           # of a rank in a step
    update_seconds: float        # of all parameters on one host
    jitter: float                # standard deviation of a rank's computation in a step, as a share of it
    link_share: float            # of the link's nominal bandwidth that the exchange reaches
    message_seconds: float       # of processor time for a message, sent and received
    sum_bytes_per_second: float  # read by a host that adds or copies
    bucket_bytes: tuple          # sizes among which the best is taken, as croco does by measurement
    depth: int                   # buckets under way at once
    overlap_cost: float          # share by which passes take longer beside an exchange


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Where the network is trained, and with which options."""
    hosts: int
    ranks_per_host: int
    link: float                  # bytes a second of a host, each way at once
    latency: float               # of a small message, one way
    overlap: bool = False
    wire: str = "fp32"           # of gradients; values are fp32


def pipeline(ready, stages, depth):
    """When each bucket is through: bucket k is there at `ready[k]`, passes stages of so many seconds in order, a stage has one
    bucket at a time, and `depth` buckets are under way at once."""
    free, done = [0.0] * len(stages), []
    for bucket, time in enumerate(ready):
        if bucket >= depth:
            time = max(time, done[bucket - depth])
        for stage, seconds in enumerate(stages):
            time = free[stage] = max(time, free[stage]) + seconds
        done.append(time)
    return done


def expected_maximum(count):
    """The expected largest of `count` standard normal numbers (Blom's approximation)."""
    return 0.0 if count == 1 else statistics.NormalDist().inv_cdf((count - 0.375) / (count + 0.25))


def stages(constants, cluster, bucket, wire_bytes):
    """Seconds of a bucket of the sums: within the host, on the link, on its way, and when hosts' parts are added. Those of the
    values are the same backwards: the slices are copied on arrival."""
    others = cluster.hosts - 1
    within = bucket * cluster.ranks_per_host / constants.sum_bytes_per_second if cluster.ranks_per_host > 1 else 0.0
    if others == 0:
        return [within]
    sent = bucket * wire_bytes / 4 * others / cluster.hosts
    return [within, sent / (cluster.link * constants.link_share) + others * constants.message_seconds, cluster.latency,
            bucket / constants.sum_bytes_per_second]


def step_with_bucket(constants, cluster, bucket):
    """The seconds of a step whose buckets have so many bytes of fp32."""
    count = math.ceil(constants.gradient_bytes / bucket)
    bucket = constants.gradient_bytes / count
    ranks = cluster.hosts * cluster.ranks_per_host
    slower = 1 + constants.overlap_cost if cluster.overlap and ranks > 1 else 1.0
    forward, backward = constants.forward_seconds, constants.backward_seconds
    # The passes beside which something is exchanged: the last backward and the first forward.
    computed = (forward + backward) * (constants.micro_batches - 1 + slower)
    computed *= 1 + constants.jitter * expected_maximum(ranks)
    ready = [computed - cluster.overlap * backward * slower * (1 - (k + 1) / count) for k in range(count)]
    sums = stages(constants, cluster, bucket, 2 if cluster.wire == "bf16" else 4)
    summed = max(computed, pipeline(ready, sums, constants.depth)[-1]) if ranks > 1 else computed
    updated = summed + 2 * cluster.latency * math.log2(ranks) + constants.update_seconds / cluster.hosts
    if ranks == 1:
        return updated
    arrivals = pipeline([updated] * count, stages(constants, cluster, bucket, 4)[::-1], constants.depth)
    if not cluster.overlap:
        return arrivals[-1]
    time = updated
    for arrival in arrivals:
        time = max(time, arrival) + forward * slower / count
    return time - forward * slower


def step(constants, cluster):
    """The seconds of a step with the best of the bucket sizes."""
    return min(step_with_bucket(constants, cluster, bucket) for bucket in constants.bucket_bytes)


def efficiency(constants, cluster):
    """The time of a step on one host, at its best, over that on all, each host with the same work: weak scaling."""
    alone = min(step(constants, dataclasses.replace(cluster, hosts=1, overlap=overlap)) for overlap in (False, True))
    return alone / step(constants, cluster)


def limit(constants, cluster):
    """The term without which a step would gain the most, and the share of the step that it would gain."""
    without = {
        "link": (constants, dataclasses.replace(cluster, link=math.inf)),
        "messages": (dataclasses.replace(constants, message_seconds=0.0), cluster),
        "latency": (constants, dataclasses.replace(cluster, latency=0.0)),
        "memory": (dataclasses.replace(constants, sum_bytes_per_second=math.inf), cluster),
        "slowest rank": (dataclasses.replace(constants, jitter=0.0), cluster),
        "overlap's core": (dataclasses.replace(constants, overlap_cost=0.0), cluster),
    }
    time = step(constants, cluster)
    gains = {term: 1 - step(*ideal) / time for term, ideal in without.items()}
    return max(gains.items(), key=lambda item: item[1])
