"""Product pages made by code, with what real ones weigh: state of an application, styles, icons, cards, reviews."""

from __future__ import annotations

import json
import random


def small() -> bytes:
    """About 5 kB: a product in JSON-LD and some text."""
    product = {
        "@context": "https://schema.org", "@type": "Product", "name": "Lamp", "image": ["/p.jpg"],
        "offers": {"price": "9.90", "priceCurrency": "USD"},
    }  # fmt: skip
    return (
        f'<html><head><script type="application/ld+json">{json.dumps(product)}</script></head><body><h1>Lamp</h1>'
        + "<p class='text'>Soft light for long evenings, made of paper and patience.</p>" * 60
        + "</body></html>"
    ).encode()


def large(size: int = 600_000) -> bytes:
    """About `size` bytes: a third scripts and state, a third styles and icons, a third mark-up."""
    dice = random.Random(600)
    words = "soft light evening paper lamp shade wood brass warm small long quiet garden moon star lantern".split()

    def text(n: int) -> str:
        return " ".join(dice.choice(words) for _ in range(n))

    product = {
        "@context": "https://schema.org", "@type": "Product", "name": "Star Lantern night lamp", "sku": "SL-1",
        "description": text(120), "image": [f"https://cdn.shop.example/i/{n}.jpg" for n in range(8)],
        "brand": {"@type": "Brand", "name": "Moon Stall"},
        "offers": {"@type": "Offer", "price": "24.90", "priceCurrency": "USD", "availability": "https://schema.org/InStock",
                   "seller": {"@type": "Organization", "name": "Moon Stall"}},
    }  # fmt: skip
    card = '<li class="product-card" data-id="{n}"><a href="/products/{n}?ref=rail"><picture><source srcset="/i/{n}-400.webp 400w, /i/{n}-800.webp 800w"><img src="/i/{n}-400.jpg" alt="{t}" loading="lazy"></picture><h3>{t}</h3><span class="price">$ {n}.90</span></a></li>'
    review = '<article class="review"><header><b>Visitor {n}</b> <time>2026-0{m}-1{m}</time></header><p>{t}</p></article>'
    icon = '<svg class="icon" viewBox="0 0 24 24"><path d="{d}"/></svg>'
    parts: list[str] = []
    third = size // 3
    state = json.dumps(
        [{"id": n, "t": text(8), "v": [dice.random() for _ in range(4)]} for n in range(third // 170)]
    )
    while sum(len(part) for part in parts) < third:
        n = len(parts)
        parts.append(card.format(n=n, t=text(5)) if n % 3 else review.format(n=n, m=1 + n % 9, t=text(40)))
    style = "".join(f".c{n}{{margin:{n % 9}px;color:#{n % 4096:03x}}}" for n in range(third // 60))
    icons = [
        icon.format(d=" ".join(f"M{dice.random():.4f} {dice.random():.4f}" for _ in range(30)))
        for _ in range(third // 2 // 560)
    ]
    gallery = "".join(f'<img src="/i/big-{n}.jpg" width="900" height="900" alt="view {n}">' for n in range(8))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Star Lantern night lamp</title>'
        '<meta property="og:title" content="Star Lantern night lamp"><link rel="canonical" href="/products/1">'
        f'<style>{style}</style><script type="application/ld+json">{json.dumps(product)}</script></head><body>'
        f'<main><h1>Star Lantern night lamp</h1><div class="gallery">{gallery}</div><p class="price">$ 24.90</p>'
        f"{''.join(icons)}<ul>{''.join(parts)}</ul></main><script>window.__STATE__={state}</script></body></html>"
    ).encode()
