"""The layer tree equals torchinfo's, folded or unfolded."""

import pytest
import torch
import torchinfo

import analysis
from analysis.structure.tree import printed, torchinfo_text, tree, unfold, walk
from nets import build, parse


@pytest.mark.parametrize("text", ["resnet34", "preresnet110", "resnet50_v1:blocks=1,2,3,4"])
def test_unfolded_rows_are_torchinfos_on_the_whole_network(text: str) -> None:
    spec = parse(text)
    summary = torchinfo.summary(
        build(spec), input_data=torch.zeros(2, *spec.input), mode="eval", depth=9, verbose=0
    )
    leaves = [row for row in summary.summary_list if row.is_leaf_layer]
    ours = [node for _, node in walk(unfold(tree(spec, batch=2))) if not node.children]
    assert len(ours) == len(leaves)
    for node, row in zip(ours, leaves, strict=True):
        assert (node.name, node.type) == (row.var_name, row.class_name)
        assert node.input == tuple(row.input_size[1:])
        assert node.output == tuple(row.output_size[1:])
        assert (node.params, node.mult_adds) == (row.num_params, row.macs)
    counted = analysis.profile(spec, batch=2)
    traffic = {layer.path: (layer.activations, layer.bytes_moved) for layer in counted.layers}
    assert {node.path: (node.activations, node.bytes_moved) for node in ours} == traffic
    root = tree(spec, batch=2)
    assert (root.activations, root.bytes_moved) == (counted.activations, counted.bytes_moved)
    assert root.params == summary.total_params
    assert root.mult_adds == summary.total_mult_adds


def test_paths_are_the_models() -> None:
    spec = parse("resnet101")
    paths = [node.path for _, node in walk(unfold(tree(spec)))]
    assert paths == [path for path, _ in build(spec, "meta").named_modules()]


def test_runs_are_folded_and_sum_up() -> None:
    root = tree(parse("resnet152"))
    labels = [node.label for _, node in walk(root)]
    assert "layer3.1 to layer3.35, 35 equal blocks" in labels
    assert len(labels) < 130
    for node in (root, unfold(root)):
        for _, inner in walk(node):
            if inner.children and inner.count == 1:
                assert inner.params == sum(child.params for child in inner.children)
                assert inner.mult_adds == sum(child.mult_adds for child in inner.children)


def test_torchinfo_knows_resnet50s_number() -> None:
    assert tree(parse("resnet50")).mult_adds == 4_089_238_376


def test_texts() -> None:
    spec = parse("resnet20")
    text = torchinfo_text(spec)
    assert "Total params: 269,722" in text
    assert "layer3" in text
    assert "Total mult-adds (M): 40." in text
    assert "Total mult-adds (G): 1.81" in torchinfo_text(parse("resnet18"))
    assert "Units" not in text
    assert printed(spec) == str(build(spec))
