"""What stands under a diagram in a paper: a caption, and the source as BibTeX."""

from __future__ import annotations

import re

from analysis.costs import Profile
from analysis.render.svg import counts_in_words
from analysis.render.tables import tex
from nets import CATALOG
from nets.catalog import Citation
from nets.plan import ShortcutKind

_LINES = {
    ShortcutKind.IDENTITY: "solid",
    ShortcutKind.PROJECTION: "dashed",
    ShortcutKind.ZERO_PAD: "dotted",
}


def caption(profile: Profile) -> str:
    """A LaTeX caption that says what the lines are and cites the network's source."""
    entry = CATALOG[profile.spec.base]
    edited = ", edited" if profile.model != profile.spec.base else ""
    drawn = {use.kind for use in profile.shortcuts}
    lines = [
        f"{kind.replace('_', '-')} shortcuts {look}"
        for kind, look in _LINES.items()
        if kind in drawn
    ]
    shown = f" ({', '.join(lines)})" if lines else ""
    return (
        f"\\caption{{{tex(entry.title)}{edited} (\\texttt{{{tex(profile.model)}}}): "
        f"{tex(counts_in_words(profile))}{shown}. "
        f"Architecture: {tex(entry.source.short)}~\\cite{{{entry.source.key}}}.}}\n"
    )


def bibtex(source: Citation) -> str:
    """A BibTeX entry."""
    fields = {
        "author": " and ".join(source.authors.split(", ")),
        "title": f"{{{source.title}}}",
    }
    kind = "misc"
    if found := re.fullmatch(r"(\w+) (\d{4}), arXiv (\S+)", source.venue):
        kind = "inproceedings"
        fields |= {"booktitle": found[1], "year": found[2]}
        fields |= {"eprint": found[3], "archiveprefix": "arXiv"}
    else:
        fields |= {"howpublished": source.venue, "year": str(source.year)}
    fields["url"] = source.url
    inside = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@{kind}{{{source.key},\n{inside}}}\n"
