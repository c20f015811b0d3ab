"""Training from given weights in place of new ones."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from analysis.lesions.shipped import SHIPPED, shipped_path
from analysis.machine.devices import seeded
from analysis.training import checkpoints, states
from analysis.training.loop import Training, check, finish
from analysis.training.report import read_run, run_result, runs_dict
from analysis.training.runs import Start, Task, tasks_of
from analysis.training.start import check_start, fits, start_of
from analysis.training.verdict import names_of
from nets import build, parse
from tests.analysis.toys import NET, toy_recipe, toy_set, toy_task


@pytest.fixture
def earlier(tmp_path: Path) -> Training:
    """Return a training whose checkpoint is `earlier.safetensors`."""
    training = Training(toy_task(seed=5), toy_set())
    finish(training)
    states.save(training, tmp_path / "earlier.safetensors")
    return training


def test_a_run_continues_from_the_weights(earlier: Training, tmp_path: Path) -> None:
    start = start_of(tmp_path / "earlier.safetensors")
    task = toy_task(start=start)
    assert check(task, toy_set()) == 8
    begun = Training(task, toy_set())
    for name, value in begun.model.state_dict().items():
        assert torch.equal(value, earlier.model.state_dict()[name]), name
    finish(begun)
    assert begun.is_whole
    new = Training(toy_task(), toy_set())
    finish(new)
    assert begun.losses[0] < new.losses[0]
    assert begun.losses != new.losses


def test_a_classifier_for_other_classes_starts_new(earlier: Training, tmp_path: Path) -> None:
    start = start_of(tmp_path / "earlier.safetensors")
    four = replace(toy_set(), classes=("top", "middle", "below", "none"))
    spec = parse(NET.replace("classes=3", "classes=4"))
    begun = Training(Task(spec, toy_recipe(), "toy", start=start), four)
    with seeded(0):
        new = build(spec).state_dict()
    for name, value in begun.model.state_dict().items():
        given = new if name.startswith("fc.") else earlier.model.state_dict()
        assert torch.equal(value, given[name]), name
    assert fits(earlier.task.spec, spec)


def test_a_backbone_and_half_precision_are_taken(tmp_path: Path) -> None:
    spec = parse(NET)
    with seeded(3):
        backbone = build(replace(spec, classes=0)).half().state_dict()
    path = tmp_path / "backbone.pth"
    torch.save({"state_dict": {f"backbone.{name}": v for name, v in backbone.items()}}, path)
    begun = Training(toy_task(start=start_of(path)), toy_set())
    for name, value in begun.model.state_dict().items():
        if not name.startswith("fc."):
            assert torch.equal(value, backbone[name].to(value.dtype)), name


def test_the_weights_are_part_of_what_was_asked(earlier: Training, tmp_path: Path) -> None:
    path = tmp_path / "earlier.safetensors"
    start = start_of(path)
    assert start.digest == checkpoints.load(path).digest
    task, plain = toy_task(start=start), toy_task()
    assert "start" not in plain.asked()
    assert task.asked() == {**plain.asked(), "start": start.digest}
    assert task.hash != plain.hash
    assert toy_task(start=Start(start.digest)).hash == task.hash
    run, other = Training(task, toy_set()).run(), Training(plain, toy_set()).run()
    result = run_result(run)
    again = read_run({"asked": result.asked, "stamp": result.stamp, **result.figures})
    assert again.task.start == Start(start.digest)
    assert again.task.hash == run.task.hash
    assert [one["start"] for one in runs_dict([run, other])["runs"]] == [start.digest, None]
    names = names_of([[run], [other]])
    assert names == (
        f"residual, 8 layers, from weights {start.digest[:6]}",
        "residual, 8 layers, from new weights",
    )


def test_a_stopped_run_resumes_from_its_state(earlier: Training, tmp_path: Path) -> None:
    task = toy_task(start=start_of(tmp_path / "earlier.safetensors"))
    whole = Training(task, toy_set())
    finish(whole)
    half = Training(task, toy_set())
    finish(half, stop=lambda: half.steps == 4)
    states.save_state(half, tmp_path / "half.state.safetensors")
    resumed = Training(task, toy_set())
    states.resume(resumed, tmp_path / "half.state.safetensors")
    finish(resumed)
    assert resumed.losses == whole.losses
    with pytest.raises(ValueError, match="belongs to another run"):
        states.resume(Training(toy_task(), toy_set()), tmp_path / "half.state.safetensors")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (NET.replace("1,1,1", "1,1,2"), "they lack layer3.1.conv1.weight"),
        (NET.replace("4,8,8", "4,8,9"), "layer3.0.conv1.weight is 8×8×3×3 and must be 9×8×3×3"),
        (NET.replace("1x8x8", "3x8x8"), "conv1.weight is 4×1×3×3 and must be 4×3×3×3"),
        (
            NET.replace("1,1,1", "1,1").replace("4,8,8", "4,8"),
            "which has no layer3.0.conv1.weight",
        ),
        (f"{NET}:norm=none", "which has no bn1.weight"),
    ],
)
def test_weights_of_another_network_are_refused(
    earlier: Training, tmp_path: Path, model: str, said: str
) -> None:
    start = start_of(tmp_path / "earlier.safetensors")
    spec = parse(model)
    assert not fits(earlier.task.spec, spec)
    with pytest.raises(ValueError, match=f"^the weights of {NET} don't fit {spec}.*{said}$"):
        check(toy_task(model=str(spec), start=start), toy_set())


def test_what_leaves_shapes_alone_may_differ(earlier: Training, tmp_path: Path) -> None:
    start = start_of(tmp_path / "earlier.safetensors")
    for edit in (":activation=silu", ":dropout=0.3", ":softmax=1", ":dilate=0,1"):
        spec = parse(NET + edit)
        check_start(start, spec)
        assert fits(earlier.task.spec, spec)


def test_a_file_that_changed_or_is_gone_is_told(earlier: Training, tmp_path: Path) -> None:
    path = tmp_path / "earlier.safetensors"
    start = start_of(path)
    states.save(Training(toy_task(seed=9), toy_set()), path)
    with pytest.raises(ValueError, match=r"^earlier.safetensors has changed: choose its weights"):
        Training(toy_task(start=start), toy_set())
    path.unlink()
    with pytest.raises(ValueError, match=r"^cannot read 'earlier.safetensors': No such file"):
        check(toy_task(start=start), toy_set())
    with pytest.raises(ValueError, match=r"^the weights 0123456789abcdef aren't here$"):
        check(toy_task(start=Start("0123456789abcdef")), toy_set())
    earlier.model.state_dict()["conv1.weight"][0] = torch.nan
    states.save(earlier, path)
    with pytest.raises(ValueError, match=r"^the weights are unusable: conv1.weight isn't finite$"):
        Training(toy_task(start=start_of(path)), toy_set())


def test_the_shipped_networks_are_starts_of_their_models() -> None:
    for name, net in SHIPPED.items():
        check_start(start_of(shipped_path(name)), parse(net.model))


def test_a_request_shares_its_start(earlier: Training, tmp_path: Path) -> None:
    start = start_of(tmp_path / "earlier.safetensors")
    tasks = tasks_of([parse(NET)], toy_recipe(), "toy", toy_set(), range(2), start=start)
    assert [task.start for task in tasks] == [start, start]
