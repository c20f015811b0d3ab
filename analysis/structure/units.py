"""Residual units to compare: the order of BN and ReLU, and its effect on the gradient.

Unit orders and their errors are from He et al. 2016, Fig. 4 and Table 2; shortcut options are from
He et al. 2015, section 4.1 and Table 3.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache

from analysis.costs.profiles import Profile, profile
from analysis.style.language import marked, translate
from nets import CATALOG, parse, plan
from nets.options import BlockKind, Shortcut, UnitOrder, quote
from nets.plan import ShortcutKind, StepKind
from nets.spec import ResNetSpec
from nets.text import edit

ORDER_ERRORS = {
    # ResNet-110 (basic blocks), ResNet-164 (bottlenecks)
    UnitOrder.ORIGINAL: (6.61, 5.93),
    UnitOrder.BN_AFTER_ADD: (8.17, 6.50),
    UnitOrder.RELU_BEFORE_ADD: (7.84, 6.14),
    UnitOrder.RELU_PREACT: (6.71, 5.91),
    UnitOrder.FULL_PREACT: (6.37, 5.46),
}
"""CIFAR-10 test errors in percent from He et al. 2016, Table 2."""

OPTION_LETTERS = {Shortcut.ZERO_PAD: "A", Shortcut.PROJECTION: "B", Shortcut.PROJECTION_ALL: "C"}

ORDER_NAMES = {order: order.label for order in UnitOrder}
"""The names from He et al. 2016, Fig. 4."""

_HEADINGS = {
    UnitOrder.ORIGINAL: marked("Original"),
    UnitOrder.BN_AFTER_ADD: marked("BN after addition"),
    UnitOrder.RELU_BEFORE_ADD: marked("ReLU before addition"),
    UnitOrder.RELU_PREACT: marked("ReLU-only pre-activation"),
    UnitOrder.FULL_PREACT: marked("Full pre-activation"),
}

USUAL_ORDERS = (UnitOrder.ORIGINAL, UnitOrder.FULL_PREACT)
"""The two unit orders compared by default."""


@dataclass(frozen=True)
class Unit:
    """One residual unit. Its text is an order and what differs: `original:block=bottleneck`."""

    order: UnitOrder = UnitOrder.ORIGINAL
    block: BlockKind = BlockKind.BASIC
    shortcut: ShortcutKind = ShortcutKind.IDENTITY

    def __str__(self) -> str:
        return ":".join([self.order, *(f"{name}={value}" for name, value in self._differs())])

    @property
    def name(self) -> str:
        """The name: the order and the options."""
        return self.name_without(())

    def name_without(self, said: Collection[str]) -> str:
        """Return the name without options that are said elsewhere."""
        rest = (option for option in self.options if option not in said)
        return ", ".join((ORDER_NAMES[self.order], *rest))

    @property
    def options(self) -> tuple[str, ...]:
        """What differs from a basic block with an identity shortcut, in words."""
        return tuple(
            "no shortcut" if value == ShortcutKind.NONE else value.replace("_", "-")
            for _, value in self._differs()
        )

    @property
    def heading(self) -> str:
        """The name in the spoken language, capitalised, to begin a sentence on the unit."""
        order = translate(_HEADINGS[self.order])
        return ", ".join((order, *self.options))

    def _differs(self) -> Iterator[tuple[str, str]]:
        for field in fields(self)[1:]:
            if (value := getattr(self, field.name)) is not field.default:
                yield field.name, value

    @property
    def spec(self) -> ResNetSpec:
        """A network with such units, edited from ResNet-110 or, for bottlenecks, ResNet-164."""
        shortcuts = {
            ShortcutKind.ZERO_PAD: Shortcut.ZERO_PAD,
            ShortcutKind.NONE: Shortcut.NONE,
        }
        base = parse("resnet110" if self.block is BlockKind.BASIC else "preresnet164")
        shortcut = shortcuts.get(self.shortcut, Shortcut.PROJECTION)
        return edit(base, {"unit": self.order, "shortcut": shortcut})

    @property
    def path(self) -> str:
        """A block of that network; it changes the shape if the kind of shortcut needs that."""
        changes = self.shortcut in (ShortcutKind.PROJECTION, ShortcutKind.ZERO_PAD)
        return "layer2.0" if changes else "layer2.1"

    @property
    def published(self) -> str:
        """What its network's test error is in the paper, which has identity shortcuts; else ""."""
        if self.shortcut is not ShortcutKind.IDENTITY:
            return ""
        is_basic = self.block is BlockKind.BASIC
        network = "ResNet-110" if is_basic else "ResNet-164"
        percent = f"{ORDER_ERRORS[self.order][not is_basic]:.2f}"
        return translate(
            "{network} on CIFAR-10: {percent}% error (He et al. 2016)",
            network=network,
            percent=percent,
        )

    @property
    def profile(self) -> Profile:
        """The profile of that network."""
        return _profiled(self.spec)


_profiled = lru_cache(64)(profile)


def shared_options(units: Iterable[Unit]) -> tuple[str, ...]:
    """Return in words the options that several units share; `()` for one unit."""
    first, *others = dict.fromkeys(units)
    return tuple(o for o in first.options if others and all(o in one.options for one in others))


OPTION_RESULTS = {
    Shortcut.ZERO_PAD: CATALOG["resnet34_a"].results[0],
    Shortcut.PROJECTION: CATALOG["resnet34"].results[0],
    Shortcut.PROJECTION_ALL: CATALOG["resnet34_c"].results[0],
}
"""Results for ResNet-34 with each option in He et al. 2015, Table 3, from the catalog."""


