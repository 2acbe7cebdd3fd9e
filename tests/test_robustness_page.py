"""The page of what bad input does is what its script makes of what the tests noted."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest
from readers import READERS

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(ROOT / "scripts" / "measure_robustness.py"))


def test_the_page_is_up_to_date(script):
    document, fuzz = (json.loads(script[name].read_text("utf-8")) for name in ("JSON", "FUZZ"))
    page = script["TABLE"].read_text(encoding="utf-8")
    soak = script["soak_rows"]()
    assert soak
    assert script["table"](document, fuzz, soak) == page, (
        "run scripts/measure_robustness.py --table"
    )
    assert set(fuzz) == set(READERS)
    rows = [row for mine in document["tests"].values() for row in mine] + soak
    assert {row["part"] for row in rows} <= set(script["PARTS"])
    assert all(row["times"] >= 1 for row in rows)
    assert "Traceback" not in page
    assert "/tmp/" not in page


def test_every_user_of_the_fixture_is_on_the_page(script):
    document = json.loads(script["JSON"].read_text("utf-8"))
    assert script["users_of_notes"]() == list(document["tests"])


def test_notes_of_the_same_are_added_up(script):
    row = {"part": "Corpus", "what": "x", "happens": "y", "times": 2, "peak_mb": None}
    other = {**row, "part": "Code"}
    more = {**row, "times": 3, "peak_mb": 7}
    assert script["together"]([other, row, more]) == [{**row, "times": 5, "peak_mb": 7}, other]
