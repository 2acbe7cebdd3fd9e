"""Self-contained HTML pages: Jinja templates, embedded data, and a policy that forbids the network.

A page is one HTML file. Its templates, styles and scripts are in the ``assets`` folder of the
package that writes it, and those shared by all pages in ``w2v/util/assets``. Templates escape
everything that is not `Markup`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import TYPE_CHECKING

from w2v.util.packages import require_package

if TYPE_CHECKING:
    from markupsafe import Markup

SHARED = "w2v.util"
_PACKAGES = {"plotly.offline": "plotly", "jinja2": "jinja2"}


def require_packages(page: str, hint: str = "") -> None:
    """Check, before any work is done, that the packages for writing a page are installed.

    Args:
        page: what needs the packages, with which the message begins.
        hint: an alternative to installing them, which is added to the message.

    Raises:
        ConfigError: a package is missing.
    """
    for module, package in _PACKAGES.items():
        require_package(page, module, package, "viz", hint)


def plotly_script() -> str:
    """The source of plotly.js, which is part of the Python package plotly."""
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script


def asset(package: str, name: str) -> str:
    """Read a text file in the ``assets`` folder of a package."""
    return resources.files(package).joinpath("assets", name).read_text(encoding="utf-8")


def json_element(name: str, content: object) -> Markup:
    """A script element with the id `name` that contains data as JSON."""
    from markupsafe import Markup

    # Only "<" could end a script element early.
    data = json.dumps(content, allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    return Markup(f'<script type="application/json" id="{name}">{data}</script>')


def compressed_element(name: str, content: bytes) -> Markup:
    """A script element with the id `name` that contains bytes, compressed by gzip, in base64."""
    from markupsafe import Markup

    data = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    return Markup(f'<script type="text/plain" id="{name}">{data}</script>')


def policy(scripts: Iterable[str]) -> str:
    """A Content-Security-Policy that allows only these scripts, and no network.

    Source: https://www.w3.org/TR/CSP3/, sections 6.1 and 6.7.3.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:"
    )


def render(
    package: str,
    template: str,
    *,
    styles: Sequence[str],
    scripts: Sequence[str],
    plotly_script: str,
    **content: object,
) -> str:
    """Render a template that extends ``page.html``.

    Args:
        package: the package whose ``assets`` contain the template, the styles and the scripts.
        template: file name of the template.
        styles: names of CSS files, added after ``page.css``.
        scripts: names of JavaScript files, added after ``page.js``. They become one module, which
            loads plotly.js with ``loadPlotly()``.
        plotly_script: source of plotly.js.
        content: variables of the template; strings are escaped, `Markup` is not.

    Returns:
        The HTML.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(each, "assets") for each in (package, SHARED)]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = "".join((asset(SHARED, "page.css"), *(asset(package, name) for name in styles)))
    script = "\n".join((asset(SHARED, "page.js"), *(asset(package, name) for name in scripts)))
    return environment.get_template(template).render(
        policy=policy((script, plotly_script)),
        style=Markup(style),
        script=Markup(script),
        plotly=compressed_element("plotly", plotly_script.encode()),
        **content,
    )
