"""Packages that only some commands need, and that come with an extra of w2v."""

from __future__ import annotations

import importlib

from w2v.errors import ConfigError


def require_package(place: str, module: str, package: str, extra: str, hint: str = "") -> None:
    """Check, before any work is done, that a package is installed.

    Args:
        place: what needs it, with which the message begins.
        module: the module that will be imported.
        package: the package that provides it.
        extra: the extra of w2v that installs it.
        hint: an alternative to installing it, which is added to the message.

    Raises:
        ConfigError: the module cannot be imported.
    """
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"{place}: needs the package {package}: pip install 'w2v[{extra}]'{hint} ({error})"
        ) from error
