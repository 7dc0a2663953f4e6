"""Hunts: a watchlist that changed is searched in everything that was seen before."""
