"""`glyphstream completion`: what a shell needs to complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash: glyphstream completion bash >> ~/.bashrc
    zsh:  glyphstream completion zsh >> ~/.zshrc
    fish: glyphstream completion fish > ~/.config/fish/completions/glyphstream.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None, "click completes these shells"
    root = context.find_root()
    click.echo(kind(root.command, {}, "glyphstream", "_GLYPHSTREAM_COMPLETE").source())
