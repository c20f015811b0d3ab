"""Reports of comparisons, choices, differences and ledgers: JSON, CSV, LaTeX, Markdown and text.

Tables for reading never mix computed and published figures; in CSV the names of published columns
say so. CSV and JSON hold exact numbers, the others three significant digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from analysis.choice.charts import MEASURED
from analysis.choice.choose import Choice, Deepest
from analysis.choice.compare import (
    Axis,
    Column,
    Comparison,
    Recipe,
    Row,
    Speed,
    axis_name,
    frame,
    recipes,
)
from analysis.choice.diff import Change, Diff
from analysis.costs import throughput
from analysis.costs.ledger import Amount, Line, Part
from analysis.style.grid import Grid, grid_latex, grid_markdown
from analysis.style.language import in_english
from analysis.style.numbers import MISSING, delta, exact, shape, short, short_if_any
from analysis.style.rows import csv_text
from analysis.style.terminal import WIDTH, laid_out
from nets import ResNetSpec, parse
from nets.names import title
from nets.options import MAX_BATCH, number_of


def computed_grid(comparison: Comparison) -> Grid:
    """Return the computed figures, a row for each network."""
    columns, reference = comparison.columns, comparison.reference
    return Grid(
        f"Computed for {number_of(comparison.batch, 'image')}."
        f"{f' For reference, {reference}' if reference else ''}"
        f"{_aside(cannot_train(comparison.rows))}",
        ("model", "input", *(column.heading for column in columns)),
        tuple(
            (row.model, shape(row.input), *(_written(c, row) for c in columns))
            for row in comparison.rows
        ),
        left=2,
    )


def cannot_train(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return one sentence for each reason why networks lack training figures, naming them."""
    models: dict[str, list[str]] = {}
    for row in rows:
        if row.untrainable:
            models.setdefault(row.untrainable, []).append(row.model)
    return tuple(
        f"{', '.join(names)} {'has' if len(names) == 1 else 'have'} no training figures: {reason}."
        for reason, names in models.items()
    )


def _aside(sentences: Sequence[str]) -> str:
    """Return the sentences with a leading space each, to follow others."""
    return "".join(f" {said}" for said in sentences)


def _written(axis: Axis, row: Row) -> str:
    """Return a row's figure with three digits, a dash if the network can't train, or ""."""
    value = axis.of(row)
    if value is None:
        return MISSING if axis in row.missing else ""
    if isinstance(axis, Recipe):
        return f"{value:g}%"
    if isinstance(axis, Speed):
        return short(value)
    if axis in (Column.DEPTH, Column.CONVOLUTIONS, Column.RECEPTIVE_FIELD):
        return exact(int(value))
    return short(value, axis.unit)


def comparison_csv(comparison: Comparison) -> str:
    """Return a CSV with a row per network: exact integers, then a column per published recipe."""
    table = frame(comparison)
    for axis in comparison.cited:
        table[axis.label] = [axis.of(row) for row in comparison.rows]
    return table.to_csv(index=False, lineterminator="\n")


def row_dict(row: Row) -> dict[str, Any]:
    """Return a row as plain values, with published results and speeds in separate lists.

    `missing` explains the values that are null because the network can't train.
    """
    values: dict[str, Any] = {"model": row.model, "input": list(row.input), "batch": row.batch}
    values |= {
        column.value: value
        for column in Column
        if (value := column.of(row)) is not None or column in row.missing
    }
    if row.missing:
        values["missing"] = {column.value: row.untrainable for column in row.missing}
    return values | {
        "published": [vars(figure) for figure in row.published],
        "throughput": [
            {
                **vars(one.machine),
                "images_per_s": one.images_per_s,
                "publisher": throughput.PUBLISHER,
            }
            for one in throughput.speeds(row.spec)
        ],
    }


def comparison_json(comparison: Comparison) -> str:
    """Return `{"models": [...], "yardstick": {...}}`."""
    yard = comparison.yardstick
    values = {
        "models": [row_dict(row) for row in comparison.rows],
        "yardstick": {
            "name": yard.name,
            "macs": yard.macs,
            "source": f"{yard.source.short}, {yard.place}",
        },
    }
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def how_counted(models: Iterable[str], batch: int, *axes: Axis | None) -> str:
    """Return for how many images of which size counts among the axes are, for a caption.

    Args:
        models: the counted networks.
        batch: the images of a batch.
        axes: what is drawn; the text is "" if none of it is a count that depends on the images.
    """
    counted = [axis for axis in axes if isinstance(axis, Column) and axis not in MEASURED]
    if not any(axis.is_of_batch for axis in counted):
        return ""
    inputs = {shape(parse(model).input) for model in models}
    of = f"of {inputs.pop()}" if len(inputs) == 1 else "of each network's own input size"
    return f"Counts are for {number_of(batch, 'image')} {of}"


