"""What a formula that stands once is written in: variables of PyTensor in a model, arrays of NumPy elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Tensor"]

if TYPE_CHECKING:
    from pytensor.tensor import TensorVariable

    from bayes_escc.names import AnyArray

    type Tensor = TensorVariable | AnyArray
