"""Exercises about what articles conclude from curves and clocks."""

from __future__ import annotations

from analysis.lecture.exercises import claims_checks as checks
from analysis.lecture.exercises.values import Code, Exercise, Plot, Source
from nets.catalog import HE2015

_FIGURES = {
    "proof": "A plain net of 56 layers can't train: its gradient vanishes",
    "both": "Gradient vanishing (that is, explosion) in plain nets",
    "bars": "No vanishing here: the gradient of each layer's weights",
    "layers": "weighted layers from the input",
    "norm": "‖∂L/∂W‖ over the largest, mean of 3 seeds",
}
"""The titles that articles give to their figures, and the words on an axis."""

CLAIMS = (
    Exercise(
        key="vanishing_solved",
        title="Why plain nets fail",
        task='An article: "ResNet solved the vanishing gradient." Its proof is this figure: no '
        "batch norm, PyTorch's default initialisation. What is wrong?",
        shown=Plot(checks.proof, (_FIGURES["proof"],)),
        hint="Which plain nets do He et al. train? What do theirs have that these lack?",
        answer=(
            "The figure is correct, but doesn't show the paper's nets: those have batch norm and "
            "He's initialisation. He et al. call the degradation unlikely to be caused by "
            "vanishing gradients (section 4.1)."
        ),
        words={
            "shown": "Plain-56 as shown: factor toward the input",
            "plain": "Plain-56 with BN, He init: factor toward the input",
            "residual": "ResNet-56 with BN, He init: factor toward the input",
            "loss_plain": "Narrow plain-56 with BN, 60 steps: training loss (last 25)",
            "loss_residual": "Narrow ResNet-56 with BN, 60 steps: training loss (last 25)",
            "chance": "Loss of guessing among 10 classes",
            "title": "The same nets with batch norm and He's initialisation",
            "says": "With the paper's batch norm and initialisation the plain gradient grows by "
            "a factor of {plain} toward the input instead of shrinking to {shown} of its size; yet "
            "over the last 25 of 60 steps a narrow plain-56 has a loss of {loss_plain} and "
            "ResNet-56 one of {loss_residual}.",
        },
        measure=checks.vanishing_solved,
        source=Source(
            f"{HE2015.short}, section 4.1",
            HE2015.url,
            "Curves recorded on {curves}, 3 seeds",
            "Losses recorded on {losses}, 3 seeds: networks with widths 8, 16, 32 on 14×14 images",
        ),
        days=checks.days_of_vanishing_solved,
    ),
    Exercise(
        key="that_is_explosion",
        title="Two words for one thing?",
        task='An article has this figure in its section "Gradient vanishing (that is, explosion)". '
        "What is wrong?",
        shown=Plot(checks.both_ways, (_FIGURES["both"],)),
        hint="Read each curve from right to left, from the loss to the input.",
        answer=(
            "They are opposites. A gradient vanishes when it gets smaller toward the input, and "
            "explodes when it gets larger. Without batch norm their cures differ, too: larger "
            "weights counter a vanishing gradient, smaller ones an exploding one. With batch norm "
            "the scale of the weights cancels."
        ),
        words={
            "falls": "Plain-56, no BN, Xavier: factor toward the input",
            "grows": "Plain-56, BN, He init: factor toward the input",
            "falls_layer": "Plain-56, no BN, Xavier: factor per layer",
            "grows_layer": "Plain-56, BN, He init: factor per layer",
            "says": "Toward the input one gradient is multiplied by {falls} per layer, so it "
            "vanishes; the other by {grows}, so it explodes.",
        },
        measure=checks.that_is_explosion,
        source=Source(
            f"{HE2015.short}, section 1, names both",
            HE2015.url,
            "Curves recorded on {curves}, 3 seeds",
        ),
        days=checks.days_of_that_is_explosion,
    ),
    Exercise(
        key="weight_bars",
        title="Bars without vanishing",
        task="A plain net of 56 layers without batch norm, Xavier initialisation. The article "
        "concludes from these bars that its gradient doesn't vanish. What is wrong?",
        shown=Plot(checks.bars, (_FIGURES["bars"], _FIGURES["layers"], _FIGURES["norm"])),
        hint="Which gradient vanishes, that of the weights or that of the signal?",
        answer=(
            "The bars show ∂L/∂W. Without BN and bias, ⟨W, ∂L/∂W⟩ is the same in every layer of a "
            "plain ReLU net, whatever happens to ∂L/∂x. Plot ‖∂L/∂x‖ after every block, on a log "
            "axis."
        ),
        words={
            "weight": "‖∂L/∂W‖, first layer over last",
            "weight_range": "‖∂L/∂W‖, largest over smallest",
            "activation": "‖∂L/∂x‖, after the stem over after the last block",
            "product": "⟨W, ∂L/∂W⟩ in plain-20, largest over smallest layer",
            "title": "Both gradients of the same net",
            "x": "weighted layers from the input",
            "y": "norm over the last layer's",
            "weights": "weights, ‖∂L/∂W‖",
            "signal": "signal, ‖∂L/∂x‖",
            "alt": "Gradient norms of plain-56 along its depth, over the last layer's: the "
            "signal's and the weights'",
            "says": "Toward the input the signal's gradient shrinks to {activation} of its size, "
            "while the weights' stays within a factor of {weight}. In plain-20, ⟨W, ∂L/∂W⟩ is "
            "the same in every layer (largest over smallest: {product}).",
        },
        measure=checks.weight_bars,
        source=Source(
            "Du, Hu, Lee 2018, Layers are Automatically Balanced",
            "https://arxiv.org/abs/1806.00900",
            "Curves recorded on {curves}, 3 seeds",
            "⟨W, ∂L/∂W⟩ is measured as this page opens, in the shorter plain-20",
        ),
        days=checks.days_of_weight_bars,
    ),
    Exercise(
        key="no_synchronise",
        title="Timing a training step",
        task="This times one training step on a GPU, after warm-up. Find the mistake.",
        shown=Code(
            """\
images, labels = images.cuda(), labels.cuda()
torch.cuda.synchronize()

start = time.perf_counter()
loss = criterion(model(images), labels)
loss.backward()
optimizer.step()
seconds = time.perf_counter() - start

print(f"{len(images) / seconds:.0f} images/s")
""",
            wrong=(8,),
        ),
        hint="When does `loss.backward()` return: when the GPU is done, or earlier?",
        answer=(
            "The clock stops too early. A call returns when its kernels are queued, so this "
            "measures how fast the CPU issues work. Call `torch.cuda.synchronize()` before reading "
            "the clock again, or use CUDA events."
        ),
        words={
            "host": "{name}: the CPU has issued the step",
            "step": "{name}: the GPU has finished the step",
            "wrong": "{name}: what the code prints",
            "right": "{name}: what the GPU does",
            "least": "Lowest ratio of GPU to CPU time in five networks",
            "rate": "images/s",
            "times": "times",
            "title": "A step as the CPU issues it and as the GPU runs it",
            "x": "weighted layers of the ResNet",
            "y": "median, ms",
            "issued": "issued by the CPU",
            "done": "done by the GPU",
            "alt": "Median time of a training step on an {device}: as the CPU issues it and as "
            "the GPU runs it",
            "says": "On an {device} (batch 64, TF32; recorded on {date}), the CPU has issued "
            "{name}'s step after {host} ms and the GPU takes {step} ms: the printed rate is "
            "{ratio} times the true one.",
        },
        measure=checks.no_synchronise,
        source=Source(
            "PyTorch documentation, CUDA semantics, asynchronous execution",
            "https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution",
            "Timings recorded on {timings}, batch 64, TF32; nothing is timed on this machine",
        ),
        days=checks.days_of_no_synchronise,
    ),
)
