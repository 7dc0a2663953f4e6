"""The work on goods, photographed: a shirt, a mug, an acrylic stand, a phone case, a poster on a wall."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from ipguard.matching.images import altering_surfaces as surfaces
from ipguard.matching.images.altering_mug import mug
from ipguard.matching.images.altering_scenes import (
    Floats,
    Made,
    Random,
    backdrop,
    grain,
    photographed,
    plain_colour,
    size_of_photo,
    smooth_noise,
    to_pixels,
)
from ipguard.matching.images.altering_surfaces import Patch, as_quad, hide_a_little, pane, put, shade
from ipguard.matching.images.decode import Pixels

SHIRT = ((-0.17, -0.62), (-0.36, -0.57), (-0.52, -0.5), (-0.7, -0.28), (-0.88, -0.02), (-0.68, 0.1), (-0.54, -0.12),
         (-0.5, 0.1), (-0.5, 0.6), (-0.51, 0.88), (0.0, 0.9))  # fmt: skip
"""Left half of a shirt lying flat; 1 is the width of the chest, (0, 0) its middle."""


def shirt(work: Pixels, rng: Random, backgrounds: Sequence[Pixels]) -> Made:
    """A shirt lying or hanging, with the print on its chest: wrinkled, woven, partly under a fold or a hand."""
    frame = size_of_photo(rng)
    shape = (work.shape[1], work.shape[0])
    corners = surfaces.seen_from(shape, frame, rng, cover=float(rng.uniform(0.08, 0.26)), tilts=(14, 10, 14))
    corners = _towards_middle(corners, frame, 0.6)
    scene = backdrop(frame, rng, backgrounds).astype(np.float32)
    tone = _tone(_cloth_colour(rng))
    lying = surfaces.cloth(frame, rng, float(rng.uniform(0.5, 1.3)))
    if rng.random() < 0.3:
        lying = surfaces.folded(lying, corners, rng)
    _garment(scene, corners, tone, lying, rng)
    x, y, width, height = box = surfaces.box_around(corners, frame, 24)
    at_x, at_y = surfaces.coordinates(surfaces.plane(corners, (1.0, 1.0)), box)
    here = np.s_[y : y + height, x : x + width]
    step_x, step_y = _steps(at_x), _steps(at_y)
    u = at_x + lying.dx[here] * step_x
    v = at_y + lying.dy[here] * step_y
    art = surfaces.printed(work, u, v)
    aspect = shape[0] / shape[1]
    alpha = surfaces.rounded(u * aspect, v, (aspect, 1.0), float(rng.uniform(0, 0.06)), step_y * 1.2)
    light = lying.light[here] * (1 + 0.035 * grain((width, height), rng))
    ink = art * np.float32(rng.uniform(0.86, 1.0))
    if tone.mean() > 190 and rng.random() < 0.35:
        ink = ink * tone[None, None, :] / 255
    put(scene, Patch(ink * light[:, :, None], alpha * np.float32(rng.uniform(0.9, 1.0)), x, y))
    hide_a_little(scene, corners, rng, (("hand", 0.14), ("sleeve", 0.12)))
    return Made(photographed(to_pixels(scene), rng), as_quad(corners))


def _garment(scene: Floats, corners: Floats, tone: Floats, lying: surfaces.Cloth, rng: Random) -> None:
    """The shirt itself, placed so that its print is where `corners` are."""
    frame = (scene.shape[1], scene.shape[0])
    right = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = np.array([-right[1], right[0]])
    wide, tall = float(np.hypot(*right)), float(np.hypot(*(corners[3] - corners[0])))
    chest = max(wide / rng.uniform(0.5, 0.72), tall / 0.95)
    half = np.array(SHIRT, np.float32)
    points = np.concatenate([half, (half * (-1, 1))[::-1]])
    centre = corners.mean(axis=0) - down / wide * chest * 0.06
    placed = centre + (points[:, :1] * right + points[:, 1:] * down) / wide * chest
    alpha = surfaces.outline(surfaces.softened(placed.astype(np.float32)), frame)
    shade(scene, surfaces.blurred_shadow(alpha, (6, 10), 14), 0, 0, 0.45)
    weave = 1 + 0.03 * grain(frame, rng)
    put(scene, Patch(tone[None, None, :] * (lying.light * weave)[:, :, None], alpha, 0, 0))
    turn = float(np.degrees(np.arctan2(right[1], right[0])))
    neck = centre - down / wide * chest * 0.61
    at = (round(float(neck[0])), round(float(neck[1])))
    axes = (round(chest * 0.17), round(chest * 0.11))
    dark = (tone * np.float32(0.45)).tolist()
    cv2.ellipse(scene, at, axes, turn, 0, 360, dark, -1, cv2.LINE_AA)
    cv2.ellipse(
        scene,
        at,
        axes,
        turn,
        -8,
        188,
        (tone * np.float32(0.86)).tolist(),
        max(3, round(chest * 0.03)),
        cv2.LINE_AA,
    )
    cv2.ellipse(scene, at, (axes[0] + round(chest * 0.018), axes[1] + round(chest * 0.018)), turn, 0, 180,
                (tone * np.float32(0.7)).tolist(), 1, cv2.LINE_AA)  # fmt: skip


def _cloth_colour(rng: Random) -> tuple[float, float, float]:
    pick = rng.random()
    if pick < 0.4:
        return plain_colour(rng, light=(215, 245), colourful=0.05)
    if pick < 0.65:
        return plain_colour(rng, light=(22, 50), colourful=0.05)
    return plain_colour(rng, light=(60, 210), colourful=0.5)


def acrylic(work: Pixels, rng: Random, backgrounds: Sequence[Pixels]) -> Made:
    """An acrylic stand: the work cut out with a clear rim, on a clear foot, with light on it."""
    frame = size_of_photo(rng)
    shape = (work.shape[1], work.shape[0])
    corners = surfaces.seen_from(shape, frame, rng, cover=float(rng.uniform(0.08, 0.38)), tilts=(28, 10, 5))
    lift = min(float(frame[1] * 0.9 - corners[:, 1].max()), 0.0)
    corners[:, 1] += np.float32(lift)
    scene = backdrop(frame, rng, backgrounds).astype(np.float32)
    x, y, width, height = box = surfaces.box_around(corners, frame, round(0.12 * max(frame)))
    aspect = shape[0] / shape[1]
    u, v = surfaces.coordinates(surfaces.plane(corners, (aspect, 1.0)), box)
    pixel = float(_steps(v)) * 1.2
    rim, radius = float(rng.uniform(0.02, 0.06)), float(rng.uniform(0.03, 0.3)) * min(aspect, 1.0)
    clear = surfaces.rounded(u + rim, v + rim, (aspect + 2 * rim, 1 + 2 * rim), radius + rim, pixel)
    _foot(scene, corners, rng)
    shade(scene, surfaces.blurred_shadow(clear, (width * 0.03, height * 0.03), 14), x, y, 0.3)
    pane(scene, clear, (x, y), 0.22)
    alpha = surfaces.rounded(u, v, (aspect, 1.0), radius, pixel)
    put(scene, Patch(surfaces.printed(work, u / np.float32(aspect), v), alpha, x, y))
    edge = np.clip(
        clear
        - surfaces.rounded(u + rim * 0.7, v + rim * 0.7, (aspect + 1.4 * rim, 1 + 1.4 * rim), radius, pixel),
        0,
        1,
    )
    pane(scene, edge, (x, y), 0.5)
    shine = surfaces.gleam((width, height), rng, float(rng.uniform(0.08, 0.4))) * clear
    pane(scene, shine, (x, y), 1.0)
    hide_a_little(scene, corners, rng, (("hand", 0.2),))
    return Made(photographed(to_pixels(scene), rng), as_quad(corners))


def _foot(scene: Floats, corners: Floats, rng: Random) -> None:
    frame = (scene.shape[1], scene.shape[0])
    wide = float(np.hypot(*(corners[2] - corners[3])))
    middle = (corners[2] + corners[3]) / 2 + (0, wide * 0.07)
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    flat = float(rng.uniform(0.14, 0.26))
    ring = np.stack([np.cos(t) * wide * 0.46, np.sin(t) * wide * flat], axis=1)
    for drop, white in ((wide * 0.035, 0.1), (0.0, 0.28)):
        alpha = surfaces.outline((ring + middle + (0, drop)).astype(np.float32), frame)
        if drop:
            shade(scene, surfaces.blurred_shadow(alpha, (4, wide * 0.05), wide * 0.06), 0, 0, 0.35)
        pane(scene, alpha, (0, 0), white)
    points = np.round((ring + middle) * 16).astype(np.int32)
    cv2.polylines(scene, [points], True, (246, 248, 250), 2, cv2.LINE_AA, 4)


def phone_case(work: Pixels, rng: Random, backgrounds: Sequence[Pixels]) -> Made:
    """A phone case printed all over, or with the work in its middle; the camera hides a corner."""
    frame = size_of_photo(rng)
    tall = float(rng.uniform(1.95, 2.15))
    roll = float(rng.choice([6, 35]))
    cover = float(rng.uniform(0.16, 0.42))
    corners = surfaces.seen_from((1.0, tall), frame, rng, cover=cover, tilts=(16, 12, roll))
    scene = backdrop(frame, rng, backgrounds).astype(np.float32)
    x, y, width, height = box = surfaces.box_around(corners, frame, 40)
    matrix = surfaces.plane(corners, (1.0, tall))
    p, q = surfaces.coordinates(matrix, box)
    pixel = float(_steps(q)) * 1.2
    face = surfaces.rounded(p, q, (1.0, tall), 0.15, pixel)
    hull = surfaces.blurred_shadow(face, (3, 4), 1.5)
    shade(scene, surfaces.blurred_shadow(face, (8, 12), 16), x, y, 0.5)
    shell = _tone(plain_colour(rng, light=(20, 235), colourful=0.4))
    put(scene, _plain(shell * np.float32(0.7), np.clip(hull * 1.6, 0, 1), (x, y)))
    left, top, wide, high = _laid_on(work.shape[1] / work.shape[0], tall, rng)
    u, v = (p - np.float32(left)) / np.float32(wide), (q - np.float32(top)) / np.float32(high)
    art = surfaces.printed(work, u, v)
    shown = np.clip(np.minimum(np.minimum(u, 1 - u) * wide, np.minimum(v, 1 - v) * high) / pixel + 0.5, 0, 1)
    ground = shell[None, None, :] + (art - shell[None, None, :]) * shown[:, :, None]
    bevel = surfaces.rounded(p - 0.03, q - 0.03, (0.94, tall - 0.06), 0.13, 0.05)
    put(scene, Patch(np.asarray(ground * (0.74 + 0.26 * bevel)[:, :, None], np.float32), face, x, y))
    _camera(scene, (p, q), (x, y), pixel, rng)
    pane(scene, surfaces.gleam((width, height), rng, float(rng.uniform(0.04, 0.28))) * face, (x, y), 1.0)
    hide_a_little(scene, corners, rng, (("hand", 0.25),))
    flat = np.array(
        [(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)], np.float32
    )
    quad = cv2.perspectiveTransform(flat[None], np.linalg.inv(matrix.astype(np.float64)))[0]
    return Made(photographed(to_pixels(scene), rng), as_quad(np.asarray(quad, np.float32)))


def _laid_on(aspect: float, tall: float, rng: Random) -> tuple[float, float, float, float]:
    """Where the work lies on a case of width 1: (left, top, width, height); it fills the case or stands on it."""
    if rng.random() < 0.6:
        high = max(tall, 1 / aspect) * float(rng.uniform(1.0, 1.08))
        wide = high * aspect
        return (
            -float(rng.uniform(0.2, 0.8)) * (wide - 1),
            -float(rng.uniform(0, 1)) * (high - tall),
            wide,
            high,
        )
    wide = min(float(rng.uniform(0.8, 0.96)), tall * 0.66 * aspect)
    high = wide / aspect
    room = tall - high
    return (1 - wide) / 2, room * float(rng.uniform(0.55, 0.85)), wide, high


def _camera(
    scene: Floats, at: tuple[Floats, Floats], corner: tuple[int, int], pixel: float, rng: Random
) -> None:
    p, q = at
    wide, high = [(0.44, 0.46), (0.3, 0.62), (0.86, 0.3)][int(rng.integers(3))]
    hole = surfaces.rounded(p - 0.07, q - 0.07, (wide, high), min(wide, high) * 0.35, pixel)
    rim = surfaces.rounded(p - 0.05, q - 0.05, (wide + 0.04, high + 0.04), min(wide, high) * 0.38, pixel)
    _fill(scene, rim, corner, 60.0)
    _fill(scene, hole, corner, 24.0)
    for dx, dy in ((0.28, 0.27), (0.28, 0.73), (0.72, 0.5)):
        away = np.hypot(p - 0.07 - wide * dx, q - 0.07 - high * dy)
        for size, tone in ((0.105, 92.0), (0.085, 14.0), (0.03, 58.0)):
            _fill(scene, np.clip((size - away) / pixel, 0, 1), corner, tone)


def _tone(colour: tuple[float, float, float]) -> Floats:
    return np.array(colour, np.float32)


def _plain(tone: Floats, alpha: Floats, at: tuple[int, int]) -> Patch:
    return Patch(np.asarray(np.broadcast_to(tone, (*alpha.shape, 3)), np.float32), alpha, *at)


def _fill(scene: Floats, alpha: Floats, at: tuple[int, int], grey: float) -> None:
    height, width = alpha.shape
    under = scene[at[1] : at[1] + height, at[0] : at[0] + width]
    under += (np.float32(grey) - under) * np.asarray(alpha, np.float32)[:, :, None]


def poster(work: Pixels, rng: Random, backgrounds: Sequence[Pixels]) -> Made:
    """A print on a wall seen from the side, framed or bare, behind glass or behind a plant."""
    frame = size_of_photo(rng)
    shape = (work.shape[1], work.shape[0])
    corners = surfaces.seen_from(shape, frame, rng, cover=float(rng.uniform(0.1, 0.4)), tilts=(38, 14, 6))
    scene = backdrop(frame, rng, backgrounds).astype(np.float32)
    x, y, width, height = box = surfaces.box_around(corners, frame, round(0.1 * max(frame)))
    aspect = shape[0] / shape[1]
    u, v = surfaces.coordinates(surfaces.plane(corners, (aspect, 1.0)), box)
    pixel = float(_steps(v)) * 1.2
    framed = rng.random() < 0.6
    mat = float(rng.uniform(0.02, 0.1)) if framed and rng.random() < 0.5 else float(rng.choice([0.0, 0.02]))
    rim = mat + (float(rng.uniform(0.02, 0.06)) if framed else 0.0)
    whole = surfaces.rounded(u + rim, v + rim, (aspect + 2 * rim, 1 + 2 * rim), 0.002, pixel)
    shade(scene, surfaces.blurred_shadow(whole, (6, 9), 10 if framed else 4), x, y, 0.5)
    dark = rng.random() < 0.5
    wood = plain_colour(rng, light=(20, 60)) if dark else plain_colour(rng, light=(110, 235), colourful=0.3)
    put(scene, _plain(_tone(wood), whole, (x, y)))
    paper = surfaces.rounded(u + mat, v + mat, (aspect + 2 * mat, 1 + 2 * mat), 0.002, pixel)
    put(scene, _plain(_tone((240, 240, 240)), paper, (x, y)))
    light = 1 + 0.05 * smooth_noise((width, height), max(width, height) / 2.5, rng)
    art = surfaces.printed(work, u / np.float32(aspect), v) * np.asarray(light, np.float32)[:, :, None]
    put(scene, Patch(art, surfaces.rounded(u, v, (aspect, 1.0), 0.001, pixel), x, y))
    if framed and rng.random() < 0.6:
        pane(scene, surfaces.gleam((width, height), rng, float(rng.uniform(0.05, 0.3))) * paper, (x, y), 1.0)
    hide_a_little(scene, corners, rng, (("leaves", 0.25), ("hand", 0.1)))
    return Made(photographed(to_pixels(scene), rng), as_quad(corners))


def _towards_middle(corners: Floats, frame: tuple[int, int], share: float) -> Floats:
    return np.asarray(corners + (np.array(frame) / 2 - corners.mean(axis=0)) * share, np.float32)


def _steps(field: Floats) -> float:
    """How much a coordinate changes from pixel to pixel, typically."""
    down, right = np.diff(field[:, field.shape[1] // 2]), np.diff(field[field.shape[0] // 2])
    return float(np.hypot(np.abs(down).mean(), np.abs(right).mean()))


MAKERS: dict[str, Callable[[Pixels, Random, Sequence[Pixels]], Made]] = {
    "shirt": shirt,
    "mug": mug,
    "acrylic": acrylic,
    "phone_case": phone_case,
    "poster": poster,
}
