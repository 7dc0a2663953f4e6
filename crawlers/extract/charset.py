"""Text from bytes: BOM, then header, then meta, then detection (WHATWG Encoding §4.2, HTML §13.2.3).

A name that plainly does not fit the bytes counts as none: shops say UTF-8 and send Shift_JIS.

Bytes must never go straight into the HTML parser: it reads six Asian and Cyrillic encodings wrongly.
"""

from __future__ import annotations

from bs4.dammit import UnicodeDammit
from w3lib.encoding import html_to_unicode

LIKELY = ("utf-8", "gb18030", "shift_jis", "euc-jp", "euc-kr", "big5", "windows-1251", "windows-1252")

FEW_WRONG = 3
"""Characters that do not decode, and the name is still believed: a cut page, a broken comment."""


def decode_page(body: bytes, content_type: str) -> str:
    """The text of a page; bytes that fit no encoding become U+FFFD, never an error."""
    _, read = html_to_unicode(content_type, body, default_encoding="utf-8", auto_detect_fun=detect)
    text = str(read)
    wrong = text.count("\ufffd")
    if wrong > FEW_WRONG and wrong * 10 > sum(character > "\x7f" for character in text):
        try:
            return body.decode(detect(body))
        except UnicodeDecodeError:
            return text
    return text


def detect(body: bytes) -> str:
    """The encoding of text that does not say: the first likely one without an error and with the fewest oddities."""
    best, fewest = "utf-8", 1.0
    for encoding in LIKELY:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8":
            return encoding
        oddity = _oddity(text)
        if oddity < fewest:
            best, fewest = encoding, oddity
    if fewest == 1.0:
        found = UnicodeDammit(body).original_encoding
        best = found or best
    return best


def _oddity(text: str) -> float:
    """Share of the letters beyond ASCII that are rare in running text: what a wrong guess is full of."""
    beyond = [c for c in text if ord(c) > 0x7F]
    if not beyond:
        return 0.0
    return sum(1.0 - _common(ord(c)) for c in beyond) / len(beyond)


def _common(code: int) -> float:
    """How usual a code point is: kana and Hangul are sure signs, common Han next, Cyrillic and Latin after."""
    if 0x3040 <= code <= 0x30FF or 0xAC00 <= code <= 0xD7A3:
        return 0.98
    if 0x4E00 <= code <= 0x9FFF:
        return 0.9 if _in_level_one(code) else 0.35
    if 0x3000 <= code <= 0x303F or 0xFF01 <= code <= 0xFF5E:
        return 0.8
    if 0x0430 <= code <= 0x044F:
        return 0.9
    if 0x0410 <= code <= 0x042F or code in (0x0401, 0x0451):
        return 0.6
    if 0xA0 <= code <= 0x017F or 0x2010 <= code <= 0x2122:
        return 0.4
    return 0.0


def _in_level_one(code: int) -> bool:
    """Whether a Han character is a common one: first level of GB 2312, JIS X 0208 or Big5."""
    character = chr(code)
    for encoding, first, last in (("gb2312", 0xB0, 0xD7), ("euc_jp", 0xB0, 0xCF), ("big5", 0xA4, 0xC6)):
        try:
            lead = character.encode(encoding)[0]
        except UnicodeEncodeError:
            continue
        if first <= lead <= last:
            return True
    return False
