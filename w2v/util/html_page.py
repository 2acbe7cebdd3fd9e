"""The parts that every page of the project shares: look, policy, escaping, plotly.js inside.

A page is one HTML file that needs nothing else: its policy forbids the network, and every script
but its own. Style and scripts are files of their own in ``assets``. Knows neither results nor
vectors.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import importlib
import json
from collections.abc import Iterable
from importlib import resources

from w2v.errors import ConfigError


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


def policy(scripts: Iterable[str]) -> str:
    """What the page may load and run: what stands in it, and of scripts these alone.

    Source: https://www.w3.org/TR/CSP3/, sections 6.1 and 6.7.3.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:"
    )


def whole(
    title: str, styles: Iterable[str], body: str, scripts: Iterable[str], plotly_script: str
) -> str:
    """The document around a body, which is put into it as it is.

    Args:
        title: of the window.
        styles: files in ``assets``, after the one of every page.
        body: HTML.
        scripts: files in ``assets``, after the one of every page; they become one module, which
            finds plotly.js with its ``loadPlotly()``.
        plotly_script: plotly.js.
    """
    style = "".join(map(asset, ("page.css", *styles)))
    script = "\n".join(map(asset, ("page.js", *scripts)))
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta http-equiv="Content-Security-Policy" '
        f'content="{policy((script, plotly_script))}">'
        f"<title>{text(title)}</title><style>{style}</style></head><body>{body}"
        f"{compressed_element('plotly', plotly_script.encode())}"
        f'<script type="module">{script}</script></body></html>\n'
    )
