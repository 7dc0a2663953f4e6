"""Ask the outside world politely, and hand back listings and the exact bytes that were said.

A stranger to `ipguard` and to `evidence_store`: it knows neither works nor exhibits.
"""
