"""The ledger's integers compared with reference values and with the tools themselves."""

import contextlib
import csv
import io
import re
import warnings
from collections import Counter
from enum import StrEnum

import pytest
import torch
import torchinfo
import torchvision
from fvcore.nn import FlopCountAnalysis
from hypothesis import given, seed, settings
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from analysis import profile
from analysis.choice.report import ledger_csv, ledger_grid, ledger_in_words, ledger_of
from analysis.costs.ledger import PAPER_MACS, Amount, Line, Part, Tool, ledger
from analysis.costs.profiles import representative
from analysis.costs.verify import run_fvcore
from analysis.style.grid import grid_latex
from nets import CATALOG, build, parse
from nets.options import DEFAULTS, OPTIONS, Activation
from nets.spec import ResNetSpec
from tests.strategies import specs

with warnings.catch_warnings():  # thop compares versions with distutils
    warnings.simplefilter("ignore")
    import thop
from ptflops import get_model_complexity_info

EXAMPLES = 6
"""Random networks per activation."""

RESNET50 = {
    Tool.PAPER: 3_800_000_000,
    Tool.TORCHVISION: 4_089_184_256,
    Tool.TORCHINFO: 4_089_238_376,
    Tool.FVCORE_EVAL: 4_111_512_576,
    Tool.FVCORE_TRAIN: 4_144_854_528,
    Tool.PTFLOPS: 4_132_436_968,
    Tool.THOP: 4_133_742_592,
    Tool.TWO_PER_MAC: 8_178_368_512,
    Tool.FORWARD_BACKWARD: 24_299_077_632,
}


