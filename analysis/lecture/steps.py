"""The story of ResNet in sixteen steps, each a view of the app.

Every claim of a step is computed, recorded or published: its numbers are those of
`analysis.lecture.facts`, by the names in braces.
"""

from __future__ import annotations

from analysis.lecture.facts import TAKEN, Facts
from analysis.lecture.story import Lecture, Question, Step

NAME = "resnet"
"""The story's name in an address."""

STORY = Lecture(
    "The story of ResNet",
    (
        Step(
            "Depth need not cost more",
            "explore?model=resnet34",
            "ResNet-34 takes {resnet34_macs} MACs, {resnet34_of_vgg19} of VGG-19's {vgg19_macs}: "
            "from stage to stage, height and width halve, channels double.",
            notes="A MAC is one multiply-add. So depth is cheap: VGG-19 takes {vgg19_macs} "
            "(Simonyan and Zisserman 2015) with 15 layers fewer. Is it also good? The rule for "
            "channels is that of He et al. 2015, section 3.3.",
        ),
        Step(
            "A deeper network shouldn't be worse",
            "compare?compare_shown=difference&from=plain20&to=plain56",
            "Plain-56 is plain-20 plus 18 blocks. If those copied their input, the two would be "
            "equal.",
            notes="Plain means stacked 3×3 convolutions with batch norm and ReLU. He et al. 2015, "
            "section 1: a deeper network has a solution by construction, the shallower one with "
            "identity layers added, so its training error should be no higher.",
        ),
        Step(
            "Does the deeper network train as well?",
            "training?train_models=plain20;plain56",
            "Two plain networks with batch norm train on the same batches of Fashion-MNIST, with "
            "one recipe.",
            Question(
                "Which has the lower training loss over the last 25 of {steps} steps?",
                ("Plain, 20 layers", "Plain, 56 layers", "About the same"),
                0,
                "Plain, 20 layers: {plain20_loss} against {plain56_loss}, mean loss of the last "
                "25 steps. The deeper one learns more slowly here.",
            ),
            notes="Narrow networks at 14×14 pixels, three seeds. He et al. 2015 call this "
            "degradation and show it for converged training on CIFAR-10 (Fig. 1). On ImageNet, "
            "plain-18 has {plain18_error} top-1 validation error and plain-34 {plain34_error} "
            "(Table 2, 10-crop).",
        ),
        Step(
            "It isn't overfitting",
            "training?train=epochs&train_models=plain20;plain56&train_shown=accuracy",
            "After 10 epochs, plain-56 has {plain56_trained} training and {plain56_tested} test "
            "accuracy; plain-20, {plain20_trained} and {plain20_tested}.",
            notes="Overfitting is a low training error with a high test error. Here both are high. "
            "All 60,000 images, three seeds, recorded on an NVIDIA H200; training accuracies are "
            "those of the last 25 batches. He et al. 2015, Fig. 1, show the same on CIFAR-10.",
        ),
        Step(
            "Is it the gradient?",
            "gradients?models=plain56:norm=none:init=default",
            "The gradient flows from the loss back to the first layers. First, without batch norm.",
            Question(
                "With PyTorch's default initialisation, what happens to it over 56 plain layers?",
                ("It vanishes", "It stays level", "It explodes"),
                0,
                "It vanishes: {vanishing_factor} times smaller at the input end, a factor of "
                "{vanishing_layer} per layer (theory: {per_layer}).",
            ),
            notes="PyTorch draws weights of variance 1/(3 fan-in), and ReLU halves the square: "
            "1/√6 = {per_layer} per layer. The presets of this page show how initialisation and "
            "activation change the result.",
        ),
        Step(
            "And with batch norm?",
            "gradients?models=plain56",
            "But the networks that trained badly have batch norm, as in the paper.",
            Question(
                "With batch norm, what happens to the gradient over 56 plain layers at "
                "initialisation?",
                ("It vanishes", "It stays level", "It explodes"),
                2,
                "It explodes: {bn_factor} times larger at the input end.",
            ),
            notes="Theory: √(π/(π−1)) = 1.21 per layer (Yang et al. 2019). This need not be why "
            'plain networks train badly. He et al. 2015, section 4.1: degradation is "unlikely to '
            'be caused by vanishing gradients".',
        ),
        Step(
            "Hypothesis: the identity is hard to learn",
            "explore?model=plain34&explore_shown=block&block=layer1.1",
            "To pass its input on unchanged, a plain block has to learn the identity.",
            notes="He et al. 2015, section 3.1, suggest that solvers have difficulty in "
            "approximating identity mappings by several nonlinear layers. It is a hypothesis.",
        ),
        Step(
            "The shortcut: y = ReLU(F(x) + x)",
            "explore?model=resnet34&explore_shown=block&block=layer1.1",
            "Two layers learn the residual F(x); an identity shortcut adds x and has no weights.",
            Question(
                "In such a block, all weights of F are zero. What does the block return?",
                ("Zero", "Its input", "Noise"),
                1,
                "Its input: F(x) = 0, and x passes through the shortcut. A plain block would "
                "return zero.",
            ),
            notes="The last ReLU changes nothing, since x comes from a ReLU. Why two layers? With "
            "a single one, y = Wx + x is itself like a linear layer, for which He et al. 2015, "
            "section 3.2, observed no advantage. The addition needs equal shapes.",
        ),
        Step(
            "Does it train now?",
            "training?train_models=plain20;plain56;resnet20;resnet56",
            "The same images, the same recipe, now with shortcuts.",
            Question(
                "How does the training loss of the 56-layer residual network compare with that of "
                "the 20-layer one?",
                ("Worse", "About the same", "Better"),
                1,
                "About the same: {resnet20_loss} and {resnet56_loss}, mean loss of the last 25 "
                "steps. Without shortcuts: {plain20_loss} and {plain56_loss}.",
            ),
            notes="The means of three seeds; the ranges of the two residual networks overlap. In "
            "the paper, deeper ones are better at convergence: 8.75% test error on CIFAR-10 "
            "with 20 layers, 6.97% with 56 (He et al. 2015, Table 6). After 10 epochs of "
            "all 60,000 images (recorded on an NVIDIA H200), more depth still raises the loss: "
            "without shortcuts from {plain20_end} with 20 layers to {plain56_end} with 56, with "
            "them only from {resnet20_end} to {resnet56_end}.",
        ),
        Step(
            "Identity or projection?",
            "compare?nets=resnet34_a;resnet34;resnet34_c",
            "If the shape changes, A pads x with zeros and B, the usual ResNet-34, projects it. C "
            "projects on every shortcut.",
            Question(
                "How does C compare with A in ImageNet top-1 error?",
                ("Over 5 points better", "Under 1 point better", "Worse"),
                1,
                "Under 1 point better: {option_a_error} with A, {option_b_error} with B and "
                "{option_c_error} with C (published, 10-crop).",
            ),
            notes="He et al. 2015, Table 3. C costs weights and multiply-adds, and the paper "
            "doesn't use it further: projections aren't essential against degradation.",
        ),
        Step(
            "The bottleneck and its price",
            "compare?nets=resnet34;resnet50&x=macs&y=saved_bytes",
            "ResNet-50 replaces each two-layer block of ResNet-34 with a three-layer bottleneck.",
            Question(
                "How many multiply-adds does ResNet-50 take, compared with ResNet-34?",
                ("About 10% more", "About 50% more", "Twice as many"),
                0,
                "{bottleneck_macs} more: {resnet50_macs} instead of {resnet34_macs}. But backward "
                "needs {resnet50_saved} per image, not {resnet34_saved}.",
            ),
            notes="A 1×1 convolution divides the channels by four before the 3×3, and another one "
            "restores them. Memory for backward grows with the size of all outputs, not with "
            "multiply-adds. This is v1.5, with the stride on the 3×3; the paper's v1 takes 3.86 G.",
        ),
        Step(
            "Does the gradient keep its direction?",
            "gradients?quantity=direction",
            "Add 1% noise to the images: at initialisation, the gradient should hardly turn.",
            Question(
                "In a 56-layer plain network, what is the cosine of the two gradients?",
                (
                    "Close to 1: same direction",
                    "Close to 0: right angle",
                    "Close to −1: opposite",
                ),
                1,
                "At 56 layers, the gradients with and without 1% noise have a cosine of "
                "{plain56_cosine} in the plain network and {resnet56_cosine} in the residual one.",
            ),
            notes="The gradient of the loss with respect to the image, with batch norm, at "
            "initialisation. Balduzzi et al. 2017 call it shattered gradients: a candidate for why "
            "deep plain networks train badly. Shortcuts keep the norm closer to level, too: press "
            "P, preset Exploding.",
        ),
        Step(
            "Where do batch norm and ReLU go?",
            "units",
            "With BN and ReLU before each convolution, ResNet-110's CIFAR-10 error is "
            "{full_preact_error}, not {original_error} (published).",
            notes="He et al. 2016, Table 2. Full pre-activation leaves the shortcut's "
            "path clean: x reaches every later unit unchanged. At 1,001 layers the difference "
            "grows: 4.92% instead of 7.61% (Table 3). Drawn is a unit of ResNet-110's "
            "second stage.",
        ),
        Step(
            "Take a block out",
            f"lesions?net=fashion_resnet32&out={TAKEN}",
            "Both 32-layer networks are trained on Fashion-MNIST: of {lesion_images} test images, "
            "{residual_intact} are wrong with shortcuts and {plain_intact} without.",
            Question(
                "We remove one block, {taken}, from both networks. Which of them fails?",
                ("Both", "Only the plain one", "Neither"),
                1,
                "Only the plain one: without {taken} its error is {plain_without}, the residual "
                "network's {residual_without}.",
            ),
            notes="Veit, Wilber and Belongie 2016. Half of all paths avoid the block. The bars "
            "show every block alone; layer1.0 isn't spare: without it, {residual_first} are wrong. "
            "Press P to take out any blocks.",
        ),
        Step(
            "Which paths carry the gradient?",
            "paths?path_net=fashion_resnet56",
            "In a trained residual network of 56 layers, a path takes the branch or the shortcut "
            "at each of {blocks} blocks: {paths} paths, through {mean_path} blocks on average.",
            Question(
                "Weighted by gradient, how many blocks does the average path go through?",
                ("All {blocks}", "About {mean_path}", "Far fewer"),
                2,
                "Far fewer: {mean_gradient}, not {mean_path}. One short path carries far more "
                "gradient than one long path.",
            ),
            notes="The number of paths of a length, times the gradient along one of them. The "
            "share adds magnitudes and ignores what cancels between paths. Veit et al. 2016, Fig. "
            "6, read this as an ensemble of shallower networks.",
        ),
        Step(
            "Which depth should you choose?",
            "choose?choose_shown=front",
            "Within {most_macs} MACs and {most_memory} for training at batch {chosen_batch}, "
            "{chosen} is the most accurate with {chosen_recipe}: as deep as {resnet50_name}, with "
            "fewer parameters.",
            notes="Published top-1 accuracies of one recipe: {chosen_accuracy} is the best. Press "
            "P and set the budgets of your class. Deeper isn't always better: on CIFAR-10 the "
            "paper's ResNet-110 has 6.43% error (best of 5 runs), ResNet-1202 7.93%, which it puts "
            "down to overfitting (He et al. 2015, Table 6).",
        ),
    ),
    Facts(),
)
