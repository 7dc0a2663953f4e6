"""What was seen: listings as last read, their pictures, and when they came, changed and went."""
