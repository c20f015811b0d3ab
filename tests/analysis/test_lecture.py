"""Lectures as values and files, and what the story claims."""

import re
from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.costs.profiles import profile
from analysis.costs.published import published
from analysis.images.open import SAMPLE, open_set
from analysis.lecture import facts, pictures
from analysis.lecture.facts import TAKEN, Facts
from analysis.lecture.files import MARK, address_of, pack, read_lecture, unpack, write_lecture
from analysis.lecture.lectures import lecture_of
from analysis.lecture.steps import NAME, STORY
from analysis.lecture.story import PAGES, Lecture, Question, Step, link
from analysis.training.recipes import recipe_of
from nets import parse
from pages.ui.frame import LECTURES
from pages.ui.frame import PAGES as APP_PAGES

NUMBERED = dict(enumerate(STORY.steps, 1))


def test_a_step_can_show_every_page() -> None:
    assert list(PAGES) == [name for name, _, _ in APP_PAGES if name != LECTURES]


def test_the_story_is_filled_with_facts() -> None:
    texts = write_lecture(STORY)
    assert "{" not in texts
    assert len(STORY.steps) == 16
    used = set(re.findall(r"\{(\w+)\}", " ".join(map(repr, STORY.steps))))
    assert used == set(Facts())
    told = " ".join(texts.split())
    for said in (
        "ResNet-34 takes 3.66 G MACs, 19% of VGG-19's 19.6 G: from stage to stage",
        "VGG-19 takes 19.6 G (Simonyan and Zisserman 2015) with 15 layers fewer",
        "12% more: 4.09 G instead of 3.66 G. But backward needs 86.1 MB per image, not 32.3 MB",
        "a factor of 0.405 per layer (theory: 0.408).",
        "Under 1 point better: 25.03% with A, 24.52% with B and 24.19% with C",
        "Within 5 G MACs and 8 GB for training at batch 32, ResNeXt-50 32x4d is the most accurate "
        "with torchvision's weights V1: as deep as ResNet-50, with fewer parameters",
        "ResNet-110's CIFAR-10 error is 6.37%, not 6.61% (published)",
        "plain-18 has 27.94% top-1 validation error and plain-34 28.54%",
        "at each of 27 blocks: 134 M paths, through 13.5 blocks on average",
    ):
        assert said in told


def test_the_best_choice_is_as_deep_as_resnet50_and_smaller() -> None:
    best, other = facts.chosen(), profile(parse("resnet50"))
    assert best.row.depth == other.spec.depth == 50
    assert best.row.params == 25_028_904 < other.params
    assert best.row.macs == 32 * 4_230_479_872 < 32 * 5e9
    assert Facts()["chosen_accuracy"] == "77.6%"
    recipe = best.recipe.recipe
    (known,) = (one.percent for one in published(other.spec) if one.recipe == recipe)
    assert known == 76.13 < best.percent


def test_the_choice_has_the_names_of_its_chart() -> None:
    (chart,) = pictures.picture_of(NUMBERED[16]).charts
    names = {text for series in chart.series for text in series.text}
    assert Facts()["chosen"] in names
    assert Facts()["resnet50_name"] == "ResNet-50" in names


def test_the_right_answers_follow_from_the_numbers() -> None:
    shallow, deep = facts.last_losses("plain20"), facts.last_losses("plain56")
    assert all(one + 0.05 < other for one, other in zip(shallow, deep, strict=True))
    assert right(3) == "Plain, 20 layers"
    for figure in ("last_accuracy", "test_accuracy"):  # not overfitting: both are low
        shallow, deep = (facts.after_ten_epochs(net, figure) for net in ("plain20", "plain56"))
        assert max(deep) < min(shallow) - 0.03
    assert facts.ratios("vanishing")[0] < -3
    assert right(5) == "It vanishes"
    assert facts.ratios("exploding")[0] > 3
    assert right(6) == "It explodes"
    shallow, deep = facts.last_losses("resnet20"), facts.last_losses("resnet56")
    assert max(min(shallow), min(deep)) <= min(max(shallow), max(deep))
    assert abs(fmean(shallow) - fmean(deep)) <= 0.1
    assert right(9) == "About the same"
    errors = [float(Facts()[f"option_{option}_error"].rstrip("%")) for option in "abc"]
    assert errors[0] > errors[1] > errors[2] > errors[0] - 1
    assert right(10) == "Under 1 point better"
    assert 5 < float(Facts()["bottleneck_macs"].rstrip("%")) < 15
    assert right(11) == "About 10% more"
    assert abs(facts.cosine("plain56")) < 0.1
    assert right(12) == "Close to 0: right angle"
    assert facts.error_without("fashion_plain32", TAKEN) > 0.8
    assert facts.error_without("fashion_resnet32", TAKEN) < 0.2
    assert right(14) == "Only the plain one"
    paths = facts.shipped("paths_fashion_resnet56").figures
    assert paths["mean_gradient"] < paths["mean_path"] - 2
    assert right(15) == "Far fewer"
    gradients = [one["gradient"] for one in paths["lengths"] if one["gradient"] > 0]
    assert gradients[1] > 1e6 * gradients[-1]  # of a short path, and of the longest
    assert {number for number, step in NUMBERED.items() if step.question} == {
        *(3, 5, 6, 8, 9, 10, 11, 12, 14, 15)
    }


