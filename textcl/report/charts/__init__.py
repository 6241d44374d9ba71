"""Charts as inline SVG, a kind a file; places are shares of the width, so text keeps its size at any width."""
