"""Pages that stand in the way: challenges, consent walls, log-ins, passwords. Recognised, and never got round."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

TITLES = (
    (re.compile(r"just a moment|attention required|checking your browser", re.IGNORECASE), "a challenge page"),
    (re.compile(r"ddos|access denied", re.IGNORECASE), "a challenge page"),
    (re.compile(r"请稍候|安全验证|访问验证"), "a challenge page"),
    (re.compile(r"are you (a )?(human|robot)|robot check|captcha", re.IGNORECASE), "a captcha page"),
    (re.compile(r"滑动验证|人机验证|ロボットではありません"), "a captcha page"),
    (re.compile(r"before you continue|cookie consent", re.IGNORECASE), "a consent page"),
    (re.compile(r"^\s*(log ?in|sign ?in|登录|登入|ログイン|로그인|вход)\s*([|·–-]|$)", re.IGNORECASE), "a log-in page"),
    (re.compile(r"password protected|opening soon|enter (using )?password", re.IGNORECASE), "a shop behind a password"),
)  # fmt: skip
MARKS = (
    ("#challenge-form, #cf-challenge-running, .cf-browser-verification", "a challenge page"),
    (".g-recaptcha, .h-captcha, #captcha, #nc_1_wrapper, iframe[src*=captcha], #px-captcha", "a captcha page"),
    ("form[action*='/password'] input[type=password], .storefront-password-form", "a shop behind a password"),
)  # fmt: skip


def challenge_in(page: LexborHTMLParser) -> str:
    """What stands in the way, in words; empty when nothing does."""
    title = page.css_first("title")
    heading = page.css_first("h1, h2")
    words = " ".join(node.text()[:200] for node in (title, heading) if node is not None)
    for pattern, what in TITLES:
        if pattern.search(words):
            return f"The shop shows {what} instead of goods."
    for selector, what in MARKS:
        if page.css_first(selector) is not None:
            return f"The shop shows {what} instead of goods."
    return ""
