"""Sweeps: the file, its points, running them, and what is there already."""

import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from analysis.choice import sweeps
from analysis.choice.points import LesionPoints, TimePoints
from analysis.choice.sweep_files import read_sweep
from analysis.choice.sweeps import Sweep, forecast_text, forecasts, tidy
from analysis.choice.swept_files import FAILED, PLAN, read_folder
from analysis.costs.profiles import profile
from analysis.costs.step import step_memory
from analysis.gradients.curves import GradientSettings
from analysis.gradients.results import run_hash
from analysis.machine import cluster
from analysis.machine import works as machine
from analysis.machine.jobs import Worker
from analysis.machine.process import Cause, Failure
from analysis.machine.works import Outcome, Runner, Work, run_here
from analysis.results.form import read_result
from analysis.results.recorded import recorded
from analysis.training.report import run_of
from analysis.training.verdict import verdict
from tests.analysis import works
from tests.analysis.test_cli import call

EXAMPLES = Path(sweeps.__file__).with_name("examples")
TINY = "input=1x8x8:classes=3:widths=4,8,8:stem_width=4"
GRADIENTS = f"""
models = ["resnet20:{TINY}", "plain20:{TINY}"]
seeds = [0, 7]
[options]
blocks = [1, "1,2,1"]
norm = ["batch", "none"]
[experiment]
kind = "gradients"
batch = 4
"""


TRAIN = f"""
models = ["resnet20:{TINY}:classes=10"]
[options]
blocks = {{ from = 1, to = 2 }}
[experiment]
kind = "KIND"
recipe = "short"
set = {{ steps = 8, batch = 4, precision = "float32" }}
""".replace(":classes=3", "")


def test_points_are_every_combination_and_named_by_what_is_asked() -> None:
    points = read_sweep(GRADIENTS).points
    rest = "widths=4,8,8:stem_width=4:input=1x8x8:classes=3"
    assert [(str(point.spec), point.seed) for point in points] == [
        (f"{base}:blocks={blocks}:{rest}{norm}", seed)
        for seed in (0, 7)
        for base in ("resnet20", "plain20")
        for blocks in ("1,1,1", "1,2,1")
        for norm in ("", ":norm=none")
    ]
    for point in points:
        settings = GradientSettings(seeds=1, first_seed=point.seed, batch=4)
        assert point.name == run_hash([point.spec], settings)


def test_a_whole_number_of_blocks_is_that_of_every_stage_and_equal_points_are_one() -> None:
    text = GRADIENTS.replace('[1, "1,2,1"]', "{ from = 2, to = 6, step = 2 }")
    blocks = dict.fromkeys(point.spec.blocks for point in read_sweep(text).points)
    assert list(blocks) == [(2, 2, 2), (4, 4, 4), (6, 6, 6)]
    twice = GRADIENTS.replace('[1, "1,2,1"]', '[1, "1,1,1"]')
    assert len(read_sweep(twice).points) == 8


def test_several_experiments_and_their_names() -> None:
    text = TRAIN.replace("[experiment]", "[[experiment]]").replace("KIND", "lesions")
    sweep = read_sweep(f'{text}[[experiment]]\nkind = "time"\nbatch = 2\n')
    kinds = [type(point.experiment) for point in sweep.points]
    assert kinds == [LesionPoints, LesionPoints, TimePoints, TimePoints]
    assert len({point.name for point in sweep.points}) == 4


def test_the_example_asks_what_is_recorded_and_says_what_came_of_it() -> None:
    sweep = read_sweep((EXAMPLES / "degradation.toml").read_text())
    assert len(sweep.points) == 30
    results = [recorded(point.name) for point in sweep.points]
    runs = [run_of(result) for result in results if result is not None]
    assert [run.task.hash for run in runs] == [point.name for point in sweep.points]
    said = verdict(runs)
    assert [one.count(";") + 1 for one in said] == [3, 4, 6]  # pairs of networks
    lines = (EXAMPLES / "degradation.md").read_text().splitlines()
    assert [line[2:] for line in lines if line.startswith("- ")] == list(said)


