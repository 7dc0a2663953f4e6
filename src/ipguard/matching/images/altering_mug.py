"""The work on a mug: a printed cylinder seen a little from above."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ipguard.matching.images import altering_surfaces as surfaces
from ipguard.matching.images.altering_scenes import (
    Floats,
    Made,
    Random,
    backdrop,
    photographed,
    plain_colour,
    size_of_photo,
    to_pixels,
)
from ipguard.matching.images.altering_surfaces import Patch, as_quad, hide_a_little, pane, put, shade
from ipguard.matching.images.decode import Pixels


def mug(work: Pixels, rng: Random, backgrounds: Sequence[Pixels]) -> Made:
    """A mug with the print bent round it, gleaming, often turned so that the print runs out of view."""
    frame = size_of_photo(rng)
    aspect = work.shape[1] / work.shape[0]
    half = float(np.radians(rng.uniform(42, 72)))
    tall = 2 * half / aspect
    body = float(rng.uniform(2.1, 2.6))
    if tall > 0.86 * body:
        half, tall = 0.86 * body * aspect / 2, 0.86 * body
    turn = float(rng.uniform(-1, 1)) * min(0.45, np.radians(82) - half)
    seen = (np.sin(turn + half) - np.sin(turn - half)) * tall
    radius = float(np.sqrt(rng.uniform(0.1, 0.34) * frame[0] * frame[1] / seen))
    radius = min(radius, frame[0] * 0.4, frame[1] * 0.88 / (body + 0.4))
    bow, roll = radius * float(rng.uniform(0.08, 0.26)), float(np.radians(rng.normal(0, 3.5)))
    middle = np.array(frame) * (0.5, 0.52) + rng.uniform(-0.08, 0.08, 2) * frame
    scene = backdrop(frame, rng, backgrounds).astype(np.float32)
    x = np.arange(frame[0], dtype=np.float32)[None, :] - np.float32(middle[0])
    y = np.arange(frame[1], dtype=np.float32)[:, None] - np.float32(middle[1])
    px, py = x * np.cos(roll) + y * np.sin(roll), y * np.cos(roll) - x * np.sin(roll)
    px, py = np.asarray(px, np.float32), np.asarray(py, np.float32)
    white = rng.random() < 0.8
    glaze = np.array(
        plain_colour(rng, light=(215, 250), colourful=0.05) if white else plain_colour(rng), np.float32
    )
    side = 1 if rng.random() < 0.5 else -1
    top = -body * radius / 2
    _handle(scene, middle, (radius, body * radius, roll), glaze, side)
    _mug_body(scene, (px, py), (radius, top, -top, bow), glaze, rng)
    first = float(rng.uniform(0.25, 0.75)) * (body - tall) * radius
    _wrap(scene, work, (px, py), (radius, top + first, tall * radius, bow), (turn, half), rng)
    corners = [(turn + s * half, t) for s, t in ((-1, 0), (1, 0), (1, 1), (-1, 1))]
    flat = np.array(
        [(radius * np.sin(a), top + first + bow * np.cos(a) + t * tall * radius) for a, t in corners]
    )
    spin = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    quad = (flat @ spin.T + middle).astype(np.float32)
    hide_a_little(scene, quad, rng, (("hand", 0.22),))
    return Made(photographed(to_pixels(scene), rng), as_quad(quad))


def _handle(
    scene: Floats, middle: NDArray[np.float64], body: tuple[float, float, float], glaze: Floats, side: int
) -> None:
    radius, tall, roll = body
    at = middle + side * radius * 1.02 * np.array([np.cos(roll), np.sin(roll)])
    centre = (round(float(at[0])), round(float(at[1])))
    axes = (round(radius * 0.52), round(tall * 0.3))
    for tone, thick in ((0.62, 0.25), (0.86, 0.19), (1.0, 0.08)):
        colour = (glaze * np.float32(tone)).tolist()
        cv2.ellipse(
            scene,
            centre,
            axes,
            float(np.degrees(roll)),
            0,
            360,
            colour,
            max(2, round(radius * thick)),
            cv2.LINE_AA,
        )


def _mug_body(
    scene: Floats,
    at: tuple[Floats, Floats],
    body: tuple[float, float, float, float],
    glaze: Floats,
    rng: Random,
) -> None:
    px, py = at
    radius, top, bottom, bow = body
    across = np.clip(px / radius, -1, 1)
    curve = np.sqrt(np.maximum(1 - across * across, 0)) * bow
    soft = np.clip((radius - np.abs(px)) / 1.2, 0, 1)
    alpha = soft * np.clip(py - top + 0.5, 0, 1) * np.clip(bottom + curve - py, 0, 1)
    rim = np.clip((1 - np.hypot(px / radius, (py - top) / bow)) * bow, 0, 1)
    alpha = np.maximum(alpha, rim).astype(np.float32)
    shade(scene, surfaces.blurred_shadow(alpha, (radius * 0.12, radius * 0.14), radius * 0.16), 0, 0, 0.5)
    lamp = float(rng.uniform(-0.6, 0.6))
    light = 0.6 + 0.42 * np.cos(np.arcsin(across) - lamp)
    scene += (glaze[None, None, :] * light[:, :, None] - scene) * alpha[:, :, None]
    inner = np.clip((0.955 - np.hypot(px / radius, (py - top) / bow)) * bow, 0, 1)
    filling = np.array((70, 44, 28) if rng.random() < 0.4 else glaze * np.float32(0.62), np.float32)
    depth = (0.75 + 0.35 * np.clip((py - top) / bow, -1, 1)).astype(np.float32)
    scene += (filling[None, None, :] * depth[:, :, None] - scene) * inner[:, :, None]


def _wrap(
    scene: Floats, work: Pixels, at: tuple[Floats, Floats], body: tuple[float, float, float, float],
    span: tuple[float, float], rng: Random,
) -> None:  # fmt: skip
    """Print the work round the body; (radius, top, height, bow) in pixels, (turn, half width) in radians."""
    px, py = at
    radius, top, tall, bow = body
    turn, half = span
    inside = np.abs(px) < radius * 0.999
    angle = np.arcsin(np.clip(px / np.float32(radius), -0.999, 0.999)).astype(np.float32)
    u = (angle - turn + half) / (2 * half)
    v = (py - top - bow * np.cos(angle)) / tall
    pixel_u, pixel_v = 1 / (2 * half * radius), 1 / tall
    alpha = (
        np.clip(np.minimum(u, 1 - u) / pixel_u, 0, 1) * np.clip(np.minimum(v, 1 - v) / pixel_v, 0, 1) * inside
    )
    if not alpha.any():
        return
    ys, xs = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    here = np.s_[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    art = surfaces.printed(work, np.ascontiguousarray(u[here]), np.ascontiguousarray(v[here]))
    lamp, shine = float(rng.uniform(-0.6, 0.6)), float(rng.uniform(-0.9, 0.9))
    light = (0.66 + 0.36 * np.cos(angle[here] - lamp)).astype(np.float32)
    put(scene, Patch(art * light[:, :, None], alpha[here].astype(np.float32), int(xs[0]), int(ys[0])))
    for strip in (shine, shine + float(rng.uniform(0.3, 0.8))):
        glow = np.exp(-(((angle - strip) / np.float32(rng.uniform(0.03, 0.09))) ** 2)) * inside
        glow = glow * np.clip(np.minimum(v, 1 - v) * 8 + 0.5, 0, 1)
        glow = (np.float32(rng.uniform(0.15, 0.55)) * glow[here]).astype(np.float32)
        pane(scene, glow, (int(xs[0]), int(ys[0])), 1.0)
