"""The schedule: what is due, who runs it, and the engine that runs it."""
