"""Names in a target: the user's own, but where the language, the program or another name has taken them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from .targets.base import Target

_GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (\w+)").fullmatch


class Names:
    """Code names for the names of nodes, and for their gradients: all different, and none reserved."""

    def __init__(
        self, names: Iterable[str], gradients: Collection[str], target: Target, reserved: Iterable[str]
    ) -> None:
        self._target = target
        self._taken = set(reserved_names(target)) | set(reserved)
        self.nodes: dict[str, str] = {}
        names = list(names)
        spelt = {name: spelling(name, ascii_only=target.ascii_names) for name in names}
        # Whoever can keep a name keeps it; the others take what is free then.
        for name in names:
            if name == spelt[name] and self._free(name):
                self.nodes[name] = name
                self._taken.add(name)
        for name in names:
            if name not in self.nodes:
                self.nodes[name] = self.new(spelt[name])
        self.gradients = self._of_gradients(gradients)

    def _free(self, name: str) -> bool:
        pattern = self._target.reserved_pattern
        return name not in self._taken and not (pattern and re.fullmatch(pattern, name))

    def new(self, wish: str) -> str:
        """A name that nobody has: `wish`, with underscores behind it where that is taken."""
        pattern = self._target.reserved_pattern
        if pattern and re.fullmatch(pattern, wish):
            wish = f"v{wish}"
        while wish in self._taken:
            wish += "_"
        self._taken.add(wish)
        return wish

    def _of_gradients(self, gradients: Collection[str]) -> Mapping[str, str]:
        """`dx` for x, all by one prefix: another one where a `dx` is there already."""
        prefix, longer = "d", iter(["grad_"])
        while any(not self._free(prefix + self.nodes[name]) for name in gradients):
            prefix = next(longer, f"d_{prefix}")
        found = {name: prefix + self.nodes[name] for name in gradients}
        self._taken.update(found.values())
        return found


def reserved_names(target: Target) -> frozenset[str]:
    """What a program may not call its own: the language's words, and what the target itself writes."""
    written = [*target.words.values(), *target.many.values(), *target.constants.values()]
    texts = [text for text in written if isinstance(text, str)]
    texts += target.helpers
    texts += [line for _, line in target.imports]
    texts += [target.setup, target.seed, target.where, target.wrap, target.input, target.like]
    return target.reserved.union(*(re.findall(r"(?<![\w.])[A-Za-z_]\w*", each) for each in texts))


def spelling(name: str, *, ascii_only: bool) -> str:
    """A node's name as an identifier: `q3.q1` → q3_q1, and in ASCII σ → sigma."""
    plain = name.replace(".", "_")
    if not ascii_only or plain.isascii():
        return plain
    return "".join(map(_in_ascii, unicodedata.normalize("NFKD", plain)))


def _in_ascii(character: str) -> str:
    if character.isascii():
        return character
    if unicodedata.combining(character):
        return ""
    return greek(character) or f"u{ord(character):04x}"


def greek(character: str) -> str:
    """What a Greek letter is called: sigma, Sigma; empty for any other character."""
    found = _GREEK(unicodedata.name(character, ""))
    if not found:
        return ""
    letter = found[2].lower().replace("lamda", "lambda")
    return letter if found[1] == "SMALL" else letter.capitalize()