WRONG = {
    'models = ["resnet20"\n': "line 1: Unclosed array",
    "x = 1\nM\nE": (
        "line 1: 'x' isn't a field of a sweep: choose from title, models, seeds, options, "
        "experiment"
    ),
    "\nmodels = [3]\nE": "line 2: models must be a list of strings, such as "
    '["plain20", "resnet20"]',
    'models = ["resnet19"]\nE': (
        "line 1: 'resnet19' is not a model: did you mean resnet18, resnet10 or resnet152?"
    ),
    "M\nseeds = 0\nE": "line 2: seeds must be 1 to 10,000, not 0",
    "M\nseeds = [0, -1]\nE": "line 2: seeds must be 0 to 2,147,483,647, not -1",
    "M\nseeds = { from = 3, to = 1 }\nE": (
        "line 2: seeds must go up: from at most to, and step at least 1"
    ),
    "M\nseeds = { from = 3, end = 1 }\nE": (
        "line 2: seeds has no 'end': a range has from, to and step"
    ),
    "M\ntitle = 1\nE": "line 2: title must be a string",
    "M": "line 1: the experiment is missing: write [experiment] and its kind",
    "M\n[experiment]\nbatch = 2": (
        "line 2: the experiment has no kind: choose from gradients, direction, train, lesions, time"
    ),
    'M\n[experiment]\nkind = "x"': (
        "line 3: kind must be one of gradients, direction, train, lesions, time, not 'x'"
    ),
    "M\nE\n\nbatch = 0": "line 5: batch must be 1 to 65,536, not 0",
    'M\nE\ndtype = "float8"': "line 4: dtype must be one of float32, float64, not 'float8'",
    "M\nE\nnoise = 1": (
        "line 4: 'noise' isn't a setting of gradients: choose from device, threads, "
        "max_seconds, max_memory_mb, batch, dtype, images"
    ),
    "M\nE\nmax_seconds = 0": "line 4: max_seconds must be above 0, not 0",
    'M\nE\nimages = "picture"': "line 4: images can't be a picture in a sweep",
    "M\nE\n[options]\n\nnorms = []": (
        "line 6: 'norms' isn't an option of a network: choose from blocks, widths, block, "
        "expansion, "
    ),
    'M\nE\n[options]\nnorm = ["batch", "x"]': (
        "line 5: norm must be one of batch, group, none, not 'x'"
    ),
    "M\nE\n[options]\nnorm = [1]": "line 5: norm must be a string such as 'batch', not 1",
    "M\nE\n[options]\nblocks = []": "line 5: blocks has no values",
    'M\nE\n[options]\nwidths = "1,2"': (
        "line 4: resnet20 can't have widths=1,2: widths lists 2 stages but blocks lists 3: "
        "the numbers must be equal"
    ),
    'M\n[experiment]\nkind = "train"': "line 2: train needs a recipe",
    'M\n[experiment]\nkind = "train"\nrecipe = "x"': "line 4: 'x' isn't a recipe: choose one of ",
    'M\n[experiment]\nkind = "train"\nrecipe = "short"\nset = { rate = -1 }': (
        "line 5: rate must be above 0 and at most 10, not -1"
    ),
    'M\n[experiment]\nkind = "train"\nrecipe = "short"\ndata = "nowhere"': (
        "line 5: there is no folder nowhere"
    ),
    'M\n[[experiment]]\nkind = "time"\n[[experiment]]\nkind = "time"\nbatch = 0': (
        "line 6: batch must be 1 to 65,536, not 0"
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_a_broken_file_is_one_sentence_with_its_line(text: str) -> None:
    short = {"M": 'models = ["resnet20"]', "E": '[experiment]\nkind = "gradients"'}
    whole = "\n".join(short.get(line, line) for line in text.split("\n"))
    with pytest.raises(ValueError, match=r"^line \d+: .*") as raised:
        read_sweep(whole)
    said, expected = str(raised.value), WRONG[text]
    assert said.startswith(expected) if expected.endswith(" ") else said == expected


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run work in a process without torch."""
    worker = Worker(works.nothing)
    monkeypatch.setattr(machine, "worker", lambda: worker)
    yield
    worker.close()


def run_all(*pieces: Work) -> list[Outcome]:
    return list(run_here(pieces, lambda name, news: None, lambda: 0))


@pytest.mark.usefixtures("bare")
def test_only_a_death_is_tried_again_and_three_times_at_most(tmp_path: Path) -> None:
    book = tmp_path / "book"

    def tried(name: str) -> int:
        return book.read_text().count(name)

    found = run_all(
        Work("d", works.sign_and_leave, (book, "d")),
        Work("r", works.sign_and_refuse, (book, "r")),
        Work("t", works.sign_and_stay, (book, "t"), seconds=0.2),
        Work("m", works.sign_and_fill, (book, "m"), memory_bytes=50_000_000),
        Work("e", works.echo, (3,)),
    )
    assert [(one.name, one.tries, tried(one.name)) for one in found[:4]] == [
        ("d", 3, 3),
        ("r", 1, 1),
        ("t", 1, 1),
        ("m", 1, 1),
    ]
    failures = [one.failure for one in found]
    assert failures[0] == Failure(
        Cause.CRASH,
        "the worker process was killed: the machine may have run out of memory, 3 times",
    )
    assert failures[1] == Failure(Cause.REFUSED, "batch must be 1 to 8, not 9")
    assert failures[2] == Failure(Cause.TIME, "the job was stopped at its time limit of 0.2 s")
    assert failures[3] is not None
    assert failures[3].cause is Cause.MEMORY
    assert (found[4].result, found[4].failure) == (3, None)


@pytest.mark.usefixtures("bare")
def test_a_stop_lets_the_running_work_end_and_a_second_one_cancels_it(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    pieces = [Work("a", works.hold, (gate,)), Work("b", works.echo, (1,))]
    asked = 0

    def stop(name: str, news: object) -> None:
        nonlocal asked
        asked = 1
        gate.write_text("out")

    assert list(run_here(pieces, stop, lambda: asked)) == [Outcome("a", "out")]

    def cancel(name: str, news: object) -> None:
        nonlocal asked
        asked = 2

    asked = 0
    assert list(run_here(pieces, cancel, lambda: asked)) == []


class Recorder:
    """Runs points in this process and remembers them."""

    def __init__(self) -> None:
        self.ran: list[Work] = []

    def __call__(
        self, works: Iterable[Work], tell: machine.Tell, asked: machine.Asked
    ) -> Iterator[Outcome]:
        for work in works:
            self.ran.append(work)
            try:
                yield Outcome(work.name, work.function(lambda news: None, *work.arguments))
            except ValueError as error:
                yield Outcome(work.name, None, Failure(Cause.REFUSED, str(error)))


def run_sweep(sweep: Sweep, folder: Path) -> list[str]:
    """Run what a folder lacks and return the names of the points that were run."""
    recorder = Recorder()
    runner: Runner = recorder
    list(sweeps.run(sweep.to_run(folder), folder, runner))
    return [work.name for work in recorder.ran]


def test_what_is_there_is_not_run_again_and_what_is_damaged_is(tmp_path: Path) -> None:
    sweep = read_sweep(GRADIENTS)
    names = [point.name for point in sweep.points]
    assert run_sweep(sweep, tmp_path) == names
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{n}.json" for n in names)
    assert run_sweep(sweep, tmp_path) == []
    one = tmp_path / f"{names[3]}.json"
    whole = one.read_text()
    one.write_text(whole[: len(whole) // 2])
    (tmp_path / f"{names[5]}.json").write_text(whole)  # of another point
    (tmp_path / f"{names[8]}.json").unlink()
    assert run_sweep(sweep, tmp_path) == [names[3], names[5], names[8]]
    assert read_result(one).hash == names[3]


def test_trainings_and_lesions_share_their_trainings(tmp_path: Path) -> None:
    trained = read_sweep(TRAIN.replace("KIND", "train"))
    assert len(run_sweep(trained, tmp_path)) == 2
    for point in trained.points:
        weights = tmp_path / f"{point.name}.safetensors"
        whole = weights.read_bytes()
        weights.write_bytes(whole[:-4])
        assert not point.is_there(tmp_path)
        weights.write_bytes(whole)
        assert point.is_there(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    studied = read_sweep(TRAIN.replace("KIND", "lesions") + "images = 5\n")
    assert len(run_sweep(studied, tmp_path)) == 2
    assert {path: path.read_bytes() for path in before} == before
    assert len(list(tmp_path.glob("*.json"))) == 4
    assert run_sweep(studied, tmp_path) == []
    assert run_sweep(trained, tmp_path) == []
    kinds = sorted(read_result(path).kind for path in tmp_path.glob("*.json"))
    assert kinds == ["lesions", "lesions", "train", "train"]

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert len(run_sweep(studied, elsewhere)) == 2  # trains first
    assert {path.name for path in elsewhere.iterdir()} == {
        path.name for path in tmp_path.iterdir() if path.is_file()
    }


def test_a_failed_point_is_a_file_until_it_runs(tmp_path: Path) -> None:
    sweep = read_sweep(GRADIENTS)
    point = sweep.points[0]

    def fail(works: Iterable[Work], tell: machine.Tell, asked: machine.Asked) -> Iterator[Outcome]:
        for work in works:
            yield Outcome(work.name, None, Failure(Cause.TIME, "too long"), 1)

    (ended,) = sweeps.run([point], tmp_path, fail)
    assert ended.failure == Failure(Cause.TIME, "too long")
    (path,) = tmp_path.iterdir()
    assert path.name == f"{point.name}{FAILED}"
    found = read_result(path)
    assert found.kind == "gradients failed"
    assert found.asked == {"model": str(point.spec), "seed": 0, "point": point.name}
    assert found.figures == {"cause": "time", "sentence": "too long", "tries": 1}
    list(sweeps.run([point], tmp_path, Recorder()))
    assert [path.name for path in tmp_path.iterdir()] == [f"{point.name}.json"]


def test_timings_come_last() -> None:
    text = '[[experiment]]\nkind = "time"\n[[experiment]]\nkind = "direction"\n'
    sweep = read_sweep(f'models = ["resnet20", "plain20"]\n{text}')
    found = [point.experiment.kind for point in sweep.to_run(Path("nowhere"))]
    assert found == ["direction", "direction", "time", "time"]
    assert [point.work(Path()).is_timing for point in sweep.points] == [True, True, False, False]


def test_half_written_files_are_deleted_unless_they_are_new(tmp_path: Path) -> None:
    old, new = tmp_path / ".0123456789abcdef.json.x", tmp_path / ".0123456789abcdef.json.y"
    other, plan = tmp_path / ".git", tmp_path / ".0123456789abcdef.sweep.x"
    for path in (old, new, other, plan):
        path.touch()
    for path in (old, other, plan):
        os.utime(path, (time.time() - 90,) * 2)
    tidy(tmp_path)
    assert sorted(tmp_path.iterdir()) == [new, other]


def test_the_forecast(tmp_path: Path) -> None:
    """Predict trainings from those that are there; say what can't run."""
    wrong = f"resnet20:{TINY}"
    text = TRAIN.replace("KIND", "train").replace('models = ["', f'models = ["{wrong}", "')
    sweep = read_sweep(text)
    list(sweeps.run(sweep.points[2:3], tmp_path, Recorder()))
    found = forecasts(sweep, tmp_path)
    assert [one.is_there for one in found] == [False, False, True, False]
    there, other = found[2], found[3]
    assert there.need
    assert other.need
    cost = profile(there.point.spec, batch=4)
    assert there.need.macs == 3 * 8 * cost.macs
    assert there.need.bytes == step_memory(there.point.spec, 4).peak_bytes
    run = run_of(read_result(tmp_path / f"{there.point.name}.json"))
    assert there.seconds == pytest.approx(run.seconds)
    assert other.seconds == pytest.approx(run.seconds * other.need.macs / there.need.macs)
    said = forecast_text("A title", found, width=500).splitlines()
    assert said[0] == "A title"
    assert said[1].startswith("4 points: 1 done, 3 to run; the largest takes ")
    assert said[3].split() == ["network", "seeds", "memory", "MACs", "time", "state"]
    assert [line.split()[-1] for line in said[4:8]] == ["here", "here", "done", "run"]
    refused = " ".join(f"- {one.refusal}" for one in found[:2])
    assert " ".join(said).endswith(f"Can't run here: {refused}")
    assert found[0].refusal.startswith(
        f"{sweep.points[0].spec} has 3 outputs and the images have 10 classes: use "
    )


def test_a_forecast_has_a_row_for_each_setting(tmp_path: Path) -> None:
    """Seeds share a row; an experiment's number is there if there are several, a time if known."""
    one = 'models = ["plain20", "resnet20"]\nseeds = 3\n[[experiment]]\nkind = "gradients"\n'
    text = forecast_text("", forecasts(read_sweep(one), tmp_path))
    head, *rows = (re.split(r"\s{2,}", line) for line in text.splitlines()[2:])
    assert head == ["network", "seeds", "memory", "MACs", "state"]
    assert [row[:2] for row in rows] == [
        ["plain, 20 layers", "0 to 2"],
        ["residual, 20 layers", "0 to 2"],
    ]
    two = forecast_text(
        "", forecasts(read_sweep(f'{one}[[experiment]]\nkind = "time"\n'), tmp_path)
    )
    head, *rows = (re.split(r"\s{2,}", line) for line in two.splitlines()[2:])
    assert head == ["experiment", "network", "seeds", "memory", "MACs", "time", "state"]
    assert [row[0] for row in rows] == ["1, gradients"] * 2 + ["2, time"] * 2


def test_the_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run two points without the extra, and again; then one that can't be measured."""
    monkeypatch.setattr(cluster, "has_dask", lambda: False)
    monkeypatch.setattr(cluster, "processes", lambda devices: 2)
    file, folder = tmp_path / "sweep.toml", tmp_path / "results"
    text = f'models = ["resnet20:{TINY}"]\nseeds = 2\n[experiment]\nkind = "gradients"\nbatch = 1\n'
    file.write_text(text)
    names = sorted(f"{point.name}.json" for point in read_sweep(text).points)
    status, out, err = call(capsys, "sweep", str(file), "-o", str(folder), "--dry-run")
    assert (status, err) == (0, "")
    assert out.startswith("2 points: 0 done, 2 to run; the largest takes ")
    assert not folder.exists()
    status, out, err = call(capsys, "sweep", str(file), "-o", str(folder))
    assert (status, out) == (0, "2 points: 0 there, 2 run\n")
    assert err == ("one point at a time: 2 at once need pip install -r requirements-cluster.txt\n")
    assert sorted(path.name for path in folder.glob("*.json")) == names
    (plan,) = set(folder.iterdir()) - set(folder.glob("*.json"))
    assert plan.suffix == PLAN
    found = read_folder(folder)
    assert (found.asked, found.done, found.is_over, found.problems) == (2, 2, True, ())
    status, out, err = call(capsys, "sweep", str(file), "-o", str(folder))
    assert (status, out, err) == (0, "2 points: 2 there, 0 run\n", "")
    file.write_text(text.replace("classes=3", "classes=1").replace("seeds = 2", ""))
    point = read_sweep(file.read_text()).points[0]
    status, out, err = call(capsys, "sweep", str(file), "-o", str(folder))
    assert (status, out) == (1, "1 point: 0 there, 0 run, 1 failed\n")
    why = (
        f"{point.spec} has one class, and the cross-entropy over one class has no gradient: use 2 "
        "classes or more"
    )
    assert err == (
        f"failed: gradients of {point.spec}, seed 0: {why}\nerror: 1 of 1 point failed\n"
    )
    assert (folder / f"{point.name}{FAILED}").exists()


def test_what_the_command_refuses(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "has_dask", lambda: False)
    file = tmp_path / "sweep.toml"

    def refused(*options: str) -> str:
        status, out, err = call(capsys, "sweep", str(file), "-o", str(tmp_path / "out"), *options)
        assert (status, out) == (2, "")
        return err

    assert refused() == f"error: cannot read {str(file)!r}: No such file or directory\n"
    file.write_bytes(b"title = '\xff'")
    assert refused() == "error: 'sweep.toml' isn't UTF-8 text\n"
    file.write_text("models = 3")
    assert refused() == (
        'error: line 1: models must be a list of strings, such as ["plain20", "resnet20"]\n'
    )
    file.write_text(GRADIENTS)
    assert refused("--scheduler", "tcp://127.0.0.1:1") == (
        "error: --scheduler needs pip install -r requirements-cluster.txt\n"
    )
