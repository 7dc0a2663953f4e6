"""Browser and system of a User-Agent in words, so that people know their own sessions in a list."""

from __future__ import annotations

BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("MicroMessenger", "WeChat"), ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"), ("python", "Python"),
)  # fmt: skip
"""Mark in the header, name; the first that is found: Edge, Opera and WeChat also say Chrome, and Chrome says Safari."""
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "HarmonyOS"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_words(agent: str) -> str:
    """“Firefox, Windows”; empty where nothing is known. The header is a claim, shown as a help to memory only."""
    said = (_first(BROWSERS, agent), _first(SYSTEMS, agent))
    return ", ".join(word for word in said if word)


def _first(marks: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for mark, name in marks if mark in agent), "")
