"""Pictures of the pages that count and draw: Explore, Shortcuts, Units, Compare, Choose."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from analysis.choice.charts import (
    MEASURED,
    SWEPT,
    axes_to_choose,
    bars_instead,
    ends_apart,
    fits_in_words,
    front_chart,
    fronts_of,
    not_drawn,
    not_swept,
    replayed_for,
    scatter_chart,
    sweep_chart,
    usual_log,
    usual_y,
)
from analysis.choice.choose import (
    AMOUNTS,
    CIFAR,
    IMAGENET,
    USUAL_BATCH,
    Task,
    budgets_of,
    choose,
    task_of,
)
from analysis.choice.compare import (
    MAX_CURVES,
    USUAL_CURVES,
    Axis,
    Column,
    Sweep,
    axis_name,
    compare,
    curve,
    usual_nets,
    usual_pair,
)
from analysis.choice.diff import SIDE_ASPECT, diff, marked_graphs, most_marked
from analysis.choice.report import deepest_grid, fits_grid, ledger_grid, ledger_in_words
from analysis.costs.ledger import ledger
from analysis.costs.profiles import Profile, profile
from analysis.costs.published import published
from analysis.costs.step import Dtype, Optimiser
from analysis.drawing.caption import counts_in_words
from analysis.drawing.diagram import small_text
from analysis.drawing.drawn import BESIDE, TWIN_AND_VGG19, Drawn, graph_of, opened_in
from analysis.drawing.graph import Level, block_graph
from analysis.drawing.heat import Heat, Metric, Per, heat_of
from analysis.drawing.parts import Labels, Layout
from analysis.drawing.silhouette import SCALES, silhouette
from analysis.drawing.svg import svg
from analysis.drawing.units import unit_graph
from analysis.gradients.twins import other_twin
from analysis.lecture.picture import Picture
from analysis.lecture.settings import CHOOSE_TABS, COMPARE_TABS, EXPLORE_TABS, Settings
from analysis.structure.residual import residual
from analysis.structure.tree import find, tree, walk
from analysis.structure.units import USUAL_ORDERS, Unit, identity_path
from analysis.style.dress import dressed
from analysis.style.grid import Grid
from analysis.style.language import translate
from analysis.style.look import PAGE_MM, Look
from analysis.style.numbers import MISSING, exact, shape, short
from nets import CATALOG, ResNetSpec, parse, plan
from nets.names import title
from nets.options import BlockKind, UnitOrder
from nets.plan import ShortcutKind
from nets.text import parse_shape

_MOST_ROWS = 40  # most rows of a table


def explore(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the open tab of Explore."""
    tab, counted = settings.tab("explore_shown", EXPLORE_TABS), profile(spec)
    if tab == "block":
        return _block(settings, counted)
    if tab == "stages":
        return Picture(grid=_stages(counted))
    if tab == "layers":
        return _layers(settings, spec)
    if tab == "published":
        return _published(spec)

    def draw(look: Look) -> str:
        named = replace(look, title=f"{title(spec)}: height, width and channels")
        return dressed(silhouette(counted, look.palette, look.width_mm), named)

    return Picture(drawings=(draw,), caption=translate(SCALES))


def _block(settings: Settings, counted: Profile) -> Picture:
    paths = [block.path for block in plan.blocks(counted.spec)]
    found = residual(counted, settings.option("block", paths, paths[0]))
    network = title(counted.spec)
    said = translate(
        "Block {path} of {network}: {equation}. {reason}",
        path=found.path,
        network=network,
        equation=found.equation,
        reason=found.reason,
    )

    def draw(look: Look) -> str:
        return svg(block_graph(counted, found.path, look.width_mm), look)

    return Picture(drawings=(draw,), caption=said)


def _stages(counted: Profile) -> Grid:
    trained = counted if counted.saved_bytes is not None else profile(counted.spec, batch=2)
    saved = "Saved" if trained is counted else "Saved, 2 images"
    counts = ("Parameters", "MACs", "fvcore FLOPs", saved, "Activations", "Bytes moved")
    named = any(plan.paper_name(counted.spec, stage.name) for stage in counted.stages)
    more = ("Paper",) if named else ()
    head = ("Stage", *more, "Output", "Blocks", *counts)
    rows = [
        (
            stage.name,
            *((plan.paper_parts(counted.spec, stage.name),) if named else ()),
            shape(stage.output),
            exact(stage.blocks) if stage.blocks else "",
            short(stage.params),
            short(stage.macs),
            short(stage.fvcore_flops),
            short(other.saved_bytes or 0, "B"),
            short(stage.activations),
            short(stage.bytes_moved, "B"),
        )
        for stage, other in zip(counted.stages, trained.stages, strict=True)
    ]
    total = (
        *("total", *("" for _ in more), "", exact(sum(counted.spec.blocks))),
        *map(short, (counted.params, counted.macs, counted.fvcore_flops)),
        short(trained.saved_bytes or 0, "B"),
        short(counted.activations),
        short(counted.bytes_moved, "B"),
    )
    return Grid(
        f"Cost of every stage of {title(counted.spec)}", head, (*rows, total), 2 + len(more)
    )


