"""`ipguard match …`: the matchers as tools, so that people can test them before they trust them."""

from __future__ import annotations

import typer

from ipguard.cli.match_calibrate import match_calibrate
from ipguard.cli.match_copies import match_copies
from ipguard.cli.match_domains import match_domains
from ipguard.cli.match_images import match_images
from ipguard.cli.match_pages import match_pages
from ipguard.cli.match_text import match_text

app = typer.Typer(no_args_is_help=True, help="Try the matchers on your own texts and pictures.")
app.command("text")(match_text)
app.command("images")(match_images)
app.command("pages")(match_pages)
app.command("copies")(match_copies)
app.command("domains")(match_domains)
app.command("calibrate")(match_calibrate)
