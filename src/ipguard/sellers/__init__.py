"""Who sells: sellers as marketplaces name them, the lists they stand on, and what links one to another."""
