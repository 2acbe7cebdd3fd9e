"""Where the tasks of a run in rounds are executed: threads of this process, or a Ray cluster."""
