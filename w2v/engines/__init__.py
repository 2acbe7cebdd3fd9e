"""Where the tasks of training in rounds run: threads of this process, or a Ray cluster."""
