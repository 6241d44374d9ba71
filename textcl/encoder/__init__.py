"""The encoder: backbone, pooling and prompts; two towers; text lists; files in sentence-transformers' format."""
