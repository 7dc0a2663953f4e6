"""Rules that hold for every test: no network beyond loopback, and missing programs skip with a reason."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket

import pytest

PROGRAMS = {"chromium": ("chromium", "chromium-browser", "google-chrome")}
"""Programs known under several names."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing; fail it where IPGUARD_REQUIRE_PROGRAMS=1, as the gate sets."""
    for marker in item.iter_markers("needs"):
        for program in marker.args:
            if any(shutil.which(name) for name in PROGRAMS.get(program, (program,))):
                continue
            if os.environ.get("IPGUARD_REQUIRE_PROGRAMS") == "1":
                pytest.fail(f"{program} is not installed and this run requires it", pytrace=False)
            pytest.skip(f"{program} is not installed")


@pytest.fixture(autouse=True, scope="session")
def only_loopback():
    """Refuse every connection that leaves this machine, for the whole session."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(sock: socket.socket, address: object) -> None:
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            return
        host = str(address[0])
        if host == "localhost":
            return
        if not ipaddress.ip_address(host.split("%")[0]).is_loopback:
            raise AssertionError(f"a test tried to connect to {host}: only loopback is allowed")

    def connect(self: socket.socket, address: object) -> object:
        check(self, address)
        return real_connect(self, address)

    def connect_ex(self: socket.socket, address: object) -> object:
        check(self, address)
        return real_connect_ex(self, address)

    socket.socket.connect, socket.socket.connect_ex = connect, connect_ex
    yield
    socket.socket.connect, socket.socket.connect_ex = real_connect, real_connect_ex
