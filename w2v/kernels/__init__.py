"""Compiled training steps, and the merging of shards."""
