"""`python -m ipguard` is the same as `ipguard`."""

from ipguard.cli.main import main

main()
