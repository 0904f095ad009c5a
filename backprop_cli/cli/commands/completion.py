"""`backprop completion`: what makes a shell complete commands, options and variables; and what the shell then asks."""

from __future__ import annotations

import sys

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from ...errors import InputError
from ...runtime.streams import emit
from ..completion import SHELLS, completions
from ..expression import ASKED, Command

HELP = """\
Have a shell complete commands, options and variables.

\b
~/.bashrc                   eval "$(backprop completion bash)"
~/.zshrc, behind compinit   eval "$(backprop completion zsh)"
~/.config/fish/config.fish  backprop completion fish | source
"""


@click.command("completion", cls=Command, params=[click.Argument(["shell"], type=click.Choice(SHELLS))], help=HELP)
def command(shell: str) -> None:
    emit(ShellComplete.source(_of(shell)), sys.stdout)  # bash's own starts a bash to ask for its version


def answer(asked: str) -> bool:
    """Print what may come next, and return whether it was a shell that asked.

    asked: `bash_complete`, or the like. Raises InputError where the shell does not say what is typed.
    """
    name, _, what = asked.partition("_")
    if name not in SHELLS or what != "complete":
        return False
    shell = _of(name)
    try:
        words, begun = shell.get_completion_args()
    except (KeyError, ValueError):
        raise InputError(f"{ASKED} is for shells, which set COMP_WORDS and COMP_CWORD too") from None
    for word in completions(words, begun):
        item = CompletionItem(word.text or begun, "file" if word.is_file else "plain", word.help or None)
        emit(f"{shell.format_completion(item)}\n", sys.stdout)
    return True


def _of(shell: str) -> ShellComplete:
    found = get_completion_class(shell)
    assert found is not None
    return found(click.Command("backprop"), {}, "backprop", ASKED)
