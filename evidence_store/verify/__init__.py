"""Reading a bundle as a stranger would: numbered checks, every finding, no network, nothing written."""
