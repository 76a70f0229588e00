"""A training step of the peer and the options that choose how torch computes it."""

import torch

import network

OPTIMIZERS = {"fused": {"fused": True}, "foreach": {"foreach": True}, "loop": {"foreach": False}}


def add_options(parser):
  """What both measuring and training take."""
  parser.add_argument("--threads", type=int, default=torch.get_num_threads())
  parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
  parser.add_argument("--compile", action="store_true", help="torch.compile")
  parser.add_argument("--attention", choices=list(network.ATTENTION), default="plain")
  parser.add_argument("--optimizer", choices=list(OPTIMIZERS), default="fused", help="how AdamW runs over parameters")


class Trainer:
  """The network, its optimizer, and a step of both."""

  def __init__(self, sizes, options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    self.model = network.CroCo(sizes, options.attention)
    self.optimizer = network.optimizer(self.model, **OPTIMIZERS[options.optimizer])
    self.bf16 = options.bf16
    self.objective = torch.compile(self.loss) if options.compile else self.loss

  def loss(self, view1, view2, mask):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
      prediction = self.model(view1, view2, mask)
    return network.masked_loss(prediction, view1, mask, self.model.sizes.patch)

  def step(self, view1, view2, mask, rate=None, clip=None):
    """Updates the parameters and returns the loss before; rate: another learning rate, clip: the largest gradient norm."""
    for group in self.optimizer.param_groups if rate is not None else []:
      group["lr"] = rate
    self.optimizer.zero_grad(set_to_none=True)
    loss = self.objective(view1, view2, mask)
    loss.backward()
    if clip is not None:
      torch.nn.utils.clip_grad_norm_(self.model.parameters(), clip)
    self.optimizer.step()
    return loss.item()
