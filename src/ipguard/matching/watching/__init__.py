"""Trying a watchlist out before it is used: what its names catch and miss, collide with, and lack."""
