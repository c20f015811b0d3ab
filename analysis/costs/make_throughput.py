"""Write the table of published speeds and accuracies from timm's files.

`python -m analysis.costs.make_throughput DATE=FILE.csv...` reads files of the folder results/ of
huggingface/pytorch-image-models: benchmarks (benchmark-infer-...csv) and results-imagenet.csv. The
files don't say when they were published, so the date stands before each. Of two files with the same
figure, the later one counts. Nothing is downloaded.

It keeps networks that can be built here, at 224 px: all their speeds, and the accuracies of the
recipes in `RECIPES`.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from analysis.costs.profiles import profile
from analysis.costs.throughput import IMAGES_PER_S, PERCENT, RECIPES, TABLE, Line
from nets.text import parse

SIDE = "224"
"""Height and width of the images in pixels."""

_BENCHMARK = re.compile(
    r"benchmark-infer-(?P<precision>\w+)-(?P<layout>nchw|nhwc)"
    r"-pt(?P<torch>\d{3})-cu(?P<cuda>\d{3})-(?:rtx)?(?P<machine>\d{4})(?P<compiled>-dynamo)?\.csv"
)

_OTHERS = ("seresnet18", "seresnet34")
"""Networks that differ here: timm squeezes 64 channels to 8, se=16 to 4."""


def lines_of(path: Path, date: str) -> Iterator[Line]:
    """Yield the lines of the table that one of timm's files gives.

    Raises:
        ValueError: if the file's name is unknown, or a network's parameters differ from timm's.
    """
    found = _BENCHMARK.fullmatch(path.name)
    if found is None and path.name != "results-imagenet.csv":
        raise ValueError(
            f"{path.name} must be results-imagenet.csv or named as "
            "benchmark-infer-amp-nchw-pt291-cu128-4090.csv"
        )
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            net, _, weights = row["model"].partition(".")
            side = row["infer_img_size" if found else "img_size"]
            if side != SIDE or not _is_built(net, row.get("param_count")):
                continue
            if found is None:
                recipe = weights.removesuffix("_in1k")
                if recipe in RECIPES:
                    yield Line(net, row["top1"], PERCENT, side, date, path.name, recipe)
                continue
            yield Line(
                net=net,
                value=row["infer_samples_per_sec"],
                unit=IMAGES_PER_S,
                side=side,
                date=date,
                file=path.name,
                machine=f"RTX {found['machine']}",
                precision=found["precision"].upper(),
                layout=found["layout"].upper(),
                compiled="yes" if found["compiled"] else "no",
                torch=".".join(found["torch"]),
                cuda=f"{found['cuda'][:2]}.{found['cuda'][2]}",
                batch=row["infer_batch_size"],
            )


def _is_built(net: str, params: str | None) -> bool:
    """Return whether a network can be built here; check its parameters, in millions, if known."""
    try:
        spec = parse(net)
    except ValueError:
        return False
    if net in _OTHERS:
        return False
    ours = profile(spec).params / 1e6
    if params is not None and abs(ours - float(params)) > 0.0051:
        raise ValueError(f"{net} has {ours:.2f} M parameters here, not {params} M")
    return True


def table(lines: Iterable[Line]) -> str:
    """Return the table; of two lines with the same figure, the later one."""
    kept = {(line.net, line.recipe, line.machine, line.compiled): line for line in lines}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Line._fields)
    writer.writerows(kept.values())
    return out.getvalue()


def main(arguments: list[str]) -> None:
    """Read `DATE=FILE.csv` arguments and write the table."""
    lines: list[Line] = []
    for argument in arguments:
        date, _, path = argument.partition("=")
        if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", date) or not path:
            raise SystemExit(f"{argument} must be a date and a file, such as 2026-01=FILE.csv")
        lines += lines_of(Path(path), date)
    if lines:
        TABLE.write_text(table(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
