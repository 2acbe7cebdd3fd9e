"""What the compiled code is made of: the JIT, scalar functions, random streams, aligned memory."""
