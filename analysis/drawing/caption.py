"""LaTeX captions of diagrams, and their sources as BibTeX."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from analysis.costs.profiles import Profile
from analysis.drawing.graph import Level, has_equal_blocks
from analysis.drawing.heat import Heat, Per
from analysis.drawing.key import NAMES
from analysis.drawing.vgg import SIMONYAN2015, TITLE
from analysis.structure.residual import block_at
from analysis.structure.units import Unit, shared_options
from analysis.style.grid import tex, tex_letters, tex_sentence, tex_signs
from analysis.style.language import counted, in_english, translate
from nets import CATALOG, parse, plan
from nets.catalog import (
    GOYAL2017,
    HE2015,
    HE2016,
    HU2018,
    TONG_HE2018,
    WU2018,
    XIE2016,
    Citation,
)
from nets.names import option_words, title
from nets.origin import base_title, own_differences
from nets.plan import ConvPlan, ShortcutKind
from nets.spec import ResNetSpec, overrides

XIAO2017 = Citation(
    "xiao2017fashion",
    "Han Xiao, Kashif Rasul, Roland Vollgraf",
    "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms",
    "arXiv 1708.07747",
    2017,
    "https://arxiv.org/abs/1708.07747",
)


class Role(StrEnum):
    """What a paper is cited for."""

    SOURCE = "Source"
    ARCHITECTURE = "Architecture"
    METHOD = "Method"
    THEORY = "Theory"
    RESULTS = "Published results"


Cited = Mapping[Role, Iterable[Citation]]
"""The papers that a caption cites."""

_UNCOUNTED = (Role.THEORY, Role.RESULTS)
_SETS = {"Fashion-MNIST": XIAO2017}
"""Sets of images whose paper is cited where a caption names them."""

_OF_EDITS = {
    "unit": HE2016,
    "se": HU2018,
    "groups": XIE2016,
    "norm=group": WU2018,
    "stem=deep": TONG_HE2018,
    "projection_pool=1": TONG_HE2018,
    "zero_init=1": GOYAL2017,
}
"""Options, or their values, whose paper is cited where a network edits them."""

_SIZES = "Sizes: channels×height×width"

_LINES = {
    ShortcutKind.IDENTITY: "solid",
    ShortcutKind.PROJECTION: "dashed",
    ShortcutKind.ZERO_PAD: "dotted",
}


def caption(
    *profiles: Profile,
    vgg19: bool = False,
    heat: Heat | None = None,
    level: Level = Level.BLOCK,
    unfold: bool = False,
) -> str:
    """Return a LaTeX caption that explains lines, boxes and colours and cites the sources.

    For an edited network it cites the source of the original and describes the edit. Networks are
    in the order of the drawing, which begins with VGG-19 if `vgg19` is true.
    """
    said = [f"{TITLE}, configuration E, from its published layers."] if vgg19 else []
    said += map(_told, profiles)
    said += filter(None, [tex_signs(_of_v1_5([profile.spec for profile in profiles]))])
    said += _strides(conv for profile in profiles for conv in _convs(profile.spec))
    folds: list[str] = []
    if not unfold and level is not Level.STAGE:
        folds_layers = vgg19 and level is Level.BLOCK
        folds = list(_folds([profile.spec for profile in profiles], folds_layers))
    said += map(tex_signs, folds)
    by_output = "; output size: height×width" if vgg19 else ""
    said.append(tex_signs(f"{_SIZES}{by_output}."))
    if level is not Level.BLOCK:
        said.append(f"Each box is a {level}.")
    if heat:
        said.append(tex_signs(_shading(heat, bool(folds))))
    said.append(_cited(_sources(profiles, vgg19), Role.ARCHITECTURE))
    return f"\\caption{{{' '.join(said)}}}\n"


def _shading(heat: Heat, folds: bool = False) -> str:
    """Return what the colours of boxes mean; `folds`: whether boxes represent several blocks."""
    each = "" if heat.varies else f" per {heat.per}"
    sums = "×n: all n together" if folds and heat.per is Per.BOX and not heat.varies else ""
    what = "; ".join(filter(None, (sums, heat.meant, heat.measured)))
    told = f"{heat.label}{each} ({what})" if what else f"{heat.label}{each}"
    return f"Shading: {told}."


def graph_caption(
    profiles: Sequence[Profile],
    vgg19: bool = False,
    heat: Heat | None = None,
    level: Level = Level.BLOCK,
    unfold: bool = False,
) -> str:
    """Return the `caption` of networks in one drawing, followed by the BibTeX of its sources."""
    said = caption(*profiles, vgg19=vgg19, heat=heat, level=level, unfold=unfold)
    return "\n".join([said, *map(bibtex, _sources(profiles, vgg19))])


def _sources(profiles: Sequence[Profile], vgg19: bool) -> list[Citation]:
    return [SIMONYAN2015] * vgg19 + sources_of(profile.model for profile in profiles)


def block_caption(profile: Profile, path: str, heat: Heat | None = None) -> str:
    """Return a LaTeX caption of one block, followed by the BibTeX of its source."""
    use = block_at(profile, path)
    said = f"Block {path} of {title(profile.spec)} (`{profile.model}`){_in_brackets([use.kind])}"
    strides = _strides(plan.block_at(profile.spec, use.place).convs)
    boxes = f"Each box is a {Level.LAYER}. {_shading(heat)}" if heat else ""
    how = " ".join(filter(None, (*strides, _of_v1_5([profile.spec]), boxes)))
    return figure_caption(said, how, {Role.SOURCE: sources_of([profile.model])})


def shape_caption(profile: Profile) -> str:
    """Return a LaTeX caption of a silhouette, followed by the BibTeX of its source."""
    said = (
        f"Height, width and channels of {title(profile.spec)} (`{profile.model}`) from the input "
        "to the head; height and width are on a square-root scale, channels on a logarithmic scale"
    )
    how = " ".join(filter(None, (f"{_SIZES}.", _of_v1_5([profile.spec]))))
    return figure_caption(said, how, {Role.SOURCE: sources_of([profile.model])})


def units_caption(units: Sequence[Unit]) -> str:
    """Return a LaTeX caption of residual units, followed by the BibTeX of their sources."""
    shared = shared_options(units)
    names = list(dict.fromkeys(unit.name_without(shared) for unit in units))
    what = f"Residual unit{'s' if len(names) > 1 else ''}"
    what = f"{what} ({', '.join(shared)})" if shared else what
    if any(", " in name for name in names):
        said = f"{what}: {'; '.join(names)}; from x to y"
    else:
        said = f"{what}: {' and '.join(names)}, from x to y"
    said += _in_brackets([unit.shortcut for unit in units])
    of = dict.fromkeys(f"{base_title(unit.spec.base)} ({unit.block})" for unit in units)
    how = f"{_SIZES}, as in the second stage of {' and '.join(of)}."
    return figure_caption(said, how, {Role.SOURCE: (HE2015, HE2016)})


def _told(profile: Profile) -> str:
    spec = profile.spec
    edited, name = "", title(spec)
    said = [option_words(one.name, getattr(spec, one.name)) for one in own_differences(spec)]
    if any(words not in name.split(", ") for words in said):
        edited = f" Edited from {tex(base_title(spec.base))}: {tex(', '.join(said))}."
    shown = _in_brackets([use.kind for use in profile.shortcuts])
    counts = in_english(counts_in_words, profile)
    return (
        f"{tex(name)} (\\texttt{{{tex(profile.model)}}}): "
        f"{tex(counts[:1].lower() + counts[1:])}{shown}.{edited}"
    )


def _in_brackets(drawn: Sequence[ShortcutKind]) -> str:
    """Return the lines of a drawing's shortcuts: ` (projection shortcut dashed)`; "" if none."""
    each = Counter(drawn)
    lines = [
        f"{NAMES[kind]} shortcut{'s' if each[kind] > 1 else ''} {look}"
        for kind, look in _LINES.items()
        if each[kind]
    ]
    return f" ({', '.join(lines)})" if lines else ""


