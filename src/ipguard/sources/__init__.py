"""Where is looked: sources, their schedule columns, runs, steps, and the pace of hosts."""
