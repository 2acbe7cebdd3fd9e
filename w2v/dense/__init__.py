"""Small fully connected networks, built on the package's activations, losses and gradient check."""
