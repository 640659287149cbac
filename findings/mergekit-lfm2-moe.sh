#!/usr/bin/env bash
# Packages: mergekit 0.1.5 with transformers 5.17.0 and torch 2.13.0 (CPU is enough), on the architecture Lfm2Moe.
# Expected: a slerp of two checkpoints has every tensor that they have, or the merge is refused.
# Seen: two valid checkpoints of 51 tensors each give a checkpoint of 27. The 24 tensors of the experts are missing and the
#   exit status is 0. Its warnings say that the architecture was inferred; none says that tensors were left out.
#   The result loads: transformers fills the gap with random experts, so two loads of it answer differently.
# Why it matters: merging the tuned model with its base is a usual last step, and what gets published is the part of the
#   model outside its experts. Only a comparison of tensor names shows it before somebody runs the model.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check mergekit==0.1.5 transformers==5.17.0 torch==2.13.0 peft==0.21.2
export HF_HOME="$work/home" HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
cat > make.py <<'PY'
import torch
from tokenizers import Tokenizer, models
from transformers import Lfm2MoeConfig, Lfm2MoeForCausalLM, PreTrainedTokenizerFast

config = Lfm2MoeConfig(
    vocab_size=64, hidden_size=32, intermediate_size=64, moe_intermediate_size=16, num_hidden_layers=3,
    num_attention_heads=4, num_key_value_heads=2, num_experts=4, num_experts_per_tok=2, num_dense_layers=1,
    layer_types=["conv", "full_attention", "conv"],
)
vocabulary = {f"w{number}": number for number in range(64)}
tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel(vocabulary, unk_token="w0")))
for seed, name in enumerate(("base", "tuned")):
    torch.manual_seed(seed)
    Lfm2MoeForCausalLM(config).save_pretrained(name)
    tokenizer.save_pretrained(name)
PY
cat > check.py <<'PY'
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import Lfm2MoeForCausalLM


def names(folder):
    found = set()
    for path in Path(folder).glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            found.update(file.keys())
    return found


base, tuned, merged = names("base"), names("tuned"), names("merged")
missing = base - merged
experts = {name for name in base if ".experts." in name}
print(f"Tensors of base, tuned and merged: {len(base)}, {len(tuned)}, {len(merged)}. Missing: {len(missing)}")
print(f"The missing ones are the {len(experts)} tensors of the experts: {missing == experts}")


def answer(folder, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        return Lfm2MoeForCausalLM.from_pretrained(folder)(torch.arange(8)[None]).logits


same = {folder: torch.equal(answer(folder, 1), answer(folder, 2)) for folder in ("base", "merged")}
print(f"Loaded twice, the logits are equal: base {same['base']}, merged {same['merged']}")
if base != tuned or not experts or missing != experts or same != {"base": True, "merged": False}:
    sys.exit("CHANGED: merged experts are no longer left out.")
print("As stated: the merge leaves all experts out and ends with status 0.")
PY
cat > merge.yaml <<'YAML'
merge_method: slerp
base_model: ./base
models:
  - model: ./base
  - model: ./tuned
parameters:
  t: 0.5
dtype: float32
YAML
sed -i "s|\./|$work/|" merge.yaml
venv/bin/python make.py
venv/bin/mergekit-yaml merge.yaml merged --quiet 2> said.txt
if grep -qiE 'expert|missing|left out|skip' said.txt; then
    echo "CHANGED: mergekit says something about tensors that it leaves out:" && cat said.txt && exit 1
fi
echo "mergekit ended with status 0 and no word about experts, missing or skipped tensors. Its warnings:"
grep WARNING said.txt || true
venv/bin/python check.py
