"""Writing a bundle: a deterministic BagIt zip that other people's tools verify."""
