"""Results as files and their store."""

import gzip
import json
import os
import re
from pathlib import Path

import pytest

from analysis.results import store as stores
from analysis.results.form import Result, hash_of, read_result
from analysis.results.recorded import recorded, recordings
from analysis.results.store import Store


def result(seed: int = 0, kind: str = "train") -> Result:
    figures = {"losses": [2.0, 1.0], "rows": [{"a": 1}, {"a": 2}]}
    return Result(
        kind, {"seed": seed, "models": ["resnet20"]}, {"device": "cpu"}, figures, ("rows",)
    )


def test_a_file_has_the_one_form(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    result().write(path)
    values = json.loads(path.read_text())
    assert list(values) == ["kind", "asked", "hash", "stamp", "losses", "rows"]
    assert values["hash"] == result().hash
    assert read_result(path) == result()


def test_a_file_may_be_compressed(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    whole = gzip.compress(result().json().encode())
    path.write_bytes(whole)
    assert read_result(path) == result()
    broken = (whole[:-12], whole[:20] + b"x" + whole[21:], result().json().encode(), b"")
    for damaged in broken:  # cut off, changed, not compressed, empty
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="is not a result of this app, or is damaged"):
            read_result(path)


def test_a_hash_is_of_values() -> None:
    assert hash_of("train", {"a": 1, "b": [2.0]}) == hash_of("train", {"b": (2,), "a": 1.0})
    assert hash_of("train", {"a": 1}) != hash_of("gradients", {"a": 1})
    assert hash_of("train", {"seed": 0}) == "0c6d6b6983010562"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a.json is not a result of this app, or is damaged"),
        ("[]", "a.json is not a result of this app, or is damaged"),
        ('{"kind": "train"}', "a.json is not a result of this app, or is damaged"),
        (
            '{"kind": "train", "asked": {"seed": 1}, "hash": "0", "stamp": {}}',
            "a.json was changed: its hash doesn't match what was asked",
        ),
    ],
)
def test_a_bad_file_is_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        read_result(path)


def test_a_store_outlives_its_owner(tmp_path: Path) -> None:
    assert Store(tmp_path / "new").keep(result())
    again = Store(tmp_path / "new")
    assert again.find(result().hash) == result()
    assert list(again.all("train")) == [result()]
    assert list(again.all("gradients")) == []
    assert again.find(result(1).hash) is None
    with pytest.raises(ValueError, match="is not a result's hash"):
        again.path("../../etc/passwd")


def test_a_store_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "MAX_FILES", 2)
    store = Store(tmp_path)
    for seed in range(3):
        store.keep(result(seed))
        store.path(result(seed).hash, ".safetensors").write_bytes(b"weights")
        for path in tmp_path.glob(f"{result(seed).hash}.*"):
            os.utime(path, ns=(seed, seed))
    store.keep(result(3))
    assert {path.stem for path in tmp_path.iterdir()} == {result(2).hash, result(3).hash}
    monkeypatch.setattr(stores, "MAX_STORE_BYTES", 1)
    store.keep(result(4))
    assert {path.stem for path in tmp_path.iterdir()} == {result(4).hash}


def test_a_store_takes_what_another_machine_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MAX_FILES", 1)
    there, here = Store(tmp_path / "there"), Store(tmp_path / "here")
    here.keep(result(1))
    there.keep(result())
    there.path(result().hash, ".safetensors").write_bytes(b"weights")
    files = {path.name: path.read_bytes() for path in there.folder.iterdir()}
    here.take(files | {"../other.json": b"{}"})
    assert here.find(result().hash) == result()
    assert {path.name: path.read_bytes() for path in here.folder.iterdir()} == files
    assert not (tmp_path / "other.json").exists()


def test_a_store_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "folder")
    store.take({f"{result().hash}.json": b"{}"})
    assert not store.keep(result())
    assert store.find(result().hash) is None
    assert list(store.all("train")) == []


def test_recorded_results_are_named_by_what_was_asked_and_say_where() -> None:
    found = recordings()
    assert {result.kind for result in found.values()} == {
        *("direction", "gradients", "lesions", "paths", "time", "train")
    }
    for name, result in found.items():
        assert recorded(name) is result
        assert result.hash == name
        assert result.stamp["date"].startswith("2026-")
    assert recorded("0" * 16) is None


def test_recorded_timings_are_steady_and_their_memory_is_as_predicted() -> None:
    """Uncompiled, the stages sum to the whole, and the peak is at most 15% above the prediction."""
    for result in recordings().values():
        if result.kind == "time" and not result.asked["compile"]:
            figures = result.figures
            assert figures["stable"]
            assert figures["interval"] < 0.06
            assert 0.93 < figures["stage_sum_ratio"] < 1.07
            assert 1 <= figures["peak_memory_bytes"] / figures["predicted_bytes"] < 1.15
