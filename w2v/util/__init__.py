"""Utilities that know nothing of words: command line, files, signals, threads, HTML."""
