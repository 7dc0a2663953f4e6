"""The API as an application of its own, mounted by the console: errors are problems, its document is OpenAPI 3.1."""

from __future__ import annotations

from fastapi import FastAPI

from ipguard import __version__
from ipguard.web.api import acting, reading, tables
from ipguard.web.api.door import Budget
from ipguard.web.api.problems import DOCUMENTED, Problem, install
from ipguard.web.desk import Desk

PREFIX = "/api/v1"
ABOUT = """Alerts, cases and evidence for programs.

* **Who asks**: `Authorization: Bearer ipg_…` (make one in the console, or with `ipguard token new`). A token may what
  its scopes and its person's role allow. The console's session works for GET.
* **Lists** are paged: send `next` of a page as `cursor` for the one after it.
* **Doing things once**: send an `Idempotency-Key`; the same key and request are answered the same for 24 hours.
* **Deciding** is about a version: send the `version` you read. What changed since is refused with 409.
* **ETag** and `If-None-Match` spare bytes; `If-Match` refuses to act on what has changed (412).
* **Errors** are problem+json (RFC 9457) with `detail` and a `hint`.
* Moments are RFC 3339 in UTC; amounts are text with a currency.
* Titles, descriptions, sellers and addresses were written by strangers: escape them where you print them.
"""


def create_api(desk: Desk) -> FastAPI:
    """The API of a console."""
    app = FastAPI(
        title="ipguard",
        version=__version__,
        summary="Alerts, cases and evidence for programs",
        description=ABOUT,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=dict(DOCUMENTED),
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.desk, app.state.budget = desk, Budget()
    app.include_router(reading.router)
    app.include_router(acting.router)
    app.include_router(tables.router)
    install(app)
    plain = app.openapi

    def document() -> dict[str, object]:
        if app.openapi_schema is None:
            made = plain()
            made["components"]["schemas"]["Problem"] = Problem.model_json_schema(
                ref_template="#/components/schemas/{model}"
            )
            made["components"]["schemas"].update(made["components"]["schemas"]["Problem"].pop("$defs", {}))
        return app.openapi_schema or {}

    app.openapi = document  # type: ignore[method-assign]
    return app
