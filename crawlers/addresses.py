"""One spelling for the addresses of one listing: what says where a visitor came from, on which device, or in which
rendering, says nothing about the listing. Pure.

Two strengths. `one_spelling` drops only what is tracking on every shop, so that what it gives can still be asked for.
`same_place` goes further (AMP, mobile hosts, http and https) and is only for comparing.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from w3lib.url import canonicalize_url

TRACKING = frozenset({
    # ad clicks
    "fbclid", "gclid", "gclsrc", "gbraid", "wbraid", "dclid", "msclkid", "yclid", "ysclid", "ttclid", "twclid",
    "li_fat_id", "igshid", "igsh", "srsltid", "epik", "rdt_cid", "wickedid", "irclickid", "admitad_uid",
    # mail and analytics
    "mc_cid", "mc_eid", "_ga", "_gl", "_hsenc", "_hsmi", "mkt_tok", "oly_anon_id", "oly_enc_id", "vero_id", "s_cid",
    # marketplaces: AliExpress and Taobao, Shopify search and recommendations, eBay, Amazon, Shopee
    "spm", "scm", "scm_id", "scm-url", "pvid", "algo_pvid", "algo_exp_id", "algo_expid", "btsid", "ws_ab_test",
    "gatewayadapt", "_pos", "_sid", "_ss", "_psq", "_fid", "_v", "pr_prod_strat", "pr_rec_id", "pr_rec_pid",
    "pr_ref_pid", "pr_seq", "_trkparms", "_trksid", "_trkparams", "hash_trk", "amdata", "mkcid", "mkrid", "mkevt",
    "campid", "toolid", "pf_rd_p", "pf_rd_r", "pd_rd_i", "pd_rd_r", "pd_rd_w", "pd_rd_wg", "content-id", "ascsubtag",
    "linkcode", "sp_atk", "xptdk", "uls_trackid", "smtt",
})  # fmt: skip
"""Query parameters that are tracking wherever they stand, beside everything that begins with `utm_` or `aff_`."""
PREFIXES = ("utm_", "aff_", "pk_", "mtm_", "hsa_")
ON_LISTINGS = frozenset({
    "ref", "ref_", "referrer", "referer", "affiliate", "affid", "tag", "campaign", "source", "src", "trk", "from",
    "share", "shared", "via",
})  # fmt: skip
"""Tracking in the address of a listing; elsewhere they may choose what is shown (`?tag=lamp`)."""
RENDERING = frozenset({"amp", "outputtype", "_amp"})
DEVICE_HOSTS = re.compile(r"^(?:www|m|mobile|wap|touch|amp)\.(?=[^.]+\.[^.]+)")
"""First labels that name a device or a rendering and not another shop; what is left must still be a name."""
AMP_PATH = re.compile(r"^/amp(?=/.)|(?<=.)/amp/?$", re.IGNORECASE)
MAX_FIELDS = 200
PLAIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{2,5})?/[A-Za-z0-9._~/-]*")
"""Addresses that are spelled as they should be already: most of a sitemap."""


def one_spelling(url: str, *, of_listing: bool = False) -> str:
    """The URL without fragment and tracking, parameters sorted; what is no URL comes back as it is.

    With `of_listing`, parameters that are tracking on a page of goods go too.
    """
    if PLAIN.fullmatch(url):
        return url
    parts = _split(url)
    if parts is None:
        return url
    if not parts.query:
        kept = ""
    else:
        pairs = _pairs(parts.query)
        if pairs is None:
            return url
        kept = urlencode([(k, v) for k, v in pairs if not _tracks(k.lower(), of_listing)])
    try:
        return str(canonicalize_url(parts._replace(query=kept, fragment="").geturl()))
    except ValueError:
        return url


def same_place(url: str) -> str:
    """What the addresses of one listing have in common: `shop.example/item/1?color=red`. Not to be asked for."""
    cleaned = one_spelling(url, of_listing=True)
    parts = _split(cleaned)
    if parts is None or not parts.hostname:
        return cleaned
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    host = DEVICE_HOSTS.sub("", parts.hostname.rstrip("."))
    path = AMP_PATH.sub("", parts.path).rstrip("/")
    pairs = [(k, v) for k, v in _pairs(parts.query) or () if k.lower() not in RENDERING]
    query = f"?{urlencode(pairs)}" if pairs else ""
    return f"{host}{port}{path}{query}"


def _tracks(name: str, of_listing: bool) -> bool:
    return name in TRACKING or name.startswith(PREFIXES) or (of_listing and name in ON_LISTINGS)


def _pairs(query: str) -> list[tuple[str, str]] | None:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is none
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") else None
