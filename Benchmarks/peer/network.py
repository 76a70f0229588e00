"""Cross-view completion in torch.nn, written from the papers, as the peer that croco is measured against.

Sources: Weinzaepfel et al., "CroCo", NeurIPS 2022; "CroCo v2", ICCV 2023; Su et al., "RoFormer", 2021, for rotary
positions. Modules carry the names under which weights are published, so that a `croco dump` can be loaded.
Letters of shapes: B pairs, N patches, K visible patches, C channels, h heads, d channels of a head, P values of a patch.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class Sizes:
  """What defines a network; the defaults are CroCo v1 base."""

  image: int = 224
  patch: int = 16
  mask_ratio: float = 0.9
  encoder_dim: int = 768
  encoder_depth: int = 12
  encoder_heads: int = 12
  decoder_dim: int = 512
  decoder_depth: int = 8
  decoder_heads: int = 16
  mlp_ratio: int = 4
  rope_base: float | None = None
  normalize_memory: bool = True

  @property
  def grid(self):
    return self.image // self.patch

  @property
  def patches(self):
    return self.grid**2

  @property
  def masked(self):
    return int(self.mask_ratio * self.patches)


PRESETS = {
  "croco_v1_base": Sizes(),
  "crocov2_base_base": Sizes(decoder_dim=768, decoder_depth=12, decoder_heads=12, rope_base=100.0),
  "quickstart": Sizes(
    image=64, patch=8, encoder_dim=128, encoder_depth=2, encoder_heads=2, decoder_dim=128, decoder_depth=4,
    decoder_heads=2, rope_base=100.0),
}


def sine_cosine(dim, grid):
  """A fixed 2-D table [N, C]: sines and cosines of the column, then of the row, a quarter of the channels each."""
  rate = 10000.0 ** -(torch.arange(dim // 4, dtype=torch.float64) / (dim // 4))
  position = torch.arange(grid, dtype=torch.float64)
  angle = position[:, None] * rate  # [grid, C / 4]
  table = torch.cat([angle.sin(), angle.cos()], 1)  # [grid, C / 2]
  column = table[None, :, :].expand(grid, grid, -1)
  row = table[:, None, :].expand(grid, grid, -1)
  return torch.cat([column, row], 2).reshape(grid * grid, dim).float()


def rotary(head, grid, base):
  """Cosines and sines [N, d] that rotate the first half of a head by the row and the second by the column."""
  half = head // 2
  rate = base ** -(torch.arange(0, half, 2, dtype=torch.float32) / half)
  angle = torch.arange(grid, dtype=torch.float32)[:, None] * rate
  angle = torch.cat([angle, angle], 1)  # [grid, d / 2]
  row = angle[:, None, :].expand(grid, grid, -1)
  column = angle[None, :, :].expand(grid, grid, -1)
  angle = torch.cat([row, column], 2).reshape(grid * grid, head)
  return angle.cos(), angle.sin()


def rotate(tokens, positions):
  """Turns the pairs (i, i + d / 4) of each half of a head. tokens [B, h, T, d], positions: cosines and sines [B, 1, T, d]."""
  cosine, sine = positions
  a, b, c, d = tokens.chunk(4, -1)
  return tokens * cosine.to(tokens.dtype) + torch.cat([-b, a, -d, c], -1) * sine.to(tokens.dtype)


def heads(tokens, count):
  return tokens.unflatten(-1, (count, -1)).transpose(1, 2)  # [B, T, C] -> [B, h, T, d]


def plain_attention(q, k, v):
  """Products with a softmax between, which torch.compile fuses with what lies around them. All [B, h, T, d]."""
  logits = q @ k.transpose(-2, -1) * q.shape[-1]**-0.5
  return logits.softmax(-1).to(v.dtype) @ v


# By the name that chooses it. Torch's fused attention (sdpa) forms the probabilities again in backward.
ATTENTION = {"plain": plain_attention, "sdpa": F.scaled_dot_product_attention}


class Attention(nn.Module):
  """Self-attention."""

  def __init__(self, dim, head_count, attention):
    super().__init__()
    self.head_count, self.attention = head_count, attention
    self.qkv = nn.Linear(dim, 3 * dim)
    self.proj = nn.Linear(dim, dim)

  def forward(self, x, positions):
    q, k, v = (heads(part, self.head_count) for part in self.qkv(x).chunk(3, -1))
    if positions is not None:
      q, k = rotate(q, positions), rotate(k, positions)
    return self.proj(self.attention(q, k, v).transpose(1, 2).flatten(2))


class CrossAttention(nn.Module):
  """Queries from the stream, keys and values from the memory."""

  def __init__(self, dim, head_count, attention):
    super().__init__()
    self.head_count, self.attention = head_count, attention
    self.projq = nn.Linear(dim, dim)
    self.projk = nn.Linear(dim, dim)
    self.projv = nn.Linear(dim, dim)
    self.proj = nn.Linear(dim, dim)

  def forward(self, x, memory, positions):
    q = heads(self.projq(x), self.head_count)
    k, v = heads(self.projk(memory), self.head_count), heads(self.projv(memory), self.head_count)
    if positions is not None:
      q, k = rotate(q, positions), rotate(k, positions)
    return self.proj(self.attention(q, k, v).transpose(1, 2).flatten(2))


class MLP(nn.Module):
  def __init__(self, dim, hidden):
    super().__init__()
    self.fc1 = nn.Linear(dim, hidden)
    self.fc2 = nn.Linear(hidden, dim)

  def forward(self, x):
    return self.fc2(F.gelu(self.fc1(x)))


def norm(dim):
  return nn.LayerNorm(dim, eps=1e-6)


class EncoderBlock(nn.Module):
  def __init__(self, dim, head_count, ratio, attention):
    super().__init__()
    self.norm1, self.attn = norm(dim), Attention(dim, head_count, attention)
    self.norm2, self.mlp = norm(dim), MLP(dim, ratio * dim)

  def forward(self, x, positions):
    x = x + self.attn(self.norm1(x), positions)
    return x + self.mlp(self.norm2(x))


class DecoderBlock(nn.Module):
  def __init__(self, dim, head_count, ratio, attention, normalize_memory):
    super().__init__()
    self.norm1, self.attn = norm(dim), Attention(dim, head_count, attention)
    self.norm2, self.cross_attn = norm(dim), CrossAttention(dim, head_count, attention)
    self.norm3, self.mlp = norm(dim), MLP(dim, ratio * dim)
    self.norm_y = norm(dim) if normalize_memory else nn.Identity()

  def forward(self, x, memory, positions):
    x = x + self.attn(self.norm1(x), positions)
    x = x + self.cross_attn(self.norm2(x), self.norm_y(memory), positions)
    return x + self.mlp(self.norm3(x))


class PatchEmbedding(nn.Module):
  """A convolution whose stride is its size, computed as the product that it is, of the patches that are read."""

  def __init__(self, patch, dim):
    super().__init__()
    self.patch = patch
    self.proj = nn.Conv2d(3, dim, patch, patch)

  def forward(self, image, index):
    """The tokens [B, K, C] of an image's patches `index` [B, K]; of all patches where it is None."""
    pixels = F.pixel_unshuffle(image, self.patch).flatten(2).transpose(1, 2)  # [B, N, P], a patch as channels of pixels
    if index is not None:
      pixels = pixels.gather(1, index[:, :, None].expand(-1, -1, pixels.shape[-1]))
    return F.linear(pixels, self.proj.weight.flatten(1), self.proj.bias)


