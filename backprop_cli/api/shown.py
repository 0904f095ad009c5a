"""What shows itself: a subject of VIEWS, drawn as text where text is asked for, and richly in a notebook."""

from __future__ import annotations

import html
from os import PathLike, fspath
from typing import Any, Self

from ..errors import InputError, quote
from ..view import DIGITS, VIEWS, Options, draw, form_of
from .values import expect, whole


class Shown:
    """A subject, and the views of it. A notebook takes the richest that there is.

    kind: of subject, a key of VIEWS;
    subject: what the views take.
    """

    kind: str
    subject: Any

    def render(self, form: str = "", digits: int | None = None) -> str | bytes:
        """What the command prints: the text of one of its formats, or the bytes of a picture.

        form: the first of them by default, which is a table or text;
        digits: how many are shown of a number, 1 to 17 in pictures, pages and programs, 90 in checks, else 10,000.
        Raises InputError for a format that it does not have, and for digits out of this range.
        """
        return rendered(self.kind, self.subject, form, digits)

    def _repr_html_(self) -> str | None:
        form = VIEWS[self.kind].get("html", "")
        if not form.startswith("page:"):
            return self._text("html")
        return framed(str(self.render("html"))) if self.kind == "page" else None

    def _repr_markdown_(self) -> str | None:
        # A notebook prefers Markdown to LaTeX, and what has both is made of formulas.
        return None if "latex" in VIEWS[self.kind] else self._text("markdown")

    def _repr_latex_(self) -> str | None:
        return self._text("latex")

    def _repr_svg_(self) -> str | None:
        from ..view.picture.graphviz import is_installed

        return self._text("svg") if is_installed() else None

    def _text(self, form: str) -> str | None:
        if form not in VIEWS[self.kind]:
            return None
        drawn = self.render(form)
        return drawn if isinstance(drawn, str) else drawn.decode()


def framed(page: str) -> str:
    """A page in a frame of a notebook, where it is by itself."""
    return f'<iframe srcdoc="{html.escape(page)}" style="width:100%;height:48em;border:0" title="backprop"></iframe>'


def rendered(kind: str, subject: Any, form: str = "", digits: int | None = None) -> str | bytes:
    """The subject, drawn.

    kind: of subject, a key of VIEWS;
    form: one of its formats, the first of them by default;
    digits: how many are shown of a number, in DIGITS of the kind.
    Raises InputError for a format that it does not have, and for other digits.
    """
    expect("a format", form, str, "text")
    forms = VIEWS[kind]
    if form and form not in forms:
        raise InputError(f"there is no format {quote(form)} here", hint=f"there is: {', '.join(forms)}")
    return draw(kind, subject, Options(form or next(iter(forms)), whole("digits", digits, DIGITS[kind])))


class Text(Shown, str):
    """The text that a command prints: a `str`, which a notebook sets richly."""

    def __new__(cls, kind: str, subject: Any) -> Self:
        """The text of a subject of this kind."""
        text = super().__new__(cls, rendered(kind, subject))
        text.kind, text.subject = kind, subject
        return text

    def written(self, file: str | PathLike[str] | None, form: str = "", digits: int | None = None) -> Self:
        """It, and written into a file of that name, if there is one: wholly or not at all.

        file: whose end says the format, if `form` does not;
        form: one of its formats;
        digits: how many are shown of a number.
        Raises InputError for a name that means no format, and for a format that it does not have.
        """
        if file is not None:
            from ..runtime.files import write_file

            expect("a file", file, (str, PathLike), "its name")
            name = fspath(file)
            write_file(name, self.render(form or form_of(name, VIEWS[self.kind]), digits))
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.kind, self.subject

    def __repr__(self) -> str:
        return self.rstrip("\n")  # as a prompt shows it


class Checked(Text):
    """The verdict of a check, which is true where all is right."""

    right: bool

    def __new__(cls, kind: str, subject: Any, right: bool) -> Self:
        """The text of it, and whether all is right."""
        text = super().__new__(cls, kind, subject)
        text.right = right
        return text

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.kind, self.subject, self.right

    def __bool__(self) -> bool:
        return self.right