def parse_unit(text: str) -> Unit:
    """Parse a unit's text.

    Args:
        text: a unit order, then `block=` and `shortcut=` if they differ from a basic block with
            an identity shortcut.

    Raises:
        ValueError: in one sentence that says what is wrong and what is allowed.
    """
    kinds = {"order": UnitOrder, "block": BlockKind, "shortcut": ShortcutKind}
    order, *parts = text.strip().lower().split(":")
    given = {"order": order}
    for part in parts:
        key, equals, value = part.partition("=")
        if key not in ("block", "shortcut") or not equals:
            raise ValueError(
                f"{quote(part)} is not an option of a unit: use block=... or shortcut=..."
            )
        if key in given:
            raise ValueError(f"{key} is given twice")
        given[key] = value
    for key, value in given.items():
        if value not in list(kinds[key]):
            name = "a unit order" if key == "order" else key
            raise ValueError(f"{name} must be one of {', '.join(kinds[key])}, not {quote(value)}")
    return Unit(**{key: kinds[key](value) for key, value in given.items()})  # type: ignore[arg-type]


def identity_path(unit: Unit) -> str:
    """Describe the effect of the unit's steps on the identity path."""
    steps = plan.unit_steps(unit.spec)
    said = []
    if unit.shortcut is ShortcutKind.NONE:
        return translate(
            "There is no identity path: the signal passes through the branch of every unit."
        )
    if unit.shortcut is ShortcutKind.PROJECTION:
        said.append(
            translate(
                "A 1×1 convolution on the path multiplies the signal by its weights, and BN after "
                "it rescales the result."
            )
            if unit.spec.projection_norm
            else translate("A 1×1 convolution on the path multiplies the signal by its weights.")
        )
    if unit.shortcut is ShortcutKind.ZERO_PAD:
        said.append(
            translate("The path subsamples the signal and pads it with zero channels, no weights.")
        )
    after = steps.after
    if any(step.kind is StepKind.NORM for step in after):
        said.append(translate("BN after the addition rescales what the shortcut carries."))
    if any(step.kind is StepKind.ACTIVATION for step in after):
        said.append(translate("ReLU after the addition sets negative values to zero."))
    if not after and unit.shortcut is ShortcutKind.IDENTITY:
        said.append(
            translate("Nothing is on the identity path, so x reaches later units unchanged.")
        )
    if steps.branch[-1].kind is StepKind.ACTIVATION:
        said.append(
            translate("The branch ends in ReLU and is never negative.")
            if unit.shortcut is ShortcutKind.PROJECTION  # its weights can be negative
            else translate(
                "The branch ends in ReLU and is never negative, so the signal can only grow."
            )
        )
    return " ".join(said)


def gradient(unit: Unit) -> tuple[str, ...]:
    """Return the gradient through the unit as LaTeX, and through all units if it telescopes.

    Uses He et al. 2016, eq. 5, for a clean identity path, and the chain rule otherwise. Like the
    paper, it writes the loss as a script E, since L is the last unit.
    """
    here, there = (
        rf"\frac{{\partial \mathcal{{E}}}}{{\partial \mathbf{{x}}_{{{i}}}}}" for i in ("l", "l+1")
    )
    branch = r"\frac{\partial \mathcal{F}}{\partial \mathbf{x}_l}"
    beside = {
        ShortcutKind.IDENTITY: "1",
        ShortcutKind.PROJECTION: "W_s",
        ShortcutKind.ZERO_PAD: "P",
    }
    steps = plan.unit_steps(unit.spec)
    if unit.shortcut is ShortcutKind.PROJECTION and steps.before:
        beside[unit.shortcut] = r"W_s \frac{\partial \hat{\mathbf{x}}_l}{\partial \mathbf{x}_l}"
    elif unit.shortcut is ShortcutKind.PROJECTION and unit.spec.projection_norm:
        beside[unit.shortcut] = rf"{_jacobian(unit, StepKind.NORM)} W_s"
    through = "".join(rf"\, {_jacobian(unit, step.kind)}" for step in reversed(steps.after))
    inside = branch
    if unit.shortcut is not ShortcutKind.NONE:
        inside = rf"\left({beside[unit.shortcut]} + {branch}\right)"
    lines = [rf"{here} = {there}{through}\, {inside}"]
    if not steps.after and unit.shortcut is ShortcutKind.IDENTITY:
        last = r"\frac{\partial \mathcal{E}}{\partial \mathbf{x}_L}"
        total = r"\frac{\partial}{\partial \mathbf{x}_l}\sum_{i=l}^{L-1}\mathcal{F}(\mathbf{x}_i)"
        lines.append(rf"{here} = {last}\left(1 + {total}\right)")
    return tuple(lines)


def signs(unit: Unit) -> tuple[str, ...]:
    """Return what the signs in `gradient` stand for, with LaTeX between dollar signs."""
    steps = plan.unit_steps(unit.spec)
    said = []
    if "J_" in gradient(unit)[0]:
        said.append("$J$ is the Jacobian of the step in its index")
    if unit.shortcut is ShortcutKind.PROJECTION:
        said.append("$W_s$ are the projection's weights")
        if steps.before:
            names = " and ".join(plan.label(unit.spec, step.kind) for step in steps.before)
            said.append(rf"$\hat{{\mathbf{{x}}}}_l$ is $\mathbf{{x}}_l$ after {names}")
    if unit.shortcut is ShortcutKind.ZERO_PAD:
        said.append("$P$ subsamples and pads")
    return tuple(said)


def _jacobian(unit: Unit, kind: StepKind) -> str:
    return rf"J_{{\mathrm{{{plan.label(unit.spec, kind)}}}}}"
