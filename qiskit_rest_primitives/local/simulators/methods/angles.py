"""An angle of a gate and the rows of a sweep -> the angle at each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def angles_of(angle: Any, columns: Mapping[Any, int], rows: np.ndarray) -> np.ndarray:
    """The angle at each row; once, if it is a number.

    Args:
        angle: a number, parameter or expression.
        columns: of each parameter, its column in the rows.
        rows: values ``(points, parameters)``.

    Returns:
        float64 ``(points,)`` or ``(1,)``.
    """
    if isinstance(angle, (int, float)):
        return np.array([angle], dtype=float)
    if angle in columns:
        return rows[:, columns[angle]]
    used = [(parameter, columns[parameter]) for parameter in angle.parameters]
    return np.array([float(angle.bind({p: row[at] for p, at in used})) for row in rows])
