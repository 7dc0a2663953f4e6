"""Builds `data/*.txt`: everyday words, commonest first. Run once; the lists are committed, with their notice.

`python -m ipguard.matching.words.build_lists` needs the packages symspellpy, pyspellchecker, jieba, unidic-lite
and stopwordsiso, which the product itself does not. `data/ko.txt` is our own and is not built.
"""

from __future__ import annotations

import gzip
import json
import struct
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from ipguard.matching.romanise import hepburn
from ipguard.matching.text.fold import fold

TARGET = Path(__file__).parent / "data"
ENGLISH, EUROPEAN, CHINESE, PINYIN, JAPANESE = 60_000, 6_000, 30_000, 25_000, 12_000
"""How many words of each."""
GERMAN = 17_000
"""More, because nouns, which are written with a capital, were counted only where they stood without."""
LANGUAGES = ("es", "fr", "de", "pt", "it", "ru", "nl")
STOPWORDS = ("id", "vi", "th", "tr", "pl", "ar", "ms")
MECAB_HEADER = 72
MECAB_TOKEN = struct.Struct("<HHHhII")
"""Of a MeCab dictionary: bytes before the trie; one token (context ids, part of speech, cost, offset of features)."""
PROPER = {"nr", "nrt", "nrfg", "nz", "nt"}
"""Tags of jieba for names of people, brands and bodies: no everyday words."""
MISTAGGED = 1_000
"""Occurrences from which a word with such a tag is an everyday one all the same: 明星 is tagged as a person."""


def main() -> None:
    """Write every list."""
    english = _english()
    _write("en", english)
    european = {language: _counted(language) for language in LANGUAGES}
    spread = Counter(word for words in european.values() for word in words)
    known = set(english)
    for language, words in european.items():
        # what three languages share and English dictionaries lack is the name of somebody or something
        _write(language, [w for w in words if spread[w] < 3 or w in known])
    chinese = _chinese()
    _write("zh", chinese)
    _write("zh-pinyin", _pinyin(chinese[:PINYIN]))
    japanese, romaji = _japanese()
    _write("ja", japanese)
    _write("ja-romaji", romaji)
    _write("more", _stopwords())


def _english() -> list[str]:
    path = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt")
    rows = [line.split() for line in path.read_text("utf-8-sig").splitlines()]
    rows = [row for row in rows if row[0].isalpha() and (len(row[0]) > 2 or int(row[1]) > 400_000_000)]
    return [row[0] for row in sorted(rows, key=lambda row: -int(row[1]))[:ENGLISH]]


def _counted(language: str) -> list[str]:
    data = files("spellchecker").joinpath(f"resources/{language}.json.gz").read_bytes()
    counts: dict[str, int] = json.loads(gzip.decompress(data))
    words = sorted((w for w in counts if w.isalpha() and len(w) > 2), key=lambda w: -counts[w])
    return words[: GERMAN if language == "de" else EUROPEAN]


def _chinese() -> list[str]:
    rows = [line.split(" ") for line in files("jieba").joinpath("dict.txt").read_text("utf-8").splitlines()]
    kept = [row for row in rows if 2 <= len(row[0]) <= 4 and not row[0].isascii()]
    kept = [row for row in kept if row[2] not in PROPER or int(row[1]) >= MISTAGGED]
    return [row[0] for row in sorted(kept, key=lambda row: -int(row[1]))[:CHINESE]]


def _pinyin(words: Iterable[str]) -> list[str]:
    from pypinyin import lazy_pinyin

    read = ("".join(lazy_pinyin(word)) for word in words if len(word) <= 3)
    return [one for one in read if one.isascii() and len(one) >= 4]


def _japanese() -> tuple[list[str], list[str]]:
    """Common nouns of UniDic, the cheapest (commonest) first, as written and in Latin letters."""
    data = files("unidic_lite").joinpath("dicdir/sys.dic").read_bytes()
    *_, trie, tokens, _, _ = struct.unpack("<10I", data[:40])
    first = MECAB_HEADER + trie
    nouns: list[tuple[int, str, str]] = []
    for at in range(first, first + tokens, MECAB_TOKEN.size):
        _, _, _, cost, feature, _ = MECAB_TOKEN.unpack_from(data, at)
        begin = first + tokens + feature
        row = data[begin : data.index(b"\0", begin)].decode("utf-8").split(",")
        if row[:2] == ["名詞", "普通名詞"] and len(row[8]) >= 2:
            nouns.append((cost, row[8], row[6]))
    cheap = sorted(nouns)[:JAPANESE]
    read = [hepburn(kana) for _, _, kana in cheap]
    return [written for _, written, _ in cheap], [one for one in read if len(one) >= 5 and one.isascii()]


def _stopwords() -> list[str]:
    from stopwordsiso import stopwords

    return sorted({word for language in STOPWORDS for word in stopwords(language) if len(word) > 2})


def _write(name: str, words: Iterable[str]) -> None:
    folded = dict.fromkeys(fold(word).text for word in words)
    text = "".join(f"{word}\n" for word in folded if word and word.isprintable() and " " not in word)
    (TARGET / f"{name}.txt").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
