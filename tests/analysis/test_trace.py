"""The trace of one iteration by torch's profiler."""

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.timing.passes import Passes
from analysis.timing.settings import Settings
from analysis.timing.trace import WARM_UP, trace
from nets import parse
from tests.analysis.test_cli import call

TINY = "resnet20:blocks=2,1:widths=4,8:stem_width=4:input=3x8x8"
BLOCKS = ["stem", "layer1.0", "layer1.1", "layer2.0", "head"]


def traced(**options: Any) -> dict[str, Any]:
    settings = Settings(**{"batch": 2, "threads": 1, **options})
    found = trace(lambda _: None, parse(TINY), settings)
    assert (found.model, found.settings) == (TINY, settings)
    read: dict[str, Any] = json.loads(found.text)
    return read


def ranges(read: dict[str, Any], category: str) -> list[dict[str, Any]]:
    """Return the events of a category that have a length, in order of time."""
    found = [event for event in read["traceEvents"] if event.get("cat") == category]
    return sorted(found, key=lambda event: float(event["ts"]))


@pytest.mark.parametrize("inference", [False, True])
def test_it_is_one_iteration_with_every_block(inference: bool) -> None:
    read = traced(inference=inference)
    named = ranges(read, "user_annotation")
    assert [event["name"] for event in named if event["name"] in BLOCKS] == BLOCKS
    operators = [event["name"] for event in ranges(read, "cpu_op")]
    convolutions = 1 + 2 * 3 + 1  # and one projection or none
    assert operators.count("aten::conv2d") in (convolutions - 1, convolutions)
    assert ("aten::convolution_backward" in operators) is not inference
    steps = [name for name in operators if "Optimizer" in name]
    assert bool(steps or [e for e in named if "Optimizer.step" in e["name"]]) is not inference
    ends = [float(event["ts"]) + float(event["dur"]) for event in named if event["name"] in BLOCKS]
    assert ends == sorted(ends)


def test_it_says_what_was_asked_and_where_but_not_whose_machine_it_was() -> None:
    read = traced(inference=True)
    assert read["traceName"] == TINY
    assert "host_name" not in read
    assert "/tmp" not in json.dumps(read["traceName"])
    asked = read["resnet_lab"]["asked"]
    assert (asked["model"], asked["batch"], asked["inference"]) == (TINY, 2, True)
    assert read["resnet_lab"]["stamp"]["accelerator"] is None


def test_it_warms_up_before(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    run = Passes.run
    monkeypatch.setattr(Passes, "run", lambda self, steps: runs.append(run(self, steps)))
    traced()
    assert len(runs) == WARM_UP + 1


def test_it_fails_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"^input 3x4x4 is too small at batch 1"):
        trace(lambda _: None, parse("resnet20:input=3x4x4"), Settings(batch=1))
    with pytest.raises(ValueError, match=r"is predicted to need .*, and cpu has"):
        trace(lambda _: None, parse("resnet152"), Settings(batch=60_000))

    def fail(self: object, steps: object) -> None:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(Passes, "run", fail)
    with pytest.raises(RuntimeError, match=r"^torch can't run resnet20 in float32 on cpu: no such"):
        traced()


def test_the_command_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    quick = ("time", TINY, "--threads", "1", "--seconds", "0.3", "--batch", "2")
    status, out, _ = call(capsys, *quick, "--trace", str(path), "--blocks", "--format", "json")
    assert status == 0
    assert [block["name"] for block in json.loads(out)["blocks"]] == BLOCKS[1:-1]
    assert json.loads(path.read_text())["traceName"] == TINY
    for arguments, says in (
        (("--trace", "a.txt"), "--trace writes JSON: a.txt must end in .json"),
        (("--trace", "a.json", "--batch", "1,2"), "--trace takes one batch size, not 2"),
        (("--chart", "blocks", "-o", "a.svg"), "--chart blocks needs block times: add --blocks"),
        (("--blocks", "--compile"), "time per block needs a network that isn't compiled"),
    ):
        status, _, err = call(capsys, *quick, *arguments)
        assert (status, err.strip().removeprefix("error: ")) == (2, says)
