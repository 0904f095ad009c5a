"""A small site of pages, one for each worked example of the notes: `python build.py FOLDER [en|ko]`."""

import html
import json
import sys
from pathlib import Path

from backprop_cli import backprop

NOTES = Path(__file__).parent
TITLES = {"en": "Backpropagation", "ko": "역전파"}
INDEX = """\
<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body style="font: 1rem/1.8 system-ui, sans-serif">
<main>
<h1>{title}</h1>
<ul>
{items}
</ul>
</main>
</body>
</html>
"""


def build(folder: Path, lang: str = "en") -> list[Path]:
    """Write the pages and an index of them, and give their files."""
    folder.mkdir(parents=True, exist_ok=True)
    lines, pages = [], []
    for program in sorted(NOTES.glob("*.bp")):
        english, korean, *rest = program.read_text(encoding="utf-8").splitlines()
        title = korean.removeprefix("# ko: ") if lang == "ko" else english.removeprefix("# ")
        text = "\n".join([f"# {title}", *rest])
        trace = backprop(text, json.loads(program.with_suffix(".json").read_text(encoding="utf-8")))
        page = folder / f"{program.stem}.html"
        trace.page(page, lang=lang)
        pages.append(page)
        lines.append(f'<li><a href="{page.name}">{html.escape(title)}</a></li>')
    index = folder / "index.html"
    title, items = TITLES[lang], "\n".join(lines)
    index.write_text(INDEX.format(lang=lang, title=title, items=items), encoding="utf-8")
    return [*pages, index]


if __name__ == "__main__":
    for file in build(Path(sys.argv[1]), *sys.argv[2:3]):
        print(file)