def counted(model: nn.Module, x: torch.Tensor) -> dict[Tool, int]:
    """Return every tool's own count of a model."""
    model.eval()
    found = {
        Tool.TORCHINFO: torchinfo.summary(model, x.shape, verbose=0).total_mult_adds,
        Tool.FVCORE_EVAL: run_fvcore(model, x)[""],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        found[Tool.THOP] = int(thop.profile(model, (x,), verbose=False)[0])
        image = tuple(x.shape[1:])
        found[Tool.PTFLOPS], _ = get_model_complexity_info(
            model, image, as_strings=False, print_per_layer_stat=False, backend="pytorch"
        )
    found[Tool.PTFLOPS] *= len(x)  # it counts one image
    model.train()
    train = FlopCountAnalysis(model, x).unsupported_ops_warnings(False)
    found[Tool.FVCORE_TRAIN] = int(train.uncalled_modules_warnings(False).total())
    with FlopCounterMode(display=False) as forward:
        loss = model(x).sum()
    found[Tool.TORCHVISION] = forward.get_total_flops() // 2
    found[Tool.TWO_PER_MAC] = forward.get_total_flops()
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    found[Tool.FORWARD_BACKWARD] = forward.get_total_flops() + backward.get_total_flops()
    return found


def totals(text: str, batch: int = 1) -> dict[Tool, int | None]:
    return {line.tool: line.total for line in ledger(parse(text), batch)}


def test_resnet50_is_as_published() -> None:
    assert totals("resnet50") == RESNET50


@pytest.mark.parametrize("name", ["resnet18", "resnext50_32x4d", "wide_resnet50_2"])
def test_torchvision_networks_equal_the_tools(name: str) -> None:
    model = torchvision.models.get_model(name)
    text = f"{name}:input=3x96x96"
    ours, tools = totals(text, batch=2), counted(model, torch.randn(2, 3, 96, 96))
    # torch counts the weight gradient of a convolution in groups as if it had none
    spec = parse(text)
    grouped = [r for r in profile(spec, batch=2).layers if r.path.endswith("conv2")]
    tools[Tool.FORWARD_BACKWARD] -= 2 * (spec.groups - 1) * sum(r.macs for r in grouped)
    assert ours == tools


@pytest.mark.parametrize(
    "text",
    [
        "resnet20:activation=elu:bias=1",
        "resnet20:activation=gelu:softmax=1",
        "resnet20:activation=silu:unit=full_preact:shortcut=projection",
        "resnet20:activation=leaky_relu:norm=none",
        "resnet20:activation=tanh:block=bottleneck",
        "resnet20:activation=sigmoid:stem=imagenet",
    ],
)
def test_other_options_equal_the_tools(text: str) -> None:
    assert totals(text, batch=2) == counted(build(parse(text)), torch.randn(2, 3, 32, 32))


def test_layers_of_a_type_that_a_tool_does_not_know() -> None:
    """ptflops and thop look layers up by exact type and skip subclasses of Conv2d."""
    ours = totals("keras_resnet18")
    assert (ours[Tool.PTFLOPS], ours[Tool.THOP]) == (29_548_116, 28_530_717)
    assert totals("keras_resnet18:input=3x64x64", batch=2) == counted(
        build(parse("keras_resnet18")), torch.randn(2, 3, 64, 64)
    )
    for tool in (Tool.PTFLOPS, Tool.THOP):
        line = next(line for line in ledger(parse("keras_resnet18")) if line.tool is tool)
        skipped = next(a for a in line.amounts if a.part is Part.UNKNOWN_CONVS)
        assert skipped.how == "skipped: the tool doesn't know their type"
        # what is left: three 1x1 projections and the linear layer
        assert line.amounts[0].count + skipped.count == 3 * 6_422_528 + 5_120


def test_every_line_equals_the_tools_on_random_networks() -> None:
    drawn: Counter[str] = Counter()

    def run(number: int, activation: Activation) -> None:
        @seed(number)
        @settings(max_examples=EXAMPLES)
        @given(specs(activation))
        def one(spec: ResNetSpec) -> None:
            spec = representative(spec)
            tools = counted(build(spec), torch.randn(2, *spec.input))
            # torch counts the weight gradient of a convolution in groups as if it had none
            layers = profile(spec, batch=2).layers
            grouped = [layer.macs for layer in layers if layer.path.endswith("conv2")]
            tools[Tool.FORWARD_BACKWARD] -= 2 * (spec.groups - 1) * sum(grouped)
            assert totals(str(spec), batch=2) == tools
            values = [getattr(spec, name) for name in OPTIONS]
            drawn.update(repr(value) for value in values if isinstance(value, StrEnum))
            drawn.update(["bias"] * spec.bias + ["groups"] * (spec.groups > 1))
            drawn.update(["dilation"] * any(spec.dilate) + [layer.type for layer in layers])

        one()

    for number, activation in enumerate(Activation):
        run(number, activation)
    enums = [type(default) for default in DEFAULTS.values() if isinstance(default, StrEnum)]
    expected = {repr(value) for enum in enums for value in enum}
    types = {"Conv2dSame", "MaxPool2dSame", "MaxPool2d", "ZeroPad", "Identity", "Softmax"}
    assert expected | types | {"bias", "groups", "dilation"} <= drawn.keys()


def test_every_catalog_line_begins_with_the_multiply_adds_and_holds_no_empty_amount() -> None:
    for entry in CATALOG.values():
        lines = ledger(entry.spec)
        macs = profile(entry.spec).macs
        for line in lines:
            assert line.amounts[0] == Amount(Part.MACS, macs)
            assert line.total == sum(amount.count for amount in line.amounts)
            assert all(amount.count for amount in line.amounts)


def test_a_network_too_small_to_train_has_no_line_of_a_tool_in_train_mode() -> None:
    text = "resnet18:input=3x32x32"
    lines = {line.tool: line for line in ledger(parse(text))}
    train = lines.pop(Tool.FVCORE_TRAIN)
    assert (train.total, train.amounts) == (None, ())
    assert "layer4.0.bn1 would train on one value per channel" in train.missing
    assert lines[Tool.TORCHVISION].total == 37_523_456
    assert all(line.total for line in lines.values())
    rows = {row[0]: row for row in ledger_grid(ledger(parse(text))).rows}
    assert rows[Tool.FVCORE_TRAIN] == (Tool.FVCORE_TRAIN, train.missing, "—")
    assert None not in totals(text, batch=2).values()


def test_only_the_papers_line_cites_and_only_where_it_states_a_figure() -> None:
    cited = {name: ledger(entry.spec)[0] for name, entry in CATALOG.items()}
    stating = {name for name, line in cited.items() if line.tool is Tool.PAPER}
    assert stating == PAPER_MACS.keys()
    assert {(line.source and line.source.year) for name, line in cited.items()} == {2015, None}
    assert ledger(parse("resnet50:input=3x128x128"))[0].tool is Tool.TORCHVISION
    assert ledger(parse("resnet50"), batch=3)[0].total == 3 * 3_800_000_000


def test_the_paper_strides_on_the_first_convolution() -> None:
    line: Line = ledger(parse("resnet50"))[0]
    assert [(amount.part, amount.count) for amount in line.amounts] == [
        (Part.MACS, 4_089_184_256),
        (Part.STRIDE, 3_857_973_248 - 4_089_184_256),
        (Part.REMAINDER, 3_800_000_000 - 3_857_973_248),
    ]
    parts = [amount.part for amount in ledger(parse("resnet50_v1"))[0].amounts]
    assert parts == [Part.MACS, Part.REMAINDER]


def test_the_written_ledger_holds_every_total_and_amount() -> None:
    lines = ledger(parse("resnet50"))
    rows = ledger_csv(parse("resnet50"), lines).splitlines()[1:]
    assert len(rows) == len(lines)
    assert rows[0].startswith('resnet50,"published, He et al. 2015, Table 1","MACs − 231,211,008')
    assert ledger_in_words(lines) == (
        "MACs are the 4,089,184,256 multiply-adds of convolutions and linear layers."
    )
    assert rows[0].endswith(",3800000000")
    assert ledger_grid(lines).rows[0][-1] == "3,800,000,000"
    for row, line in zip(rows, lines, strict=True):
        assert line.total
        assert next(csv.reader([row]))[2].startswith("MACs")
        for amount in line.amounts[1:]:
            assert f"{abs(amount.count):,} ({amount.part}" in row
        assert row.endswith(f",{line.total}")
    assert "$-$ 57,973,248" in grid_latex(ledger_grid(lines))
    tex = grid_latex(ledger_of(parse("resnet50"), lines))
    (share,) = re.findall(r"\\begin\{tabular\}\{lp\{(0\.\d\d)\\linewidth\}r\}", tex)
    assert 0.2 <= float(share) <= 0.6
    assert r"\texttt{resnet50}" in tex
    assert "`" not in tex
    assert ledger_of(parse("resnet50"), lines).caption == (
        "Operations of ResNet-50 (`resnet50`) for one image of 3×224×224, as each source counts "
        "them. MACs are the 4,089,184,256 multiply-adds of convolutions and linear layers."
    )
