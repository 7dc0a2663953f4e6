"""Copied text: fingerprints of owned texts, the passages that another text took from them, and how to show them."""
