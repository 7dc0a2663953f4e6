"""From decided alerts to a bundle that counsel, a platform or a court can check."""
