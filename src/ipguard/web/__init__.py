"""The console: pages for people, served by us alone, readable without JavaScript."""
