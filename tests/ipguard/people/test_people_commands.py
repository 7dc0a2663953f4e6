"""`ipguard user`, `token` and `audit`: the whole way of an account at the command line."""

from __future__ import annotations

import ast
import json
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi import Request
from people_data import add_person
from starlette.testclient import TestClient
from typer.testing import CliRunner

from ipguard.cli.main import build
from ipguard.cli.options import utc_now
from ipguard.database.engine import make_engine
from ipguard.errors import IpguardError
from ipguard.people.accounts import STATE_WORDS
from ipguard.people.limits import TooManyTries
from ipguard.people.rights import SCOPE_WORDS, Role, Scope
from ipguard.people.tokens import WrongToken
from ipguard.web.app import create_app
from ipguard.web.desk import desk_of
from ipguard.web.language import catalogue
from ipguard.web.record import ACTIONS
from ipguard.workspace import make_workspace

ERRORS = {"WrongUse", "NotSignedIn", "NotConfigured", "SourceRefused", "WrongToken"}
WEB = ("signing", "account", "account_keys", "people", "record")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("commands") / "ws", now=utc_now)


@pytest.fixture
def ipguard(place):
    def run(*words: str) -> list[dict[str, object]]:
        result = CliRunner().invoke(
            build(), [*words, "-w", str(place.folder), "--json"], catch_exceptions=False
        )
        run.code = result.exit_code
        return [json.loads(line) for line in result.stdout.splitlines()]

    return run


def test_an_account_is_made_changed_and_shut_and_everything_is_on_record(place, ipguard):
    (made,) = ipguard("user", "add", "Mei.Lin", "--role", "analyst", "--label", "林梅")
    assert (made["name"], made["role"]) == ("mei.lin", "analyst")
    assert "/invite?key=" in made["link"]
    assert ipguard("user", "role", "mei.lin", "legal") == [{"name": "mei.lin", "role": "legal"}]
    (token,) = ipguard("token", "new", "mei.lin", "--label", "night", "--scope", "read", "--days", "7")
    assert token["token"].startswith("ipg_")
    (listed,) = ipguard("token", "list")
    assert listed["state"] == "good"
    assert token["token"] not in json.dumps(listed)
    (reset,) = ipguard("user", "reset", "mei.lin", "--second-step")
    assert reset["link"] != made["link"]
    ipguard("user", "disable", "mei.lin")
    assert ipguard("user", "list")[0]["state"] == "disabled"
    assert ipguard("token", "list")[0]["state"] == "revoked"
    with pytest.raises(IpguardError, match="disabled"):
        ipguard("token", "new", "mei.lin", "--label", "x", "--scope", "read")
    ipguard("user", "enable", "mei.lin")

    entries = ipguard("audit", "export")
    assert [e["action"] for e in entries] == [
        "person.add", "person.invite", "person.role", "token.new", "person.second_step_off", "person.reset",
        "person.disable", "person.enable",
    ]  # fmt: skip
    secrets = (made["link"].split("=")[1], reset["link"].split("=")[1], token["token"])
    assert not any(secret in json.dumps(entries) for secret in secrets)
    (chain,) = ipguard("audit", "check")
    assert (chain["whole"], chain["entries"], chain["head"]) == (True, 8, entries[-1]["hash"])
    assert ipguard("audit", "check", "--head", entries[3]["hash"])[0]["noted_at"] == 4
    ipguard("audit", "check", "--head", "0" * 64)
    assert ipguard.code == 1
    assert len(ipguard("audit", "export", "--action", "person", "--person", entries[0]["person"])) == 7


def test_a_program_comes_in_with_its_token_and_guessing_tokens_has_to_wait(place, ipguard):
    engine = make_engine(place.database_url)
    add_person(engine, Role.LEGAL, utc_now(), "bot")
    (token,) = ipguard("token", "new", "bot", "--label", "api", "--scope", "export")
    app = create_app(place, engine=engine, now=utc_now)

    def who(request: Request) -> dict[str, object]:
        try:
            me = desk_of(request).token_principal(request)
        except (WrongToken, TooManyTries) as error:
            return {"error": type(error).__name__}
        return {"name": me.name, "send": me.may("send"), "export": me.may("export")}

    app.add_api_route("/who", who, methods=["GET", "POST"])
    with TestClient(app, base_url="http://127.0.0.1") as client:
        right = {"Authorization": f"Bearer {token['token']}"}
        assert client.get("/who", headers=right).json() == {"name": "bot", "send": False, "export": True}
        assert client.post("/who", headers=right).json()["name"] == "bot"  # no form, no Origin: a program
        assert client.post("/who", headers={**right, "Origin": "https://evil.example"}).status_code == 403
        assert client.get("/account", headers=right).status_code == 401  # a token opens no screens
        said = [client.get("/who", headers={"Authorization": "Bearer no"}).json()["error"] for _ in range(31)]
        assert said == ["WrongToken"] * 30 + ["TooManyTries"]
    assert ipguard("token", "list", "--name", "bot")[0]["used_at"] is not None
    engine.dispose()


def test_every_sentence_of_this_room_is_said_in_chinese_too():
    room = files("ipguard")
    sources = [
        *Path(str(room / "people")).glob("*.py"),
        *(Path(str(room / "web" / f"{name}.py")) for name in WEB),
    ]
    said = {sentence for file in sources for sentence in _told(ast.parse(file.read_text("utf-8")))}
    words = {*ACTIONS.values(), *STATE_WORDS.values(), *SCOPE_WORDS.values()}

    assert len(said) > 40
    assert (said | words) - catalogue("zh-Hans").keys() == set()
    assert set(SCOPE_WORDS) == set(Scope)


def _told(tree: ast.AST) -> list[str]:
    """What the errors of a module say, as far as it is a plain sentence."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "hint")]
            found += [one.value for one in given if isinstance(one, ast.Constant) and one.value]
    return found
