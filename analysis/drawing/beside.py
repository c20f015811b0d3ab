"""Two or three networks in one drawing on one scale, as in He et al. 2015, Fig. 3.

In columns they are side by side, with equal heights and widths of maps in one band; in rows they
are one below the other. The paths of each network begin with its name and a slash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.costs.profiles import Profile
from analysis.drawing import column, layout, vgg
from analysis.drawing.cells import Cell, Group, Network
from analysis.drawing.graph import (
    DEFAULT_ASPECT,
    Level,
    network_of,
    spacing_in_place,
    unit_note,
    view_of,
)
from analysis.drawing.heat import Heat, Metric, heat_of
from analysis.drawing.key import entries_of, key_of
from analysis.drawing.parts import SLASH, TEXT, Graph, Heading, Labels, Layout, Node
from analysis.drawing.spacing import COLUMNS, PAPER
from analysis.drawing.wrap import BESIDE_PT, COLUMN_MM, most_beside, px_at
from analysis.style.look import PAGE_MM
from nets.names import names_of, title
from nets.options import quote
from nets.origin import is_edited

MOST = 3
"""Most networks in one drawing."""


@dataclass(frozen=True)
class Beside:
    """The networks of one drawing: counted ones, preceded by VGG-19 if `vgg19` is true.

    Raises ValueError if there are too many or too few, or one is given twice.
    """

    profiles: tuple[Profile, ...]
    vgg19: bool = False

    def __post_init__(self) -> None:
        names = [*([vgg.NAME] if self.vgg19 else []), *self.names]
        if not 2 <= len(names) <= MOST:
            raise ValueError(f"a drawing shows two or three networks, not {len(names)}")
        if twice := next((name for name in names if names.count(name) > 1), ""):
            raise ValueError(f"{quote(twice)} is given twice: name different networks")

    @property
    def names(self) -> tuple[str, ...]:
        """The prefixes of the counted networks' paths."""
        return tuple(profile.model for profile in self.profiles)

    def graph(
        self,
        level: Level = Level.BLOCK,
        unfold: bool = False,
        width_mm: float | None = None,
        labels: Labels | None = None,
        arranged: Layout | None = None,
        figures: bool = False,
        aspect: float = DEFAULT_ASPECT,
        fits: bool = False,
        tight: bool = False,
        smallest: float = 0.0,
    ) -> Graph:
        """Lay out the networks together; arguments as in `analysis.drawing.graph.graph`.

        Unless `labels` is given, boxes say operations, because these are what is compared; if the
        text is to be large, they say paths, which are shorter. Unless `arranged` is given, the
        networks are in columns, or in rows if columns don't fit the paper, because their maps
        differ in size and share no bands; on a slide, in whatever has the larger text. Two networks
        on a page are in rows if these are lower.
        """
        if arranged is None:
            rest = (figures, aspect, fits, tight, smallest)
            ways = (
                self.graph(level, unfold, width_mm, labels, way, *rest)
                for way in (Layout.COLUMN, Layout.ROWS)
            )
            columns = next(ways)
            if width_mm is None:
                return columns
            is_slide = width_mm > PAGE_MM
            is_pair = len(columns.parts) == 2 and width_mm > COLUMN_MM
            if not (is_slide or is_pair) and _fits(columns, width_mm):
                return columns
            rows = next(ways)
            low = [one for one in (columns, rows) if not is_slide and _fits(one, width_mm)]
            if low:
                return min(low, key=_height_over_width)
            return min(columns, rows, key=lambda one: one.width)  # the narrower has larger text
        says = labels or (Labels.PATH if fits else Labels.OPERATIONS)
        in_columns = arranged is Layout.COLUMN
        networks = self._networks(
            level, unfold, width_mm, says, in_columns, figures, fits, tight, smallest
        )
        if in_columns:
            drawn = column.beside(networks, width_mm)
        else:
            drawn = layout.below_each_other(networks, aspect, width_mm, fits)
        drawn = replace(drawn, parts=tuple(map(_alone, networks)))
        return replace(drawn, small=TEXT) if fits else drawn

    def upright(
        self, level: Level, unfold: bool, labels: Labels | None, figures: bool, most: float
    ) -> Graph:
        """Lay out the networks from top to bottom, with annotations as large as labels.

        They are in columns if these take at most a width of `most` px, otherwise one below the
        other. Other arguments are as in `graph`.
        """
        says = labels or Labels.OPERATIONS
        drawn = self.graph(level, unfold, None, says, Layout.COLUMN, figures, fits=True)
        if drawn.width <= most:
            return drawn
        networks = self._networks(level, unfold, None, says, True, figures, True, False)
        return replace(layout.upright(networks), small=TEXT)

    def _networks(
        self,
        level: Level,
        unfold: bool,
        width_mm: float | None,
        says: Labels,
        in_columns: bool,
        figures: bool,
        fits: bool,
        tight: bool,
        smallest: float = 0.0,
    ) -> list[Network]:
        """Return what to draw of each network; arguments as in `graph`."""
        paper = COLUMNS if in_columns else PAPER
        spacing = paper if width_mm is not None else spacing_in_place(fits, tight, figures)
        if fits and in_columns:
            spacing = replace(spacing, line=COLUMNS.line)
        networks = []
        if self.vgg19:
            networks.append(vgg.vgg19(level, unfold, says, spacing, figures))
        for name, profile in zip(self._headings(), self.profiles, strict=True):
            view = view_of(profile, level, unfold, (), width_mm, says, figures)
            joins = in_columns and width_mm is not None and width_mm > COLUMN_MM
            view = replace(view, groups=in_columns, splits=in_columns, joins=joins)
            if width_mm is None or view.spacing == PAPER:
                view = replace(view, spacing=spacing, short=fits)
            network = network_of(view.widened(smallest))
            networks.append(replace(network, name=name, notes=self._notes(network, fits)))
        return [_marked(network) for network in networks]

    def _notes(self, network: Network, fits: bool) -> tuple[str, ...]:
        """Return a network's notes, without those on its blocks if the headings tell them apart."""
        units = {unit_note(profile.spec) for profile in self.profiles}
        return () if fits else tuple(n for n in network.notes if len(units) == 1 or n not in units)

    def _headings(self) -> Sequence[str]:
        """Return the counted networks' names: titles if published, otherwise what differs."""
        specs = [profile.spec for profile in self.profiles]
        if any(map(is_edited, specs)):
            return names_of(specs)
        return [title(spec, specs) for spec in specs]

    def heat(self, metric: Metric) -> Heat:
        """Return a metric of all networks, by the paths of the drawing.

        Raises:
            ValueError: for saved memory, if a network has none.
        """
        heats = [heat_of(profile, metric) for profile in self.profiles]
        values = {
            f"{name}{SLASH}{path}": value
            for name, one in zip(self.names, heats, strict=True)
            for path, value in one.values.items()
        }
        if self.vgg19:
            published = vgg.heat(metric).items()
            values |= {f"{vgg.NAME}{SLASH}{path}": value for path, value in published}
        return replace(heats[0], values=values)

    def heat_of_one(self, profile: Profile, heat: Heat) -> Heat:
        """Return numbers of only one of the networks, by the paths of the drawing."""
        values = {f"{profile.model}{SLASH}{path}": value for path, value in heat.values.items()}
        return replace(heat, values=values)

    def by_name(self) -> Mapping[str, Profile]:
        """Return the counted networks by the prefix of their paths."""
        return dict(zip(self.names, self.profiles, strict=True))


