"""What several packages share.

Command line, options, files, signals, threads, HTML, and splitting text.
"""
