"""A network as a file for other programs: ONNX, torch's exported program, or a state dict.

Programs are exported in eval mode by torch's own exporters. The batch size stays free; the other
sizes are those of the spec's input. Parameters have the names that the generated code gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from analysis.structure.code import output_of
from nets.plan import weight_count
from nets.resnet import ResNet
from nets.spec import ResNetSpec

ONNX, PROGRAM, PICKLE, SAFETENSORS = ".onnx", ".pt2", ".pth", ".safetensors"
SUFFIXES = (ONNX, PROGRAM, PICKLE, SAFETENSORS)
"""The file formats: two of programs, two of state dicts."""

MAX_ONNX_BYTES = 2_000_000_000
"""The most bytes of weights in one ONNX file; Protocol Buffers end at 2 GiB."""

INPUT = "images"
"""The name of the program's input, [N, C, H, W]."""

_FREE = ({0: Dim("batch")},)
_STACK_TRACE = "pkg.torch.onnx.stack_trace"


def check(spec: ResNetSpec, suffix: str) -> None:
    """Check, before any work, that a network can be written in a format.

    Raises:
        ValueError: if an ONNX file can't hold its weights.
        RuntimeError: if a package that the format needs isn't installed.
    """
    if suffix != ONNX:
        return
    size = 4 * weight_count(spec)
    if size > MAX_ONNX_BYTES:
        raise ValueError(
            f"one .onnx file holds at most {MAX_ONNX_BYTES / 1e9:g} GB of weights, and {spec} has "
            f"{size / 1e9:.2f} GB: export it as {PROGRAM}"
        )
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError:
        raise RuntimeError(
            ".onnx files need the packages onnx and onnxscript: "
            "pip install -r requirements-export.txt"
        ) from None


def exported(network: ResNet, suffix: str, about: Mapping[str, str]) -> bytes:
    """Return the bytes of a file with the network.

    Args:
        network: on the CPU; set to eval mode.
        suffix: the format, one of `SUFFIXES`; `check` tells whether it can be written.
        about: text to keep in the file's metadata, which a .pth file doesn't have.
    """
    network.eval()
    if suffix == ONNX:
        return _onnx(network, about)
    out = BytesIO()
    if suffix == PROGRAM:
        program = _program(network)
        for node in program.graph.nodes:
            node.meta.pop("stack_trace", None)  # contains this machine's paths
        torch.export.save(program, out, extra_files=dict(about))
        return out.getvalue()
    state = network.state_dict()
    if suffix == PICKLE:
        torch.save(state, out)
        return out.getvalue()
    from safetensors.torch import save

    return save(state, dict(about))


def _program(network: ResNet) -> ExportedProgram:
    return torch.export.export(network, _images(network), dynamic_shapes=_FREE)


def _images(network: ResNet) -> tuple[Tensor]:
    """Return the example to trace: two images, since torch.export takes a size of 1 as fixed."""
    return (torch.zeros(2, *network.spec.input),)


def _onnx(network: ResNet, about: Mapping[str, str]) -> bytes:
    """Return one self-contained ONNX file that onnx's checker has accepted."""
    import onnx

    program = torch.onnx.export(
        network,
        _images(network),
        dynamo=True,
        dynamic_shapes=_FREE,
        input_names=[INPUT],
        output_names=[output_of(network.spec)],
        external_data=False,
        verbose=False,
    )
    assert program is not None
    for node in program.model.graph:
        node.metadata_props.pop(_STACK_TRACE, None)  # contains this machine's paths
    program.model.metadata_props.update(about)
    data: bytes = program.model_proto.SerializeToString()
    onnx.checker.check_model(data, full_check=True)
    return data
