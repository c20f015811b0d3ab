"""Settings of a timing: limits, sweeps and memory."""

import pickle
from dataclasses import replace
from typing import Any

import pytest
import torch

import analysis
from analysis.costs.step import Dtype, step_memory
from analysis.timing import settings as module
from analysis.timing.settings import (
    MAX_SWEEP,
    Settings,
    check_fits,
    largest_batch,
    predicted_bytes,
    sweep,
)
from nets import parse


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"device": "tpu"}, "device must be one of cpu"),
        ({"batch": 0}, "batch must be 1 to 65,536, not 0"),
        ({"batch": 65_537}, "batch must be 1 to 65,536, not 65,537"),
        ({"batch": True}, "batch must be 1 to 65,536, not True"),
        ({"batch": 2.0}, "batch must be 1 to 65,536, not 2.0"),
        ({"dtype": "float64"}, "dtype must be one of float32, bfloat16, float16, not 'float64'"),
        ({"threads": 0}, "threads must be 1 to"),
        ({"threads": 100_000}, "threads must be 1 to"),
        ({"precision": 0.0}, "precision must be 0.001 to 0.5, not 0.0"),
        ({"precision": float("nan")}, "precision must be 0.001 to 0.5, not nan"),
        ({"seconds": 601}, "seconds must be 0.1 to 600, not 601"),
        ({"seconds": float("inf")}, "seconds must be 0.1 to 600, not inf"),
        ({"seed": -1}, "seed must be 0 to 4,294,967,295, not -1"),
        ({"compile": 1}, "compile must be on or off, not '1'"),
        ({"blocks": 1}, "blocks must be on or off, not '1'"),
        ({"blocks": True, "compile": True}, "time per block needs a network that isn't"),
        ({"tf32": True}, "TF32 needs a CUDA device, not cpu"),
        ({"dtype": "float16"}, "float16 on the CPU is for inference only"),
    ],
)
def test_limits(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}") as error:
        Settings(**options)
    assert "\n" not in str(error.value)


def test_settings_are_values() -> None:
    settings = Settings(batch=2, dtype="bfloat16")  # type: ignore[arg-type]
    assert settings.dtype is Dtype.BFLOAT16
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert Settings(dtype=Dtype.FLOAT16, inference=True).dtype.torch is torch.float16


def test_a_sweep_keeps_its_order() -> None:
    swept = sweep(Settings(threads=1), [8, 2, 4])
    assert [s.batch for s in swept] == [8, 2, 4]
    assert {s.threads for s in swept} == {1}


@pytest.mark.parametrize(
    ("batches", "says"),
    [
        ([], f"a sweep takes 1 to {MAX_SWEEP} batches, not 0"),
        (range(1, MAX_SWEEP + 2), f"a sweep takes 1 to {MAX_SWEEP} batches, not 17"),
        ([2, 4, 2], "a sweep takes each batch only once"),
        ([2, 0], "batch must be 1 to 65,536, not 0"),
    ],
)
def test_limits_of_a_sweep(batches: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}$"):
        sweep(Settings(), batches)


@pytest.mark.parametrize("dtype", [Dtype.FLOAT32, Dtype.BFLOAT16])
@pytest.mark.parametrize("inference", [False, True])
@pytest.mark.parametrize("text", ["resnet18", "resnet20", "resnet50:input=3x64x64"])
def test_the_largest_batch_is_the_largest(text: str, inference: bool, dtype: Dtype) -> None:
    spec = parse(text)
    settings = Settings(inference=inference, dtype=dtype)
    available = 3_000_000_000
    n = largest_batch(spec, settings, available)

    def needed(batch: int) -> int:
        return predicted_bytes(analysis.profile(spec, batch=batch), settings)

    assert needed(n) <= available < needed(n + 1)


def test_no_image_fits() -> None:
    assert largest_batch(parse("resnet18"), Settings(), 1_000_000) == 0


def test_predicted_memory_of_float32() -> None:
    cost = analysis.profile(parse("resnet50"), batch=4)
    parameters = 4 * cost.params
    assert predicted_bytes(cost, Settings(inference=True)) == cost.inference_bytes
    step = step_memory(parse("resnet50"), 4).peak_bytes
    assert predicted_bytes(cost, Settings()) == step
    assert predicted_bytes(cost, Settings(optimiser=False)) == step - parameters


def test_a_batch_that_cannot_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_bytes", lambda device: 1_000_000_000)
    spec = parse("resnet50")
    settings = Settings(batch=64)
    fits = largest_batch(spec, settings, 1_000_000_000)
    sentence = (
        rf"^batch 64 is predicted to need 5\.76 GB, and cpu has 1\.00 GB free: a batch of {fits} "
        "would fit$"
    )
    with pytest.raises(ValueError, match=sentence):
        check_fits(analysis.profile(spec, batch=64), settings)
    check_fits(analysis.profile(spec, batch=fits), replace(settings, batch=fits))
    monkeypatch.setattr(module, "free_bytes", lambda device: 1_000)
    with pytest.raises(ValueError, match="not even one image would fit"):
        check_fits(analysis.profile(spec, batch=2), replace(settings, batch=2))
