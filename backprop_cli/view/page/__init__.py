"""The page: one file of HTML that walks through both passes, and computes them anew while its values are moved.

It is read as text where no script runs. The script and what it is told are packed, so that a page is small.
"""

from __future__ import annotations

import html
import json
import re
import zlib
from base64 import a85encode, b64encode
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from ...arithmetic import TIES
from ...errors import InputError
from ...passes.trace import Trace
from .. import Options, table, texts
from ..picture.circuit import Circuit
from ..words import explain
from ..words.explain import Explanation
from ..words.language import ENGLISH, Language
from .arithmetic import functions, graphs_of
from .arrays import functions_of_arrays
from .contents import contents

LARGEST = 200
"""Gates of a circuit that a page shows."""
MOST = 100_000
"""Numbers of all variables together."""
TOLD, LISTED = 2, 4
"""Gates of which who runs no scripts is told the story, and is shown a table; of more, the ends of these."""

_LOADER = (
    '(async()=>{const d=document.getElementById("data"),t=d.textContent.replace(/v/g,"<"),b=[];'
    "for(let i=0;i<t.length;i+=5){let x=0;for(let j=0;j<5;j++)x=85*x+(t.charCodeAt(i+j)||117)-33;"
    "b.push(x>>>24,x>>>16,x>>>8,x)}b.length=t.length*.8|0;"
    'const z=new Blob([new Uint8Array(b)]).stream().pipeThrough(new DecompressionStream("deflate")),'
    'a=(await new Response(z).text()).split("\\n"),s=a.pop();d.textContent=a.shift();'
    'document.getElementById("main").innerHTML=a.pop();'
    'for(const[k,v]of[["style",s],["script",a.join("\\n")]])'
    "document.head.append(Object.assign(document.createElement(k),{textContent:v}))})()"
)
"""What unpacks the data, a line, the script, and a line each of the parts and the style; the policy knows the last and
the script by their hashes.

Four bytes are five signs of base 85, of which v stands for the <.
"""
_FUNCTION = re.compile(r"^( *)const (?P<name>\w+) = (?:\(.*?\)|\w+) => .*\n(?:\1[ }].*\n)*", re.MULTILINE)
_WORD = re.compile(r"^    (?P<name>\w+): .*,\n", re.MULTILINE)
_BESIDE = re.compile("(?<=[;{}]) +// .*")
"""A comment behind code."""
_SPACED = re.compile(
    r""""(?:\\.|[^"\\])*"|`(?:\\.|\$\{(?:[^`{}]|`[^`]*`|\{[^{}]*\})*\}|[^`\\])*`"""  # texts as they are
    r"|(?:(?<=[(!])|(?<=[,=:&|?] ))/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[\n])+/"  # patterns as well
    r"|\s?([=<>!&|?:,;{}()*]+)\s?| ([-+/%]=?) (?![-+])"
)
_SHORT = 120  # letters of a program that stands above the circuit without scrolling
_SMALLEST = 0.8  # of its size, to which a picture shrinks where it is too wide
_ARROW = '<svg aria-hidden="true" width="18" height="18" viewBox="0 0 18 18"><path d="{0}"/></svg>'
_BUTTONS = {
    "first": "M2 2h3v14H2zM16 2v14L6 9z",
    "back": "M14 2v14L4 9z",
    "on": "M4 2v14l10-7z",
    "last": "M13 2h3v14h-3zM2 2v14l10-7z",
}


class Page(NamedTuple):
    """A trace that is to be walked through.

    ties: what inputs of max and min that tie receive, one of TIES
    language: in which it is told
    """

    trace: Trace
    ties: str = TIES[0]
    language: Language = ENGLISH


def page(page: Page, options: Options) -> str:
    """The page. Raises InputError for a circuit that is too large for it, and for numbers that are no doubles."""
    trace, ties, language = page
    graph = trace.graph
    gates = sum(1 for _ in graph.gates)
    if gates > LARGEST:
        hint = "--only of explain tells of some gates; a module is one gate, whatever is in it"
        raise InputError(f"a page shows up to {LARGEST} gates, and here are {gates:,}", hint=hint)
    if trace.arithmetic.of_boxes or trace.uncertainty is not None:
        what = "boxes" if trace.arithmetic.of_boxes else "uncertain values"
        raise InputError(f"a page has no {what}", hint="explain tells of them as text and Markdown, graph draws them")
    if trace.arithmetic.trusted is None or trace.arithmetic.header:
        raise InputError("a page computes with doubles: leave --exact and --precision out")
    count = sum(map(len, map(trace.arithmetic.entries, trace.point.values())))
    if count > MOST:
        hint = "some rows of the data will do for a page; explain and graph take all"
        raise InputError(f"a page holds up to {MOST:,} numbers, and here are {count:,}", hint=hint)
    told = contents(trace, language, ties, options.digits)
    size = told["width"], told["height"]
    data = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    code = functions_of_arrays(trace) if trace.has_axes else functions(graphs_of(graph))
    kind = [code, _resource("story.js"), _resource("arrays.js" if trace.has_axes else "numbers.js")]
    particles = [_resource("particles.js")] * (language.code == "ko")
    script = _bare(_needed("".join([*particles, _resource("common.js"), *kind, _resource("page.js")])))
    style = _style("page.css", *["arrays.css"] * trace.has_axes) + f"#picture{{min-width:{size[0] * _SMALLEST:.0f}px}}"
    return "".join(_document(page, options, data, f"{{\n{script}}}\n", style, size))


