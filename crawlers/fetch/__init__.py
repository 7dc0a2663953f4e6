"""The one way out: address check, robots.txt, pace, send, bound, record. Asynchronous throughout."""
