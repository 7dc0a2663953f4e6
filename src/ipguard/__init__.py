"""ipguard: what is owned, watched, matched, decided and filed."""

__version__ = "0.1.0"
