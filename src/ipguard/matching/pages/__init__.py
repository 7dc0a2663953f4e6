"""Pages and repositories that offer private servers, cheats, pirated clients or copied works."""
