"""What a network sees, compared with autograd, the network itself and a subject's lesions."""

from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from analysis.lesions.drop import Subject
from analysis.lesions.pictures import coloured, grey, overlaid, png
from analysis.lesions.sees import CHANNELS, see, without
from analysis.lesions.sight import Sight, number, sight_svg
from analysis.style import files
from analysis.style.palette import CIVIDIS, DARK
from nets import ResNetSpec, parse, plan
from nets.resnet import ResNet
from tests.analysis.test_lesions import NET, UNITS, labels, made, shown
from tests.strategies import specs


def grad_cam(model: ResNet, image: Tensor, target: int) -> Tensor:
    """Compute Grad-CAM by definition: weights are mean gradients, and the sum is clipped at 0."""
    kept = []
    last = model.get_submodule(plan.stage_names(model.spec)[-1])
    hook = last.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logits = model(image)
    hook.remove()
    (gradient,) = torch.autograd.grad(logits[0, target], kept[0])
    found: Tensor = (gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1).relu()[0].detach()
    return found


@pytest.mark.parametrize("shortcut", ["zero_pad", "projection", "none"])
@pytest.mark.parametrize("unit", UNITS)
def test_grad_cam_is_the_definitions(unit: str, shortcut: str) -> None:
    spec = parse(f"{NET}:unit={unit}:shortcut={shortcut}")
    model = made(spec, torch.float64)
    image = shown(spec, 1, torch.float64)
    for target in range(spec.classes):
        found = see(model, image, target=target)
        expected = grad_cam(model, image, target)
        assert found.cam.shape == (3, 3)
        torch.testing.assert_close(found.cam, expected, rtol=1e-12, atol=1e-14)
        assert found.target == target
    assert any(see(model, image, target=t).cam.max() > 0 for t in range(spec.classes))


@settings(max_examples=40)
@given(specs(), st.data())
def test_logits_are_those_of_the_subject(spec: ResNetSpec, data: st.DataObject) -> None:
    model = made(spec)
    every = [place.path for place in plan.blocks(spec)]
    out = set(data.draw(st.lists(st.sampled_from(every), unique=True)))
    image = shown(spec, 1)
    subject = Subject(model, image, labels(spec, 1))
    with torch.inference_mode():
        assert torch.equal(without(model, ())(image), model(image))
        assert torch.equal(without(model, out)(image), subject.logits(out))
    found = see(model, image, out)
    assert torch.equal(found.probabilities, subject.logits(out)[0].softmax(0))
    assert found.predicted == found.target
    assert found.out == tuple(path for path in every if path in out)
    assert torch.equal(found.image, image[0])


@settings(max_examples=25)
@given(specs())
def test_maps_are_the_strongest_channels(spec: ResNetSpec) -> None:
    model = made(spec)
    image = shown(spec, 1)
    found = see(model, image)
    x = image
    stages = iter(found.maps)
    stem_ends = plan.stem_steps(spec)[-1].name
    with torch.no_grad():
        for name, step in model.named_children():
            x = step(x)
            if name != stem_ends and not name.startswith("layer"):
                continue
            maps = next(stages)
            assert maps.stage == ("stem" if name == stem_ends else name)
            assert maps.shape == tuple(x.shape[1:])
            sizes = x[0].abs().mean((1, 2))
            chosen = [channel.number for channel in maps.channels]
            assert len(chosen) == len(set(chosen)) == min(CHANNELS, x.shape[1])
            for channel in maps.channels:
                assert torch.equal(channel.values, x[0, channel.number])
                assert channel.strength == float(sizes[channel.number])
            strengths = [channel.strength for channel in maps.channels]
            assert strengths == sorted(strengths, reverse=True)
            rest = [float(sizes[i]) for i in range(len(sizes)) if i not in chosen]
            assert all(strengths[-1] >= size for size in rest)
            if name == plan.stage_names(spec)[-1]:
                break
    assert next(stages, None) is None
    every = torch.cat([c.values.flatten() for maps in found.maps for c in maps.channels])
    assert found.scale == (float(every.min()), float(every.max()))


def test_blocks_out_change_what_comes_after_them_alone() -> None:
    spec = parse(NET)
    model = made(spec)
    before, after = see(model, shown(spec, 1)), see(model, shown(spec, 1), {"layer2.1"})
    alike = [
        torch.equal(one.channels[0].values, other.channels[0].values)
        for one, other in zip(before.maps, after.maps, strict=True)
    ]
    assert alike == [True, True, False, False]
    assert not torch.equal(before.cam, after.cam)


def test_nothing_of_the_network_is_changed() -> None:
    spec = parse(NET)
    model = made(spec)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    see(model, shown(spec, 1), {"layer2.1"})
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    for module in model.modules():
        assert not module.training
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_no_such_block_or_class_is_one_sentence() -> None:
    spec = parse(NET)
    model = made(spec)
    with pytest.raises(ValueError, match=r"'layer9\.0' isn't a block of resnet20.* layer1\.0, "):
        see(model, shown(spec, 1), ["layer9.0"])
    for target in (-1, 5):
        with pytest.raises(ValueError, match=f"target must be 0 to 4, not {target}"):
            see(model, shown(spec, 1), target=target)


def rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def test_a_map_has_the_colours_of_its_scale() -> None:
    values = torch.tensor([[0.0, 2.0, 9.0], [-1.0, float("nan"), float("inf")]])
    pixels = coloured(values, 0.0, 2.0)
    first, last = rgb(CIVIDIS[0]), rgb(CIVIDIS[-1])
    found = pixels.permute(1, 2, 0).tolist()
    assert found == [[first, last, last], [first, first, last]]
    assert coloured(torch.ones(1, 2), 1.0, 1.0).permute(1, 2, 0).tolist() == [[first, first]]


def test_a_picture_is_shown_from_its_lowest_to_its_highest_value() -> None:
    image = torch.tensor([[[-1.0, 0.0, 1.0]]])
    assert grey(image).tolist() == [[[0, 128, 255]]] * 3
    assert grey(image.expand(4, -1, -1)).tolist() == [[[0, 128, 255]]] * 3
    assert grey(torch.full((3, 1, 1), 5.0)).tolist() == [[[0]]] * 3
    colours = torch.tensor([0.0, 1.0, 2.0]).view(3, 1, 1)
    assert grey(colours).flatten().tolist() == [0, 128, 255]


def test_an_overlay_covers_what_each_value_stands_for() -> None:
    image = torch.zeros(1, 4, 6)
    cam = torch.tensor([[0.0, 0.0, 3.0], [0.0, 0.0, 0.0]])
    pixels = overlaid(image, cam)
    assert pixels.shape == (3, 4, 6)
    hot = pixels[0] == round(0.6 * rgb(CIVIDIS[-1])[0])
    assert hot.nonzero().tolist() == [[0, 4], [0, 5], [1, 4], [1, 5]]
    again = Image.open(BytesIO(png(pixels, 2)))
    assert again.size == (12, 8)
    assert again.getpixel((9, 3)) == tuple(pixels[:, 1, 4].tolist())
    assert len(overlaid(image, torch.zeros(2, 3)).unique()) == len(set(rgb(CIVIDIS[0])))


CLASSES = ("coat", "<b>&", "c", "d", "e")


def test_a_sight_says_what_the_network_takes_the_picture_for() -> None:
    spec = parse(NET)
    seen = see(made(spec), shown(spec, 1), target=1)
    seen = replace(seen, probabilities=torch.tensor([0.625, 0.25, 0.125, 0, 0]))
    sight = Sight("residual", seen, CLASSES)
    assert sight.prediction == "coat, probability 62.5%"
    assert sight._replace(label="coat").prediction == "coat, probability 62.5% (correct)"
    assert sight._replace(label="d").prediction == "coat, probability 62.5% (wrong, it's d)"
    out = replace(seen, out=("layer1.0", "layer3.1"))
    assert sight._replace(seen=out).prediction == "coat, probability 62.5% · layer1.0, layer3.1 out"
    lit = replace(seen, cam=torch.ones(3, 3))
    assert sight._replace(seen=lit).explained == "Grad-CAM for <b>& on layer3"
    dark = replace(seen, cam=torch.zeros(3, 3))
    said = "Grad-CAM for <b>& on layer3: no evidence for it"
    assert sight._replace(seen=dark).explained == said
    assert [number(value) for value in (-1.5, 0.0, 0.25)] == ["−1.50", "0", "0.250"]


def test_the_drawing_holds_every_map_and_scale() -> None:
    tall = "resnet20:blocks=1,1:widths=4,12:stem_width=4:input=1x24x16:classes=5:unit=full_preact"
    spec = parse(tall)
    seen = see(made(spec), shown(spec, 1))
    sights = [Sight("one", seen, CLASSES, "c"), Sight("two", seen, CLASSES, "c")]
    svg = sight_svg(sights, DARK)
    root = ElementTree.fromstring(svg)
    name = "{http://www.w3.org/2000/svg}"
    images = root.findall(f"{name}image")
    assert len(images) == 2 * (2 + 4 + 4 + 8)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for image in images:
        x, y, wide, high = (float(image.get(key, "")) for key in ("x", "y", "width", "height"))
        assert high / wide == pytest.approx(1.5, abs=0.01)
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
    texts = [element.text for element in root.iter(f"{name}text")]
    low, high = seen.scale
    assert low < 0
    for said in (
        f"one: {sights[0].prediction}",
        sights[0].explained,
        "stem · 4×24×16",
        "layer2 · 12×12×8",
        number(low),
        number(high),
        number(float(seen.cam.max())),
    ):
        assert said in texts
    assert files.png(svg, 20).startswith(b"\x89PNG")
