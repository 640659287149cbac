#!/usr/bin/env bash
# Packages: llmcompressor 0.14.0.1 with compressed-tensors 0.19.0, transformers 5.17.0 and torch 2.13.0 (CPU is enough), on a
#   Qwen2-VL with random weights.
# Expected: FP8_DYNAMIC with `ignore: re:.*visual.*` leaves the vision tower in 16 bits, also once transformers has loaded the result.
# Seen: the file is right, every tensor of the tower is in bfloat16. But config.json lists what was ignored by the names in the file
#   (`visual.blocks…`), and transformers 5 calls the same layers `model.visual.blocks…`: it takes the linear layers of the tower
#   for quantized ones, gives each a `weight_scale` that no file holds (left as memory was found), and rounds what goes into
#   them to FP8. The loading report names the scales as missing; nothing is raised, and what the tower says of a picture changes.
# Why it matters: a vision tower is ignored because 8 bits there cost most; whoever compares answers before and after blames the
#   quantization of the language model.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check llmcompressor==0.14.0.1 compressed-tensors==0.19.0 transformers==5.17.0 \
    torch==2.13.0 pillow
export HF_HOME="$work/home" HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
export LLM_COMPRESSOR_LOG_DISABLED=true
cat > check.py <<'PY'
import json
import sys
import warnings

import torch
from llmcompressor import oneshot
from llmcompressor.modifiers.quantization import QuantizationModifier
from safetensors import safe_open
from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

warnings.filterwarnings("ignore")
torch.manual_seed(0)
rope = {"rope_type": "default", "mrope_section": [4, 2, 2], "rope_theta": 10000.0}
text = dict(vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2)
config = Qwen2VLConfig(
    text_config=text | {"num_key_value_heads": 2, "rope_parameters": rope},
    vision_config=dict(depth=1, embed_dim=32, hidden_size=32, num_heads=2, mlp_ratio=2, patch_size=14),
)
Qwen2VLForConditionalGeneration(config).to(torch.bfloat16).save_pretrained("base")


def load(folder):
    model, said = Qwen2VLForConditionalGeneration.from_pretrained(folder, dtype="auto", output_loading_info=True)
    return model.eval(), said


model, _ = load("base")
oneshot(model=model, recipe=QuantizationModifier(targets="Linear", scheme="FP8_DYNAMIC", ignore=["re:.*visual.*", "lm_head"]))
model.save_pretrained("fp8", save_compressed=True)
with safe_open("fp8/model.safetensors", "pt") as file:
    kinds = {file.get_tensor(name).dtype for name in file.keys() if "visual" in name}
with open("fp8/config.json") as file:
    ignored = [name for name in json.load(file)["quantization_config"]["ignore"] if "visual" in name]
base, _ = load("base")
again, said = load("fp8")
missing = sorted(name for name in said["missing_keys"] if "visual" in name)
pixels, grid = torch.randn(16, 1176).to(torch.bfloat16), torch.tensor([[1, 4, 4]])
with torch.no_grad():
    one, other = (found.model.visual(pixels, grid)[0].float() for found in (base, again))
print(f"Types of the tower's tensors in the file: {kinds}")
print(f"Ignored in config.json: {ignored[0]}, … ({len(ignored)} names); the same layer of the model: model.{ignored[0]}")
print(f"Missing after loading: {missing[0]}, … ({len(missing)} scales of the tower)")
print(f"What the tower says of a picture is as before: {torch.equal(one, other)}")
as_stated = kinds == {torch.bfloat16} and all(name.startswith("visual.") for name in ignored) and len(missing) == 6
if not as_stated or not all(name.endswith("weight_scale") for name in missing) or torch.equal(one, other):
    sys.exit("CHANGED: the tower stays as it was.")
print("As stated: the ignored tower is loaded as if it were quantized.")
PY
venv/bin/python check.py 2> said.txt || { cat said.txt; exit 1; }