def _layers(settings: Settings, spec: ResNetSpec) -> Picture:
    views = ("tree", "torchinfo", "print", "code")
    if settings.option("layers", views, "tree") != "tree":
        return Picture(
            missing="This listing is too long for a sheet of paper. Open the link to see it."
        )
    root, wanted = tree(spec), settings.text("find")
    found = [(0, node) for node in find(root, wanted)] if wanted else list(walk(root))
    rows = tuple(
        (
            2 * level * "\N{NO-BREAK SPACE}" + (node.label or node.type),
            node.type,
            shape(node.output),
            *map(exact, (node.params, node.mult_adds, node.activations, node.bytes_moved)),
        )
        for level, node in found[:_MOST_ROWS]
    )
    counts = ("Parameters", "Mult-adds (torchinfo)", "Activations", "Bytes moved")
    head = ("Layer", "Type", "Output", *counts)
    left = len(found) - len(rows)
    caption = f"The first {len(rows)} of {len(found):,} rows." if left else ""
    return Picture(grid=Grid(f"Layers of {title(spec)}", head, rows, 2), caption=caption)


def _published(spec: ResNetSpec) -> Picture:
    rows = tuple(
        (one.metric, f"{one.percent:g}%", one.recipe or MISSING, one.source)
        for one in published(spec)
    )
    if not rows:
        return Picture(missing="This app has no published results for this network.")
    head = ("Figure", "Value", "Recipe", "Source")
    return Picture(
        grid=Grid(f"Published results of {title(spec)}", head, rows, 4),
        caption="Published, not measured here. Results of different recipes aren't comparable.",
    )


