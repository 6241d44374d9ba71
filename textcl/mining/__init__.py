"""Hard negatives: the nearest candidates of each query that are no positives of it."""
