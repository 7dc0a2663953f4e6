"""From saved answers to a proposed recipe: what repeats on a page or in data, and what looks like goods in it. Pure."""
