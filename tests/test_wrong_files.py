"""Files of the right syntax and the wrong meaning, and the other way round: a clean error, or the right answer."""

from __future__ import annotations

import re

import pytest

from support.command import call

Files = dict[str | bytes, list[float | str] | str]
"""The answers, values of x*y or verdicts; or what is told in the first line."""

# -- Values --------------------------------------------------------------------------------------------------------

AT: Files = {
    '{"x": 2, "y": 3}': [6],
    '\ufeff{"x": 2, "y": 3}': [6],
    '\r\n{"x":\r2,\t"y":\n3}\r': [6],
    '{"x": "2", "y": " 3 "}': [6],
    '{"x": "6/4", "y": "2*2"}': [6],
    '{"x": -0.0, "y": 3}': [0],
    '{"x": 1E+1, "y": 3}': [30],
    '{"x": 1e-400, "y": 3}': [0],
    '{"\\u0078": 2, "y": 3}': [6],
    '{"x": 2, "x": 2, "y": 3}': "twice",
    '{"x": 2, "y": 3, "\\uff59": 3}': "twice",
    '{"x": 2}': "no value for y",
    '{"x": 2, "y": 3, "z": 4}': [6],
    '{"x": 2, "Y": 3}': "the expression has no variable 'Y'",
    '{"x": 2, "": 3}': "not a variable's name",
    '{"x": 2, "y z": 3}': "not a variable's name",
    '{"x": 2, "\\ud800": 3}': "not a variable's name",
    '{"x": 2, "y\\u0000": 3}': "not a variable's name",
    '{"x": NaN, "y": 3}': "not finite",
    '{"x": -Infinity, "y": 3}': "not finite",
    '{"x": "nan", "y": 3}': "not finite",
    '{"x": 1e400, "y": 3}': "overflows",
    '{"x": 1' + "0" * 400 + ', "y": 3}': "overflows",
    '{"x": 1' + "0" * 5_000 + ', "y": 3}': "overflows",
    '{"x": [2], "y": 3}': "the output x*y is a vector of 1",
    '{"x": {"x": 2}, "y": 3}': "the value of 'x' in --at is an object, not a number",
    '{"x": null, "y": 3}': "the value of 'x' in --at is null, not a number",
    '{"x": true, "y": 3}': "the value of 'x' in --at is true or false, not a number",
    '{"x": "", "y": 3}': "the value of x is empty",
    '{"x": "y", "y": 3}': "not a constant",
    '{"x": "1/0", "y": 3}': "in the value of x",
    '{"x": "1,5", "y": 3}': "a comma only separates the inputs",
    '{"x": "0x10", "y": 3}': "a number is decimal here",
    '{"x": "1_0", "y": 3}': "an operator is missing between '1' and '_0'",
    '{"x": "\\u0661", "y": 3}': "unexpected character '١'",
    '{"x": "\\ud800", "y": 3}': "unexpected character '\\ud800'",
    '{"x": "1\\u0000", "y": 3}': "unexpected character '\\x00'",
    '{"x": "2; y = 3", "y": 3}': "no statement can end here",
    '{"x": 01, "y": 3}': "JSON",
    '{"x": +1, "y": 3}': "JSON",
    '{"x": .5, "y": 3}': "JSON",
    '{"x": 1., "y": 3}': "JSON",
    '{"x": 0x1, "y": 3}': "JSON",
    '{"x": 2, "y": 3,}': "JSON",
    "{'x': 2, 'y': 3}": "JSON",
    '{x: 2, "y": 3}': "JSON",
    '{"x": 2, "y": 3} {"x": 4, "y": 5}': "JSON",
    '{"x": 2, "y": 3}\0': "JSON",
    '{"x": 2, "y": "3\n"}': "JSON",
    '{"x": 2, // two\n "y": 3}': "JSON",
    "": "JSON",
    "[]": "object",
    '[["x", 2], ["y", 3]]': "object",
    "2": "object",
    "null": "object",
    '"x"': "object",
    "[" * 100_000: "nested too deeply",
    b'{"x": 2, "y": 3, "\xff": 1}': "not UTF-8",
    b'{"x": 2, "\xed\xa0\x80": 3}': "not UTF-8",
    b'{"x": 2, "\xc1\xb9": 3}': "not UTF-8",
    '{"x": 2, "y": 3}'.encode("utf-16"): "not UTF-8",
    '{"x": 2, "y": 3}'.encode("utf-32-le"): "JSON",
}
"""As JSON on standard input, for `--at -`."""

