"""Teaches IPython the cards of Qiskit's results, whose classes are not this package's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

_CONTAINERS: Final = "qiskit.primitives.containers"
_CARDS: Final = {
    ("primitive_result", "PrimitiveResult"): "result_card",
    ("pub_result", "PubResult"): "pub_card",
    ("data_bin", "DataBin"): "data_card",
    ("bit_array", "BitArray"): "bits_card",
}
"""Modules and classes -> functions of `display.result_card`."""


def show_results_as_cards(shell: Any = None) -> None:
    """Registers the cards of results with IPython, if it runs in this process.

    A formatter that somebody registered before stays.

    Args:
        shell: IPython's shell; None for the running one, without importing IPython.
    """
    shell = shell or getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        return
    formatter = shell.display_formatter.formatters["text/html"]
    for (module, name), function in _CARDS.items():
        known = (f"{_CONTAINERS}.{module}", name)
        if known not in formatter.deferred_printers and not _is_registered(formatter, known):
            formatter.for_type_by_name(*known, _card(function))


def _is_registered(formatter: Any, known: tuple[str, str]) -> bool:
    return any((kind.__module__, kind.__name__) == known for kind in formatter.type_printers)


def _card(name: str) -> Callable[[Any], str]:
    def make(result: Any) -> str:
        from qiskit_rest_primitives.display import result_card

        return getattr(result_card, name)(result)

    return make
