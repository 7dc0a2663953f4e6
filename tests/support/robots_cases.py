"""What a robots.txt means, as facts: RFC 9309, and the cases of the parser that Google published, told in our words.

Each case: what it is about, the file, who asks, paths that may be fetched, paths that may not. Hosts play no part.
Left out of Google's are those it marks as its own leniency (misspelled words, index.html, lines that are cut), and
those the RFC decides otherwise since: there the RFC's answer stands, and the case says so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One file and what it means for one asker."""

    about: str
    lines: str
    agent: str = "FooBot"
    may: tuple[str, ...] = ()
    may_not: tuple[str, ...] = ()


def _for_us(*rules: str) -> str:
    return "\n".join(("user-agent: FooBot", *rules, ""))


_GROUPS = """allow: /foo/bar/

user-agent: FooBot
disallow: /
allow: /x/
user-agent: BarBot
disallow: /
allow: /y/


allow: /w/
user-agent: BazBot

user-agent: FooBot
allow: /z/
disallow: /
"""
_OTHER = "User-agent: BarBot\n{line}\nUser-agent: *\nDisallow: /\n"
_GLOBAL = "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n"
_SPECIFIC = "user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\nuser-agent: BazBot\ndisallow: /\n"
_SPACED = "User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n"
_LOUD = "USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n"
_MIXED = "uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n"
_STAR_AND_US = "user-agent: *\ndisallow: /x/\nuser-agent: FooBot\ndisallow: /y/\n"