def _convs(spec: ResNetSpec) -> Iterator[ConvPlan]:
    """Yield the convolutions of a network that differ: all others equal one of these."""
    yield from plan.stem_convs(spec).values()
    for stage in plan.stages(spec):
        yield from stage.first.convs


def _strides(convs: Iterable[ConvPlan]) -> Iterator[str]:
    """Yield what the signs for strides in the boxes of these convolutions mean."""
    for stride in sorted({conv.stride for conv in convs} - {1}):
        yield f"/{stride}: stride {stride}."


def _folds(specs: Sequence[ResNetSpec], layers: bool) -> Iterator[str]:
    """Yield what ×n at a folded box means, if a drawing of these networks has one.

    Args:
        specs: the networks.
        layers: whether VGG-19 is beside them, with its layers folded.
    """
    folded = [stage for spec in specs for stage in plan.stages(spec) if has_equal_blocks(stage)]
    said = []
    if folded:
        shortcuts = [stage.rest.shortcut is not ShortcutKind.NONE for stage in folded]
        where = "" if all(shortcuts) else "in the residual network "
        each = f", {where}each with its own shortcut" if any(shortcuts) else ""
        said.append(f"n equal blocks{each}")
    if layers:
        said.append("in VGG-19, n equal layers")
    if said:
        yield f"×n: {'; '.join(said)}."