CLAIMS: Files = {
    '{"x": 3, "y": 2}': ["right", "right"],
    '{"x": "y", "y": "x"}': ["right", "right"],
    '{"x": "3.0", "y": 2e0}': ["right", "right"],
    '\ufeff{"x": 3}\r\n': ["right"],
    '{"x": 3, "y": 3}': ["right", "WRONG"],
    '{"x": 3, "x": 3}': "twice",
    '{"z": 3}': "a claim for 'z', which is not a variable of the expression",
    '{"x": "z"}': "in the claim for x: the expression has no variable 'z'",
    '{"x": NaN}': "no variable 'NaN'",
    '{"x": Infinity}': "no variable 'Infinity'",
    '{"x": 1e400}': ["WRONG"],
    '{"x": null}': "is null, not a number",
    '{"x": true}': "is true or false, not a number",
    '{"x": [3]}': "an array is claimed",
    '{"x": {"y": 3}}': "is an object, not a number",
    '{"x": ""}': "the claim for x is empty",
    '{"x": "3;"}': "in the claim for x: no statement can end here",
    '{"x": "q = 3; q"}': "in the claim for x: an assignment is not part",
    '{"x": "\\ud800"}': "in the claim for x: unexpected character",
    '{"x": "1/0"}': ["WRONG"],
    "{}": "--claims holds no claim",
    "[]": "object",
    "3": "object",
    "": "JSON",
    '{"x": 3': "JSON",
    b'{"x": "\xff"}': "not UTF-8",
}
"""Claims about x*y at (2, 3): the verdict, or what is told."""

PROGRAMS: Files = {
    "f = x*y": [6],
    "\ufefff = x*y": [6],
    "q = x\r\nf = q*y\r\n": [6],
    "q = x;; f = q*y;": [6],
    "# \u2028 q = 3\nx*y": [6],
    "x*y # \0"[:-1]: [6],
    "q = x\rf = q*y": "an operator is missing between 'x' and 'f'",
    "q = x\x0bf = q*y": "unexpected character '\\x0b'",
    "q = x\u2028f = q*y": "an unusual kind of space is not part of an expression",
    "f = x*y\0": "unexpected character '\\x00'",
    "f = x*\ufeffy": "unexpected character '\\ufeff'",
    "f = x*\u202ey": "unexpected character '\\u202e'",
    "f = x*y*\ud800".encode("utf-8", "surrogatepass"): "not UTF-8",
    b"f = x*y # \xff": "not UTF-8",
    "f = x*y".encode("utf-16"): "not UTF-8",
    "f = x*y".encode("utf-16-le"): "unexpected character '\\x00'",
    "": "empty",
    " \r\n\t": "empty",
    "# x*y": "empty",
    ";": "empty",
    "q = x*y; q = q*y": "assigned twice",
    "q = r; r = q*y; f = q*x": "'r' is used before it is assigned",
    "x = y; f = x*y": "'x' is computed by the program, so it takes no value",
    "q = q*x*y": "'q' is used before it is assigned",
    "m(t) = m(t)*x; f = m(x)*y": "'m' calls itself, which never ends",
    "m(t) = t*x; f = m(x)*y": [12],
    "m(t, t) = t; f = m(x, y)": "the module has two inputs 't'",
    "m(t) = t; f = m(x, y)": "m takes 1 input, not 2",
    "m(t) = t; m = x*y": [6],
    "m(t) = t": "the expression has no variable 'x'",
    "sin(t) = t; f = sin(x)*y": [6],
    "pi = 3; f = x*y*pi": [18],
    "f = x*y = 6": "an assignment is not part of an expression",
    "f == x*y": "is a condition, which holds or not, and no number",
    "f = ": "nothing stands behind '='",
    "= x*y": [6],
    "2 = x*y": "an assignment is not part of an expression",
    "x*y; f = x": "only the last statement may go without a name: nothing can use this one",
    '{"f": "x*y"}': "JSON is not part of an expression",
    "f = x*y\n\x1a": "unexpected character '\\x1a'",
}
"""As a program on standard input, at (2, 3)."""

