"""Marketplaces without Python: a folder with `recipe.yaml` and saved answers, read by one engine.

`folder` is the only module here that touches the disk. `document` reads YAML within bounds and remembers lines,
`model` and `check` say what a recipe may hold, `compiled` makes it ready, and `engine` is the adapter.
README.md beside this file says what may stand in a recipe.
"""
