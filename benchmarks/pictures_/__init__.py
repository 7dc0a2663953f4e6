"""The development benchmark for pictures: corpus, altered copies, peers, figures."""
