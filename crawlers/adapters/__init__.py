"""One module per kind of source; pure: a saved answer in, a Page out. Nothing here may import `crawlers.fetch`."""
