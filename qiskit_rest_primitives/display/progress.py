"""Bars of waits, drawn by the thread that waits. In: futures and what is known. Out: tqdm's bar.

A wait with a bar wakes up a few times a second to draw what is in memory. It sends nothing, needs
no thread, and lasts no longer than without. The bar is tqdm's (extra ``[notebook]``).
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, Future
from concurrent.futures import wait as wait_for_futures
from types import TracebackType
from typing import Any, Final, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

DELAY_SECONDS: Final = 2.0
"""A wait that takes longer than this has a bar in a notebook, unless it was told otherwise."""
REDRAW_SECONDS: Final = 0.2
_FORMAT: Final = "{desc} {bar:20}| {n_fmt}/{total_fmt} [{elapsed}]"
_FORMAT_WITHOUT_TOTAL: Final = "{desc}: {n_fmt} [{elapsed}]"


class Progress:
    """The progress of one wait; a context in which `wait` is called.

    Args:
        show: True at once; False never; None in a notebook, once it has taken two seconds.
        total: how many jobs there are; None if that is not known.
        describe: what is known of them, in a few words; must not block.

    Raises:
        ImportError: ``show`` is True, and tqdm is not installed.
    """

    def __init__(self, show: bool | None, total: int | None, describe: Callable[[], str]):
        self._describe = describe
        self._total = total
        self._number = 0
        self._began = time.monotonic()
        self._bar: Any = None
        self._kind = _bar_class(show) if _is_wanted(show) else None
        self._next_drawing = self._began + (0.0 if show else DELAY_SECONDS)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Draws the bar a last time, and ends its line."""
        if self._bar is not None:
            self._quietly(self._draw)
        if self._bar is not None:
            self._quietly(self._bar.close)
        self._bar = self._kind = None

    def wait(
        self,
        futures: Iterable[Future[T]],
        timeout: float | None = None,
        return_when: str = ALL_COMPLETED,
    ) -> tuple[set[Future[T]], set[Future[T]]]:
        """`concurrent.futures.wait`, which draws the bar meanwhile: what is not pending is done."""
        futures = list(futures)
        if self._kind is None:
            return wait_for_futures(futures, timeout, return_when)
        try:
            return self._wait(futures, timeout, return_when)
        except KeyboardInterrupt:
            self.close()  # before anything else is printed
            raise

    def _wait(
        self, futures: Sequence[Future[T]], timeout: float | None, return_when: str
    ) -> tuple[set[Future[T]], set[Future[T]]]:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            self.draw((self._total or len(futures)) - sum(not each.done() for each in futures))
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            pause = REDRAW_SECONDS if left is None else min(left, REDRAW_SECONDS)
            done, pending = wait_for_futures(futures, pause, return_when)
            self._number = (self._total or len(futures)) - len(pending)
            if _is_over(done, pending, return_when) or left == 0.0:
                return done, pending

    def draw(self, number: int | None = None) -> None:
        """Draws what is known now, at most a few times a second.

        An error of tqdm's, or of the terminal's, ends the bar only.

        Args:
            number: how many are done; None for as many as before.
        """
        self._number = self._number if number is None else number
        now = time.monotonic()
        if self._kind is not None and now >= self._next_drawing:
            self._next_drawing = now + REDRAW_SECONDS
            self._quietly(self._draw)

    def _draw(self) -> None:
        if self._bar is None:
            assert self._kind is not None
            form = _FORMAT if self._total is not None else _FORMAT_WITHOUT_TOTAL
            # With any delay, tqdm does not draw before the words are known.
            self._bar = self._kind(total=self._total, bar_format=form, delay=1e-9)
            self._bar.start_t -= time.monotonic() - self._began
        self._bar.n = self._number
        self._bar.set_description_str(self._describe(), refresh=False)
        self._bar.refresh()

    def _quietly(self, draw: Callable[[], object]) -> None:
        try:
            draw()
        except Exception as error:
            logger.debug("no progress bar: %r", error)
            if self._bar is not None:
                self._bar.disable = True  # else its finalizer draws again
            self._kind = self._bar = None


def in_notebook() -> bool:
    """Whether this is a notebook's kernel, not a script or a terminal."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def require_bar(show: bool | None) -> None:
    """Makes sure, before anything begins, that a bar which was asked for can be drawn.

    Raises:
        ImportError: ``show`` is True, and tqdm is not installed.
    """
    if show:
        _bar_class(show)


def _is_wanted(show: bool | None) -> bool:
    # Several threads of a notebook would draw over each other.
    in_main_thread = threading.current_thread() is threading.main_thread()
    return in_notebook() and in_main_thread if show is None else show


def _bar_class(required: bool | None) -> Callable[..., Any] | None:
    """Tqdm's bar for where this runs, without its monitor thread; None if it is not installed.

    Raises:
        ImportError: it is not, and required.
    """
    try:
        with warnings.catch_warnings():
            # Without ipywidgets, tqdm warns and draws text.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
    except Exception as error:
        if not required:
            logger.debug("no progress bar: %r", error)
            return None
        raise ImportError(
            "progress=True draws with tqdm: pip install 'qiskit-rest-primitives[notebook]'",
            name="tqdm",
        ) from error

    class Bar(tqdm):
        """A bar without a monitor thread, and with a lock of this process alone."""

        monitor_interval = 0

    Bar.set_lock(threading.RLock())
    return Bar


def _is_over(done: set[Future[T]], pending: set[Future[T]], return_when: str) -> bool:
    if not pending:
        return True
    if return_when == FIRST_COMPLETED:
        return bool(done)
    if return_when == FIRST_EXCEPTION:
        return any(not future.cancelled() and future.exception() for future in done)
    return False