class CroCo(nn.Module):
  """Completes view 1, most of whose patches are masked, with the help of view 2."""

  def __init__(self, sizes, attention="plain"):
    """attention: a name of `ATTENTION`."""
    super().__init__()
    self.sizes = sizes
    s, function = sizes, ATTENTION[attention]
    self.patch_embed = PatchEmbedding(s.patch, s.encoder_dim)
    self.enc_blocks = nn.ModuleList(
      EncoderBlock(s.encoder_dim, s.encoder_heads, s.mlp_ratio, function) for _ in range(s.encoder_depth))
    self.enc_norm = norm(s.encoder_dim)
    self.decoder_embed = nn.Linear(s.encoder_dim, s.decoder_dim)
    self.mask_token = nn.Parameter(torch.zeros(1, 1, s.decoder_dim))
    self.dec_blocks = nn.ModuleList(
      DecoderBlock(s.decoder_dim, s.decoder_heads, s.mlp_ratio, function, s.normalize_memory)
      for _ in range(s.decoder_depth))
    self.dec_norm = norm(s.decoder_dim)
    self.prediction_head = nn.Linear(s.decoder_dim, 3 * s.patch**2)
    if s.rope_base is None:
      self.register_buffer("enc_pos_embed", sine_cosine(s.encoder_dim, s.grid))
      self.register_buffer("dec_pos_embed", sine_cosine(s.decoder_dim, s.grid))
    else:
      for name, dim, count in (
        ("enc", s.encoder_dim, s.encoder_heads), ("dec", s.decoder_dim, s.decoder_heads)):
        cosine, sine = rotary(dim // count, s.grid, s.rope_base)
        self.register_buffer(f"{name}_cosine", cosine, persistent=False)
        self.register_buffer(f"{name}_sine", sine, persistent=False)
    for module in self.modules():
      if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
    nn.init.xavier_uniform_(self.patch_embed.proj.weight.view(s.encoder_dim, -1))
    nn.init.normal_(self.mask_token, std=0.02)

  def positions(self, name, index):
    """The rotation of the tokens at patches `index` [B, T]; all patches where it is None; None without RoPE."""
    if self.sizes.rope_base is None:
      return None
    tables = getattr(self, name + "_cosine"), getattr(self, name + "_sine")
    if index is None:
      return tuple(table[None, None] for table in tables)
    return tuple(table[index][:, None] for table in tables)

  def encode(self, tokens, index):
    """tokens [B, T, C] of the patches `index` [B, T], or of all patches."""
    positions = self.positions("enc", index)
    for block in self.enc_blocks:
      tokens = block(tokens, positions)
    return self.enc_norm(tokens)

  def forward(self, view1, view2, mask):
    """Images [B, 3, H, W] and the mask of view 1 [B, N], true where hidden; returns [B, N, P]."""
    s = self.sizes
    batch = view1.shape[0]
    # Sorting is stable, so that visible patches come first and in raster order.
    visible = mask.to(torch.uint8).argsort(dim=1, stable=True)[:, : s.patches - s.masked]  # [B, K]
    tokens1, tokens2 = self.patch_embed(view1, visible), self.patch_embed(view2, None)
    if s.rope_base is None:
      tokens1, tokens2 = tokens1 + self.enc_pos_embed[visible], tokens2 + self.enc_pos_embed
    features1 = self.decoder_embed(self.encode(tokens1, visible))
    memory = self.decoder_embed(self.encode(tokens2, None))
    stream = self.mask_token.to(features1.dtype).expand(batch, s.patches, -1)
    stream = stream.scatter(1, visible[:, :, None].expand(-1, -1, s.decoder_dim), features1)
    if s.rope_base is None:
      stream, memory = stream + self.dec_pos_embed, memory + self.dec_pos_embed
    positions = self.positions("dec", None)
    for block in self.dec_blocks:
      stream = block(stream, memory, positions)
    return self.prediction_head(self.dec_norm(stream))


def patchify(images, patch):
  """[B, 3, H, W] -> [B, N, P], a patch as rows of pixels of channels."""
  batch, _, height, width = images.shape
  cells = images.reshape(batch, 3, height // patch, patch, width // patch, patch)
  return cells.permute(0, 2, 4, 3, 5, 1).reshape(batch, -1, 3 * patch * patch)


def masked_loss(prediction, view1, mask, patch):
  """The mean squared error over hidden patches, whose targets have mean 0 and deviation 1."""
  with torch.no_grad():
    target = patchify(view1, patch)
    target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6).sqrt()
  error = (prediction.to(target.dtype) - target).square().mean(-1)  # [B, N]
  return (error * mask).sum() / mask.sum()


def optimizer(model, rate=1.5e-4, decay=0.05, **implementation):
  """AdamW without decay of biases and norms; implementation: what chooses torch's (`fused`, `foreach`)."""
  matrices = [p for p in model.parameters() if p.ndim > 1]
  vectors = [p for p in model.parameters() if p.ndim <= 1]
  groups = [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
  return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95), eps=1e-8, **implementation)
