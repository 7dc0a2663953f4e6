"""The command line: a thin layer that reads words, calls a room, and prints."""
