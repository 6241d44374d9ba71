"""The encoder: backbone, pooling and prompts; encoding of text lists; files in sentence-transformers' format."""

from textcl.encoder.backbone import load_backbone
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import build_encoder, open_encoder

__all__ = ["Encoder", "build_encoder", "load_backbone", "open_encoder"]
