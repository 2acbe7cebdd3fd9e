"""The parts that every page of the project shares: look, policy, escaping, scripts inside.

A page is one HTML file that needs nothing else: its policy forbids the network. Style and scripts
are files of their own in ``assets``. Knows neither results nor vectors.
"""

from __future__ import annotations

import base64
import gzip
import html
import importlib
import json
from importlib import resources

from w2v.errors import ConfigError

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
"""What the page may load: what stands in it, and nothing else."""


def require_plotly(place: str, hint: str = "") -> None:
    """Refuse to begin what would end without a page.

    Raises:
        ConfigError: plotly is not installed.
    """
    try:
        importlib.import_module("plotly.offline")
    except ImportError as error:
        raise ConfigError(
            f"{place}: expected the package plotly, got none ({error}): pip install 'w2v[viz]'"
            f"{hint}"
        ) from error


def plotly_script() -> str:
    """The text of plotly.js, which plotly's Python package carries."""
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script


def asset(name: str) -> str:
    """The text of a file in ``assets``."""
    return resources.files("w2v").joinpath("assets", name).read_text(encoding="utf-8")


def text(content: object) -> str:
    """Anything as text that HTML shows as it is, inside an element or an attribute."""
    return html.escape(str(content))


def json_element(name: str, content: object) -> str:
    """Data for a script, in an element with this id."""
    # As JSON inside a script element: only "<" could end the element.
    data = json.dumps(content, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{data}</script>'


def compressed_element(name: str, content: bytes) -> str:
    """Bytes for a script, in an element with this id: gzip in base64."""
    data = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    return f'<script type="text/plain" id="{name}">{data}</script>'


def whole(title: str, style: str, body: str) -> str:
    """The document around a body, which is put into it as it is."""
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{text(title)}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )
