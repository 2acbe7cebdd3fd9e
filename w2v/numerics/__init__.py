"""Building blocks of compiled code: the JIT, scalar functions, random streams, aligned memory."""
