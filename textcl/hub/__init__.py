"""Publishing: what of a run others get, the model card, and the way to the Hub."""
