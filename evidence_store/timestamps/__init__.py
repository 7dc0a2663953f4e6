"""RFC 3161 time stamps: asking an authority, a local authority for tests and the demo, and pure checking."""