def how_chosen(choice: Choice) -> str:
    """Return the task, the budgets and how many networks fit, for a caption."""
    every = len(choice.fits) + len(choice.misses)
    within = in_english(lambda: choice.within) if choice.budgets.limits else "none"
    return (
        f"Task: {choice.task}. Budgets: {within}. {len(choice.fits):,} of {every:,} networks fit."
    )


def comparison_text(comparison: Comparison, width: int = WIDTH) -> str:
    """Return computed and published figures for a terminal, a row for each network.

    What published figures have in common appears once.
    """
    return laid_out(_parts(comparison), width)


def _parts(comparison: Comparison) -> tuple[Grid | str, ...]:
    rows = comparison.rows
    return (computed_grid(comparison), *_results_grids(rows), *_speeds_parts(rows))


def _results_grids(rows: Sequence[Row]) -> list[Grid]:
    """Return a table of published results for each metric, with a column for each recipe."""
    metrics: dict[str, list[Recipe]] = {}
    for recipe in recipes(rows):
        metrics.setdefault(recipe.metric, []).append(recipe)
    grids: list[Grid] = []
    for metric, known in metrics.items():
        names = (one.heading for one in known)
        cells = ((row.model, *(_result(one, row) for one in known)) for row in rows)
        filled = tuple(row for row in cells if any(row[1:]))
        figures = (figure for row in rows for figure in row.published if figure.metric == metric)
        sources = list(dict.fromkeys(figure.source for figure in figures))
        said = f"Source{'s' if len(sources) > 1 else ''}: {'; '.join(sources)}."
        grids.append(Grid(f"Published {metric}, by recipe. {said}", ("model", *names), filled))
    return grids


def _result(recipe: Recipe, row: Row) -> str:
    value, remark = recipe.of(row), recipe.remark(row)
    if value is None:
        return ""
    return f"{value:g}%, {remark}" if remark else f"{value:g}%"


def _speeds_parts(rows: Sequence[Row]) -> tuple[Grid | str, ...]:
    """Return the published speeds, a column for each machine, and how each machine ran."""
    rates = {
        row.model: {one.machine: short(one.images_per_s) for one in throughput.speeds(row.spec)}
        for row in rows
    }
    used = [one for one in throughput.machines() if any(one in found for found in rates.values())]
    cells = (
        (model, *(found.get(one, "") for one in used)) for model, found in rates.items() if found
    )
    names = ("model", *(one.label for one in used))
    how = (f"{one.label}: {one.conditions} ({one.source})." for one in used)
    return Grid("Published speeds, in images per second.", names, tuple(cells)), "\n".join(how)


def comparison_markdown(comparison: Comparison) -> str:
    """Return `comparison_grids` as Markdown pipe tables."""
    return "\n".join(map(grid_markdown, comparison_grids(comparison)))


def comparison_latex(comparison: Comparison) -> str:
    """Return `comparison_grids` as LaTeX."""
    return "\n".join(map(grid_latex, comparison_grids(comparison)))


def comparison_grids(comparison: Comparison) -> list[Grid]:
    """Return the tables of `comparison_text`; the notes below a table go into its caption."""
    tables: list[Grid] = []
    for part in _parts(comparison):
        if isinstance(part, Grid):
            tables += [part] if part.rows else []
        elif part:
            said = " ".join(part.split("\n"))
            tables[-1] = replace(tables[-1], caption=f"{tables[-1].caption} {said}")
    return tables


