"""Take the picture of the explorer page that the documentation shows, in Chromium.

    python scripts/pages/screenshot.py vectors.safetensors docs/explorer.png

Writes the page to a temporary folder with `w2v.explore`, opens it, and saves what the window shows.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from w2v.explore import __main__ as explore
from w2v.util.files import atomic_write

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "helpers"))
from browser import chromium, find, open_page, wait

WIDTH, HEIGHT = 1020, 800


def main() -> None:
    """Make the page, open it, save the picture."""
    parser = argparse.ArgumentParser(description="Take a picture of the explorer page.")
    parser.add_argument("vectors", nargs="+", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--query", default="king - man + woman")
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--height", type=int, default=HEIGHT)
    parser.add_argument("--dark", action="store_true")
    args = parser.parse_args()
    if find() is None:
        sys.exit("screenshot.py: needs Chromium or Chrome, and the package playwright")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "explorer.html"
        explore.main([*map(str, args.vectors), "-o", str(page)])
        with chromium() as browser:
            address = f"{page.as_uri()}#{urlencode({'q': args.query})}"
            shown = open_page(
                browser, address, width=args.width, height=args.height, dark=args.dark
            )
            wait(shown, "document.documentElement.dataset.ready === 'all'")
            picture = shown.screenshot()
    with atomic_write(args.output) as stream:
        stream.write(picture)
    print(f"{args.output}: {args.width} x {args.height} pixels, {len(picture) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
