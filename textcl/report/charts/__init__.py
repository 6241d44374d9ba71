"""Charts as inline SVG, a kind a file; positions are shares of the width, so text keeps its size at any width."""
