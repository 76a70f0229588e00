"""Compares the peer with a file of tensors from a training step: `croco dump`, or reference data of the same layout.

  croco dump --config configs/debug_tiny.yaml --data DIR --set batch.global_batch_size=4 --output step.safetensors
  python check.py step.safetensors

Loads `param.*` into the peer and compares prediction, loss and every gradient; exits with 1 where a relative difference
(L2) exceeds --tolerance. With several micro-batches the dump's gradients are those of the whole step, as the peer's.
"""

import argparse
import json
import struct
import sys

import torch

import network

TYPES = {"F32": torch.float32, "F64": torch.float64, "U8": torch.uint8, "I64": torch.int64, "I32": torch.int32}


def read_safetensors(path):
  """The tensors and the metadata of a safetensors file."""
  with open(path, "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    data = bytearray(file.read())
  metadata = header.pop("__metadata__", {})
  tensors = {}
  for name, entry in header.items():
    start, end = entry["data_offsets"]
    if entry["dtype"] in TYPES and end > start:
      tensors[name] = torch.frombuffer(data[start:end], dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
  return tensors, metadata


def sizes_of(arguments):
  """Sizes from the keyword arguments of the published networks (`croco_kwargs`)."""
  image = arguments.get("img_size", 224)
  position = arguments.get("pos_embed", "cosine")
  return network.Sizes(
    image=image[0] if isinstance(image, (list, tuple)) else image, patch=arguments.get("patch_size", 16),
    mask_ratio=arguments.get("mask_ratio", 0.9), encoder_dim=arguments.get("enc_embed_dim", 768),
    encoder_depth=arguments.get("enc_depth", 12), encoder_heads=arguments.get("enc_num_heads", 12),
    decoder_dim=arguments.get("dec_embed_dim", 512), decoder_depth=arguments.get("dec_depth", 8),
    decoder_heads=arguments.get("dec_num_heads", 16), mlp_ratio=arguments.get("mlp_ratio", 4),
    rope_base=None if position == "cosine" else float(position.removeprefix("RoPE")),
    normalize_memory=arguments.get("norm_im2_in_dec", True))


def difference(actual, expected):
  expected = expected.double()
  norm = expected.norm()
  return ((actual.double() - expected).norm() / (norm if norm > 0 else 1)).item()


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument("dump", help="a safetensors file")
  parser.add_argument("--kwargs", help="the network's arguments as JSON, where the file's metadata has none")
  parser.add_argument("--loss", type=float, help="the expected loss, where the file has none")
  parser.add_argument("--tolerance", type=float, default=1e-5)
  parser.add_argument("--attention", choices=list(network.ATTENTION), default="plain")
  parser.add_argument("--double", action="store_true", help="compute in double precision")
  options = parser.parse_args()
  tensors, metadata = read_safetensors(options.dump)
  sizes = sizes_of(json.loads(options.kwargs or metadata["croco_kwargs"]))
  model = network.CroCo(sizes, options.attention)
  weights = {name[6:]: tensor for name, tensor in tensors.items() if name.startswith("param.")}
  tables = [name for name in ("enc_pos_embed", "dec_pos_embed") if name in weights]
  differences = {f"table {name}": difference(getattr(model, name), weights[name].squeeze(0)) for name in tables}
  for name in tables:
    weights[name] = weights[name].reshape(sizes.patches, -1)
  model.load_state_dict(weights)
  if options.double:
    model = model.double()
  number = torch.float64 if options.double else torch.float32
  view1, view2, mask = tensors["img1"].to(number), tensors["img2"].to(number), tensors["mask"].to(number)
  prediction = model(view1, view2, mask)
  error = network.masked_loss(prediction, view1, mask, sizes.patch)
  error.backward()

  differences["prediction"] = difference(prediction.detach(), tensors["pred"])
  expected = options.loss if options.loss is not None else tensors["loss"].item()
  differences["loss"] = abs(error.item() / expected - 1)
  gradients = {}
  for name, parameter in model.named_parameters():
    actual, reference = parameter.grad, tensors["grad." + name]
    if sizes.rope_base is None and name.endswith(("attn.qkv.bias", "projk.bias")):
      # Without rotation the gradient of a key's bias is zero: only rounding is left to compare.
      channels = actual.numel() // 3 if name.endswith("qkv.bias") else 0
      keys = slice(channels, 2 * channels) if channels else slice(None)
      # The absolute difference in units of what passes: 1e-7.
      noise = (actual[keys] - reference[keys]).abs().max().item() / 1e-7 * options.tolerance
      differences["key biases"] = max(differences.get("key biases", 0.0), noise)
      if not channels:
        continue
      actual, reference = (torch.cat([t[:channels], t[2 * channels:]]) for t in (actual, reference))
    gradients[name] = difference(actual, reference)
  worst = max(gradients, key=gradients.get)
  differences[f"worst of {len(gradients)} gradients ({worst})"] = gradients[worst]
  for name, value in differences.items():
    print(f"{value:9.2e}  {name}")
  failed = [name for name, value in differences.items() if not value <= options.tolerance]
  print("differs: " + ", ".join(failed) if failed else f"all within {options.tolerance:g}")
  sys.exit(1 if failed else 0)


if __name__ == "__main__":
  main()
