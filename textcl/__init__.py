"""textcl trains sentence encoders on your own text by contrastive learning."""
