"""Speeds and accuracies that timm has published, from a table that ships with the project.

A speed belongs to an architecture and a machine, an accuracy to a recipe. `make_throughput` writes
the table from timm's files.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from nets.catalog import WIGHTMAN2019
from nets.spec import ResNetSpec
from nets.text import parse

TABLE = Path(__file__).with_name("throughput.csv")

PUBLISHER = "timm"

RESULTS_URL = f"{WIGHTMAN2019.url}/tree/main/results"
"""The folder of the files."""

RECIPES = ("tv", "tv2", "a1")
"""Recipes by timm's names of their weights: torchvision's first and second, and A1 of Wightman et
al. 2021 (arXiv 2110.00476)."""


class Line(NamedTuple):
    """A line of the table, all texts; a speed has no recipe, an accuracy no machine."""

    net: str
    value: str
    unit: str
    side: str
    date: str
    file: str
    recipe: str = ""
    machine: str = ""
    precision: str = ""
    layout: str = ""
    compiled: str = ""
    torch: str = ""
    cuda: str = ""
    batch: str = ""


IMAGES_PER_S, PERCENT = "images/s", "%"
"""The units of the table."""


@dataclass(frozen=True)
class Machine:
    """A machine and how it ran the networks, which were in eval mode without gradients.

    Attributes:
        name: the accelerator.
        precision: such as AMP, torch's automatic mixed precision.
        layout: the memory format of the images, NCHW or NHWC.
        compiled: whether by torch.compile.
        torch: torch's version.
        cuda: CUDA's version.
        batch: images per iteration.
        side: height and width of the images in pixels.
        date: the year and month in which timm published the file.
        file: timm's file.
    """

    name: str
    precision: str
    layout: str
    compiled: bool
    torch: str
    cuda: str
    batch: int
    side: int
    date: str
    file: str

    @property
    def key(self) -> str:
        """The name in addresses and commands: `rtx4090` or `rtx4090_compiled`."""
        return self.name.replace(" ", "").lower() + ("_compiled" if self.compiled else "")

    @property
    def label(self) -> str:
        """The name for charts and tables: `RTX 4090, compiled`."""
        return f"{self.name}, compiled" if self.compiled else self.name

    @property
    def conditions(self) -> str:
        """How it ran: `inference, AMP, NCHW, batch 1,024, 224 px, torch 2.9.1, CUDA 12.8`."""
        compiled = ", compiled" if self.compiled else ""
        return (
            f"inference, {self.precision}, {self.layout}{compiled}, batch {self.batch:,}, "
            f"{self.side} px, torch {self.torch}, CUDA {self.cuda}"
        )

    @property
    def source(self) -> str:
        """The publisher, the file and its date."""
        return f"{PUBLISHER}, {self.file}, {self.date}"

    @property
    def brief(self) -> str:
        """How it ran and who published it when, for a note below a chart."""
        return f"Speed ({PUBLISHER}, {self.date}): {self.name}, {self.conditions}."

    @property
    def citation(self) -> str:
        """The conditions and the source in a sentence."""
        doi = WIGHTMAN2019.venue.removeprefix("software, ")
        return (
            f"Published, not measured here: {self.name}, {self.conditions} "
            f"({self.source}; {WIGHTMAN2019.authors}, {doi})."
        )


@dataclass(frozen=True)
class Accuracy:
    """A top-1 accuracy on ImageNet in percent, single crop, as timm evaluated the weights."""

    recipe: str
    percent: float
    side: int
    date: str
    file: str

    @property
    def source(self) -> str:
        """The publisher, the file and its date."""
        return f"{PUBLISHER}, {self.file}, {self.date}"


@dataclass(frozen=True)
class Speed:
    """Images per second of one network on one machine."""

    machine: Machine
    images_per_s: float


@lru_cache(1)
def lines() -> tuple[Line, ...]:
    """Return the lines of the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(Line(**row) for row in csv.DictReader(file))


@lru_cache(1)
def _speeds() -> MappingProxyType[ResNetSpec, tuple[Speed, ...]]:
    found: dict[ResNetSpec, tuple[Speed, ...]] = {}
    for line in lines():
        if line.unit == IMAGES_PER_S:
            spec = parse(line.net)
            found[spec] = (*found.get(spec, ()), Speed(_machine(line), float(line.value)))
    return MappingProxyType(found)


def _machine(line: Line) -> Machine:
    return Machine(
        name=line.machine,
        precision=line.precision,
        layout=line.layout,
        compiled=line.compiled == "yes",
        torch=line.torch,
        cuda=line.cuda,
        batch=int(line.batch),
        side=int(line.side),
        date=line.date,
        file=line.file,
    )


@lru_cache(1)
def _accuracies() -> MappingProxyType[ResNetSpec, tuple[Accuracy, ...]]:
    found: dict[ResNetSpec, tuple[Accuracy, ...]] = {}
    for line in lines():
        if line.unit == PERCENT:
            spec, side = parse(line.net), int(line.side)
            one = Accuracy(line.recipe, float(line.value), side, line.date, line.file)
            found[spec] = (*found.get(spec, ()), one)
    return MappingProxyType(found)


def speeds(spec: ResNetSpec) -> tuple[Speed, ...]:
    """Return the speeds published for exactly this network, by machine; often none."""
    return _speeds().get(spec, ())


def accuracies(spec: ResNetSpec) -> tuple[Accuracy, ...]:
    """Return timm's accuracies of exactly this network, by recipe; often none."""
    return _accuracies().get(spec, ())


@lru_cache(1)
def machines() -> tuple[Machine, ...]:
    """Return the machines in the order of the table."""
    return tuple(dict.fromkeys(one.machine for found in _speeds().values() for one in found))
