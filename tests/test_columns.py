"""Tables as text: measured, folded and set as rich does it, painted as it paints, and no number is ever cut."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backprop_cli import backprop
from backprop_cli.passes.trace import Trace
from backprop_cli.view import Options, draw, texts
from backprop_cli.view.columns import Column, Row, fold, measure, table

NUMBER = re.compile(r"\d[\d.]*(?:[eE][-+]?\d+)?")
WORDS = st.text("ab xy_→∂²数\u0301", max_size=12).map(str.strip)
CELLS = st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=4)


def test_every_letter_takes_as_many_columns_as_rich_says() -> None:
    letters = [chr(code) for code in range(0x20, 0x3100) if chr(code).isprintable()]
    assert [measure(each) for each in letters] == [cell_len(each) for each in letters]


@given(st.lists(st.text("ab数", max_size=4), max_size=20), st.integers(8, 30))
def test_words_are_folded_as_rich_does(parts: list[str], width: int) -> None:
    words = " ".join(filter(None, parts))
    lines = Text(words).wrap(Console(file=io.StringIO(), width=width), width)
    assert fold(words, width) == [line.plain.rstrip() for line in lines]


@given(st.lists(st.sampled_from(["x*", "(y + ", "1.25e-07", "123456789.5", " ", "q1"])), st.integers(3, 12))
def test_a_word_is_never_broken(parts: list[str], width: int) -> None:
    words = " ".join("".join(parts).split())
    lines = fold(words, width, later="  ")
    assert [word for line in lines for word in line.split()] == words.split()
    assert all(measure(line) <= width or len(line.split()) == 1 for line in lines)


@given(CELLS, st.booleans())
def test_a_table_is_set_and_painted_as_rich_does(cells: list[tuple[str, str, str]], is_ascii: bool) -> None:
    styles = ("", "green", "red")
    frame = Table(box=box.ASCII if is_ascii else box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    columns = [Column("name\nof"), Column("数\nx", right=True), Column("\nrule", right=True)]
    for column in columns:
        frame.add_column(column.head, justify="right" if column.right else "left", no_wrap=True)
    for row in cells:
        frame.add_row(*map(Text, row, styles), style="bold" if "a" in row[0] else "")
    console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system="standard", _environ={})
    with console.capture() as capture:
        console.print(frame)

    def paint(text: str, style: str) -> str:
        return console.get_style(style).render(text)

    rows = [Row(row, "bold" if "a" in row[0] else "", styles) for row in cells]
    shown = table(columns, rows, Options(width=200, ascii=is_ascii, paint=paint))
    assert shown == [line.rstrip() for line in capture.get().splitlines()]


LONG = [
    backprop("sigmoid(w*x + b)/y", precision=40, w=2, x="1/3", b="-pi", y="7e-8"),
    backprop("x*y*z*w", precision=40, hessian=True, x="1/3", y="2/7", z="-1/9", w="1e-30/11"),
    backprop("f(t) = t*exp(t); f(sin(x)) + f(1/3)", exact=True, expand=True, x="1/7"),
    backprop("+".join(f"{x}*y/3" for x in "abcdghi"), {x: f"1e-7/{ord(x)}" for x in "abcdghiy"}, hessian=True),
]


@pytest.mark.parametrize("trace", LONG, ids=range(len(LONG)))
@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_number_is_cut_in_a_narrow_terminal(trace: Trace, width: int) -> None:
    whole, narrow = (str(draw("trace", trace, Options("table", width=each))) for each in (None, width))
    numbers = {*NUMBER.findall(narrow)}
    assert numbers <= {*NUMBER.findall(whole)}
    for values in (trace.values, trace.upstream, *((edge.local, edge.chained) for edge in trace.edges)):
        for value in values:
            assert numbers >= {*NUMBER.findall(texts.number(trace, value, None))}


RECORDS = """\
x*y = 0.66666666666666666666666666667

 f = x * y
   value     0.66666666666666666666666666667
   upstream  1
   ← x
     local    2
     chained  2
     rule     y
   ← y
     local    0.33333333333333333333333333333
     chained  0.33333333333333333333333333333
     rule     x

 x
   value     0.33333333333333333333333333333
   gradient  2
   tells     x + h → f + 2h
 y
   value     2
   gradient  0.33333333333333333333333333333
   tells     y + h → f + 0.33333333333333333333333333333h
"""


def test_where_numbers_have_no_room_a_row_is_a_record() -> None:
    trace = backprop("x*y", x="1/3", y=2, precision=29)
    assert draw("trace", trace, Options("table", width=60)) == RECORDS
