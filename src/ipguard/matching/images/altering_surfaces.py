"""Surfaces that a work is printed on: seen from the side, wrinkled, shining, and partly hidden by a hand or a leaf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ipguard.matching.finding import Quad
from ipguard.matching.images.altering_scenes import (
    Colour,
    Floats,
    Random,
    plain_colour,
    resized,
    smooth_noise,
)
from ipguard.matching.images.decode import Pixels

SKIN: tuple[Colour, ...] = ((236, 192, 166), (214, 164, 132), (172, 120, 88), (120, 82, 60), (244, 208, 186))


@dataclass(frozen=True, slots=True)
class Patch:
    """A warped picture over part of a scene."""

    pixels: Floats
    alpha: Floats
    """0..1, height × width."""
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Cloth:
    """How a piece of cloth lies: where each pixel's print comes from, and how light it is."""

    dx: Floats
    dy: Floats
    light: Floats


def seen_from(
    shape: tuple[float, float],
    frame: tuple[int, int],
    rng: Random,
    *,
    cover: float,
    tilts: tuple[float, float, float],
) -> Floats:
    """Corners (4 × 2) of a flat thing of `shape`, turned in space, covering about `cover` of `frame`.

    `tilts` are the largest yaw, pitch and roll, in degrees.
    """
    angles = np.radians(rng.uniform(-1, 1, 3) * tilts)
    (sy, sp, sr), (cy, cp, cr) = np.sin(angles), np.cos(angles)
    x = np.array([-1, 1, 1, -1]) * shape[0] / 2
    y = np.array([-1, -1, 1, 1]) * shape[1] / 2
    x, y = x * cr - y * sr, x * sr + y * cr
    depth = x * sy + y * sp
    away = 1 / (1 + depth / (float(rng.uniform(1.8, 4.0)) * max(shape)))
    corners = np.stack([x * cy * away, y * cp * away], axis=1).astype(np.float32)
    corners *= np.float32(np.sqrt(cover * frame[0] * frame[1] / area(corners)))
    span = corners.max(axis=0) - corners.min(axis=0)
    room = np.array(frame) * 0.96
    corners *= np.float32(min(1.0, *(room / span)))
    low, high = -corners.min(axis=0) + np.array(frame) * 0.02, np.array(frame) * 0.98 - corners.max(axis=0)
    middle = (low + high) / 2
    free = np.maximum(high - low, 0) / 2
    return np.asarray(corners + middle + free * rng.uniform(-0.75, 0.75, 2), np.float32)


def area(corners: Floats) -> float:
    """Of a quadrilateral, in square pixels."""
    x, y = corners[:, 0], corners[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def as_quad(corners: Floats) -> Quad:
    """Corners as plain numbers."""
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return a, b, c, d


def plane(corners: Floats, shape: tuple[float, float]) -> Floats:
    """3 × 3: from scene pixels to coordinates on a flat thing of `shape` (width, height) with these corners."""
    flat = np.array([(0, 0), (shape[0], 0), shape, (0, shape[1])], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners, flat), np.float32)


def coordinates(matrix: Floats, box: tuple[int, int, int, int]) -> tuple[Floats, Floats]:
    """For each pixel of box (x, y, width, height): where it lies on the flat thing."""
    x = np.arange(box[0], box[0] + box[2], dtype=np.float32)[None, :] + np.float32(0.5)
    y = np.arange(box[1], box[1] + box[3], dtype=np.float32)[:, None] + np.float32(0.5)
    w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    return (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / w, (
        matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    ) / w


def box_around(corners: Floats, frame: tuple[int, int], margin: int = 2) -> tuple[int, int, int, int]:
    """(x, y, width, height) of what is inside the frame."""
    low = np.clip(np.floor(corners.min(axis=0)) - margin, 0, None).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)) + margin, frame).astype(int)
    return int(low[0]), int(low[1]), max(1, int(high[0] - low[0])), max(1, int(high[1] - low[1]))


def rounded(u: Floats, v: Floats, shape: tuple[float, float], radius: float, pixel: float) -> Floats:
    """1 inside a rounded rectangle of `shape`, 0 outside, soft over one `pixel` (in units of u and v)."""
    dx = np.abs(u - shape[0] / 2) - (shape[0] / 2 - radius)
    dy = np.abs(v - shape[1] / 2) - (shape[1] / 2 - radius)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - radius
    return np.asarray(np.clip(0.5 - outside / pixel, 0, 1), np.float32)


