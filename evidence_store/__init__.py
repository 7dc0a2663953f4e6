"""Keep bytes so that a stranger can check when they existed and that nothing changed.

A stranger to `ipguard` and to `crawlers`: it knows nothing of listings. `FORMAT.md` comes first;
every check cites its clause. `evidence_store.verify` imports nothing that writes or asks.
"""
