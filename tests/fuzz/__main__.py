"""Coverage-guided fuzzing of one target, by Atheris."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import atheris


def main() -> None:
    os.environ["BACKPROP_NO_CACHE"] = "1"
    with atheris.instrument_imports(include=["backprop_cli"]):
        from fuzz.targets import TARGETS
        from support.fuzz import WORDS

        check, seeds = TARGETS[sys.argv[1]]
        for seed in seeds:  # what is loaded late is loaded here, where Atheris says so on standard error
            with suppress(AssertionError):
                check(seed)
    place = Path(mkdtemp(prefix="fuzz-"))
    corpus = place / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    words = ("".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass")) for word in WORDS)
    (place / "words").write_text("".join(f'"{word}"\n' for word in words))
    options = [f"-dict={place / 'words'}", f"-artifact_prefix={place}/", "-timeout=60", "-max_len=4000"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[2:], str(corpus)], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
