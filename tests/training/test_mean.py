"""The mean of two checkpoints is one that loads, halfway between them."""

import torch
from transformers import Qwen2VLForConditionalGeneration

from training import checkpoint
from training.mean import mean


def test_the_mean_stands_halfway(tmp_path):
    folders = [tmp_path / "first", tmp_path / "second"]
    for seed, folder in enumerate(folders):
        torch.manual_seed(seed)
        config = checkpoint.config(8256)
        config.text_config.num_hidden_layers = config.vision_config.depth = 1
        config.text_config.layer_types = config.text_config.layer_types[:1]
        checkpoint.save(Qwen2VLForConditionalGeneration(config).bfloat16(), folder)
    mean(folders, tmp_path / "mean")
    first, second, between = (
        Qwen2VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).state_dict()
        for folder in (*folders, tmp_path / "mean")
    )
    for name, value in between.items():
        torch.testing.assert_close(value, (first[name] + second[name]) / 2, atol=1e-3, rtol=1e-2)
    assert any(not torch.equal(first[name], second[name]) for name in first)
