"""Keep the first layers of a backbone, by its config."""

from transformers import PreTrainedConfig


def keep_layers(config: PreTrainedConfig, layers: int) -> None:
    """Set how many layers a backbone has; its weights are then loaded for these alone.

    Args:
        config: Changed in place.
        layers: How many of the first layers stay.

    Raises:
        ValueError: The backbone does not have so many layers.
    """
    depth = config.num_hidden_layers
    if not 1 <= layers <= depth:
        raise ValueError(f"layers is {layers}; this backbone has {depth}, so it is a number from 1 to {depth}.")
    for name, value in config.to_dict().items():
        if "layer" in name and isinstance(value, list) and len(value) == depth:
            setattr(config, name, value[:layers])  # such as ModernBERT's layer_types
    config.num_hidden_layers = layers