def shortcuts(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the graph that Shortcuts draws."""
    twin = settings.option("twin", BESIDE, None)
    level = Level(settings.option("level", list(Level), Level.BLOCK))
    unfold = settings.switch("unfold")
    labels = settings.option("labels", list(Labels), None)
    layout = settings.option("layout", list(Layout), None)
    metric = settings.option("heat", list(Metric), None)
    per = Per(settings.option("per", list(Per), Per.BOX))
    opened, wrong = opened_in(spec, settings.text("open"))
    if wrong:
        raise ValueError(wrong)
    drawn = Drawn(
        spec,
        level,
        unfold,
        frozenset() if twin else opened,
        Labels(labels) if labels else None,
        Layout(layout or Layout.ROWS),
        other_twin(spec) if twin else None,
        twin == TWIN_AND_VGG19,
        figures=metric is not None,
    )
    heat, caption = _heat(drawn, Metric(metric), per) if metric else (None, "")

    def draw(look: Look) -> str:
        return svg(graph_of(drawn, look.width_mm), look, heat)

    said = [translate("{counts}.", counts=counts_in_words(profile(spec))), caption]
    if small_text(partial(graph_of, drawn), Look(width_mm=PAGE_MM)):
        said.append("The text is too small to read on paper. Open the link to see it larger.")
    return Picture(drawings=(draw,), caption=" ".join(filter(None, said)))


def _heat(drawn: Drawn, metric: Metric, per: Per) -> tuple[Heat | None, str]:
    """Return the numbers that colour a graph, or None and the reason."""
    try:
        pair = drawn.pair
        heat = pair.heat(metric) if pair else heat_of(profile(drawn.spec), metric)
    except ValueError as error:
        return None, f"Not coloured: {error}."
    return replace(heat, per=per), ""


def units(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the two diagrams of Units, which don't depend on the model."""
    chosen = tuple(
        Unit(
            UnitOrder(settings.option(f"{side}_order", list(UnitOrder), order)),
            BlockKind(settings.option(f"{side}_block", list(BlockKind), BlockKind.BASIC)),
            ShortcutKind(
                settings.option(f"{side}_shortcut", list(ShortcutKind), ShortcutKind.IDENTITY)
            ),
        )
        for side, order in zip(("left", "right"), USUAL_ORDERS, strict=True)
    )
    effects = []
    for unit in dict.fromkeys(chosen):
        name = unit.heading
        effects.append(translate("{unit}: {effect}", unit=name, effect=identity_path(unit)))
    said = " ".join(effects)

    def draw(look: Look) -> str:
        return svg(unit_graph(chosen, look.width_mm), look)

    return Picture(drawings=(draw,), caption=said)


def comparison(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the open tab of Compare."""
    texts = settings.several("nets", usual_nets(spec))
    batch = settings.whole("compare_batch", 1, 65_536, 1)
    match settings.tab("compare_shown", COMPARE_TABS):
        case "sweep":
            return _sweep(settings, texts, batch)
        case "difference":
            usual = texts if settings.text("nets") else usual_pair(spec)
            return _difference(settings, usual, batch)
        case "ledger":
            text = settings.text("ledger") or (texts[0] if settings.text("nets") else str(spec))
            lines = ledger(parse(text))
            return Picture(grid=ledger_grid(lines), said=(ledger_in_words(lines),))
    return _scatter(settings, texts, batch, str(spec))


def _scatter(settings: Settings, texts: list[str], batch: int, model: str) -> Picture:
    nets = tuple(map(parse, texts))
    if any(settings.text(key) in MEASURED for key in ("x", "y", "bubble")):
        return Picture(
            missing="Measured figures change with the server. Open the link to see them."
        )
    counted = compare(nets, batch)
    axes: dict[str, Axis] = axes_to_choose(counted)
    names = {name: axis.label for name, axis in axes.items()}
    x = axes[settings.option("x", names, Column.MACS)]
    y = axes[settings.option("y", names, axis_name(usual_y(counted, model)))]
    size = settings.option("bubble", names, None)
    chosen = x, y, axes[size] if size else None
    dtypes = replayed_for(*chosen)
    rows = compare(nets, batch, replay=bool(dtypes), dtypes=dtypes).rows
    log = settings.switch("log", usual_log(rows, x, y))
    chart = scatter_chart(rows, *chosen, log)
    return Picture(
        charts=bars_instead(chart, rows, *chosen) or (chart,),
        caption=not_drawn(rows, *chosen),
    )


def _sweep(settings: Settings, texts: list[str], batch: int) -> Picture:
    nets = tuple(map(parse, settings.several("swept", texts[:USUAL_CURVES])))
    if len(nets) > MAX_CURVES:
        raise ValueError(f"a sweep takes at most {MAX_CURVES} networks, not {len(nets)}")
    sweep = Sweep(settings.option("sweep", list(Sweep), Sweep.INPUT))
    figure = Column(settings.option("sweep_figure", SWEPT, Column.MACS))
    curves = [curve(net, sweep, batch=batch) for net in nets]
    chart = sweep_chart(curves, figure, settings.switch("sweep_log", ends_apart(curves, figure)))
    gaps = "; ".join(not_swept(curves, figure))
    said = f"Left out, since batch norm can't train on one value per channel there: {gaps}."
    if not chart.series:
        return Picture(missing=said)
    return Picture(charts=(chart,), caption=said if gaps else "")


def _difference(settings: Settings, texts: list[str], batch: int) -> Picture:
    usual = [*texts, *CATALOG][:2]
    before, after = (
        parse(settings.text(key) or text) for key, text in zip(("from", "to"), usual, strict=True)
    )
    found = diff(before, after, batch)

    def draw(look: Look) -> str:
        drawn, marks = most_marked(*marked_graphs(found, SIDE_ASPECT, look.width_mm))
        return svg(drawn, look, marked=marks)

    return Picture(drawings=(draw,), said=(found.brief,))


def choice(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the open tab of Choose."""
    amounts = {key: settings.real(key, 0.0, None, how.usual) for key, how in AMOUNTS.items()}
    batch = settings.whole("choose_batch", 1, 65_536, USUAL_BATCH)
    dtype = Dtype(settings.option("choose_dtype", list(Dtype), Dtype.FLOAT32))
    optimiser = Optimiser(settings.option("optimiser", list(Optimiser), Optimiser.SGD))
    task, budgets = _task(settings), budgets_of(amounts)
    if budgets.max_ms is not None:
        return Picture(missing="Measured times change with the server. Open the link to see them.")
    found = choose(task, budgets, batch, dtype, optimiser)
    view = settings.tab("choose_shown", CHOOSE_TABS)
    fronts, said = fronts_of(found), (found.sentence,)
    how = translate(
        "Costs for batch {batch} in {dtype} with {optimiser}.",
        batch=exact(batch),
        dtype=dtype,
        optimiser=optimiser.label,
    )
    if view == "deepest" and found.deepest:
        return Picture(grid=deepest_grid(found), caption=how, said=said)
    if view == "front" and fronts:
        front = fronts[settings.option("front", list(fronts), next(iter(fronts)))]
        counts = (fits_in_words(found, front),)
        return Picture(charts=(front_chart(found, front, alone=True),), caption=how, said=counts)
    return Picture(grid=fits_grid(found) if found.fits else None, said=said)


def _task(settings: Settings) -> Task:
    tasks = {"imagenet": IMAGENET, "cifar10": CIFAR}
    name = settings.option("task", [*tasks, "own"], "imagenet")
    if name in tasks:
        return tasks[name]
    own = settings.read("own_input", parse_shape, (3, 128, 128))
    return task_of(own, settings.whole("own_classes", 1, 100_000, 100))
