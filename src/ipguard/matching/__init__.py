"""Telling copies from the rest. No I/O: matchers get bytes and text, and give findings with reasons."""
