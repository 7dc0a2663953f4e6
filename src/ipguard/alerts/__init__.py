"""What was flagged and what people decided about it."""
