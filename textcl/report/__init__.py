"""Reports: scores as files, as tables, and as a page to look at."""
