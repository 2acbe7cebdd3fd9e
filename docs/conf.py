"""Configuration of Sphinx; `scripts/docs` builds the site."""

from __future__ import annotations

import dataclasses
import inspect
import os
import subprocess
import sys
from pathlib import Path

from w2v import __version__
from w2v.__main__ import COMMANDS
from w2v.config import TrainConfig

HERE = Path(__file__).parent
GENERATED = HERE / "reference" / "generated"

project = "w2v"
author = "The w2v authors"
project_copyright = author
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["conf.py", "reference/generated/*"]
templates_path: list[str] = []
default_role = "py:obj"

# Markdown, and notebooks written in it, which are executed while the site is built.
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "smartquotes"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "w2v"
html_static_path = ["_static"]
html_css_files = ["w2v.css"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
}
html_sidebars: dict[str, list[str]] = {"index": [], "changelog": [], "architecture": []}


def write_commands(_app: object) -> None:
    """Write what ``--help`` says of each command, and the table of the training options."""
    GENERATED.mkdir(exist_ok=True)
    environment = {**os.environ, "COLUMNS": "75"}
    for name in COMMANDS:
        result = subprocess.run(
            [sys.executable, "-m", "w2v", name, "--help"],
            capture_output=True, text=True, check=True, env=environment,
        )  # fmt: skip
        (GENERATED / f"{name}.txt").write_text(result.stdout, encoding="utf-8")
    (GENERATED / "options.md").write_text(options_table(), encoding="utf-8")


def options_table() -> str:
    """A row for each field of `TrainConfig`."""
    lines = ["| option | default | meaning |", "|---|---|---|"]
    for spec in dataclasses.fields(TrainConfig):
        default: object = spec.default
        if spec.default_factory is not dataclasses.MISSING:
            default = "all CPUs"
        elif default is None:
            default = spec.metadata["unset"]
        elif isinstance(default, bool):
            default = "on" if default else "off"
        aliases = "".join(f", `--{alias}`" for alias in spec.metadata["aliases"])
        flag = spec.name.replace("_", "-")
        lines.append(f"| `--{flag}`{aliases} | {default} | {spec.metadata['help']} |")
    return "\n".join(lines) + "\n"


def drop_undocumented(
    _app: object, what: str, _name: str, member: object, skip: bool, _options: object
) -> bool | None:
    """Leave out members of named tuples and dataclasses that say nothing."""
    if what == "class" and not skip and not inspect.getdoc(member):
        return True
    return None


def setup(app: object) -> None:
    """Connect the functions above."""
    app.connect("builder-inited", write_commands)  # type: ignore[attr-defined]
    app.connect("autodoc-skip-member", drop_undocumented)  # type: ignore[attr-defined]
