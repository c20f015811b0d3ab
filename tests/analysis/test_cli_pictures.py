"""Pictures from the command line: every command takes the same look options."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from analysis import profile
from analysis.drawing.caption import graph_caption
from analysis.style.palette import DARK
from nets import parse
from tests.analysis.test_cli import SHORT, TINY, call

NETS = ("resnet18", "resnet50", "resnet101")
LOOKS = ("--width-mm", "85", "--palette", "print", "--title", "In a column")

COMMANDS = {
    "gradients": ("gradients", TINY, "--batch", "2", "--seeds", "1"),
    "compare": ("compare", *NETS, "--no-memory"),
    "shape": ("shape", "resnet50"),
    "time": ("time", TINY, "--threads", "1", *SHORT, "--batch", "2"),
    "units": ("units", "original", "full_preact"),
    "graph": ("graph", "resnet18"),
    "blocks": ("blocks", TINY, "--images", "2"),
    "paths": ("paths", TINY, "--images", "2", "--draws", "2"),
}

CAPTIONS = {
    "gradients": r"$\|\partial L/\partial x\|$ of block outputs by depth: plain, 8 layers "
    "(Plain-20, blocks 1-1-1); residual, 8 layers (ResNet-20, blocks 1-1-1); both: ",
    "compare": "ImageNet top-1 accuracy against MACs (conv + linear). All networks shown are on "
    "the Pareto front. Torchvision's weights V1, single crop. Counts are for ",
    "shape": r"Height, width and channels of ResNet-50 (\texttt{resnet50}) from the input",
    "time": "Median time per stage of resnet20:blocks=1,1,1:widths=4,8,8:",
    "units": "Residual units: original and full pre-activation, from x to y (identity "
    "shortcuts solid). Sizes: channels$\\times$height$\\times$width, as in the second stage of "
    "ResNet-110 (basic). Sources: ",
    "graph": r"ResNet-18 (\texttt{resnet18}): 5 identity and 3 projection shortcuts",
    "blocks": "Branch against shortcut: norm of branch / shortcut by block. Vertical lines mark "
    "where stages begin. 2 random images. Weights at initialisation. Bands: lowest to highest of "
    "the images. Network: residual, 8 layers (ResNet-20, blocks 1-1-1), ",
    "paths": r"Share of all paths by length, mean norm of the loss gradient $\partial "
    r"L/\partial x$ at the input along one path by its length and share of the gradient by "
    "length. ",
}
"""How the caption of each command's picture begins."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_picture_takes_the_same_looks(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pdf, png = tmp_path / "a.pdf", tmp_path / "a.png"
    status, _, err = call(capsys, *COMMANDS[name], "-o", str(pdf), *LOOKS)
    assert (status, "error" in err) == (0, False)
    (page,) = PdfReader(io.BytesIO(pdf.read_bytes())).pages
    assert float(page.mediabox.width) == pytest.approx(85 / 25.4 * 72, abs=0.5)
    assert "In a column" in page.extract_text()
    status, _, err = call(capsys, *COMMANDS[name], "-o", str(png), *LOOKS, "--dpi", "100")
    assert (status, "error" in err) == (0, False)
    image = Image.open(png).convert("RGBA")
    assert image.width == pytest.approx(85 / 25.4 * 100, abs=1.5)
    colours = image.getcolors(image.width * image.height) or []
    # antialiased black and grey is grey
    assert all(len({r, g, b}) == 1 for _, (r, g, b, a) in colours if a > 200)  # type: ignore[misc]


