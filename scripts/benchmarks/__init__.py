"""What `scripts/bench` measures, a module a kind of figure."""