def explanation(explanation: Explanation, options: Options) -> str:
    """The page of what is explained. Raises InputError for what a page does not have."""
    if explanation.blank or explanation.nudged or explanation.only:
        raise InputError("a page tells the whole story: --blank, --nudge and --only are for text and Markdown")
    return page(Page(explanation.trace, explanation.ties, explanation.language), options)


def circuit(circuit: Circuit, options: Options) -> str:
    """The page of a circuit. Raises InputError where it has no numbers."""
    if circuit.trace is None:
        names = [node.name for node in circuit.graph.variables]
        hint = f"for example: {' '.join(f'--{name} 1' for name in names[:8])}"
        raise InputError("a page shows numbers: give each variable a value", hint=hint)
    return page(Page(circuit.trace, circuit.ties), options)


def _document(page: Page, options: Options, data: str, script: str, style: str, size: tuple[int, int]) -> Iterator[str]:
    trace, _, language = page
    title = html.escape(texts.short(trace.graph.source))
    program = html.escape("\n".join(texts.program(trace.graph)) or texts.short(trace.graph.source, 2_000))
    scrolls = ' tabindex="0"' if len(program) > _SHORT else ""
    scripts = f"script-src '{_hash(_LOADER)}' '{_hash(script)}'"
    first = _style("text.css")
    policy = f"default-src 'none'; style-src '{_hash(first)}' '{_hash(style)}'; {scripts}; base-uri 'none'; "
    yield f'<!DOCTYPE html>\n<html lang="{language.code}">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}form-action \'none\'">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{title}</title>\n<style>{first}</style>\n</head>\n<body>\n<main>\n<h1{scrolls}>{program}</h1>\n"
    yield f'<div id="text"><p>{html.escape(language.templates["page no script"])}</p>\n{_story(page, options)}</div>\n'
    yield '<div id="sheets"></div>\n'
    yield '<div id="main" hidden></div>\n</main>\n'
    packer = zlib.compressobj(9, memLevel=9)
    parts = packer.compress("\n".join([data, script, "".join(_parts(language, size)), style]).encode())
    packed = a85encode(parts + packer.flush()).decode()
    packed = packed.replace("z", "!!!!!").replace("<", "v")
    yield f'<script type="application/json" id="data">{packed}</script>\n<script>{_LOADER}</script>\n</body>\n</html>\n'


def _parts(language: Language, size: tuple[int, int]) -> Iterator[str]:
    """The parts of a page that scripts fill, in one line."""
    say = {key: html.escape(text) for key, text in language.templates.items() if key.startswith("page ")}
    yield f'<div id="stage" role="region" tabindex="0" aria-label="{say["page circuit"]}">'
    box = f'width="{size[0]}" height="{size[1]}" viewBox="0 0 {size[0]} {size[1]}"'
    yield f'<svg id="picture" role="img" aria-label="{say["page circuit"]}" {box}></svg></div>'
    yield f'<div id="bar" role="group" aria-label="{say["page steps"]}">'
    for name, path in _BUTTONS.items():
        label = say[f"page {name}"]
        yield f'<button type="button" id="{name}" aria-label="{label}" title="{label}">{_ARROW.format(path)}</button>'
    yield f'<input type="range" id="scrub" min="0" step="1" aria-label="{say["page scrub"]}">'
    yield '<span id="count"></span>'
    yield f'<label><input type="checkbox" id="predict"> {say["page predict"]}</label>'
    yield f'<label><input type="checkbox" id="slides"> {say["page slides"]}</label></div>'
    yield '<div id="says" aria-live="polite"></div><div id="tables"></div><form id="ask" hidden>'
    yield f'<label for="answer">{say["page answer"]}</label> <input id="answer" autocomplete="off" inputmode="text">'
    yield f"<button>{say['page check']}</button> "
    yield f'<button type="button" id="tell">{say["page tell"]}</button></form><p id="verdict" role="status"></p>'
    yield f'<p><output id="value"></output></p><div id="rows" role="group" aria-label="{say["page values"]}"></div>'
    yield f'<p><button type="button" id="reset">{say["page reset"]}</button></p>'


def _story(page: Page, options: Options) -> str:
    """The story and the table, of a large circuit their ends, for who runs no scripts."""
    told = explain.as_text(Explanation(page.trace, language=page.language), Options(digits=options.digits), TOLD)
    rows = table.trace(page.trace, Options(digits=options.digits), LISTED)
    rows = rows.removeprefix("\n".join(texts.program(page.trace.graph))).lstrip("\n")
    rows = re.sub(r"(?<=\S)  +(?=\S)", "  ", re.sub("(?<=─{24})─+", "", rows))
    return "".join(f"<pre>{html.escape(text, quote=False)}</pre>\n" for text in (told, rows))


def _needed(script: str) -> str:
    """A script without the functions and the words of rules that stand nowhere but where they are declared."""
    count = Counter(re.findall(r"\w+", script))

    def used(found: re.Match[str]) -> str:
        return found[0] if count[found["name"]] > 1 else ""

    kept = _WORD.sub(used, _FUNCTION.sub(used, script))
    return script if kept == script else _needed(kept)


def _bare(script: str) -> str:
    """A script without comments, and spaces that nobody needs."""
    lines = (_BESIDE.sub("", line).strip() for line in script.split("\n"))
    bare = "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))
    return _SPACED.sub(lambda found: found[1] or found[2] or found[0], bare)


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _resource(name: str) -> str:
    """A file beside this one, without its first line, which says what it is."""
    return files(__package__).joinpath(name).read_text("utf-8").partition("\n")[2]


def _style(*names: str) -> str:
    """A style, without spaces that nobody needs."""
    return re.sub(r"\s*([{}:;,>])\s+", r"\1", "".join(map(_resource, names)))
