"""Names stay on one line; code and addresses stay as they are."""

import pytest

from pages.ui import words


def test_a_name_has_hyphens_that_never_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_FIRM", str.maketrans("-/ ", "_|."))  # which tests empty
    told = words.unbroken("ResNet-50-C, 3-4-11-3, Fashion-MNIST and `a-B`: pre-activation")
    assert told == "ResNet_50_C, 3_4_11_3, Fashion_MNIST and `a-B`: pre_activation"
    assert words.unbroken("a 32-layer net, 10-crop, in-line") == "a 32_layer net, 10_crop, in-line"
    assert words.unbroken("log of ‖∂L/∂x‖ a/b") == "log of ‖∂L|∂x‖ a/b"
    assert words.unbroken("SE (ratio 4) x") == "SE.(ratio.4) x"
    assert words.unbroken("93% ± 2%, through 6.2 ± 0.1.") == "93%.±.2%, through 6.2.±.0.1."
    assert words.unbroken("none → 4 and none → SE (ratio 4)") == "none →.4 and none →.SE.(ratio.4)"
    link = "[CIFAR-10](https://a.org/CIFAR-10), https://a.org/CIFAR-10"
    assert words.unbroken(link) == "[CIFAR_10](https://a.org/CIFAR-10), https://a.org/CIFAR-10"


def test_a_figure_stays_with_its_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_SPACE", "_")
    told = words.unbroken("6.4 GB, 4.09 G MACs, 12 ms of 3 models, 5 seeds and `2 GB`")
    assert told == "6.4_GB, 4.09_G MACs, 12_ms of 3 models, 5 seeds and `2 GB`"


def test_in_html_a_name_is_escaped_and_copied_as_it_is() -> None:
    html = words.whole_names("<ResNet-50-C> in-line")
    assert html == '&lt;<span class="rl-name">ResNet-50-C</span>&gt; in-line'


def test_an_option_begins_a_sentence_as_it_is_typed() -> None:
    assert words.sentence("se must be a whole number") == "se must be a whole number."
    assert words.sentence("classes=0 has no head") == "classes=0 has no head."
    assert words.sentence("resnet50: too large") == "resnet50: too large."
    assert words.sentence("seeds must be 1 to 5") == "Seeds must be 1 to 5."


def test_an_error_repeats_what_was_typed() -> None:
    said = f"{'残差 résnet50'!a} is not a model"
    assert said.isascii()
    assert words.sentence(said) == "'残差 résnet50' is not a model."
    hidden, typed = "\N{RIGHT-TO-LEFT OVERRIDE}", r"\x41\U99999999"
    assert words.sentence(f"{hidden!a}, {typed!a}") == r"'\\u202e', '\\\\x41\\\\U99999999'."
    assert words.sentence(r"'\U99999999'") == r"'\\U99999999'."