JSON_LINES: Files = {
    '{"x": 2, "y": 3}\n{"x": 4, "y": 5}\n': [6, 20],
    '\ufeff{"x": 2, "y": 3}\r\n\r\n{"x": "4", "y": "10/2"}': [6, 20],
    '{"y": 3, "x": 2, "z": 1, "name": "first"}\n': [6],
    '{"x": 2, "y": 3}\n{"x": 4}\n': "line 2, after 1 point: no value for y",
    '{"x": 2, "x": 2, "y": 3}\n': "line 1: 'x' is given twice",
    '{"x": 2, "y": 3, "\\uff58": 2}\n': "line 1: 'x' is given twice",
    '{"x": NaN, "y": 3}\n': "line 1: the value of x is not finite",
    '{"x": 1e400, "y": 3}\n': "line 1: in the value of x: the number overflows",
    '{"x": [2], "y": 3}\n': "line 1: the output x*y is a vector of 1, and a gradient is that of one number",
    '{"x": null, "y": 3}\n': "line 1: the value of 'x' is null, not a number",
    '{"x": true, "y": 3}\n': "line 1: the value of 'x' is true or false, not a number",
    '{"x": {"x": 2}, "y": 3}\n': "line 1: the value of 'x' is an object, not a number",
    '{"x": "\\ud800", "y": 3}\n': "line 1: in the value of x: unexpected character '\\ud800'",
    '{"x": 2, "y": 3}{"x": 4, "y": 5}\n': "line 1: not JSON: extra data",
    '{"x": 2, "y": 3},\n': "line 1: not JSON: extra data",
    '[{"x": 2, "y": 3}]\n': "points are JSON objects, a line each, not a list",
    "[2, 3]\n": "points are JSON objects, a line each, not a list",
    '{"x": 2, "y": 3}\0\n': "line 1: not JSON: extra data",
    '{"x": 2,\n"y": 3}\n': "line 1: not JSON: expecting property name enclosed in double quotes",
    '{"x": 2, "y": 3}\r{"x": 4, "y": 5}\r': "line 1: not JSON: extra data",
    '{"x": 2, "y": 3}\n[4, 5]\n': "line 2, after 1 point: not a JSON object",
    '{"x": 2, "y": 3}\nx,y\n': "line 2, after 1 point: not JSON: expecting value",
    b'{"x": 2, "y": 3}\n{"x": 4, "y": "\xff"}\n': "line 2, after 1 point: the line is not UTF-8 text",
    '{"x": 2, "y": 3}\n'.encode("utf-16"): "line 1: this is UTF-16 text",
}
CSV: Files = {
    "x,y\n2,3\n4,5\n": [6, 20],
    "\ufeffx,y\r\n2,3\r\n\r\n4,5": [6, 20],
    'y,"x",z\n3,"2",\n': [6],
    " x , y \n 2 , 3 \n": [6],
    "x,y\n2/1,2+1\n": [6],
    'x,y\n"2\n",3\n': [6],
    "x,y\n": [],
    "x,y\n2\n": "line 2: 1 field, where the header has 2",
    "x,y\n2,3,4\n": "line 2: 3 fields, where the header has 2",
    "x,y\n2,\n": "line 2: the value of y is empty",
    "x,y\n,\n": "line 2: the value of x is empty",
    "x,x,y\n2,2,3\n": "the header names 'x' twice",
    "x,\uff58,y\n2,2,3\n": "the header names 'x' twice",
    "x,,y\n2,1,3\n": [6],
    "x\n2\n": "no value for y",
    "2,3\n4,5\n": "no value for x and y",
    "x y\n2 3\n": "no value for x and y",
    "x\ty\n2\t3\n": [6],
    'x,y\n"2,3\n4,5\n': "line 2: not CSV: a quote that opens here is never closed",
    'x,y\n2"0,3\n': "line 2: in the value of x: a string is not part of an expression",
    'x,y\n"2"0,3\n': "line 2: not CSV: ',' expected after '\"'",
    "x,y\n=1+1,3\n": "line 2: in the value of x: an assignment is not part of an expression",
    "x,y\nnan,3\n": "line 2: the value of x is not finite",
    "x,y\n1e400,3\n": "line 2: in the value of x: the number 1e400 overflows",
    "x,y\n1,5,3\n": "line 2: 3 fields, where the header has 2",
    "x,y\n2\0,3\n": "line 2: in the value of x: unexpected character '\\x00'",
    "x,y\r2,3\r4,5\r": "the header is not CSV: a carriage return stands inside a line",
    "x,y\n2,3\n\n\n4\n": "line 5, after 1 point: 1 field, where the header has 2",
    b"x,y\n2,3\n4,\xff\n": "line 3, after 1 point: the line is not UTF-8 text",
    b"x,\xff\n2,3\n": "line 1: the line is not UTF-8 text",
    "x,y\n2,3\n".encode("utf-16"): "line 1: this is UTF-16 text",
    "": "there are no points",
    "\n\n": "there are no points",
}

# -- The test ------------------------------------------------------------------------------------------------------

KINDS = {
    "eval x*y --at - --get value": AT,
    "check x*y --x 2 --y 3 --claims -": CLAIMS,
    "eval --file - --x 2 --y 3 --get value": PROGRAMS,
    "points x*y - --get value": {**JSON_LINES, **CSV},
}
ANSWER = re.compile(r'^(?:.*"value": |.*[,\t]|[xy]: )?(-?[\d.]+|right|WRONG)(?:}|  .*)?$', re.MULTILINE)
"""A value, alone or at the end of a line of results, or a verdict."""


@pytest.mark.parametrize(
    ("words", "file", "outcome"),
    [(words, file, outcome) for words, files in KINDS.items() for file, outcome in files.items()],
    ids=lambda each: repr(each)[:50],
)
def test_a_clean_error_or_the_right_answer(words: str, file: str | bytes, outcome: list[float | str] | str) -> None:
    status, out, err = call(*words.split(), stdin=file)
    answers = [text if text.isalpha() else float(text) for text in ANSWER.findall(out)]
    if isinstance(outcome, str):
        assert outcome in err.splitlines()[0]
        assert (status == 0) is err.startswith("warning: ")
        assert answers in ([], [6])  # of the points before
    else:
        assert (status, answers) == (int("WRONG" in outcome), outcome)
        assert err == "" or err.startswith("warning: ")