def printed(work: Pixels, u: Floats, v: Floats) -> Floats:
    """The work sampled at (u, v), each 0..1, without aliasing: it is shrunk to about its size in the scene first."""
    height, width = work.shape[:2]
    step = max(
        float(np.abs(np.diff(u[u.shape[0] // 2])).mean()),
        float(np.abs(np.diff(u[:, u.shape[1] // 2])).mean()),
    )
    across = int(np.clip(1.0 / max(step, 1e-4), 16, width))
    size = (across, max(16, round(height * across / width)))
    small = resized(work, size) if across < width else work
    height, width = small.shape[:2]
    x = np.asarray(u * width - 0.5, np.float32)
    y = np.asarray(v * height - 0.5, np.float32)
    taken = cv2.remap(small, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(taken, np.float32)


def put(scene: Floats, patch: Patch) -> None:
    """Lay a patch over the scene, in place."""
    height, width = patch.alpha.shape
    under = scene[patch.y : patch.y + height, patch.x : patch.x + width]
    under += (patch.pixels - under) * patch.alpha[:, :, None]


def shade(scene: Floats, alpha: Floats, x: int, y: int, by: float) -> None:
    """Darken the scene where alpha is, in place; `by` 1 is black."""
    height, width = alpha.shape
    scene[y : y + height, x : x + width] *= 1 - np.float32(by) * alpha[:, :, None]


def outline(points: Floats, frame: tuple[int, int]) -> Floats:
    """1 inside a polygon (n × 2), 0 outside."""
    mask = np.zeros((frame[1], frame[0]), np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / np.float32(255)


def softened(points: Floats, times: int = 3) -> Floats:
    """A polygon with its corners cut off again and again (Chaikin 1974)."""
    for _ in range(times):
        after = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], axis=1).reshape(-1, 2)
    return np.asarray(points, np.float32)


def blurred_shadow(alpha: Floats, shift: tuple[float, float], sigma: float) -> Floats:
    """A soft shadow of alpha, moved by `shift` pixels; made at a quarter of the size, which nobody sees."""
    height, width = alpha.shape
    small = cv2.resize(alpha, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    matrix = np.array([[1, 0, shift[0] / 4], [0, 1, shift[1] / 4]], np.float32)
    moved = cv2.warpAffine(small, matrix, (small.shape[1], small.shape[0]))
    soft = cv2.GaussianBlur(moved, (0, 0), max(0.5, sigma / 4))
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def cloth(frame: tuple[int, int], rng: Random, strength: float) -> Cloth:
    """Wrinkled cloth: one height field tells both where the print is drawn to and how the light falls."""
    small = (frame[0] // 4, frame[1] // 4)
    unit = max(small)
    height = smooth_noise(small, unit / 3, rng) * 1.2 + smooth_noise(small, unit / 7, rng) * 0.35
    x = np.arange(small[0], dtype=np.float32)[None, :]
    y = np.arange(small[1], dtype=np.float32)[:, None]
    dark = np.ones((small[1], small[0]), np.float32)
    for _ in range(int(rng.integers(3, 8))):
        angle = float(rng.normal(1.3, 0.6))
        px, py = x - rng.uniform(0.1, 0.9) * small[0], y - rng.uniform(0.1, 0.9) * small[1]
        along, across = px * np.cos(angle) + py * np.sin(angle), py * np.cos(angle) - px * np.sin(angle)
        across = across + 0.0016 * along * along * rng.uniform(-1, 1)
        wide, long = unit * rng.uniform(0.015, 0.05), unit * rng.uniform(0.12, 0.35)
        ridge = np.exp(-((across / wide) ** 2) - (along / long) ** 2)
        height = height + ridge * rng.uniform(0.4, 1.3) * rng.choice([-1, 1])
        dark *= 1 - 0.22 * np.exp(-(((across - wide) / (wide * 0.5)) ** 2) - (along / long) ** 2)
    down, right = np.gradient(height.astype(np.float32))
    scale = float(np.percentile(np.hypot(down, right), 95)) + 1e-6
    down, right = down / scale, right / scale
    shift = np.float32(strength * 0.011 * max(frame))
    sun = rng.uniform(0, 6.283)
    light = (1 + 0.15 * strength * (right * np.cos(sun) + down * np.sin(sun))) * dark
    grown = [
        cv2.resize(np.asarray(f, np.float32), frame, interpolation=cv2.INTER_CUBIC)
        for f in (right, down, light)
    ]
    return Cloth(grown[0] * shift, grown[1] * shift, np.clip(grown[2], 0.35, 1.3).astype(np.float32))


def folded(cloth: Cloth, corners: Floats, rng: Random) -> Cloth:
    """The same with one fold across the print that swallows a strip of it."""
    middle = corners.mean(axis=0) + rng.uniform(-0.2, 0.2, 2) * np.ptp(corners, axis=0)
    angle = float(rng.uniform(0, np.pi))
    nx, ny = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    height, width = cloth.light.shape
    x = np.arange(width, dtype=np.float32)[None, :] - middle[0]
    y = np.arange(height, dtype=np.float32)[:, None] - middle[1]
    bow = (x * ny - y * nx) / max(width, height)
    away = np.asarray(x * nx + y * ny + bow * bow * np.float32(rng.uniform(-160, 160)), np.float32)
    reach = np.float32(max(width, height) * rng.uniform(0.05, 0.12))
    lost = np.float32(max(width, height) * rng.uniform(0.015, 0.045))
    pushed = np.where(away > 0, lost * np.exp(-np.abs(away) / reach), 0).astype(np.float32)
    dark = 1 - 0.4 * np.exp(-np.maximum(away, 0) / 7) * (away > -2) + 0.1 * np.exp(-(((away + 8) / 9) ** 2))
    return Cloth(cloth.dx + pushed * nx, cloth.dy + pushed * ny, (cloth.light * dark).astype(np.float32))


def gleam(frame: tuple[int, int], rng: Random, strength: float) -> Floats:
    """White streaks as of a window on a shining surface, 0..strength."""
    angle = float(rng.uniform(0.4, 1.1) * rng.choice([-1, 1]))
    x = np.arange(frame[0], dtype=np.float32)[None, :] / frame[0]
    y = np.arange(frame[1], dtype=np.float32)[:, None] / frame[1]
    across = x * np.cos(angle) + y * np.sin(angle)
    total = np.zeros((frame[1], frame[0]), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        wide, at = rng.uniform(0.02, 0.12), rng.uniform(0.1, 0.9)
        edge = np.clip((wide - np.abs(across - at)) / 0.012, 0, 1)
        total += edge * np.float32(rng.uniform(0.3, 1.0))
    return np.asarray(np.clip(total, 0, 1) * strength, np.float32)


def hand(scene: Floats, corners: Floats, rng: Random) -> None:
    """Fingers that come in from one side and hide a little of the print, in place."""
    frame = (scene.shape[1], scene.shape[0])
    start = int(rng.integers(4))
    a, b = corners[start], corners[(start + 1) % 4]
    inward = corners.mean(axis=0) - (a + b) / 2
    reach = float(np.hypot(*inward)) or 1.0
    inward = inward / reach
    along = np.array([-inward[1], inward[0]])
    thick = max(
        float(np.sqrt(area(corners)) * rng.uniform(0.09, 0.13)), max(frame) * float(rng.uniform(0.045, 0.06))
    )
    skin = np.array(SKIN[int(rng.integers(len(SKIN)))], np.float32)
    first = a + (b - a) * rng.uniform(0.15, 0.6)
    for n in range(int(rng.integers(2, 4))):
        tip = first + along * thick * 0.98 * n + inward * reach * rng.uniform(0.18, 0.42)
        root = tip - inward * max(frame) * 0.9 + along * rng.uniform(-0.6, 0.6) * thick
        _finger(scene, tip, root, thick * float(rng.uniform(0.9, 1.05)), skin)


def _finger(scene: Floats, tip: Floats, root: Floats, thick: float, skin: Floats) -> None:
    mask = np.zeros(scene.shape[:2], np.uint8)
    knuckle = tip + (root - tip) * 0.12 + np.array([root[1] - tip[1], tip[0] - root[0]]) * 0.008
    path = np.round(np.array([tip, knuckle, root]) * 16).astype(np.int32)
    cv2.polylines(mask, [path], False, 255, max(3, round(thick)), cv2.LINE_AA, 4)
    x, y, width, height = cv2.boundingRect(mask)
    if not width or not height:
        return
    room = round(thick * 0.7)
    x, y, width, height = max(0, x - room), max(0, y - room), width + 2 * room, height + 2 * room
    mask = mask[y : y + height, x : x + width]
    alpha = mask.astype(np.float32) / np.float32(255)
    shade(scene, blurred_shadow(alpha, (thick * 0.12, thick * 0.16), thick * 0.18), x, y, 0.4)
    inside = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
    bulge = np.sqrt(np.clip(inside / (thick * 0.5), 0, 1))
    pixels = skin[None, None, :] * (0.62 + 0.44 * bulge)[:, :, None]
    nail = np.zeros_like(mask)
    towards = (knuckle - tip) / (float(np.hypot(*(knuckle - tip))) or 1.0)
    middle = tip - (x, y) + towards * thick * 0.02
    axes = (max(1, round(thick * 0.3)), max(1, round(thick * 0.24)))
    turn = float(np.degrees(np.arctan2(towards[1], towards[0])))
    cv2.ellipse(
        nail, (round(float(middle[0])), round(float(middle[1]))), axes, turn, 0, 360, 255, -1, cv2.LINE_AA
    )
    pixels += (np.array((30, 18, 18), np.float32) * np.float32(0.9)) * (nail.astype(np.float32) / 255)[
        :, :, None
    ]
    put(scene, Patch(np.asarray(pixels, np.float32), alpha, x, y))


def leaves(scene: Floats, corners: Floats, rng: Random) -> None:
    """Leaves of a pot plant in front of one corner, in place."""
    frame = (scene.shape[1], scene.shape[0])
    corner = corners[int(rng.integers(2, 4))]
    size = float(np.sqrt(area(corners)))
    leaf = np.array((0.7, 1.25, 0.6), np.float32)
    green = np.array(plain_colour(rng, light=(60, 110), colourful=0.1), np.float32) * leaf
    for _ in range(int(rng.integers(4, 9))):
        angle = float(rng.normal(-1.57, 0.6))
        length, wide = size * float(rng.uniform(0.2, 0.42)), size * float(rng.uniform(0.03, 0.07))
        t = np.linspace(0, 1, 16)
        half = wide * np.sin(np.pi * t**0.8)
        base = corner + rng.normal(0, 0.06, 2) * size + (0, size * 0.2)
        spine = base + np.stack([np.cos(angle) * t, np.sin(angle) * t], axis=1) * length
        normal = np.array([-np.sin(angle), np.cos(angle)])
        edge = np.concatenate([spine + half[:, None] * normal, (spine - half[:, None] * normal)[::-1]])
        alpha = outline(edge.astype(np.float32), frame)
        x, y, width, height = box_around(edge.astype(np.float32), frame, 24)
        alpha = alpha[y : y + height, x : x + width]
        shade(scene, blurred_shadow(alpha, (5, 6), 6), x, y, 0.35)
        tone = green * np.float32(rng.uniform(0.7, 1.35))
        put(scene, Patch(np.broadcast_to(tone, (*alpha.shape, 3)).astype(np.float32), alpha, x, y))


def sleeve(scene: Floats, corners: Floats, rng: Random) -> None:
    """A sleeve of another garment across one corner, in place."""
    frame = (scene.shape[1], scene.shape[0])
    corner = corners[int(rng.integers(4))]
    middle = corners.mean(axis=0)
    outward = (corner - middle) / (float(np.hypot(*(corner - middle))) or 1.0)
    across = np.array([-outward[1], outward[0]])
    thick = float(np.sqrt(area(corners)) * rng.uniform(0.25, 0.4))
    near = middle + outward * float(np.hypot(*(corner - middle))) * rng.uniform(0.72, 0.9)
    far = near + outward * max(frame)
    lean = across * thick * rng.uniform(-1.5, 1.5)
    edge = np.array(
        [
            near - across * thick,
            near + across * thick,
            far + across * thick * 1.8 + lean,
            far - across * thick * 1.8 + lean,
        ]
    )
    alpha = outline(softened(edge.astype(np.float32), 2), frame)
    shade(scene, blurred_shadow(alpha, (4, 8), 12), 0, 0, 0.4)
    tone = np.array(plain_colour(rng, light=(40, 225)), np.float32)
    light = 1 + 0.12 * smooth_noise(frame, thick * 0.7, rng)
    put(scene, Patch((tone[None, None, :] * light[:, :, None]).astype(np.float32), alpha, 0, 0))


def pane(scene: Floats, alpha: Floats, at: tuple[int, int], white: float) -> None:
    """Whiten the scene where alpha is, in place; `white` 1 is white."""
    height, width = alpha.shape
    under = scene[at[1] : at[1] + height, at[0] : at[0] + width]
    under += (255 - under) * (alpha * np.float32(white))[:, :, None]


_HIDERS = {"hand": hand, "leaves": leaves, "sleeve": sleeve}


def hide_a_little(scene: Floats, corners: Floats, rng: Random, chances: Sequence[tuple[str, float]]) -> None:
    """Hide a little of the print, by one thing at most, in place."""
    pick = rng.random()
    for name, chance in chances:
        if pick < chance:
            _HIDERS[name](scene, corners, rng)
            return
        pick -= chance
