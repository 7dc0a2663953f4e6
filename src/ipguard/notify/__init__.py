"""Telling people: what happened, to whom it is told, and what became of each message."""
