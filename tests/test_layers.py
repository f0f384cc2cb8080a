"""Settings from presets, files, earlier runs and options: the later the stronger, and no mistake goes unseen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from handseg_cli.config import FinetuneConfig, TrainConfig
from handseg_cli.config.layers import RUN_FILE, from_table, layered, to_table
from handseg_cli.config.presets import PRESETS
from handseg_cli.config.words import weighted
from handseg_cli.errors import ConfigError
from handseg_cli.options import options_from


def typed(*arguments: str) -> TrainConfig:
    """Return the configuration that a command line makes."""
    seen: list[TrainConfig] = []
    app = typer.Typer()
    app.command()(options_from(TrainConfig, seen.append))
    done = CliRunner().invoke(app, list(arguments), standalone_mode=False)
    if done.exception:
        raise done.exception
    return seen[0]


def test_options_win_over_a_file_and_a_file_over_a_preset(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('preset = "seed-deeplab"\nlr = 1\nepochs = 7\ndatasets = ["hof=0.5"]\n')
    config = typed("run", "--config", str(file), "--epochs", "50")
    assert (config.epochs, config.lr, config.model, config.fit) == (50, 1.0, "deeplab", "squash")
    assert config.mixture == {"hof": 0.5}


def test_an_option_wins_even_where_it_says_the_default() -> None:
    assert typed("run", "--preset", "seed-deeplab", "--augment", "full").augment == "full"
    assert typed("run", "--preset", "seed-deeplab").augment == "none"


def test_a_resumed_run_keeps_its_settings(tmp_path: Path) -> None:
    before = TrainConfig(run=tmp_path, datasets=("hof",), cutouts=Path("hands"), lr=0.125, freeze=("norms",))
    (tmp_path / RUN_FILE).write_text(json.dumps(to_table(before)))
    after = typed(str(tmp_path), "--resume", "--epochs", "90")
    assert (after.datasets, after.cutouts, after.lr, after.freeze) == (("hof",), Path("hands"), 0.125, ("norms",))
    assert (after.epochs, after.resume) == (90, True)


@pytest.mark.parametrize("preset", [name for name in PRESETS if name])
def test_presets_make_sense(preset: str) -> None:
    assert layered(TrainConfig, {"run": Path("run"), "preset": preset}).preset == preset


@pytest.mark.parametrize(
    ("preset", "steps", "drops"),
    [("rhd-handsegnet", 40, (20, 30)), ("rhd-posenet", 30, (10, 20)), ("rhd-lifting", 80, (60,))],
)
def test_the_third_systems_steps_are_counted_in_epochs(preset: str, steps: int, drops: tuple[int, ...]) -> None:
    config = layered(TrainConfig, {"run": Path("run"), "preset": preset})
    # Of RHD, 41,258 photos, of which two are left out.
    assert config.epochs == round(steps * 1000 * config.batch / 41_256)
    assert [drop * steps for drop in config.drops] == pytest.approx(drops)


def test_a_net_of_joints_has_defaults_of_its_own() -> None:
    config = typed("run", "--model", "handpose", "--datasets", "synth.h5")
    assert (config.fit, config.size, config.augment) == ("hand", 128, "full")
    assert config.terms.keys() == {"points", "depths", "right", "hand", "maps"}
    assert typed("run", "--model", "handpose", "--size", "128").size == 128


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("learning_rate = 1", "learning_rate is no setting; there are .*lr"),
        ('lr = "high"', "lr is 'high'; it is float"),
        ("epochs = 1.5", "epochs is 1.5; it is int"),
        ("quiet = 1", "quiet is 1; it is bool"),
        ('model = "vgg"', "one of 'lite', 'deeplab', 'unet'"),
        ("drops = 0.5", "drops is 0.5"),
        ('preset = "seed"', "preset"),
        ("lr = -1", "above 0"),
        ("lr = ", "is damaged"),
        ('datasets = "hof"', "datasets is 'hof'"),
    ],
)
def test_mistakes_in_a_file_are_named(tmp_path: Path, text: str, hint: str) -> None:
    file = tmp_path / "run.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=hint):
        typed("run", "--config", str(file))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read"):
        typed("run", "--config", str(tmp_path / "absent.toml"))
    with pytest.raises(ConfigError, match=r"config\.json: cannot be read"):
        typed(str(tmp_path), "--resume")


@pytest.mark.parametrize("config", [TrainConfig(run=Path("a")), FinetuneConfig(folder=Path("b"), run=Path("a"))])
def test_a_configuration_survives_json(config: Any) -> None:
    table = json.loads(json.dumps(to_table(config)))
    assert type(config)(**from_table(type(config), table, "run")) == config


def test_names_may_have_weights_and_commas() -> None:
    assert weighted(("eyth,eh=0.5", "a=b.h5=2", " hof ")) == {"eyth": 1, "eh": 0.5, "a=b.h5": 2, "hof": 1}


@pytest.mark.parametrize("text", ["hof=", "hof=-1", "=2", "hof=nan", "hof=inf", "hof=much"])
def test_weights_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="NAME=WEIGHT"):
        weighted((text,))
