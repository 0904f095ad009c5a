"""Plots by Matplotlib, as SVG, PNG or PDF."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import OutputError, missing, shorten
from . import Options
from .plot import Plot


def picture(plots: Sequence[Plot], options: Options) -> bytes:
    """All of them in one picture, one below the other.

    Raises InputError where there is no Matplotlib, OutputError where it does not start.
    """
    with _quiet():
        return _picture(plots, options)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave unsaid what Matplotlib tells of directories and of settings, which make no difference here."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def _picture(plots: Sequence[Plot], options: Options) -> bytes:
    try:
        import matplotlib as library
        from matplotlib.figure import Figure
    except ImportError:
        raise missing("Matplotlib", "plot", f"a plot as {options.form}") from None
    except (OSError, RuntimeError, ValueError) as error:  # a directory of the environment's that is none
        raise OutputError(f"Matplotlib does not start: {shorten(str(error), 100)}") from None
    with library.rc_context():
        library.rcdefaults()  # what somebody has set for pictures of their own, such as text by TeX, is not for these
        library.rcParams.update({"svg.hashsalt": "backprop", "text.parse_math": False})
        heights = [3] + [1] * (len(plots) - 1)
        figure = Figure(figsize=(7, 4.5 + 1.5 * (len(plots) - 1)), layout="constrained")
        axes = figure.subplots(len(plots), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
        for plot, axis in zip(plots, axes[:, 0], strict=True):
            _draw(plot, axis)
        out = io.BytesIO()
        undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(options.form, {})
        figure.savefig(out, format=options.form, dpi=144, metadata=undated)
    return out.getvalue()


def _draw(plot: Plot, draw: Any) -> None:
    draw.set(title=plot.title, xlabel=plot.x, ylabel=plot.y)
    if plot.log:
        draw.set_yscale("log")
    if plot.field:
        draw.contour(plot.field.x, plot.field.y, plot.field.z, levels=sorted({*plot.field.levels}), linewidths=0.8)
    for series in plot.series:
        style = {"points": "o", "line": "-", "path": "o-"}[series.kind]
        draw.plot(series.x, series.y, style, markersize=3, linewidth=1.2, label=series.label)
    if len(plot.series) > 1:
        draw.legend()
