"""Speed as ratios against a named peer in the same run. Never asserted in a timed test: machines differ."""
