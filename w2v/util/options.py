"""Checks of options: the fields of dataclasses such as `TrainConfig` and `TextOptions`."""

from __future__ import annotations

import codecs
import dataclasses
import math
from numbers import Integral, Real
from typing import Any

from w2v.errors import ConfigError, shown
from w2v.util.text import PHRASE_THRESHOLDS, TOKENIZERS

ENCODING_ERRORS = ("strict", "replace", "ignore")
MAX_PHRASE_PASSES = 10

_OF_DOMAINS = ("idna", "punycode")
"""Python's encodings of domain names."""

_KINDS = {"int": "an integer", "float": "a number", "bool": "true or false", "str": "a string"}


class Options:
    """Base of frozen dataclasses whose `__post_init__` checks their fields.

    Every check raises ConfigError with the name of the field.
    """

    def _check_type(self, name: str, annotation: str) -> None:
        """Check the type of a value, and convert NumPy scalars to Python numbers."""
        value = getattr(self, name)
        if value is None and "None" in annotation:
            return
        kind = annotation.removesuffix(" | None")
        is_bool = type(value).__name__ in ("bool", "bool_")  # a bool is an int in Python
        converted: Any
        try:
            if is_bool:
                converted = bool(value) if kind == "bool" else None
            elif kind == "int" and isinstance(value, Integral):
                converted = int(value)
            elif kind == "float" and isinstance(value, Real):
                converted = float(value)
            else:
                converted = str(value) if kind == "str" and isinstance(value, str) else None
        except OverflowError:  # an integer beyond the largest float
            converted = None
        if converted is None:
            raise ConfigError(f"{name}: expected {_KINDS[kind]}, got {shown(value)}")
        value = converted
        object.__setattr__(self, name, value)
        if kind == "float" and not math.isfinite(value):
            raise ConfigError(f"{name}: expected a finite number, got {value}")

    def _check_choice(self, name: str, choices: tuple[str | None, ...]) -> None:
        value = getattr(self, name)
        if value not in choices:
            known = ", ".join(choice for choice in choices if choice)
            raise ConfigError(f"{name}: expected one of {known}, got {shown(value)}")

    def _check_range(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        if value is not None and not low <= value <= high:
            raise ConfigError(f"{name}: expected {low} to {high}, got {shown(value)}")

    def _check_text_options(self) -> None:
        """Check the options for reading text, whose types have been checked."""
        self._check_choice("encoding_errors", ENCODING_ERRORS)
        self._check_choice("tokenize", TOKENIZERS)
        self._check_choice("phrase_scoring", tuple(PHRASE_THRESHOLDS))
        self._check_range("min_count", 1, 2**62)
        self._check_range("max_vocab", 2, 2**31 - 1)
        self._check_range("phrases", 0, MAX_PHRASE_PASSES)
        self._check_range("phrase_min_count", 1, 2**62)
        options: Any = self
        try:
            is_text = isinstance("a".encode(options.encoding), bytes)
            is_text = is_text and codecs.lookup(options.encoding).name not in _OF_DOMAINS
        except (LookupError, ValueError):
            is_text = False
        if not is_text:
            raise ConfigError(f"encoding: Python has no text encoding {shown(options.encoding)}")

    def _check_phrases(self) -> None:
        """Check the options of phrases that depend on others."""
        options: Any = self
        if options.phrase_scoring == "npmi":
            self._check_range("phrase_threshold", -1, 1)
        if not options.phrases:
            for spec in dataclasses.fields(options):
                value = getattr(self, spec.name)
                if spec.name.startswith("phrase_") and value != spec.default:
                    raise ConfigError(f"{spec.name}: only used with phrases, which is 0")
