"""Small fully connected networks on the package's own activations, losses and gradient check."""
