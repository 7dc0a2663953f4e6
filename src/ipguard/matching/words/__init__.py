"""Everyday words of many languages, commonest first, and cutting joined writing into them."""
