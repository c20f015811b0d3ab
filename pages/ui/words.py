"""Error and warning messages; text that a visitor typed is escaped, never read as Markdown.

Names such as ResNet-50-C, pre-activation, 50-layer and 10-crop never break at a hyphen, ‖∂L/∂x‖
not at its slash, SE (ratio 4) not at its spaces, nor an arrow before what it leads to, nor figures
before their unit or their error: `unbroken` for Markdown, `whole_names` for HTML's names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import streamlit as st

from nets import CATALOG
from nets.text import KEYS


def escaped(text: str) -> str:
    """Return a text with Markdown escaped."""
    return re.sub(r"([\\\[\]`*$~<>])", r"\\\1", text)


_NAME = re.compile(
    r"\w+(?:-\w+)*-[A-Z0-9]\w*|\b[Pp]re-activation\b|\d+-(?:layer|crop)\b|‖[^‖\s]+‖"
    r"|→ (?!SE\b)\S+|(?:(?:→ )?\bSE )?\(ratio \d+\)|[\d.]+%? ± [\d.]+\b"
)
_FIRM = str.maketrans(
    {
        "-": "\N{NON-BREAKING HYPHEN}",
        "/": "/\N{WORD JOINER}",
        " ": "\N{NO-BREAK SPACE}",
    }
)
_SPACE = "\N{NO-BREAK SPACE}"
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:[kMGT]?B|G|M|k|ms|s|px|mm|dpi|MACs|threads?)\b)")
_NO_NAME = re.compile(r"(`[^`]*`|\]\([^)]*\)|https?://\S+)")  # code and URLs


def unbroken(text: str) -> str:
    """Return Markdown whose names and figures don't break, at a hyphen or before a unit."""
    parts = _NO_NAME.split(text)
    parts[::2] = [_NAME.sub(_firm, _with_units(part)) for part in parts[::2]]
    return "".join(parts)


def _with_units(text: str) -> str:
    return _BEFORE_UNIT.sub(_SPACE, text)


def _firm(name: re.Match[str]) -> str:
    return name[0].translate(_FIRM)


def whole_names(text: str) -> str:
    """Return a text as HTML whose names don't break, but are found and copied as they are."""
    return _NAME.sub(r'<span class="rl-name">\g<0></span>', escape(text))


_TYPED = {*CATALOG, *KEYS}
_ESCAPE = re.compile(r"\\\\|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U00(?:0[0-9a-f]|10)[0-9a-f]{4}")


def _readable(escape: re.Match[str]) -> str:
    r"""Return the character that the engine, whose errors are ASCII, wrote as `\u6b8b`."""
    if escape[0] == "\\\\":
        return escape[0]
    character = chr(int(escape[0][2:], 16))
    return character if character.isprintable() else escape[0]


def sentence(reason: str) -> str:
    """Return a reason as an escaped sentence, capitalised unless it begins with what is typed.

    That is a model or the name of one of its options.
    """
    plain = escaped(_ESCAPE.sub(_readable, reason))
    end = "" if reason.endswith(("?", ".")) else "."
    is_typed = re.split("[ :=]", reason, maxsplit=1)[0] in _TYPED
    return f"{plain if is_typed else plain[0].upper() + plain[1:]}{end}"


def say_left_out(refused: Sequence[str]) -> None:
    """Warn about settings from the address that were invalid, if there are any."""
    if refused:
        said = f"ignored settings in the address that are invalid here: {refused[0]}"
        st.warning(sentence(", ".join([said, *refused[1:]])), icon=":material/link_off:")


def hint(reason: str) -> None:
    """Show in place what is missing or not possible, if nobody made a mistake."""
    st.info(_with_units(sentence(reason)), icon=":material/info:")


def complain(reason: str) -> None:
    """Show an error message in place."""
    st.error(_with_units(sentence(reason)), icon=":material/error:")
