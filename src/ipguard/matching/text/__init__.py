"""Finding names however they are written, with offsets into the original text."""
