"""Initial weights of layers that are followed by a ReLU."""

from __future__ import annotations

from torch import nn


def init_relu(layer: nn.Module) -> None:
    """Draw a layer's weights for a ReLU after it, and set its bias to zero.

    The variance of the gradients is kept (He et al., ICCV 2015, "fan out"); fvcore calls this
    ``c2_msra_fill``.

    Args:
        layer: a convolution, a transposed convolution or a linear layer, with a bias.
    """
    nn.init.kaiming_normal_(layer.get_parameter("weight"), mode="fan_out", nonlinearity="relu")
    nn.init.zeros_(layer.get_parameter("bias"))