def choice_json(choice: Choice) -> str:
    """Return `{"sentence", "task", "fits": rows, "pareto": fronts, ...}`."""
    values = {
        "sentence": in_english(lambda: choice.sentence),
        "task": {
            "name": choice.task.name,
            "input": list(choice.task.input),
            "classes": choice.task.classes,
        },
        "batch": choice.batch,
        "dtype": choice.dtype.value,
        "optimiser": choice.optimiser.value,
        "budgets": {budget.value: limit for budget, limit in choice.budgets.limits.items()},
        "fits": [{**row_dict(row), "predicted_ms": row.predicted_ms} for row in choice.fits],
        "misses": [
            {
                "model": miss.row.model,
                "over": {budget.value: need for budget, need in miss.over.items()},
                "worst_ratio": miss.worst,
            }
            for miss in choice.misses
        ],
        "refused": [vars(refusal) for refusal in choice.refused],
        "pareto": [
            {
                "x": axis_name(front.x),
                "y": axis_name(front.y),
                "models": [row.model for row in front.rows],
            }
            for front in choice.fronts
        ],
        "best_published": [
            {
                "recipe": axis_name(best.recipe),
                "model": best.row.model,
                "percent": best.percent,
                "remark": best.remark or None,
            }
            for best in choice.best
        ],
        "deepest": [_deepest(deep) for deep in choice.deepest],
        "largest_batches": dict(choice.largest_batches),
    }
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def _deepest(deep: Deepest) -> dict[str, Any]:
    return {
        "family": deep.family,
        "in_catalog": deep.in_catalog,
        **row_dict(deep.row),
        "largest_batch": deep.largest_batch,
        "deeper": row_dict(deep.deeper) if deep.deeper else None,
        "breaks": {budget.value: need for budget, need in deep.breaks.items()},
    }


def choice_text(choice: Choice, width: int = WIDTH) -> str:
    """Return the sentence, then the networks that fit and each family's deepest, for a terminal."""
    grids = (fits_grid(choice), _best_grid(choice), deepest_grid(choice))
    return laid_out([choice.sentence, *grids], width)


def fits_grid(choice: Choice) -> Grid:
    """Return a row with the costs of each network that fits."""
    largest = ("largest batch",) if choice.largest_batches else ()
    return Grid(
        f"Networks that fit. Memory is predicted, and bytes moved are counted, for "
        f"{number_of(choice.batch, 'image')} in {choice.dtype}, with {choice.optimiser.label} in "
        f"training.{_aside(cannot_train(choice.fits))}",
        (*_COSTS, *largest),
        tuple(
            (
                row.model,
                *_costs(row, choice),
                *(largest_batch(choice.largest_batches[row.model]) for _ in largest),
            )
            for row in choice.fits
        ),
    )


_COSTS = (
    "model",
    "depth",
    "parameters",
    "MACs per image",
    "training step",
    "inference",
    "activations per image",
    "bytes moved",
)