CASES = (
    # -- who is meant (RFC 9309 §2.2.1) -----------------------------------------------------------------
    Case("a file without a word", "", may=("/", "/x/y")),
    Case("lines of no known kind", "foo: FooBot\nbar: /\n", may=("/x/y",)),
    Case("one group that is ours", "user-agent: FooBot\ndisallow: /\n", may_not=("/", "/x/y")),
    Case("one group that is another's", "user-agent: BarBot\ndisallow: /\n", may=("/", "/x/y")),
    Case("rules before any group count for nobody", _GROUPS, "FooBot", ("/x/b", "/z/d"), ("/y/c", "/w/a", "/foo/bar/")),
    Case("an empty line ends no group", _GROUPS, "BarBot", ("/y/c", "/w/a"), ("/z/d", "/x/b", "/foo/bar/")),
    Case("names that follow one another share a group", _GROUPS, "BazBot", ("/z/d",), ("/x/b", "/y/c", "/foo/bar/")),
    Case("a sitemap line stands between no names", _OTHER.format(line="Sitemap: https://h/s"), "FooBot", (), ("/",)),
    Case("nor does it for the first of them", _OTHER.format(line="Sitemap: https://h/s"), "BarBot", (), ("/",)),
    Case("nor does an unknown line", _OTHER.format(line="Invalid-Unknown-Line: unknown"), "BarBot", (), ("/",)),
    Case("words of the format in any case", _LOUD, "FooBot", ("/x/y",), ("/a/b",)),
    Case("words of the format in mixed case", _MIXED, "FooBot", ("/x/y",), ("/a/b",)),
    Case("our name in any case", "user-agent: FOOBOT\nallow: /x/\ndisallow: /\n", "foobot", ("/x/y",), ("/a/b",)),
    Case("a name ends at its first blank", _SPACED, "Foo", ("/x/y",), ("/a/b",)),
    Case("the group for all is for whoever has no own", _GLOBAL, "BarBot", ("/x/y",)),
    Case("and not for whoever has", _GLOBAL, "FooBot", (), ("/x/y",)),
    Case("without a group for all, whoever is not named may", _SPECIFIC, "QuxBot", ("/x/y",)),
    Case("one's own group alone counts", _STAR_AND_US, "FooBot", ("/x/page",), ("/y/page",)),
    Case("two groups of one name are one", "user-agent: FooBot\ndisallow: /a\n\nuser-agent: x\ndisallow: /\n\n"
         "user-agent: FooBot\ndisallow: /b\n", "FooBot", ("/c",), ("/a", "/b")),
    Case("a version behind a name is no part of it", "user-agent: FooBot/2.1\ndisallow: /a\n\nuser-agent: *\ndisallow: /\n",
         "FooBot", ("/b",), ("/a",)),
    Case("part of our name is not our name", "user-agent: Foo\nallow: /\n\nuser-agent: *\ndisallow: /\n", "FooBot", (), ("/a",)),
    Case("a missing colon and a slip of the pen are understood", "user-agent FooBot\ndissallow: /a\n", "FooBot", ("/b",), ("/a",)),
    # -- the longest match decides (RFC 9309 §2.2.2) -----------------------------------------------------
    Case("paths are told apart by case", _for_us("disallow: /X/"), may=("/x/y",), may_not=("/X/y",)),
    Case("the longer rule forbids", _for_us("disallow: /x/page.html", "allow: /x/"), may=("/x/", "/x/a"), may_not=("/x/page.html",)),
    Case("the longer rule allows", _for_us("allow: /x/page.html", "disallow: /x/"), may=("/x/page.html",), may_not=("/x/", "/x/a")),
    Case("rules without a path say nothing", _for_us("disallow: ", "allow: "), may=("/x/page.html",)),
    Case("of two alike, to allow wins", _for_us("disallow: /", "allow: /"), may=("/x/page.html",)),
    Case("of two alike and long, to allow wins", _for_us("disallow: /x/page.html", "allow: /x/page.html"), may=("/x/page.html",)),
    Case("a slash makes a rule longer", _for_us("disallow: /x", "allow: /x/"), may=("/x/",), may_not=("/x",)),
    Case("a wildcard rule is as long as it is written", _for_us("allow: /page", "disallow: /*.html"), may=("/page",), may_not=("/page.html",)),
    Case("a wildcard rule may be the shorter one", _for_us("allow: /x/page.", "disallow: /*.html"), may=("/x/page.html",), may_not=("/x/y.html",)),
    Case("a short allow beats the root", _for_us("allow: /p", "disallow: /"), may=("/page",), may_not=("/other",)),
    Case("allow and forbid one folder", _for_us("allow: /folder", "disallow: /folder"), may=("/folder/page",)),
    Case("allow a page, forbid its ending", _for_us("allow: /page", "disallow: /*.htm"), may_not=("/page.htm",)),
    Case("only the root itself", _for_us("allow: /$", "disallow: /"), may=("/",), may_not=("/page.html",)),
    # -- special characters (RFC 9309 §2.2.3) ------------------------------------------------------------
    Case("a star stands for anything", _for_us("disallow: /foo/bar/quz", "allow: /foo/*/qux"),
         may=("/foo/quz", "/foo//quz", "/foo/bax/quz"), may_not=("/foo/bar/quz",)),
    Case("a dollar is the end", _for_us("disallow: /foo/bar$", "allow: /foo/bar/qux"),
         may=("/foo/bar/qux", "/foo/bar/", "/foo/bar/baz"), may_not=("/foo/bar",)),
    Case("a hash begins a comment", _for_us("# disallow: /", "disallow: /foo/quz#qux", "allow: /"),
         may=("/foo/bar",), may_not=("/foo/quz",)),
    Case("a path is the beginning of paths", _for_us("disallow: /fish"),
         may=("/bar", "/Fish.asp", "/catfish", "/?id=fish"),
         may_not=("/fish", "/fish.html", "/fish/salmon.html", "/fishheads/yummy.html", "/fish.html?id=anything")),
    Case("a star at the end changes nothing", _for_us("disallow: /fish*"),
         may=("/bar", "/Fish.bar", "/catfish", "/?id=fish"), may_not=("/fish", "/fishheads", "/fish.html?id=anything")),
    Case("a folder is not its name", _for_us("disallow: /fish/"),
         may=("/bar", "/fish", "/fish.html", "/Fish/Salmon.html"), may_not=("/fish/", "/fish/salmon", "/fish/?salmon")),
    Case("an ending anywhere", _for_us("disallow: /*.php"),
         may=("/bar", "/windows.PHP"),
         may_not=("/filename.php", "/folder/filename.php?parameters", "//folder/any.php.file.html", "/filename.php/")),
    Case("an ending at the end", _for_us("disallow: /*.php$"),
         may=("/filename.php?parameters", "/filename.php/", "/filename.php5", "/php/", "/filename?php", "//windows.PHP"),
         may_not=("/filename.php", "/folder/filename.php")),
    Case("a beginning and an ending", _for_us("disallow: /fish*.php"),
         may=("/bar", "/fish.PHP"), may_not=("/fish.php", "/fishheads/catfish.php?parameters")),
    # -- letters beyond ASCII (RFC 9309 §2.2.2) ------------------------------------------------------------
    Case("a query with an address in it", _for_us("disallow: /", "allow: /foo/bar?qux=taz&baz=http://foo.bar?tar&par"),
         may=("/foo/bar?qux=taz&baz=http://foo.bar?tar&par",), may_not=("/foo/bar",)),
    Case("a letter as it is written", _for_us("disallow: /", "allow: /foo/bar/ツ"), may=("/foo/bar/%E3%83%84", "/foo/bar/ツ")),
    Case("a letter percent-coded", _for_us("disallow: /", "allow: /foo/bar/%E3%83%84"), may=("/foo/bar/%E3%83%84", "/foo/bar/ツ")),
    Case("plain letters percent-coded are plain letters: the RFC's answer", _for_us("disallow: /", "allow: /foo/bar/%62%61%7A"),
         may=("/foo/bar/baz", "/foo/bar/%62%61%7A")),
    # -- lines and marks (RFC 9309 §2.3, §2.4) ------------------------------------------------------------
    Case("lines that end in CR LF", "user-agent: FooBot\r\ndisallow: /\r\nallow: /x\r\n", may=("/x",), may_not=("/y",)),
    Case("lines that end in CR", "user-agent: FooBot\rdisallow: /\rallow: /x\r", may=("/x",), may_not=("/y",)),
    Case("a last line without an end", "user-agent: FooBot\nallow: /x\ndisallow: /", may=("/x",), may_not=("/y",)),
    Case("a byte order mark", "\ufeffuser-agent: FooBot\ndisallow: /\nallow: /AnyValue\n", may=("/AnyValue",), may_not=("/",)),
    Case("blanks around everything", "  user-agent :  FooBot  \n\tdisallow\t:\t/x\t# ours\n", may=("/y",), may_not=("/x",)),
    Case("a page of HTML is no rules", "<!doctype html><html><title>Not found</title>\n<p>disallow</p>\n", may=("/", "/x")),
    Case("a Crawl-delay stands between no rules", _for_us("crawl-delay: 3", "disallow: /x"), may=("/y",), may_not=("/x",)),
    Case("robots.txt itself may be asked for", "user-agent: *\ndisallow: /\n", may=("/robots.txt",)),
)  # fmt: skip
