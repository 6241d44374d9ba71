"""What it costs to search: recall against speed against memory."""