def _costs(row: Row, choice: Choice) -> tuple[str, ...]:
    return (
        exact(row.depth),
        short(row.params),
        short(row.macs // choice.batch),
        short_if_any(row.training_bytes(choice.dtype), "B"),
        short_if_any(row.inference_bytes_in(choice.dtype), "B"),
        short(row.activations // choice.batch),
        short(row.bytes_moved_in(choice.dtype), "B"),
    )


def largest_batch(images: int) -> str:
    """Return the largest batch that fits, with `≥` if it is the largest batch allowed."""
    return f"{'≥ ' if images == MAX_BATCH else ''}{exact(images)}"


def fits_table(choice: Choice) -> Grid:
    """Return `fits_grid` with a caption that says what was asked, for a file."""
    grid = fits_grid(choice)
    return replace(grid, caption=f"{grid.caption} {how_chosen(choice)}")


def fits_csv(choice: Choice) -> str:
    """Return a CSV with the exact costs of each network that fits.

    MACs and activations are per image; memory in bytes is for the batch, in the chosen type.
    """
    largest = choice.largest_batches
    return csv_text(
        (
            *("model", "depth", "params", "macs_per_image", "training_bytes", "inference_bytes"),
            *("activations_per_image", "bytes_moved"),
            *(["largest_batch"] if largest else []),
        ),
        (
            (
                *(row.model, row.depth, row.params, row.macs // choice.batch),
                row.training_bytes(choice.dtype),
                row.inference_bytes_in(choice.dtype),
                row.activations // choice.batch,
                row.bytes_moved_in(choice.dtype),
                *([largest[row.model]] if largest else []),
            )
            for row in choice.fits
        ),
    )


def _best_grid(choice: Choice) -> Grid:
    return Grid(
        "Best published result for each recipe.",
        ("recipe", "model", "published"),
        tuple(
            (", ".join(filter(None, (b.recipe.label, b.remark))), b.row.model, f"{b.percent:g}%")
            for b in choice.best
        ),
        left=2,
    )


def deepest_grid(choice: Choice) -> Grid:
    """Return the deepest network of each family that fits."""
    return Grid(
        "Deepest network of each family that fits, and the budgets that one step deeper exceeds.",
        (_COSTS[0], "in the catalog", *_COSTS[1:], "one step deeper needs"),
        tuple(
            (
                deep.row.model,
                "yes" if deep.in_catalog else "no",
                *_costs(deep.row, choice),
                choice.needs(deep),
            )
            for deep in choice.deepest
        ),
        left=2,
    )


def ledger_grid(lines: tuple[Line, ...]) -> Grid:
    """Return a row for each count: what it adds to the MACs, and the tool's own integer."""
    rows = []
    for line in lines:
        cited = f", {line.source.short}, {line.place}" if line.source else ""
        parts = " ".join(map(_amount, line.amounts))
        total = MISSING if line.total is None else exact(line.total)
        rows.append((f"{line.tool}{cited}", line.missing or parts, total))
    return Grid("Which FLOPs?", ("count", "breakdown", "operations"), tuple(rows), left=2)


def ledger_of(spec: ResNetSpec, lines: tuple[Line, ...]) -> Grid:
    """Return `ledger_grid` with a caption that says what is counted, for a file."""
    said = (
        f"Operations of {title(spec)} (`{spec}`) for one image of {shape(spec.input)}, as each "
        f"source counts them. {ledger_in_words(lines)}"
    )
    return replace(ledger_grid(lines), caption=said)


def ledger_csv(spec: ResNetSpec, lines: tuple[Line, ...]) -> str:
    """Return a network's `ledger_grid` as CSV, with each total as a number."""
    grid, model = ledger_grid(lines), str(spec)
    rows = ((model, *row[:-1], line.total) for row, line in zip(grid.rows, lines, strict=True))
    return csv_text(("model", *grid.columns), rows)


def ledger_in_words(lines: tuple[Line, ...]) -> str:
    """Say how many MACs there are, to which the rows of `ledger_grid` add."""
    macs = next(one.count for line in lines for one in line.amounts if one.part is Part.MACS)
    return f"MACs are the {exact(macs)} {Part.MACS}."


def _amount(amount: Amount) -> str:
    if amount.part is Part.MACS:
        return "MACs"
    sign = "−" if amount.count < 0 else "+"
    what = ": ".join(filter(None, (amount.part, amount.how)))
    return f"{sign} {exact(abs(amount.count))} ({what})"


def diff_counted(diff: Diff) -> str:
    """Return for how many images of which size a difference counts, for a caption."""
    both = (diff.before.model, diff.after.model)
    return how_counted(both, diff.before.batch, Column.MACS)


def diff_grid(diff: Diff) -> Grid:
    """Return a row for each stage: its changes and their cost."""
    rows = tuple(
        (
            stage.name,
            stage.change.value,
            ", ".join(f"{n} {change}" for change, n in stage.tally.items()),
            delta(stage.params_gained, 0),
            delta(stage.macs_gained, 0),
            MISSING if (saved := stage.saved_bytes_gained) is None else delta(saved, 0, "B"),
        )
        for stage in diff.stages
    )
    names = ("stage", "change", "blocks", "parameters", "MACs", "saved for backward")
    why = f" Saved memory is missing: {diff.untrainable}." if diff.untrainable else ""
    return Grid(f"{diff.sentence} {diff_counted(diff)}.{why}", names, rows, left=3)


def diff_csv(diff: Diff) -> str:
    """Return a CSV with each stage's changes: its blocks, and its exact costs after minus before.

    Saved memory, in bytes, is empty if a network can't train.
    """
    asked = diff.before.model, diff.after.model, diff.before.batch
    kinds = (Change.ADDED, Change.REMOVED, Change.CHANGED, Change.SAME)
    return csv_text(
        (
            *("from", "to", "batch", "stage", "change", *(f"blocks_{kind}" for kind in kinds)),
            *("params", "macs", "saved_bytes"),
        ),
        (
            (
                *asked,
                *(stage.name, stage.change.value, *(stage.tally[kind] for kind in kinds)),
                *(stage.params_gained, stage.macs_gained, stage.saved_bytes_gained),
            )
            for stage in diff.stages
        ),
    )
