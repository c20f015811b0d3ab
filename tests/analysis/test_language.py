"""Two languages: sentences and lists, and a catalogue that is whole and equal to its source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from threading import Thread

import pytest

from analysis.lecture.make_catalogue import (
    Message,
    messages,
    path_of,
    read,
    renewed,
    untranslated,
)
from analysis.lecture.steps import STORY
from analysis.style.language import (
    Language,
    counted,
    listed,
    speak,
    speaking,
    spoken,
    translate,
)

ROOT = Path(__file__).parents[2]
HAN = "[\u3400-\u9fff]"
CALLS = {"translate", "marked", "counted"}


@pytest.fixture(scope="module")
def found() -> dict[Message, list[str]]:
    return messages()


def pairs() -> Iterator[tuple[str, str]]:
    """Every English text with its Chinese one."""
    for message in read(Language.CHINESE):
        if not message.id:
            continue
        english = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = message.string or ("",)
        yield english[-1], strings if isinstance(strings, str) else strings[0]


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_english_is_spoken_unless_another_language_is_asked_for() -> None:
    assert spoken() is Language.ENGLISH
    with speaking(Language.CHINESE):
        assert translate("Lecture") == "讲座"
        with speaking(Language.ENGLISH):
            assert translate("Lecture") == "Lecture"
        assert translate("Lecture") == "讲座"
    assert translate("Lecture") == "Lecture"
    assert translate("{number} of {count}", number=3, count=16) == "3 of 16"
    assert translate("no {such} message") == "no {such} message"


def test_what_has_no_translation_stays_english() -> None:
    with speaking(Language.CHINESE):
        assert translate("Not in the catalogue, {name}.", name="x") == "Not in the catalogue, x."
        assert translate("") == ""


def test_a_thread_speaks_its_own_language() -> None:
    said = []

    def run() -> None:
        said.append(translate("Lecture"))
        speak(Language.CHINESE)
        said.append(translate("Lecture"))

    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert said == ["Lecture", "讲座"]
    assert spoken() is Language.ENGLISH


def test_numbers_and_lists() -> None:
    def said() -> tuple[str, ...]:
        steps = (counted(n, "{number} step", "{number} steps") for n in (1, 2, 1_200))
        return (*steps, listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"]))

    assert said() == ("1 step", "2 steps", "1,200 steps", "a", "a and b", "a, b and c")
    with speaking(Language.CHINESE):
        assert said() == ("1 步", "2 步", "1,200 步", "a", "a 和 b", "a、b 和 c")


def test_what_is_filled_in_is_set_apart_from_chinese() -> None:
    with speaking(Language.CHINESE):
        assert translate("Shortcuts of {model}", model="ResNet-50") == "ResNet-50 的捷径"
        assert listed(["朴素网络", "残差网络"]) == "朴素网络和残差网络"


def test_nothing_is_without_its_translation(found: dict[Message, list[str]]) -> None:
    catalogue = read(Language.CHINESE)
    assert untranslated(catalogue) == []
    assert [
        one for one in found if catalogue.get(one if isinstance(one, str) else one[0]) is None
    ] == []
    assert len(catalogue) == len(found)


def test_the_files_are_what_the_command_makes() -> None:
    text, binary = renewed(Language.CHINESE)
    assert path_of(Language.CHINESE, ".po").read_bytes() == text
    assert path_of(Language.CHINESE, ".mo").read_bytes() == binary


def test_every_call_with_a_text_is_found(found: dict[Message, list[str]]) -> None:
    """The extraction reads tokens and would miss calls inside of an f-string."""
    texts = {part for one in found for part in ([one] if isinstance(one, str) else one)}
    for folder in ("analysis", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS:
                    for one in node.args:
                        if isinstance(one, ast.Constant) and isinstance(one.value, str):
                            assert one.value in texts, path
                        assert not isinstance(one, ast.JoinedStr), path


def test_a_translation_has_the_same_names_in_braces() -> None:
    assert [two for two in pairs() if names(two[0]) != names(two[1])] == []


@pytest.mark.parametrize(
    "wrong",
    [
        f"{HAN}[A-Za-z0-9]|[A-Za-z0-9%]{HAN}",
        f"{HAN} {HAN}",
        "[，。；：？！、] (?!\\{)",
        f"{HAN}[,;:?!.]",
        f"{HAN}[`(]|[`)]{HAN}",
    ],
)
def test_a_translation_is_set_as_chinese(wrong: str) -> None:
    seams = f"{HAN}{{\\w+}}|{{\\w+}}{HAN}"  # a space comes when they are filled
    assert [text for _, text in pairs() if re.search(wrong, re.sub(seams, "", text))] == []


def test_a_translation_ends_as_its_source() -> None:
    ends = {".": "。", "?": "？", ":": "："}
    assert [
        (english, chinese)
        for english, chinese in pairs()
        if english[-1] in ends and english[-1:] != english and chinese[-1:] != ends[english[-1]]
    ] == []
    assert [two for two in pairs() if two[1].count("（") != two[1].count("）")] == []
    assert [two for two in pairs() if two[1].count("“") != two[1].count("”")] == []


def test_the_story_is_told_in_both_languages() -> None:
    step = STORY.steps[2]
    assert step.question is not None
    english = STORY.filled(step.question.because)
    with speaking(Language.CHINESE):
        chinese = STORY.filled(step.question.because)
        assert STORY.filled(step.title) == "更深的网络训练得一样好吗？"
    assert english.startswith("Plain, 20 layers: 1.49 against 2.26, mean loss of the last 25 ")
    assert chinese == (
        "20 层的更低：1.49，而 56 层是 2.26（最后 25 步的平均损失）。在这次短训练里，更深的网络"
        "学得更慢。"
    )
    assert STORY.filled(step.title) == "Does the deeper network train as well?"
