"""A bundled marketplace with planted copies, so that everything can be shown and tested without a network."""
