"""Files for other viewers and libraries: one module a kind."""
