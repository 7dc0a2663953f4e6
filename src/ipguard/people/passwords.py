"""Passwords by NIST SP 800-63B: length counts, no rules of composition, nothing that is in every list of guesses.

They are kept as Argon2id; hashing takes about 0.1 s and 64 MB, so never hash inside a transaction.
"""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from ipguard.errors import WrongUse

MIN_LENGTH = 12
"""Code points; SP 800-63B §3.1.1.2 asks for at least 8, and 15 where nothing else protects an account."""
MAX_LENGTH = 256
MIN_GUESSES = 8.0
"""Decimal logarithm of the guesses that zxcvbn expects; “password1234” takes 4, four words picked by dice take 14."""
ESTIMATED = 72
"""Code points that are estimated: longer ones gain nothing from it and cost time."""


def check_password(password: str, *, name: str, label: str = "") -> str:
    """The password in the form that is hashed (NFKC, SP 800-63B §3.1.1.2).

    Raises:
        WrongUse: it is too short or long, holds the person's own name, or is among the first anybody would try.
    """
    from zxcvbn import zxcvbn

    text = normal(password)
    if len(text) < MIN_LENGTH:
        raise WrongUse("That password is shorter than 12 characters.", hint="A few words make a good one.")
    if len(text) > MAX_LENGTH:
        raise WrongUse("That password is longer than 256 characters.", hint="Take a shorter one.")
    own = [word for word in (name, *label.split()) if len(word) > 2]
    if any(word.casefold() in text.casefold() for word in own):
        raise WrongUse("That password contains your own name.", hint="Take one that nobody would try first.")
    if float(zxcvbn(text[:ESTIMATED], [*own, "ipguard"])["guesses_log10"]) < MIN_GUESSES:
        raise WrongUse(
            "That password is easy to guess: it is common, repeats itself, or follows the keyboard.",
            hint="A few words that do not belong together make a good one.",
        )
    return text


def hash_password(checked: str) -> str:
    """The Argon2id hash that is kept, of a password that `check_password` returned."""
    return _hasher().hash(checked)


def judge(password: str, kept: str) -> tuple[bool, str | None]:
    """Whether a password is the one that was kept, and a new hash where the kept one has older parameters.

    With nothing kept the same work is done, and the answer is no.
    """
    given = normal(password)[:MAX_LENGTH]
    try:
        right, fresh = _hasher().verify_and_update(given, kept or _nobodys())
    except PwdlibError:
        return False, None
    return (right, fresh) if kept else (False, None)


def normal(password: str) -> str:
    """One form for the several ways a keyboard can send the same characters."""
    return unicodedata.normalize("NFKC", password)


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """A hash of a password that nobody knows, so that an unknown name takes as long as a known one."""
    return _hasher().hash(secrets.token_urlsafe(32))
