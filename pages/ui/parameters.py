"""The parameters that each page reads from its address, besides the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

EVERY_PAGE = (
    "view lang lecture step answers mine "
    "look_picture look_format look_rows look_palette look_width look_dpi look_ground look_legend "
    "look_shapes look_labels"
)
"""Parameters of the projector view, the lecture's strip and the export dialog."""

OF_PAGE: Mapping[str, str] = {
    "explore": "explore_shown block layers find",
    "shortcuts": "level heat per unfold labels layout twin open at search",
    "units": "left_order left_block left_shortcut right_order right_block right_shortcut",
    "timing": (
        "timing_shown timing_device timing_batches timing_dtype timing_mode timing_seconds "
        "timing_threads timing_optimiser timing_channels_last timing_compile timing_blocks "
        "timing_tf32 roofline_of"
    ),
    "gradients": "models seeds batch precision images quantity noise",
    "training": (
        "train train_shown train_depths train_models train_recipe train_data train_seeds "
        "train_device train_start train_seed train_optimiser train_rate train_batch train_steps "
        "train_epochs train_momentum train_weight_decay train_schedule train_milestones "
        "train_warm_up train_warm_up_from train_rise train_augment train_pad train_precision "
        "train_gradients_at train_nesterov train_channels_last train_decay_all train_evaluate"
    ),
    "lesions": (
        "net beside lesion_data lesion_images lesion_shown out initial picture open at search"
    ),
    "paths": "path_state path_net path_data path_images path_draws",
    "compare": (
        "compare_shown compare_batch compare_columns compare_dtype nets x y bubble log "
        "sweep swept sweep_figure sweep_log from to ledger"
    ),
    "choose": (
        "choose_shown choose_batch choose_dtype task own_input own_classes optimiser "
        "max_macs max_params max_training max_inference max_ms real front"
    ),
    "sweeps": (
        "folder swept_kind swept_x swept_y swept_colour swept_log_x swept_log_y swept_beside "
        "swept_only swept_rows"
    ),
    "lecture": "lecture_shown story exercise exercise_step",
}
"""Parameters of each page's own fields."""

_TITLE = "_title"  # ends the parameter of a picture's title
_FOREIGN = ("utm_", "mtm_", "mc_", "ref")  # begin what mailings and other sites add to links
_CLICK = "clid"  # ends what search engines and networks add


def unknown(page: str, names: Iterable[str]) -> list[str]:
    """Return the parameters that a page doesn't read, except those that other sites add to links.

    Args:
        page: the page's name; empty for the front page.
        names: the parameters in its address besides the model.
    """
    known = {*EVERY_PAGE.split(), *OF_PAGE[page or next(iter(OF_PAGE))].split()}
    return [
        name
        for name in names
        if name not in known
        and not name.endswith((_TITLE, _CLICK))
        and not name.startswith(_FOREIGN)
    ]
