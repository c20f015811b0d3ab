"""Cut the Chinese font of the exports: `python -m analysis.style.make_font REGULAR.ttc BOLD.ttc`.

The files are those of Noto Sans CJK, such as from Debian's fonts-noto-cjk. What is kept are the
characters of the Chinese catalogue and Chinese punctuation, in the shapes of simplified Chinese,
with outlines that every writer of PDF embeds. Run it again when the catalogue has new characters.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

from analysis.style.fonts import HAN, HAN_FAMILY
from analysis.style.language import DOMAIN, FOLDER, Language

_FACE = "Noto Sans CJK SC"
_PUNCTUATION = "".join(map(chr, (*range(0x3000, 0x3020), *range(0xFF01, 0xFF5F))))
_ERROR = 1.0  # largest deviation of an outline, in thousandths of the em


def characters() -> frozenset[str]:
    """Return the characters that the font has."""
    path = FOLDER / Language.CHINESE / "LC_MESSAGES" / f"{DOMAIN}.po"
    texts = path.read_text(encoding="utf-8") + Language.CHINESE.label
    return frozenset(c for c in texts if "\u2e80" <= c <= "\uffef") | frozenset(_PUNCTUATION)


def cut(path: Path) -> TTFont:
    """Return the simplified Chinese face of a collection, with the characters that are kept."""
    faces = TTCollection(path, lazy=True).fonts
    font = next(face for face in faces if face["name"].getDebugName(1) == _FACE)
    options = Options(hinting=False, layout_features=[], notdef_outline=True, name_IDs=["*"])
    options.drop_tables += ["GDEF", "GPOS", "GSUB", "BASE", "VORG", "vhea", "vmtx"]
    cutter = Subsetter(options)
    cutter.populate(text="".join(characters()))
    cutter.subset(font)
    return _with_quadratic_outlines(font)


def _with_quadratic_outlines(font: TTFont) -> TTFont:
    """Return a font with TrueType's outlines, which matplotlib can embed."""
    drawn, glyphs = font.getGlyphSet(), {}
    for name in font.getGlyphOrder():
        pen = TTGlyphPen(None)
        drawn[name].draw(Cu2QuPen(pen, _ERROR, reverse_direction=True))
        glyphs[name] = pen.glyph()
    head, line, windows = font["head"], font["hhea"], font["OS/2"]
    made = FontBuilder(head.unitsPerEm, isTTF=True)
    made.setupGlyphOrder(font.getGlyphOrder())
    made.setupCharacterMap(font.getBestCmap())
    made.setupGlyf(glyphs)
    made.setupHorizontalMetrics(dict(font["hmtx"].metrics))
    made.setupHorizontalHeader(ascent=line.ascent, descent=line.descent)
    known = font["name"]
    style = known.getDebugName(2)
    names = {
        "copyright": known.getDebugName(0),
        "familyName": HAN_FAMILY,
        "styleName": style,
        "fullName": f"{HAN_FAMILY} {style}",
        "psName": f"{HAN_FAMILY.replace(' ', '')}-{style}",
        "licenseDescription": known.getDebugName(13),
        "licenseInfoURL": known.getDebugName(14),
    }
    made.setupNameTable({name: text for name, text in names.items() if text})
    made.setupOS2(
        sTypoAscender=windows.sTypoAscender,
        sTypoDescender=windows.sTypoDescender,
        usWinAscent=windows.usWinAscent,
        usWinDescent=windows.usWinDescent,
        usWeightClass=windows.usWeightClass,
        fsSelection=windows.fsSelection,
    )
    made.setupPost()
    made.font["head"].macStyle = head.macStyle
    made.font["head"].created = made.font["head"].modified = head.created
    made.font.recalcTimestamp = False
    return made.font


def main() -> None:
    """Write both weights."""
    for source, target in zip(map(Path, sys.argv[1:]), HAN.values(), strict=True):
        target.parent.mkdir(exist_ok=True)
        cut(source).save(target)
        print(f"{target.name}: {target.stat().st_size / 1_000:.0f} kB")


if __name__ == "__main__":
    main()
