"""What the codes of findings are called on a screen, in English; `locale/` has them in other languages. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Names = Mapping[str, str]

FIELDS: Names = MappingProxyType(
    {
        "title": "In the title",
        "description": "In the description",
        "tags": "In the tags",
        "seller": "In the seller's name",
        "picture_text": "In the picture's text",
    }
)
LAYERS: Names = MappingProxyType(
    {
        "exact": "letter by letter",
        "variant": "in other forms of the same letters",
        "joined": "joined with other words",
        "spacing": "with spaces or signs between its letters",
        "lookalike": "with look-alike characters",
        "leet": "with digits or signs for letters",
        "inflected": "with an ending",
        "homophone": "with other characters of the same sound",
        "similar": "with other characters of a similar shape",
        "split": "taken apart",
        "mask": "with letters hidden",
        "misspelling": "misspelt",
        "pinyin": "in pinyin",
        "romanised": "in Latin letters",
        "phonetic": "as it sounds",
        "word_order": "with its words in another order",
        "reordered": "with its words in another order",
        "initials": "as initials",
        "tld": "under another ending than the official domain",
    }
)
GROUPS: Names = MappingProxyType(
    {
        "name": "The name",
        "distribution": "Hands it out",
        "mechanics": "How it works",
        "money": "Takes money",
        "community": "Gathers people",
        "technical": "Technical",
        "label": "Labelled so",
    }
)
"""Groups of signs of a page, in the order they are shown."""
CUES: Names = MappingProxyType(
    {
        "account_on_server": "an account on its server",
        "cheat": "a cheat by name",
        "cheat_features": "what cheats do",
        "cheat_strong": "a cheat by name",
        "cheat_word": "a word for cheats",
        "client_download": "a client to download",
        "client_patching": "a client that is patched",
        "community": "a group to join",
        "dump_folders": "folders of taken data",
        "generator": "a generator",
        "generous": "more than the owner gives",
        "gifts": "gifts",
        "keys": "keys or licences",
        "mirror_catalogue": "a catalogue of copies",
        "mirror_reading": "reading or watching copies",
        "modded_client": "a changed client",
        "modded_features": "what changed clients do",
        "money": "asks for money",
        "patched_client": "a patched client",
        "private_server": "a private server by name",
        "rates": "raised rates",
        "redirection": "leads the client elsewhere",
        "server_commands": "commands for a server",
        "server_emulator": "a server emulator by name",
        "server_stack": "what a server is built of",
        "chapter_links": "links to many chapters",
        "chapter_range": "a range of chapters",
        "file_link": "a link to a file host",
        "release_link": "a link to a release",
        "invite_link": "an invitation link",
        "invite_page": "is an invitation",
        "payment_link": "a link to a payment",
        "vote_link": "a link to vote for a server",
        "register_form": "a form to register",
        "repository": "is a repository",
        "repository_name": "a repository's name",
        "top_list": "is an entry of a top list",
        "version_in_title": "a version in the title",
        "group_number": "the number of a group",
        "handle": "a name on a chat service",
        "wallet": "a wallet",
        "price": "a price",
        "served": "says what it serves",
        "given_away": "gives something away",
        "rate": "a rate",
        "server_address": "the address of a server",
        "hosts_line": "a line for the hosts file",
        "official_redirected": "an official address led elsewhere",
        "name_and_server": "a server's name right behind it",
        "status": "blocked for legal reasons",
        "dmca": "a takedown notice",
        "known-parent": "copied from a confirmed one",
        "shared-invite": "the invitation of a confirmed one",
        "shared-wallet": "the wallet of a confirmed one",
        "shared-analytics": "counted together with a confirmed one",
    }
)
"""What a word or link of a page is a sign of."""
PLACES: Names = MappingProxyType(
    {
        "title": "in the title",
        "text": "in the text",
        "url": "in the address",
        "link": "a link",
        "form": "a form",
        "label": "a label",
    }
)
OFFERS: Names = MappingProxyType(
    {
        "private_server": "a private server",
        "server_emulator": "a server emulator",
        "cheat": "a cheat",
        "pirated_client": "a pirated or changed client",
        "mirror": "copied content",
    }
)
VERDICTS: Names = MappingProxyType(
    {"report": "to be reported", "review": "a person should look", "none": "not an offer"}
)
AGAINST: Names = MappingProxyType(
    {
        "official": "an official address",
        "store": "an app store",
        "negated": "what is offered is denied or forbidden",
        "question": "it only asks",
        "court_or_news": "news or a court",
        "troubleshooting": "help with a problem",
        "academic": "research",
        "hiring": "a job offer",
        "encyclopedia": "an encyclopedia",
        "hosting": "plain server hosting",
        "warning": "a warning or rules",
        "other_game": "it is about another game",
        "other_subject": "its title is about something else",
    }
)
CUTS: Names = MappingProxyType(
    {
        "body": "the answer",
        "title": "the title",
        "text": "the text",
        "links": "the links",
        "forms": "the forms",
        "labels": "the labels",
    }
)
METHODS: Names = MappingProxyType(
    {"passages": "by passages that are the same", "names": "by the order of names: a weak sign"}
)

SENTENCES = frozenset(
    {
        "Name on the watchlist",
        "Written",
        "Changed characters",
        "stands for {letter}",
        "put in",
        "{letter} is left out",
        "Words beside it",
        "Negative cues",
        "Speaks against it",
        "nothing",
        "As an address bar shows it",
        "As it was given",
        "Offers",
        "Verdict",
        "Read only in part",
        "{count} times",
        "{count} more",
        "Text looked at",
        "Owned text",
        "Compared",
        "Shared",
        "{text} % of the text, {owned} % of the owned one",
        "Passage",
        "Address",
        "characters {start} to {end} = {first} to {last} of the owned text, {letters} the same",
    }
)
"""Everything else that explanations say."""
