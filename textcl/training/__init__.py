"""Training: gradient caching, ranks, the step, checkpoints and the loop."""