def _of_v1_5(specs: Iterable[ResNetSpec]) -> str:
    """Say which networks are v1.5 and where these differ from the paper; "" if none is."""
    own = [
        spec
        for spec in dict.fromkeys(specs)
        if CATALOG[spec.base].title.endswith(" v1.5") and spec.stride_on == "conv2"
    ]
    if not own:
        return ""
    names = list(dict.fromkeys(base_title(spec.base) for spec in own))
    where = "in the 3×3 convolution of a bottleneck"
    if len(names) == 1:
        return f"{names[0]} is v1.5: it strides {where}, the original in its first 1×1 convolution."
    return (
        f"{', '.join(names[:-1])} and {names[-1]} are v1.5: they stride {where}, the originals in "
        "their first 1×1 convolution."
    )


def figure_caption(said: str, how: str = "", cited: Cited | None = None) -> str:
    """Return a LaTeX caption of a picture, followed by the BibTeX of what it cites.

    Where it names a set of images that has a paper, it cites that, too.

    Args:
        said: what the picture shows, as a sentence. Models' texts are in backticks.
        how: how and where it was measured, in sentences; empty if nothing was measured.
        cited: the papers to cite. What was measured isn't theirs, but its networks or method.
    """
    groups = {role: list(dict.fromkeys(papers)) for role, papers in (cited or {}).items()}
    sentences = " ".join(_stopped(text) for text in (said, how) if text)
    sets = [name for name in _SETS if name in sentences]
    for name in sets:
        sentences = sentences.replace(name, f"{name}~\\cite{{{_SETS[name].key}}}", 1)
    sentences = " ".join(
        [sentences, *(_cited(papers, role) for role, papers in groups.items() if papers)]
    )
    every = dict.fromkeys(paper for papers in groups.values() for paper in papers)
    every |= dict.fromkeys(_SETS[name] for name in sets)
    return "\n".join([f"\\caption{{{sentences}}}\n", *map(bibtex, every)])


def _cited(sources: Sequence[Citation], role: Role) -> str:
    """Return a sentence that cites sources, after their role, which takes a plural s."""
    keys: dict[str, list[str]] = {}
    for source in sources:
        keys.setdefault(source.names, []).append(source.key)
    listed = ", ".join(f"{tex(names)}~\\cite{{{','.join(own)}}}" for names, own in keys.items())
    is_one = len(sources) == 1 or role in _UNCOUNTED
    return f"{role if is_one else f'{role}s'}: {listed}."


def architectures(models: Iterable[str]) -> dict[Role, list[Citation]]:
    """Return the source papers of networks, to be cited as such."""
    return {Role.ARCHITECTURE: sources_of(models)}


def sources_of(models: Iterable[str]) -> list[Citation]:
    """Return the source papers of networks and of their edits, each once."""
    found: dict[Citation, None] = {}
    for spec in map(parse, models):
        named = {
            text for name, value in overrides(spec).items() for text in (name, f"{name}={value}")
        }
        found[CATALOG[spec.base].source] = None
        found |= dict.fromkeys(paper for name, paper in _OF_EDITS.items() if name in named)
    return list(found)


def _stopped(text: str) -> str:
    """Return a text escaped for TeX, with a full stop."""
    written = tex_sentence(text.strip())
    written = written.replace("\N{NO-BREAK SPACE}", "~")
    return written if written.endswith(".") else f"{written}."


def bibtex(source: Citation) -> str:
    """Return the BibTeX entry of a source."""
    fields = {
        "author": " and ".join(map(_author, source.authors.split(", "))),
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


def _author(name: str) -> str:
    """Return an author's name for BibTeX, in braces if it would be taken for several people."""
    return f"{{{name}}}" if " and " in name else tex_letters(name)


def counts_in_words(profile: Profile) -> str:
    """Return `12 identity and 4 projection shortcuts`, or say that there are none."""
    counts = Counter(use.kind for use in profile.shortcuts)
    if plain := counts[ShortcutKind.NONE]:
        return counted(
            plain,
            "A plain stack of {number} block without shortcuts",
            "A plain stack of {number} blocks without shortcuts",
        )
    said = [
        translate("{count} {kind}", count=counts[kind], kind=translate(name))
        for kind, name in NAMES.items()
        if counts[kind]
    ]
    if counts.total() == 1:
        return translate("{kinds} shortcut", kinds=translate(" and ").join(said))
    return translate("{kinds} shortcuts", kinds=translate(" and ").join(said))
