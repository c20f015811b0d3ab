"""What a file of tensors was recognised as, in sentences and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from analysis.style.terminal import WIDTH, wrapped
from analysis.training.checkpoints import Opened
from nets.options import number_of, shown

_MOST = 5
_NOT_SAID = ("bn_momentum",)  # matters to training only


def recognised_text(opened: Opened, width: int = WIDTH) -> str:
    """Return the model's text on the first line, and then what is known about it."""
    return wrapped("\n".join([str(opened.found.spec), *sentences(opened)]), width) + "\n"


def recognised_json(opened: Opened) -> str:
    """Return the model's text, its sure and assumed options, and the tensors without a place."""
    found = opened.found
    values = {
        "model": str(found.spec),
        "sure": found.sure,
        "assumed": found.assumed,
        "left": found.left,
        "missing": found.missing,
    }
    return json.dumps(values, ensure_ascii=False, indent=1) + "\n"


def sentences(opened: Opened) -> tuple[str, ...]:
    """Return what is known about the network, what is assumed, and whether its values fit."""
    found, file = opened.found, opened.file
    where = f" under {'.'.join(file.inside)}" if file.inside else ""
    said = [f"{number_of(len(found.names), 'tensor')}{where} fit this network."]
    if found.assumed:
        values = [f"{name}={shown(name, getattr(found.spec, name))}" for name in found.assumed]
        untold = ", ".join(value for value in values if not value.startswith(_NOT_SAID))
        said.append(f"Names and shapes can't tell the rest, so it is assumed: {untold}.")
    if file.others:
        said.append(f"Other tensors in the file aren't used: {_listed(file.others)}.")
    if found.left:
        verb = "has" if len(found.left) == 1 else "have"
        count = number_of(len(found.left), "tensor")
        said.append(f"{count} {verb} no place in this network: {_listed(found.left)}.")
    if found.missing:
        said.append(f"Its weights can't be used: the file lacks {_listed(found.missing)}.")
    return tuple(said)


def _listed(names: Sequence[str]) -> str:
    """Return a few names in a sentence, and how many more there are."""
    most = len(names) if len(names) <= _MOST + 1 else _MOST
    few, more = list(names[:most]), len(names) - most
    if more:
        few.append(f"{more:,} more")
    return few[0] if len(few) == 1 else f"{', '.join(few[:-1])} and {few[-1]}"
