"""Heat: a number for every stage, block and layer, to colour a graph by.

Any mapping from path to number works; the metrics here are those of a profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from analysis.costs.profiles import Profile
from analysis.drawing.parts import Kind, Node
from analysis.style.numbers import short


class Metric(StrEnum):
    """The numbers of a profile that can colour a graph."""

    MACS = "macs"
    PARAMS = "params"
    SAVED_BYTES = "saved_bytes"
    ACTIVATIONS = "activations"
    BYTES_MOVED = "bytes_moved"

    @property
    def label(self) -> str:
        """The label of the scale."""
        return {
            "macs": "MACs",
            "params": "parameters",
            "saved_bytes": "saved memory",
            "activations": "activations",
            "bytes_moved": "bytes moved",
        }[self.value]

    @property
    def counted(self) -> str:
        """The words after a number with its unit: `4.09 G MACs`, `77.6 MB moved`."""
        return {"saved_bytes": "saved", "bytes_moved": "moved"}.get(self.value, self.label)

    @property
    def unit(self) -> str:
        """The unit; empty for plain numbers."""
        return "B" if self in (Metric.SAVED_BYTES, Metric.BYTES_MOVED) else ""

    @property
    def meaning(self) -> str:
        """What the number is."""
        return {
            Metric.MACS: "Multiply-adds of convolutions and linear layers",
            Metric.PARAMS: "Weights and biases of all layers",
            Metric.SAVED_BYTES: "Saved for the backward pass; a tensor saved by several layers "
            "counts once, for the first",
            Metric.ACTIVATIONS: "Elements in the outputs of convolutions",
            Metric.BYTES_MOVED: "Inputs, weights and output of each layer, read or written once in "
            "float32",
        }[self]


class Per(StrEnum):
    """Whether the colour of a box for several blocks shows all of them or one."""

    BOX = "box"
    BLOCK = "block"


@dataclass(frozen=True)
class Heat:
    """Numbers by path, with their label and unit; `varies` if equal blocks' numbers differ.

    `counted` is what follows a number in words, by default the label; `meaning` says what the
    number is, and `measured` where and when, unless it is counted.

    A stage's number is that of all its blocks, every other that of one block or layer; `per` says
    which of the two a box shows. `most` is the end of the scale, so that two graphs can share one;
    by default it is the graph's hottest node. Numbers that vary can't be summed: a box for several
    blocks then has none, and the graph must be unfolded to show them.
    """

    label: str
    unit: str
    values: Mapping[str, float]
    varies: bool = False
    per: Per = Per.BOX
    most: float | None = None
    counted: str = ""
    meaning: str = ""
    measured: str = ""

    @property
    def meant(self) -> str:
        """The meaning as it continues a sentence."""
        return f"{self.meaning[:1].lower()}{self.meaning[1:]}"

    def of(self, node: Node) -> float | None:
        """Return the number of a box, the mean for a stage per block, or None if it has none."""
        value = self._of_one(node)
        if value is None or node.kind is Kind.ADD or self._hides(node):
            return None
        if node.kind is Kind.STAGE:
            return value / node.count if self.per is Per.BLOCK else value
        return value * node.count if self.per is Per.BOX else value

    def _of_one(self, node: Node) -> float | None:
        """Return the number of one block or layer, with the norms and activations drawn in it."""
        value = self.values.get(node.path)
        if value is None or not node.also:
            return value
        return value + sum(self.values.get(path, 0) for path in node.also)

    def figures(self, node: Node) -> tuple[str, ...]:
        """Return the texts for a box, from longest to shortest; empty if it has no number.

        A box whose label has its count doesn't repeat it.
        """
        found = self._words(node)
        return found[-1:] if node.beside and self.per is Per.BOX else found

    def _words(self, node: Node) -> tuple[str, ...]:
        """Return the number of a box in words, from longest to shortest."""
        value = self.of(node)
        if not value:
            return ()
        said = self._short(value)
        if node.count == 1 or node.kind is Kind.STAGE or self.per is Per.BLOCK:
            return (said,)
        one = self._short(self._of_one(node) or 0)
        return (f"{one} ×{node.count} = {said}", said)

    def text(self, node: Node) -> str:
        """Return the number of a box with its label, or why it has none; "" if it isn't known."""
        if self._hides(node):
            return "differs by block: unfold to see it"
        value = self.of(node)
        if value is None:
            return ""
        if self.per is Per.BLOCK and node.count > 1:
            return f"{self._short(value)} {self.counted or self.label} per block"
        said = next(iter(self._words(node)), self._short(value))
        return f"{said} {self.counted or self.label}"

    def _short(self, value: float) -> str:
        """Return a number with its unit; shares of some hundred images have one decimal."""
        return f"{value:.1f}%" if self.unit == "%" else short(value, self.unit)

    def ends(
        self, most: float, unfilled: str = "", folds: bool = False, layers: bool = False
    ) -> tuple[str, str, str]:
        """Return the words before a scale up to `most`, its lower and its upper end.

        Args:
            most: the number at the upper end.
            unfilled: what is said of boxes without a colour, which count nothing.
            folds: whether a box shows the sum of n equal blocks without saying so.
            layers: whether boxes are layers, not blocks.
        """
        one = "layer" if layers and self.per is Per.BLOCK else self.per
        said = self.label if self.varies else f"{self.label} per {one}"
        if folds and self.per is Per.BOX and not self.varies:
            said = f"{said} (×n: all n blocks)"
        none = f"; unfilled: {unfilled}" if unfilled else ""
        if self.unit == "%":  # "error: 0%" would read as a result
            return f"{said}, %\N{EM SPACE}", "0", f"{self._short(most).removesuffix('%')}{none}"
        return f"{said}: ", short(0, self.unit), f"{self._short(most)}{none}"

    def _hides(self, node: Node) -> bool:
        """Return whether a box represents several blocks whose numbers differ, without a sum."""
        if node.kind is Kind.ADD or (node.kind is Kind.STAGE and node.path in self.values):
            return False
        return self.varies and node.count > 1


def heat_of(profile: Profile, metric: Metric) -> Heat:
    """Return a metric of every layer, and its sums for blocks, stages, stem and head.

    Raises:
        ValueError: for saved memory, if the network can't train at the profile's batch.
    """
    if metric is Metric.SAVED_BYTES and profile.untrainable:
        raise ValueError(
            f"there is no saved memory to colour by: {profile.untrainable}; colour by MACs or "
            "parameters"
        )
    values: Counter[str] = Counter()
    for row in profile.layers:
        value = getattr(row, metric.value)
        for path in {row.path, row.place.module.path, row.place.around.path, row.place.stage}:
            values[path] += value
    return Heat(metric.label, metric.unit, values, counted=metric.counted, meaning=metric.meaning)