def test_no_image_comes_up_twice() -> None:
    run = facts.shipped("train_plain20_seed0")
    recipe = recipe_of("degradation")
    assert run.figures["total_steps"] * recipe.batch <= len(open_set(SAMPLE).train)


def right(number: int) -> str:
    question = NUMBERED[number].question
    assert question is not None
    assert question.right is not None
    return question.answers[question.right]


def test_a_block_of_zeros_returns_its_input() -> None:
    import torch

    from nets import build, parse

    assert right(8) == "Its input"
    for model, same in (("resnet20", True), ("plain20", False)):
        block = build(parse(model)).get_submodule("layer1.1").eval()
        for parameter in block.parameters():
            torch.nn.init.zeros_(parameter)
        x = torch.rand(2, 16, 8, 8)
        assert torch.equal(block(x), x if same else torch.zeros_like(x))


texts = st.text(max_size=60)
titles = st.text(min_size=1, max_size=60).filter(str.strip)
questions = st.builds(
    Question, titles, st.tuples(titles, titles, titles), st.sampled_from([None, 0, 1, 2]), texts
)
steps = st.builds(
    Step,
    titles,
    st.sampled_from(["units", "gradients?models=plain20;resnet20", "explore?model=resnet18"]),
    texts,
    st.none() | questions,
    texts,
)


@given(st.builds(Lecture, titles, st.lists(steps, min_size=1, max_size=4).map(tuple)))
def test_a_file_and_an_address_hold_a_lecture(lecture: Lecture) -> None:
    assert read_lecture(write_lecture(lecture)) == lecture
    packed = pack(lecture)
    assert re.fullmatch(r"~[-\w]+", packed)
    assert unpack(packed) == lecture
    assert lecture_of(packed) == lecture


HEAD = 'title = "x"\n[[steps]]\ntitle = "a"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: title must not be empty"),
        ('title = "x"', "line 1: a lecture has 1 to 60 steps, not 0"),
        ("title = \n", "line 1: Invalid value"),
        ('title = "x"\nname = 1', "line 2: 'name' isn't a field of a lecture"),
        ("steps = 3", "line 1: steps are written as [[steps]]"),
        (f'{HEAD}address = "foo"', "line 4: address must begin with a page (explore, "),
        (f'{HEAD}address = "units"\nfoo = 1', "line 5: 'foo' isn't a field of a step"),
        (f'{HEAD}address = "units"\nsay = 3', "line 5: say must be a string"),
        (f'{HEAD}address = "units"\nright = 1', "line 5: right needs a question"),
        (
            f'{HEAD}address = "units"\nquestion = "q"\nanswers = ["a"]',
            "line 6: answers must be 3, not 1",
        ),
        (
            f'{HEAD}address = "units"\nquestion = "q"\nanswers = ["a", "", "c"]',
            "line 6: answer must not be empty",
        ),
        (
            f'{HEAD}address = "units"\n[[steps]]\ntitle = "b"\naddress = "units"\n'
            'question = "q"\nanswers = ["a", "b", "c"]\nright = 4',
            "line 10: right must be 1 to 3, not 4",
        ),
        (
            f'{HEAD}address = "units"\nsay = "{"x" * 301}"',
            "line 5: say has 301 characters, and at most 300 are allowed",
        ),
        ("x" * 200_001, "a lecture's file has at most 200 kB"),
    ],
)
def test_a_broken_file_says_the_line(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        read_lecture(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("units", "units"),
        ("/units?a=1", "units?a=1"),
        ("http://localhost:8501/units?a=1&b=2", "units?a=1&b=2"),
        ("https://host/base/units", "units"),
    ],
)
def test_an_address_may_be_the_whole_of_a_browsers(text: str, address: str) -> None:
    assert address_of(text) == address


def test_a_link_has_the_page_its_settings_and_the_lecture() -> None:
    step = Step("a", "gradients?models=plain20;resnet20&lecture=old&view=wall&step=3")
    assert link(step, lecture="new", step="1", view="") == (
        "gradients?models=plain20;resnet20&lecture=new&step=1"
    )
    assert link(replace(step, address="explore?model=resnet18")) == "?model=resnet18"


def test_what_is_no_lecture_is_one_sentence() -> None:
    assert lecture_of(NAME) is STORY
    with pytest.raises(ValueError, match="'no' isn't a lecture on this server: choose from resnet"):
        lecture_of("no")
    for broken in (MARK, f"{MARK}abc", f"{MARK}*", pack(STORY)[:100]):
        with pytest.raises(ValueError, match="the address doesn't contain a lecture"):
            lecture_of(broken)
