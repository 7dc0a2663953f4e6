"""Reading a listing off a saved page: JSON-LD, microdata, meta tags, and what is visible, in that order. Pure."""
