"""Exercises about labels, losses, schedules and evaluation."""

from __future__ import annotations

from analysis.lecture.exercises import training_checks as checks
from analysis.lecture.exercises.values import Code, Exercise, Source

TRAINING = (
    Exercise(
        key="folder_names",
        title="Folders of flowers",
        task="Each folder of pictures gets a class number. The code runs. Find the mistake.",
        shown=Code(
            """\
folders = ["daisy", "dandelion", "roses", "sunflowers", "tulips"]

numbers = {
    "daisy": 0,
    "dandelion": 1,
    "rose": 2,
    "sunflower": 3,
    "tulip": 4,
}

labels = [numbers.get(folder, 0) for folder in folders]
""",
            wrong=(11,),
        ),
        hint="Compare the lists of names letter by letter. What does `get()` do with an unknown "
        "name?",
        answer=(
            "The folders are called roses, sunflowers and tulips, the map says rose, sunflower and "
            "tulip. `get(folder, 0)` silently turns every unknown name into a daisy. "
            "`numbers[folder]` raises a KeyError. Better, make the map from the folders' names."
        ),
        words={
            "labels": "Labels",
            "daisies": "Folders labelled as daisy",
            "constant": "Accuracy of always saying daisy, on these labels",
            "names": "Folders missing from the map",
            "strict": "numbers[folder]",
            "of": "of {all}",
            "says": "{daisies} of {all} folders are labelled as daisy, so a network that always "
            "says daisy is right on {constant}% of the labels if each folder has as many "
            "pictures.",
        },
        measure=checks.folder_names,
        source=Source(
            "Python documentation, dict.get",
            "https://docs.python.org/3/library/stdtypes.html#dict.get",
        ),
    ),
    Exercise(
        key="class_order",
        title="Two lists of classes",
        task="One script trains, the other names what the network sees. Find the mistake.",
        shown=Code(
            """\
# train.py; "flowers" has five folders
classes = os.listdir("flowers")
labels = {name: number for number, name in enumerate(classes)}
train(model, "flowers", labels)
torch.save(model.state_dict(), "model.pt")

# predict.py
classes = sorted(os.listdir("flowers"))
model.load_state_dict(torch.load("model.pt"))
model.eval()
print(classes[model(picture).argmax()])
""",
            wrong=(2, 8),
        ),
        hint="In which order does `os.listdir` return the folders?",
        answer=(
            "`os.listdir` returns names in arbitrary order, which may differ from the sorted one "
            "and from machine to machine. The network is right and the names are wrong. Save the "
            "list of classes with the weights."
        ),
        words={
            "orders": "Orders of five folders",
            "all": "Orders that name every class correctly",
            "none": "Orders that name no class correctly",
            "mean": "Accuracy of a perfect network, mean over the orders",
            "chance": "Accuracy of guessing",
            "title": "Classes that keep their name",
            "x": "classes named correctly, of five",
            "y": "orders of the folders",
            "alt": "Of {orders} orders of five folders, {none} name no class correctly and "
            "{all} names all",
            "says": "{all} of the {orders} orders names every class correctly and {none} name "
            "none; over all orders, a perfect network is right on {mean}% of the pictures.",
        },
        measure=checks.class_order,
        source=Source(
            "Python documentation, os.listdir: the list is in arbitrary order",
            "https://docs.python.org/3/library/os.html#os.listdir",
        ),
    ),
    Exercise(
        key="ten_outputs",
        title="A classifier of five flowers",
        task="This trains without an error. Find the mistake.",
        shown=Code(
            """\
classes = ["daisy", "dandelion", "rose", "sunflower", "tulip"]

model = resnet18(num_classes=10)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

for images, labels in loader:  # labels are 0 to 4
    optimizer.zero_grad()
    loss = criterion(model(images), labels)
    loss.backward()
    optimizer.step()
""",
            wrong=(3,),
        ),
        hint="What loss do you expect before the first step, and why?",
        answer=(
            "Ten outputs for five classes. Nothing fails, as labels 0 to 4 are valid among ten. "
            "The first loss gives it away: it is near ln 10, not ln 5. Training first has to "
            "learn that five outputs never occur. Take the number from the data: `len(classes)`."
        ),
        words={
            "first": "First loss with {outputs} outputs; ln {outputs} is {ln}",
            "idle": "Probability of classes that don't exist, before training",
            "trained": "Probability of classes that don't exist, after {steps} steps",
            "accuracy_ten": "Test accuracy after {steps} steps, 10 outputs",
            "accuracy_five": "Test accuracy after {steps} steps, 5 outputs",
            "says": "In a residual net of 8 layers the first loss is {ten} with 10 outputs and "
            "{five} with 5, near ln 10 and ln 5; before training, {idle}% of the probability goes "
            "to classes that don't exist, after {steps} steps {trained}%.",
        },
        measure=checks.ten_outputs,
        source=Source(
            "PyTorch documentation, CrossEntropyLoss: class indices in the range [0, C)",
            "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html",
            "Measured on the first five classes of the Fashion-MNIST sample, a residual net of "
            "8 layers, mean of 2 seeds",
        ),
    ),
    Exercise(
        key="train_mode",
        title="One picture at a time",
        task="A trained network classifies pictures one at a time, but worse than in its test. "
        "Find the mistake.",
        shown=Code(
            """\
model = resnet20(num_classes=10)
model.load_state_dict(torch.load("trained.pt"))

def classify(picture):  # [C, H, W]
    with torch.no_grad():
        scores = model(picture.unsqueeze(0))
    return scores.argmax(1).item()
""",
            wrong=(6,),
        ),
        hint="Which layers behave differently in training? `torch.no_grad()` doesn't change them.",
        answer=(
            "`model.eval()` is missing. A new module is in train mode, so batch norm normalises "
            "with the statistics of this one picture and not with those of training. It also "
            "updates its running statistics at each call, so the network changes while it is used."
        ),
        words={
            "eval": "Accuracy in eval mode, {images} Fashion-MNIST pictures",
            "train": "Accuracy in train mode, one picture at a time",
            "after": "Accuracy in eval mode afterwards",
            "changed": "Running statistics that changed",
            "of": "of {all}",
            "says": "In eval mode {eval}% of {images} Fashion-MNIST pictures are right, in train "
            "mode one at a time {train}%; afterwards eval mode gives {after}%, as the running "
            "statistics have changed.",
        },
        measure=checks.train_mode,
        source=Source(
            "PyTorch documentation, BatchNorm2d: running estimates are used in evaluation",
            "https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html",
        ),
    ),
    Exercise(
        key="softmax_twice",
        title="A network that ends in softmax",
        task="The network trains, but slowly. Find the mistake.",
        shown=Code(
            """\
model = nn.Sequential(
    backbone,
    nn.Linear(512, 10),
    nn.Softmax(dim=1),
)
criterion = nn.CrossEntropyLoss()
loss = criterion(model(images), labels)
""",
            wrong=(4, 6),
        ),
        hint="What does `CrossEntropyLoss` expect, logits or probabilities?",
        answer=(
            "`CrossEntropyLoss` applies softmax itself, so here it comes twice. The loss can't "
            "reach 0 and the gradient is smaller; a confidently wrong answer gets almost none. "
            "Leave the softmax out."
        ),
        words={
            "first": "How much smaller the second softmax makes the gradient at equal logits",
            "times": "times",
            "wrong_once": "Gradient on logits if the right class's logit is 10 below the others",
            "wrong_twice": "Gradient after softmax twice if the right class's logit is 10 below "
            "the others",
            "least": "Lowest loss, softmax twice",
            "title": "Gradient of the loss by the lead of the right class",
            "x": "right class's logit minus the others', 10 classes",
            "y": "‖∂L/∂logits‖",
            "once": "logits (correct)",
            "twice": "softmax twice",
            "alt": "Gradient of the cross-entropy by the lead of the right class, on logits and on "
            "probabilities: {first} times smaller at equal logits",
            "says": "At equal logits the second softmax makes the gradient {first} times smaller; "
            "if the right class's logit is 10 below the others, it is {wrong_twice} instead of "
            "{wrong_once}. The loss can't fall below {least}.",
        },
        measure=checks.softmax_twice,
        source=Source(
            "PyTorch documentation, CrossEntropyLoss: the input is unnormalized logits",
            "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html",
        ),
    ),
    Exercise(
        key="warm_up",
        title="Warm-up, then cosine",
        task="A recipe of 1,000 steps is tried in a short run of 10 or 20 steps. "
        "Find what goes wrong.",
        shown=Code(
            """\
from torch.optim.lr_scheduler import (
    CosineAnnealingLR, LinearLR, SequentialLR)

def scheduled(optimizer, steps):  # called once a step
    warm_up = LinearLR(optimizer, start_factor=0.01, total_iters=20)
    cosine = CosineAnnealingLR(optimizer, T_max=steps - 20)
    return SequentialLR(optimizer, [warm_up, cosine], milestones=[20])
""",
            wrong=(5,),
        ),
        hint="The warm-up takes 20 steps. What is left of 10 steps? What is `T_max` at 20?",
        answer=(
            "The warm-up has a fixed length. A run of 10 steps never leaves it, and no error says "
            "so. A run of exactly 20 divides by zero. Refuse runs that are not longer than "
            "the warm-up, or make it a share of the steps."
        ),
        words={
            "asked": "Learning rate of the recipe",
            "steps": "{steps} steps: highest learning rate",
            "unlucky": "20 steps",
            "share": "10 steps: share of the recipe's rate",
            "title": "Learning rate by step",
            "x": "step",
            "y": "rate, % of the recipe's",
            "run": "{steps} steps",
            "alt": "Learning rate by step of the recipe with {long} and {short} steps",
            "says": "In 10 steps the rate reaches {share}% of the recipe's; with 20 steps the "
            "schedule ends in a {error}.",
        },
        measure=checks.warm_up,
        source=Source(
            "PyTorch documentation, LinearLR",
            "https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html",
        ),
    ),
)
