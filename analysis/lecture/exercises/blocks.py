"""Exercises about blocks: their layers, strides, arguments and heads."""

from __future__ import annotations

from analysis.lecture.exercises import blocks_checks as checks
from analysis.lecture.exercises.values import Code, Exercise, Source
from nets.catalog import HE2015

BLOCKS = (
    Exercise(
        key="projection_norm",
        title="A projection shortcut",
        task="This builds the shortcut of ResNet-50's first block. Find the mistake.",
        shown=Code(
            """\
expansion = 4  # a bottleneck has four times as many outputs as planes

def projection(in_channels, planes, stride):
    return nn.Sequential(
        nn.Conv2d(in_channels, planes * expansion, 1, stride, bias=False),
        nn.BatchNorm2d(planes),
    )

shortcut = projection(64, 64, stride=1)
""",
            wrong=(5, 6),
        ),
        hint="How many channels leave the convolution? How many does the next layer expect?",
        answer=(
            "Batch norm must have as many channels as the convolution before it, "
            "`planes * expansion`. Building the network doesn't show the mistake, as no data flows "
            "yet. Basic blocks hide it, as their expansion is 1."
        ),
        words={
            "out": "Channels after the convolution",
            "norm": "Channels of the batch norm",
            "error": "First forward pass",
            "mended": "Output with planes * expansion",
            "basic": "Output as shown, expansion 1",
            "says": "The convolution gives {out} channels and the batch norm is made for {norm}: "
            "the first forward pass raises a {name}.",
        },
        measure=checks.projection_norm,
        source=Source(
            "PyTorch documentation, BatchNorm2d: num_features is the C of (N, C, H, W)",
            "https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html",
        ),
    ),
    Exercise(
        key="tensor_truth",
        title="An optional layer in Keras",
        task="A residual block in Keras, as tutorials print it. Find the mistake in `call()`.",
        shown=Code(
            """\
class Residual(keras.Model):
    def __init__(self, channels, project=False, stride=1):
        super().__init__()
        self.conv1 = layers.Conv2D(channels, 3, stride, padding="same")
        self.conv2 = layers.Conv2D(channels, 3, padding="same")
        self.conv3 = layers.Conv2D(channels, 1, stride) if project else None

    def call(self, x):
        y = self.conv2(relu(self.conv1(x)))
        if self.conv3(x):
            x = self.conv3(x)
        return relu(y + x)
""",
            wrong=(10,),
        ),
        hint="What does the if statement test? What does it get if project is false?",
        answer=(
            "Test whether the layer exists: `if self.conv3 is not None`. As printed, the block "
            "runs the layer and takes the truth value of its output, a tensor. Without a "
            "projection, it calls `None`."
        ),
        words={
            "with": "With a projection",
            "without": "Without a projection",
            "mended": "Output if it tests “is not None”",
            "says": "In PyTorch the same lines raise a {with_name} with a projection and "
            "a {without_name} without one.",
        },
        measure=checks.tensor_truth,
        source=Source(
            "Python documentation, truth value testing",
            "https://docs.python.org/3/library/stdtypes.html#truth-value-testing",
        ),
    ),
    Exercise(
        key="stride_twice",
        title="A block that halves the map",
        task="The first block of a stage halves height and width. Batch norm is left out. "
        "Find the mistake.",
        shown=Code(
            """\
class BasicBlock(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=1)
        self.shortcut = nn.Conv2d(inputs, channels, 1, stride)

    def forward(self, x):
        y = self.conv2(torch.relu(self.conv1(x)))
        return torch.relu(y + self.shortcut(x))
""",
            wrong=(5,),
        ),
        hint="Follow the height of a 56×56 map through both paths, with stride 2.",
        answer=(
            "Only one of the two convolutions may have the stride; the other has stride 1. With "
            "both, the branch's map has a quarter of the shortcut's pixels, and the two can't be "
            "added. Blocks with stride 1 run, so the mistake shows at `layer2`."
        ),
        words={
            "branch": "Branch's output",
            "shortcut": "Shortcut's output",
            "macs": "MACs of conv2, as shown",
            "right": "MACs of conv2 with stride 1",
            "ours": "MACs of layer2.0.conv2 in ResNet-18",
            "error": "Addition",
            "says": "The branch ends in {branch} and the shortcut in {shortcut}: the addition "
            "raises a {name}, and ResNet-18's conv2 has {ratio} times as many MACs as the conv2 "
            "shown.",
        },
        measure=checks.stride_twice,
        source=Source(f"{HE2015.short}, Table 1 and section 3.3", HE2015.url),
    ),
    Exercise(
        key="keyword_typo",
        title="Options with defaults",
        task="Both convolutions should be 3×3. The code runs without an error. Find the mistake.",
        shown=Code(
            """\
def conv_bn(in_channels, out_channels, **options):
    kernel = options.get("kernel_size", 1)
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )

block = nn.Sequential(
    conv_bn(64, 64, kernei_size=3),
    conv_bn(64, 64, kernel_size=3),
)
""",
            wrong=(10,),
        ),
        hint="Read the names of the arguments letter by letter.",
        answer=(
            "The first call says `kernei_size`. `**options` takes any name, so the convolution "
            "silently keeps the default of 1. Name the parameters of a function and pass them on "
            "by name: then a wrong name is a TypeError."
        ),
        words={
            "first": "Kernel of the first convolution",
            "second": "Kernel of the second convolution",
            "few": "Weights of the first convolution",
            "many": "Weights of the second convolution",
            "direct": "nn.Conv2d(64, 64, kernei_size=3)",
            "says": "The first convolution is {first} with {few} weights, the second {second} "
            "with {many}; nn.Conv2d itself refuses the name with a {name}.",
        },
        measure=checks.keyword_typo,
        source=Source(
            "PyTorch documentation, Conv2d",
            "https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html",
        ),
    ),
    Exercise(
        key="shared_relu",
        title="A block drawn with a loop",
        task="A tool draws this block with one box per module. Its picture has a loop: "
        "relu → conv2 → bn2 → relu. What is wrong?",
        shown=Code(
            """\
class BasicBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + x)
""",
            wrong=(11, 12),
        ),
        hint="How many modules are there, and how many of them are called twice?",
        answer=(
            "One ReLU module is called twice: the block computes the right thing, but a box per "
            "module shows both calls as one. A hook on it can't tell them apart either. Give each "
            "activation a module of its own."
        ),
        words={
            "modules": "Modules of the block",
            "calls": "Calls in a forward pass",
            "loop": "Loop in the graph of modules",
            "ours": "ResNet-18 built here: modules",
            "our_calls": "ResNet-18 built here: calls",
            "our_loop": "ResNet-18 built here: loop",
            "none": "none",
            "alt": "The first block of ResNet-18 as built here: each ReLU is a node of its own",
            "says": "{calls} calls go to {modules} modules, and {loop} is a loop; ResNet-18 built "
            "here has {ours} modules and {our_calls} calls.",
        },
        measure=checks.shared_relu,
        source=Source(
            "torchvision, models/resnet.py: BasicBlock calls one self.relu twice",
            "https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py",
        ),
    ),
    Exercise(
        key="pool_seven",
        title="The head of ResNet-18",
        task="This head works at 224×224 pixels. Find what breaks at another size.",
        shown=Code(
            """\
class Head(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        self.pool = nn.AvgPool2d(7)
        self.fc = nn.Linear(512, classes)

    def forward(self, x):  # x is the output of layer4
        return self.fc(self.pool(x).flatten(1))
""",
            wrong=(4,),
        ),
        hint="At 224 pixels `layer4` ends in a 7×7 map. And at 256?",
        answer=(
            "The window of 7 fits one input size. Larger inputs silently lose the map's edge, or "
            "give the linear layer too many features; smaller ones fail. "
            "`nn.AdaptiveAvgPool2d(1)` averages a map of any size."
        ),
        words={
            "size": "{side} px: a map of {map}",
            "unused": "pixels of the map left out",
            "mended": "Outputs with nn.AdaptiveAvgPool2d(1), at any size",
            "says": "At 256 px the head runs and leaves out {unused} of the map's {pixels} pixels; "
            "at {failed} px it raises an error.",
            "and": " and ",
        },
        measure=checks.pool_seven,
        source=Source(
            "PyTorch documentation, AdaptiveAvgPool2d",
            "https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html",
        ),
    ),
    Exercise(
        key="halving_bottleneck",
        title="The bottleneck of ResNet-50",
        task="An article explains ResNet-50's block with this code. Batch norm is left out. "
        "Find the mistake.",
        shown=Code(
            """\
class Bottleneck(nn.Module):
    \"\"\"Halve the channels, convolve, restore the channels.\"\"\"

    def __init__(self, channels):
        super().__init__()
        narrow = channels // 2
        self.reduce = nn.Conv2d(channels, narrow, 1, bias=False)
        self.conv = nn.Conv2d(narrow, narrow, 3, padding=1, bias=False)
        self.expand = nn.Conv2d(narrow, channels, 1, bias=False)

    def forward(self, x):
        y = torch.relu(self.conv(torch.relu(self.reduce(x))))
        return torch.relu(self.expand(y) + x)
""",
            wrong=(6,),
        ),
        hint="ResNet-50's `layer1.1` has 256 channels outside. How many inside?",
        answer=(
            "ResNet-50's bottleneck divides the channels by 4: 256, 64, 64, 256. Halving "
            "them gives Wide ResNet-50-2's block; that network is as deep and costs far more."
        ),
        words={
            "inside": "ResNet-50, layer1.1: channels inside",
            "outside": "ResNet-50, layer1.1: channels outside",
            "own": "ResNet-50, layer1.1: weights",
            "halved": "The code shown, 256 channels: weights",
            "wide": "Wide ResNet-50-2, layer1.1: weights",
            "macs": "ResNet-50: MACs",
            "wide_macs": "Wide ResNet-50-2: MACs",
            "says": "ResNet-50 divides {outside} channels by {factor}; dividing by 2, as "
            "Wide ResNet-50-2 does, takes {ratio} times the weights.",
        },
        measure=checks.halving_bottleneck,
        source=Source(f"{HE2015.short}, Fig. 5 and Table 1", HE2015.url),
    ),
)
