"""`/api/v1`: the same rooms, the same rights and the same rules as the console, for programs."""
