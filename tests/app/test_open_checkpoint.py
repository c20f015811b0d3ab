"""A checkpoint opened on Explore: recognised, shown as a model, and taken apart on Lesions."""

import io

import torch
from streamlit.testing.v1 import AppTest

from analysis.training.uploads import uploaded
from nets import build, parse
from tests.app.conftest import Open
from tests.app.test_explore import html, markdown
from tests.app.test_timing import press

TINY = "resnet20:blocks=1,1,1"
KIND = "application/octet-stream"


def weights(**more: torch.Tensor) -> bytes:
    values = build(parse(TINY)).state_dict() | more
    out = io.BytesIO()
    torch.save({"state_dict": {f"module.{name}": value for name, value in values.items()}}, out)
    return out.getvalue()


def upload(app: AppTest, data: bytes) -> AppTest:
    if not app.file_uploader:
        press(app, "Open a checkpoint")
    return app.file_uploader(key="explore_file").upload("a.pth", data, KIND).run()


def test_a_file_is_recognised_and_its_model_opens(open_app: Open) -> None:
    app = upload(open_app("resnet50"), weights(fpn=torch.zeros(2, 2)))
    assert not app.exception
    said = markdown(app)
    assert "44 tensors under state_dict fit this network." in said
    assert "1 tensor has no place in this network: module.fpn." in said
    app.button(key="explore_file_model").click().run()
    assert not app.exception
    assert app.query_params["model"] == TINY
    assert app.title[0].value == "ResNet-20, blocks 1-1-1"


def test_its_weights_are_used_on_lesions(open_app: Open) -> None:
    app = upload(open_app("resnet50"), weights())
    app.button(key="explore_file_weights").click().run()
    assert not app.exception
    assert "Take it apart" in str(app.get("page_link")[0].proto)
    app.switch_page("pages/lesions.py").run()
    assert app.title[0].value == "Lesions"
    assert "residual, 8 layers" in html(app)
    assert app.query_params["model"] == TINY
    captions = " ".join(caption.value for caption in app.caption)
    assert "Assumed: numbered classes and ImageNet's normalisation" in captions


def test_a_training_starts_from_its_weights(open_app: Open) -> None:
    app = upload(open_app("resnet50"), weights())
    app.button(key="explore_file_weights").click().run()
    app.switch_page("pages/training.py").run()
    assert not app.exception
    assert not app.error  # the sample is resized to the network's input
    box = app.selectbox(key="train_start")
    assert uploaded(str(box.value)) is not None
    assert not next(button for button in app.button if button.label == "Train").disabled


def test_a_wrong_file_and_one_that_lacks_tensors_are_told(open_app: Open) -> None:
    app = upload(open_app("resnet50"), b"text")
    (said,) = [error.value for error in app.error]
    assert said == "The file is neither a safetensors file nor one written by torch.save."
    out = io.BytesIO()
    torch.save({"cls_token": torch.zeros(1, 1, 8)} | {"a.weight": torch.zeros(2, 2)}, out)
    (said,) = [error.value for error in upload(app, out.getvalue()).error]
    assert said.startswith("It stops being a ResNet at cls_token (1x1x8): no tensor")
    values = build(parse(TINY)).state_dict()
    del values["fc.bias"]
    out = io.BytesIO()
    torch.save(values, out)
    app = upload(app, out.getvalue())
    assert not app.error
    assert "Its weights can't be used: the file lacks fc.bias." in markdown(app)
    assert app.button(key="explore_file_weights").disabled
