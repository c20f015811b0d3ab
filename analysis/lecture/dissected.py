"""Pictures of Lesions and Paths from known results; nothing is measured."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis.images.fashion_mnist import fashion_mnist_is_whole_here
from analysis.images.open import FASHION_MNIST, SAMPLE, data_folders
from analysis.lecture.picture import Picture, missing_until
from analysis.lecture.settings import Settings
from analysis.lesions.charts import RANDOM, damage_chart, on_images, paths_charts, spoken_name_of
from analysis.lesions.drop import Lesions
from analysis.lesions.paths import DRAWS, MAX_DRAWS, check
from analysis.lesions.report import (
    LESIONS,
    PATHS,
    lesions_hash,
    lesions_of,
    paths_hash,
    paths_of,
    paths_verdict,
    sentences_of,
)
from analysis.lesions.shipped import SHIPPED
from analysis.lesions.subjects import (
    IMAGES,
    MAX_IMAGES,
    MAX_PATH_IMAGES,
    NET,
    PATH_IMAGES,
    file_of,
    images_of,
    seed_of,
    twins_of,
    usual_images,
)
from analysis.results.known import known, sources
from analysis.style.language import counted, translate
from analysis.training.checkpoints import Checkpoint, load
from analysis.training.verdict import in_a_sentence
from nets import ResNetSpec, parse, plan
from nets.options import quote

_HASH = re.compile(r"[0-9a-f]{16}")
_GONE = Picture(
    missing="This network isn't on this server. Open the link on the server that trained it."
)
_NONE = "none"


def lesions(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the chart that Lesions shows below its graphs."""
    first = _file(settings, "net")
    if first is None:
        return _GONE
    checkpoint = load(first)
    chosen = settings.text("net") or NET
    others = {name: parse(net.model) for name, net in SHIPPED.items() if name != chosen}
    same, twin = twins_of(checkpoint.spec, others)
    beside = settings.option("beside", [_NONE, *same], twin or _NONE)
    data = _data(settings, "lesion_data", checkpoint)
    count = settings.whole("lesion_images", 1, MAX_IMAGES, IMAGES)
    out = _out(settings, checkpoint.spec)
    views = ["single", "several", "order", "does", "sees"]
    shown = settings.option("lesion_shown", views, "single")
    if shown in ("does", "sees"):
        return Picture(missing="This view is computed on the page. Open the link to see it.")
    other = None if beside == _NONE else file_of(beside)
    results, of = [], ""
    for one in (checkpoint, *([load(other)] if other else [])):
        images = images_of(one, data)
        of = of or images.name
        tested = min(count, len(images.test))
        name = lesions_hash(str(one.spec), one.digest, images.digest, tested)
        if (result := known(name, LESIONS)) is not None:
            results.append(result)
    studies = [lesions_of(result) for result in results]
    chart = damage_chart(shown, studies, out)
    if chart is None:
        return missing_until("Drop blocks one by one")
    return Picture(
        charts=(on_images(chart, studies[0].images, of),),
        caption=sources(results),
        said=_without(out, studies) or tuple(_sentences(shown, studies)),
    )


def _out(settings: Settings, spec: ResNetSpec) -> list[str]:
    """Return the paths of the blocks that are out."""
    blocks = [place.path for place in plan.blocks(spec)]
    out = [path for path in settings.text("out").split(",") if path]
    if wrong := sorted(set(out) - set(blocks)):
        raise ValueError(
            f"out: {quote(wrong[0])} isn't a block of {spec}: use {blocks[0]} to {blocks[-1]}"
        )
    return out


def _sentences(shown: str, studies: Sequence[Lesions]) -> Iterator[str]:
    """Yield what the studies say about a part; name the network if there are several."""
    for found in studies:
        who = spoken_name_of(found, studies)
        who = f"{who[:1].upper()}{who[1:]}"
        for sentence in sentences_of(found, shown):
            if len(studies) > 1:
                yield translate("{network}. {sentence}", network=who, sentence=sentence)
            else:
                yield sentence


def _without(out: Sequence[str], studies: Sequence[Lesions]) -> tuple[str, ...]:
    """Return the error without the one block that is out; nothing if several are."""
    if len(out) != 1:
        return ()
    parts = []
    for found in studies:
        for one in found.single:
            if one.path == out[0]:
                without, intact = f"{one.error:.1%}", f"{found.error:.1%}"
                parts.append(
                    translate(
                        "{network}: {without} wrong, {intact} with all blocks",
                        network=spoken_name_of(found, studies),
                        without=without,
                        intact=intact,
                    )
                )
    if not parts:
        return ()
    errors = translate("; ").join(parts)
    return (translate("Without {path}, {errors}.", path=out[0], errors=errors),)


def paths(settings: Settings, spec: ResNetSpec) -> Picture:
    """Return the charts of Paths."""
    state = settings.option("path_state", ["trained", "initial", "model"], "trained")
    images = settings.whole("path_images", 1, MAX_PATH_IMAGES, PATH_IMAGES)
    draws = settings.whole("path_draws", 1, MAX_DRAWS, DRAWS)
    of = RANDOM
    if state == "model":
        check(spec)
        name = paths_hash(str(spec), seed_of(0), "random", images, draws, False)
    else:
        file = _file(settings, "path_net")
        if file is None:
            return _GONE
        checkpoint = load(file)
        check(checkpoint.spec)
        shown = images_of(checkpoint, _data(settings, "path_data", checkpoint))
        is_trained = state == "trained"
        weights = checkpoint.digest if is_trained else seed_of(0)
        count = min(images, len(shown.test))
        model = str(checkpoint.spec)
        name, of = paths_hash(model, weights, shown.digest, count, draws, is_trained), shown.name
    result = known(name, PATHS)
    if result is None:
        return missing_until("Measure")
    found = paths_of(result)
    drawn = counted(found.draws, "{number} path", "{number} paths")
    spec = parse(found.model)
    caption = translate(
        "Up to {paths} per length through {network}. {sources}",
        paths=drawn,
        network=in_a_sentence(spec, [spec]).rstrip(","),
        sources=sources([result]),
    )
    return Picture(
        charts=paths_charts(found, of),
        caption=caption,
        said=paths_verdict(found)[:1],
    )


def _file(settings: Settings, key: str) -> Path | None:
    """Return the file of a trained network; None if it isn't on this server."""
    value = settings.text(key) or NET
    if value == "upload":
        return None
    if value not in SHIPPED and not _HASH.fullmatch(value):
        raise ValueError(f"{key} must be one of {', '.join(SHIPPED)}, not {quote(value)}")
    return file_of(value)


def _data(settings: Settings, key: str, checkpoint: Checkpoint) -> str:
    """Return the images on which to test a network."""
    here = [FASHION_MNIST] if fashion_mnist_is_whole_here() else []
    offered = [SAMPLE, *here, *data_folders()]
    return settings.option(key, offered, usual_images(checkpoint, offered))
