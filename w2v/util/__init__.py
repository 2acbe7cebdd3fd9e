"""What is not about words: the command line, files, signals, threads, HTML."""
