"""Slow twins of the activations, losses and back-propagation: plain formulas, without w2v."""

import math

AMPLITUDE, SLOPE, LEAK = 1.7159, 2.0 / 3.0, 0.01

VALUE = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1.0 / (1.0 + math.exp(-z)),
    "tanh": lambda z: (math.exp(z) - math.exp(-z)) / (math.exp(z) + math.exp(-z)),
    "scaled_tanh": lambda z: AMPLITUDE * math.tanh(SLOPE * z),
    "relu": lambda z: max(z, 0.0),
    "leaky_relu": lambda z: z if z > 0 else LEAK * z,
    "softplus": lambda z: math.log(1.0 + math.exp(z)),
    "sin": math.sin,
}

DERIVATIVE = {
    "identity": lambda z: 1.0,
    "sigmoid": lambda z: math.exp(-z) / (1.0 + math.exp(-z)) ** 2,
    "tanh": lambda z: 1.0 / math.cosh(z) ** 2,
    "scaled_tanh": lambda z: AMPLITUDE * SLOPE / math.cosh(SLOPE * z) ** 2,
    "relu": lambda z: 1.0 if z > 0 else 0.0,
    "leaky_relu": lambda z: 1.0 if z > 0 else LEAK,
    "softplus": lambda z: 1.0 / (1.0 + math.exp(-z)),
    "sin": math.cos,
}


def softmax(z):
    total = sum(math.exp(x) for x in z)
    return [math.exp(x) / total for x in z]


def softmax_jacobian(z):
    p = softmax(z)
    return [[p[i] * ((i == j) - p[j]) for j in range(len(z))] for i in range(len(z))]


def log_loss(a, t):
    """-t ln a - (1 - t) ln(1 - a), each term only where its factor is not 0."""
    loss = -t * math.log(a) if t else 0.0
    return loss - (1.0 - t) * math.log(1.0 - a) if t != 1.0 else loss


LOSS = {
    "squared_error": lambda a, t: sum(0.5 * (x - y) ** 2 for x, y in zip(a, t, strict=True)),
    "sigmoid_cross_entropy": lambda a, t: sum(log_loss(x, y) for x, y in zip(a, t, strict=True)),
    "tanh_cross_entropy": lambda a, t: sum(
        log_loss((1.0 + x) / 2.0, (1.0 + y) / 2.0) for x, y in zip(a, t, strict=True)
    ),
    "softmax_cross_entropy": lambda a, t: (
        -sum(y * math.log(x) for x, y in zip(a, t, strict=True) if y)
    ),
}

LINK = {
    "squared_error": lambda z: list(z),
    "sigmoid_cross_entropy": lambda z: [VALUE["sigmoid"](x) for x in z],
    "tanh_cross_entropy": lambda z: [VALUE["tanh"](x) for x in z],
    "softmax_cross_entropy": softmax,
}


def two_layer_squared_error_gradient(x, t, w1, b1, w2, b2, hidden, output):
    """One example, one hidden layer: dL/dW1, dL/db1, dL/dW2, dL/db2 by nested loops."""
    units, outputs = range(len(b1)), range(len(b2))
    z1 = [b1[j] + sum(x[i] * w1[i][j] for i in range(len(x))) for j in units]
    a1 = [VALUE[hidden](z) for z in z1]
    z2 = [b2[k] + sum(a1[j] * w2[j][k] for j in units) for k in outputs]
    delta2 = [(VALUE[output](z2[k]) - t[k]) * DERIVATIVE[output](z2[k]) for k in outputs]
    delta1 = [DERIVATIVE[hidden](z1[j]) * sum(delta2[k] * w2[j][k] for k in outputs) for j in units]
    return (
        [[x[i] * delta1[j] for j in units] for i in range(len(x))],
        delta1,
        [[a1[j] * delta2[k] for k in outputs] for j in units],
        delta2,
    )
