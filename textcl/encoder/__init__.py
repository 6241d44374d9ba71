"""The encoder: backbone, pooling and prompts; two towers; text lists; files in sentence-transformers' format."""

from textcl.encoder.backbone import load_backbone
from textcl.encoder.encoder import Encoder
from textcl.encoder.fingerprint import fingerprint, token_key
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.two_tower import TwoTower

__all__ = [
    "Encoder",
    "TextEncoder",
    "TwoTower",
    "build_encoder",
    "fingerprint",
    "load_backbone",
    "open_encoder",
    "token_key",
]
