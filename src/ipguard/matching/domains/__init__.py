"""Domain names that look like a watched name: combinations, misspellings, look-alike letters, other endings."""