def _fits(drawn: Graph, width_mm: float) -> bool:
    """Return whether a drawing is low enough on paper, with legible text."""
    is_low = _height_over_width(drawn) * width_mm <= most_beside(width_mm) + 0.1
    return is_low and drawn.width <= px_at(width_mm, BESIDE_PT)


def _height_over_width(drawn: Graph) -> float:
    """Return the height of a drawing, with its legend, over its width."""
    key = key_of(entries_of(drawn), (), drawn.width, drawn.margin).height
    return (drawn.height + key) / drawn.width


def _alone(network: Network) -> Graph:
    """Return one of the networks as a separate graph, for formats that do their own layout."""
    drawn = layout.in_a_row(network)
    return replace(drawn, headings=(Heading(network.name, 0, 0, "middle"),))


def _marked(network: Network) -> Network:
    """Return the network with its name before every path, and with nothing to open or close."""
    before = f"{network.model}{SLASH}"

    def nodes(found: Sequence[Node]) -> tuple[Node, ...]:
        return tuple(
            replace(
                node,
                id=before + node.id,
                path=before + node.path,
                also=tuple(before + path for path in node.also),
                opens=(),
                inside="",
            )
            for node in found
        )

    def cell(one: Cell) -> Cell:
        return replace(
            one,
            before=nodes(one.before),
            branch=nodes(one.branch),
            add=nodes((one.add,))[0] if one.add else None,
            after=nodes(one.after),
            past=nodes(one.past),
            path=before + one.path,
        )

    def group(one: Group) -> Group:
        return replace(one, cells=tuple(map(cell, one.cells)))

    return replace(network, groups=tuple(map(group, network.groups)))
