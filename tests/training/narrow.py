"""A reader of narrow layers: training multiplies in bfloat16, which some processors do slowly."""

from transformers import Qwen2VLConfig

from training import checkpoint

wide = checkpoint.config


def narrow(vocabulary: int) -> Qwen2VLConfig:
    """The reader's configuration otherwise."""
    config = wide(vocabulary)
    text, vision = config.text_config, config.vision_config
    text.hidden_size, text.intermediate_size, vision.hidden_size, vision.embed_dim = 96, 96, 96, 64
    text.rope_parameters["mrope_section"] = [2, 2, 4]
    return config
