"""The story of ResNet in fifteen steps, each a view of the app.

What a step claims is computed, recorded or published: its numbers are those of
`analysis.lecture.facts`, by the names in braces.
"""

from __future__ import annotations

from analysis.lecture.facts import TAKEN, Facts
from analysis.lecture.story import Lecture, Question, Step

NAME = "resnet"
"""The name of the story in an address."""

STORY = Lecture(
    "ResNet in ten minutes",
    (
        Step(
            "What does a network cost?",
            "explore?model=resnet34",
            "ResNet-34 takes {resnet34_macs} multiply-adds per image, {resnet34_of_vgg19} of "
            "VGG-19's {vgg19_macs}, though it is deeper.",
            notes="The picture shows height, width and channels through the network. Where the map "
            "halves, the channels double, so that every layer costs about the same (He et al. "
            "2015, section 3.3). The plain network of 34 layers differs by three projections "
            "only. VGG-19 from the layers that Simonyan and Zisserman 2015 published.",
        ),
        Step(
            "A deeper network should not be worse",
            "shortcuts?model=plain56",
            "Plain-56 is plain-20 with 18 more blocks. If those passed their input on unchanged, "
            "it would be exactly as good.",
            notes="He et al. 2015, section 1: a deeper network has a solution by construction, the "
            "shallower one with identity layers added. So its training error should be no higher.",
        ),
        Step(
            "Is it as good?",
            "training?train_models=plain20;plain56",
            "Two plain networks see the same images in the same order, with the same recipe.",
            Question(
                "After {steps} steps, whose training loss is lower?",
                ("Plain, 20 layers", "Plain, 56 layers", "About the same"),
                0,
                "Plain, 20 layers: {plain20_loss} against {plain56_loss}, the mean of three seeds.",
            ),
            notes="He et al. 2015 call this degradation. Here it is the speed of training in a "
            "short run that is seen, not the end of a long one. The paper's Fig. 1 and Table 2: "
            "plain-18 {plain18_error}, plain-34 {plain34_error} top-1 error on ImageNet.",
        ),
        Step(
            "It is not overfitting",
            "training?train_models=plain20;plain56&train_shown=train_accuracy",
            "The deeper network is worse on the very images it trains on: {plain56_accuracy} "
            "right, against {plain20_accuracy}.",
            notes="Overfitting is the opposite: a low training error and a high test error. One "
            "image in ten would be right by chance.",
        ),
        Step(
            "Is it the gradient?",
            "gradients?models=plain56:norm=none:init=default;resnet56:norm=none:init=default",
            "The gradient travels from the loss back to the first layers.",
            Question(
                "Without batch norm, what happens to it in 56 plain layers, with PyTorch's own "
                "initialisation?",
                ("It vanishes", "It stays level", "It explodes"),
                0,
                "It falls by a factor of {vanishing_factor}: about {per_layer} per layer.",
            ),
            notes="PyTorch draws weights of variance 1/(3 fan-in), and ReLU halves the square: "
            "1/√6 = {per_layer} per layer. With shortcuts, the gradient stays within a factor of "
            "10. In the other presets initialisation and activation change the story.",
        ),
        Step(
            "And with batch norm?",
            "gradients?models=plain56;resnet56",
            "The paper's plain networks have batch norm, and they degrade all the same.",
            Question(
                "With batch norm, what happens to the gradient in 56 plain layers?",
                ("It vanishes", "It stays level", "It explodes"),
                2,
                "It grows by a factor of {bn_factor} toward the input; with shortcuts by "
                "{bn_residual_factor}.",
            ),
            notes='He et al. 2015, section 4.1: degradation is "unlikely to be caused by vanishing '
            'gradients". This is the gradient at initialisation: its range collapses within the '
            "first steps of training.",
        ),
        Step(
            "Identity is hard to learn",
            "explore?model=plain34&explore_shown=block&block=layer1.1",
            "To pass its input on, a plain block has to learn the identity.",
            Question(
                "All weights of a residual block are zero. What does it return?",
                ("Zero", "Its input", "Noise"),
                1,
                "Its input, through the shortcut. A plain block returns zero.",
            ),
            notes="He et al. 2015, section 3.1: if the identity is optimal, it is easier to push "
            "the residual to zero than to fit the identity by nonlinear layers. This is a "
            "hypothesis. The ReLU after the addition changes nothing: its input comes from a ReLU.",
        ),
        Step(
            "The shortcut: y = F(x) + x",
            "explore?model=resnet34&explore_shown=block&block=layer1.1",
            "Two layers learn the residual F; the shortcut adds the input and has no weights.",
            notes="Why two layers? With a single one, y = Wx + x is itself a linear layer: He et "
            "al. 2015, section 3.2, saw no advantage. The addition needs equal shapes.",
        ),
        Step(
            "Identity or projection?",
            "compare?nets=resnet34_a;resnet34;resnet34_c",
            "Where the shape changes, x can be padded with zeros (A) or projected (B); C projects "
            "everywhere.",
            Question(
                "How much better is C than A?",
                ("Much: over 5 points of error", "A little: about 1 point", "It is worse"),
                1,
                "A little: {option_a_error}, {option_b_error} and {option_c_error} top-1 error for "
                "A, B and C.",
            ),
            notes="He et al. 2015, Table 3, ImageNet, 10-crop: published, not measured here. The "
            "paper concludes that projections are not essential against degradation.",
        ),
        Step(
            "The bottleneck and its price",
            "explore?model=resnet50&explore_shown=block&block=layer1.1",
            "ResNet-50 has as many blocks as ResNet-34, but three layers in each.",
            Question(
                "How many more multiply-adds does ResNet-50 take than ResNet-34?",
                ("About a tenth more", "Half as many more", "Twice as many"),
                0,
                "{bottleneck_macs} more: {resnet50_macs} against {resnet34_macs}. But backward "
                "needs {resnet50_saved} an image, not {resnet34_saved}.",
            ),
            notes="A 1×1 convolution divides the channels by four before the 3×3 and another "
            "restores them. Memory and time follow the activations rather than the multiply-adds.",
        ),
        Step(
            "What shortcuts do to the gradient",
            "gradients?quantity=direction",
            "An image gets 1% of noise. The gradient should hardly turn.",
            Question(
                "In 56 plain layers, how alike are the gradients before and after?",
                ("Nearly the same", "At right angles", "Opposite"),
                1,
                "At right angles: cosine {plain56_cosine}. With shortcuts it is {resnet56_cosine}.",
            ),
            notes="Balduzzi et al. 2017, shattered gradients: at initialisation, with batch norm, "
            "the gradients of a deep plain network resemble white noise.",
        ),
        Step(
            "Where batch norm and ReLU go",
            "units",
            "Full pre-activation leaves nothing on the shortcut's path: error "
            "{full_preact_error} instead of {original_error}.",
            notes="He et al. 2016, Table 2, ResNet-110 on CIFAR-10: published, not measured here. "
            "At 1,001 layers the difference is larger: 4.92% instead of 7.61% (Table 4).",
        ),
        Step(
            "Take a block out",
            f"lesions?net=fashion_resnet32&out={TAKEN}",
            "Two trained networks: {residual_intact} of the images are wrong with shortcuts, "
            "{plain_intact} without.",
            Question(
                "One block of each is taken out. What is wrong then?",
                (
                    "Almost everything in both",
                    "Almost everything in the plain one alone",
                    "Little in both",
                ),
                1,
                "Without {taken}: {plain_without} wrong in the plain network, {residual_without} "
                "in the residual one.",
            ),
            notes="Veit, Wilber and Belongie 2016. Click other blocks: the first of a stage is "
            "missed more than the others. Nine in ten would be wrong by chance.",
        ),
        Step(
            "Short paths carry the gradient",
            "paths?path_net=fashion_resnet56",
            "{blocks} blocks make {paths} paths, which go through {mean_path} blocks on average.",
            Question(
                "Through how many blocks does the gradient go on average?",
                ("All {blocks}", "{mean_path}", "Fewer than {mean_path}"),
                2,
                "Through {mean_gradient}: short paths are few, but a single one carries far more.",
            ),
            notes="Veit et al. 2016, Fig. 6: the number of paths of a length, times the gradient "
            "along one of them. A very deep residual network trains like many shallow ones.",
        ),
        Step(
            "What depth to choose?",
            "choose",
            "Set the budgets: the page names the deepest network that fits, and the Pareto front.",
            notes="Take the budgets of your class: multiply-adds, memory, parameters. Accuracies "
            "are published, each with its recipe.",
        ),
    ),
    Facts(),
)
