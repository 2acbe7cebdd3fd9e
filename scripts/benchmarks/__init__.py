"""The measurements of `scripts/bench`, one module per kind of figure."""
