"""A finding that was written down says the same when it is read; rows of older versions are still read."""

from __future__ import annotations

import json

from ipguard.alerts.findings import from_row, to_row
from ipguard.matching.finding import Finding, PicturePlace, Reason

SQUARE = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
POINTS = (((1.5, 2.0), (3.0, 4.25)), ((5.0, 6.0), (7.0, 8.0)))
PLACE = PicturePlace("a" * 64, "b" * 64, "features", SQUARE, SQUARE, 9, True, 0.5, POINTS, frame=7)
FINDING = Finding("picture", "1", "w", 0.9, Reason("picture.part", {"points": 9}), PLACE)


def test_agreeing_points_and_the_frame_come_back():
    row = to_row(FINDING, 1, 1)
    row.place = json.loads(json.dumps(row.place))  # as a database keeps it

    assert from_row(row, "w") == FINDING


def test_a_row_from_before_there_were_points_still_loads():
    row = to_row(FINDING, 1, 1)
    del row.place["points"], row.place["frame"]
    place = from_row(row, "w").place

    assert (place.points, place.frame) == ((), 0)
    assert place.region == SQUARE