@pytest.mark.parametrize("name", ["graph", "units", "shape"])
def test_every_drawing_fits_a_slide(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.pdf"
    slide = ("--width-mm", "254", "--aspect", "16:9")
    assert call(capsys, *COMMANDS[name], "-o", str(path), *slide)[0] == 0
    (page,) = PdfReader(path).pages
    assert float(page.mediabox.width) == pytest.approx(254 / 25.4 * 72, abs=0.5)
    assert float(page.mediabox.height) == pytest.approx(142.9 / 25.4 * 72, abs=0.5)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_picture_takes_a_ground(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.png"
    looks = ("-o", str(path), "--palette", "dark", "--ground", "--dpi", "50")
    status, _, err = call(capsys, *COMMANDS[name], *looks)
    assert (status, "dark without a background" in err) == (0, False)
    image = Image.open(path).convert("RGBA")
    assert image.getpixel((1, 1)) == (*bytes.fromhex(DARK.background[1:]), 255)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_picture_has_a_caption(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, said = tmp_path / "a.svg", tmp_path / "a.tex"
    status, out, err = call(capsys, *COMMANDS[name], "-o", str(path), "--caption", str(said))
    assert (status, "caption" in out, err) == (0, False, "")
    caption, bibtex = said.read_text().split("}\n\n", 1)
    assert caption.startswith(rf"\caption{{{CAPTIONS[name]}")
    cited = ",".join(re.findall(r"\\cite\{([\w,]+)\}", caption)).split(",")
    assert list(dict.fromkeys(cited)) == re.findall(r"^@\w+\{(\w+),$", bibtex, re.MULTILINE)
    assert len(cited) > 0


def test_a_blocks_caption_says_what_boxes_and_colours_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    block = ("graph", "resnet50", "--block", "layer4.0", "--caption", "-")
    file = ("-o", str(tmp_path / "a.svg"))
    _, out, _ = call(capsys, *block, "--heat", "params", *file)
    shading = "Shading: parameters per box (weights and biases of all layers). Source: "
    assert f" Each box is a layer. {shading}" in out
    _, out, _ = call(capsys, *block, *file)
    assert "Each box" not in out
    assert "Shading" not in out


def test_a_caption_says_what_boxes_and_colours_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("graph", "resnet18", "--caption", "-", "-o", str(tmp_path / "a.svg"))
    for options, said in (
        ((), ""),
        (("--level", "stage"), " Each box is a stage."),
        (
            ("--heat", "macs"),
            " Shading: MACs per box (multiply-adds of convolutions and linear layers).",
        ),
        (
            ("--heat", "params", "--heat-per", "block"),
            " Shading: parameters per block (weights and biases of all layers).",
        ),
    ):
        _, out, _ = call(capsys, *command, *options)
        cited = r" Architecture: He et al.~\cite{he2016deep}."
        sizes = r" Sizes: channels$\times$height$\times$width."
        assert out.partition("}\n\n")[0].endswith(f"/2: stride 2.{sizes}{said}{cited}")


def test_a_drawing_limited_by_its_height_gets_no_width_as_advice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It used to be told to use 439 mm instead of 85."""
    command = ("graph", "resnet50:stem=deep", "--layout", "column", "--labels", "both")
    _, _, err = call(capsys, *command, "--width-mm", "85", "-o", str(tmp_path / "a.pdf"))
    assert err == "warning: at 85 mm the smallest text is 6.8 pt: draw less of the network\n"


def test_a_caption_is_printed_for_a_dash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.svg"
    command = ("graph", "plain34", "resnet34", "--beside", "vgg19", "-o", str(path))
    assert call(capsys, *command)[:2] == (0, "")
    status, out, _ = call(capsys, *command, "--caption", "-")
    assert status == 0
    profiles = [profile(parse(model)) for model in ("plain34", "resnet34")]
    assert out == graph_caption(profiles, vgg19=True)
    assert re.findall(r"^@\w+\{(\w+),$", out, re.MULTILINE) == ["simonyan2015very", "he2016deep"]
    one = ("graph", "resnet50", "--block", "layer2.0", "-o", str(path), "--caption", "-")
    start = (
        r"\caption{Block layer2.0 of ResNet-50 (\texttt{resnet50}) (projection shortcut dashed). "
        "/2: stride 2. ResNet-50 is v1.5: it "
    )
    assert call(capsys, *one)[1].startswith(start)


def test_a_caption_does_not_replace_its_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.tex"
    command = ("graph", "resnet18", "-o", str(path), "--caption", str(path))
    said = "error: --caption and -o name the same file, 'a.tex'\n"
    assert call(capsys, *command) == (2, "", said)
    assert not path.exists()


def test_a_chart_has_its_own_title_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.pdf"
    titles = {}
    for title in (None, "", "Mine"):
        more = () if title is None else ("--title", title)
        assert call(capsys, *COMMANDS["compare"], "-o", str(path), *more)[0] == 0
        titles[title] = PdfReader(io.BytesIO(path.read_bytes())).pages[0].extract_text()
    own = "ImageNet top-1 accuracy against MACs (conv + linear)"
    assert own in titles[None].replace("\n", " ")
    assert "against" not in titles[""]
    assert "Mine" in titles["Mine"]


def test_letters_that_are_left_out_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = (*COMMANDS["compare"], "-o", str(tmp_path / "a.svg"), "--title", "龘残 ResNet")
    status, _, err = call(capsys, *command)
    assert status == 0
    assert err == "warning: the chart font lacks 龘: left out of the title\n"


@pytest.mark.parametrize(
    ("more", "label"),
    [
        ((), "MACs (conv + linear)"),
        (("--x", "depth", "--y", "IMAGENET1K_V2"), "Torchvision's weights V2, single crop"),
        (("--x", "rtx4090", "--y", "tv"), "AMP, NCHW, batch 1,024, 224 px, torch 2.9.1,"),
        (("--x", "params", "--y", "saved_bytes", "--log", "--size", "depth"), "saved for backward"),
    ],
)
def test_the_axes_of_a_comparison(
    more: tuple[str, ...], label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.pdf"
    status, out, err = call(capsys, *COMMANDS["compare"], *more, "-o", str(path))
    assert status == 0
    assert out == call(capsys, *COMMANDS["compare"])[1]
    text = PdfReader(io.BytesIO(path.read_bytes())).pages[0].extract_text()
    assert label in text
    missing = "warning: Not drawn: no ImageNet top-1 accuracy (torchvision's weights V2) for "
    missing += "ResNet-18.\n"
    cited = "Published, not measured here: RTX 4090, inference, AMP, NCHW, batch 1,024, 224 px"
    says = missing if "IMAGENET1K_V2" in more else cited if "rtx4090" in more else ""
    assert err.startswith(says)
    assert bool(err) is bool(says)


def test_axes_that_span_much_are_logarithmic_unless_asked_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nets = ("compare", "resnet20", "resnet56", "resnet1202", "--no-memory", "--y", "params")
    files = [tmp_path / name for name in ("usual.svg", "log.svg", "linear.svg")]
    for path, more in zip(files, ((), ("--log",), ("--linear",)), strict=True):
        assert call(capsys, *nets, *more, "-o", str(path))[0] == 0
    usual, log, linear = (path.read_text() for path in files)
    assert usual == log != linear


@pytest.mark.parametrize(
    ("batches", "more", "says"),
    [
        ("2", (), "layer1"),
        ("2", ("--chart", "iterations"), "whole iteration, ms"),
        ("1,3", (), r"batch\s3"),
        ("2", ("--chart", "batches"), r"batch\s2"),
    ],
)
def test_the_charts_of_a_timing(
    batches: str,
    more: tuple[str, ...],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "a.pdf"
    quick = ("time", TINY, "--threads", "1", *SHORT, "--batch", batches)
    status, out, err = call(capsys, *quick, *more, "-o", str(path))
    assert (status, err) == (0, "")
    assert TINY in out
    text = PdfReader(io.BytesIO(path.read_bytes())).pages[0].extract_text()
    assert re.search(says, text), text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-o", "a.svg", "--dpi", "100"), "--dpi applies to .png files, not to 'a.svg'"),
        (("-o", "a.png", "--dpi", "1"), "dpi must be 20 to 1,200, not 1"),
        (("-o", "a.svg", "--width-mm", "nan"), "nan is not a number"),
        (("-o", "a.svg", "--palette", "pink"), "'pink' is not one of"),
        (("-o", "a.svg", "--title", "x" * 201), "a title has at most 200 characters, not 201"),
        (("-o", "a.gif"), "'a.gif' must end in .svg, .pdf"),
        (("-o", "/nowhere/a.svg"), "cannot write '/nowhere/a.svg'"),
    ],
)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_look_that_cannot_be_is_one_line(
    name: str, arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = call(capsys, *COMMANDS[name], *arguments)
    assert (status, out) == (2, "")  # before anything is measured or printed
    assert err.startswith("error: ")
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("compare", *NETS, "--palette", "dark"), "--palette applies to the chart of -o: add -o"),
        (("compare", *NETS, "--caption", "a.tex"), "--caption applies to the chart of -o: add -o"),
        (("compare", *NETS, "--ground"), "--ground applies to the chart of -o: add -o FILE"),
        (("compare", *NETS, "--x", "depth"), "--x applies to the chart of -o: add -o FILE"),
        (("compare", *NETS, "--log"), "--log applies to the chart of -o: add -o FILE"),
        (("compare", *NETS, "--linear"), "--linear applies to the chart of -o: add -o FILE"),
        (
            ("compare", *NETS, "--no-memory", "-o", "a.svg", "--x", "beauty"),
            "x: 'beauty' is not a figure of these networks: use one such as depth, params or macs",
        ),
        (
            ("compare", *NETS, "--no-memory", "-o", "a.svg", "--x", "convolution_"),
            "did you mean convolutions? `compare --format csv` has all as columns",
        ),
        (
            ("compare", *NETS, "--no-memory", "-o", "a.svg", "--y", "_bytes"),
            "y: '_bytes' could mean saved_bytes or inference_bytes",
        ),
        (
            ("compare", *NETS, "-o", "a.svg", "--width-mm", "59"),
            "59.0 is not in the range 60<=x<=2000",
        ),
        (("time", TINY, "--chart", "stages"), "--chart applies to the chart of -o: add -o FILE"),
        (
            ("time", TINY, "--batch", "1,2", "-o", "a.svg", "--chart", "stages"),
            "--chart stages takes one batch size, not 2",
        ),
        (("gradients", TINY, "--title", "A"), "--title applies to the chart of -o: add -o FILE"),
    ],
)
def test_options_that_mean_nothing_together(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "least"), [("graph", 20), ("units", 20), ("shape", 20), ("compare", 60)]
)
def test_help_says_the_widths_of_the_command(
    command: str, least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"[{least}<=x<=2000]" in call(capsys, command, "--help")[1]


def test_a_picture_with_a_caption_repeats_nothing_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, said = tmp_path / "a.pdf", tmp_path / "a.tex"
    alone = call(capsys, *COMMANDS["compare"], "-o", str(path))[0]
    note = "Torchvision's weights V1, single crop"
    assert (alone, note in PdfReader(path).pages[0].extract_text()) == (0, True)
    call(capsys, *COMMANDS["compare"], "-o", str(path), "--caption", str(said))
    assert note in said.read_text()
    assert note not in PdfReader(path).pages[0].extract_text()
