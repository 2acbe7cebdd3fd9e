import dataclasses
import json
import math
import typing

import numpy as np
import pytest

from w2v.config import (
    Checkpoints,
    Interval,
    TrainConfig,
    TrainOptions,
    make_config,
    parse_interval,
    read_toml,
)
from w2v.errors import ConfigError


def test_keyword_options_are_the_fields():
    hints = typing.get_type_hints(TrainOptions)
    fields = typing.get_type_hints(TrainConfig)
    assert hints == fields


def test_the_configuration_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig().lr = 1.0


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("vector_size", 0, "vector_size: expected 1 to 4096, got 0"),
        ("vector_size", -5, "got -5"),
        ("vector_size", 10**9, "expected 1 to 4096"),
        ("vector_size", 100.0, "vector_size: expected an integer, got 100.0"),
        ("vector_size", "100", "vector_size: expected an integer, got '100'"),
        ("vector_size", True, "vector_size: expected an integer, got True"),
        ("vector_size", None, "vector_size: expected an integer, got None"),
        ("window", 0, "window: expected 1 to"),
        ("window", -1, "window: expected 1 to 1000, got -1"),
        ("window", True, "window: expected a number of words such as 5, or one for each side"),
        ("window", 5.0, "such as 5,2, got 5.0"),
        ("window", None, "such as 5,2, got None"),
        ("window", "five", "such as 5,2, got 'five'"),
        ("window", "5;2", "such as 5,2, got '5;2'"),
        ("window", "5,", "such as 5,2, got '5,'"),
        ("window", (5,), "such as 5,2, got (5,)"),
        ("window", (), "such as 5,2, got ()"),
        ("window", "1,2,3", "such as 5,2, got (1, 2, 3)"),
        ("window", (2, 0.5), "such as 5,2, got (2, 0.5)"),
        ("window", (0, 0), "window: expected two numbers from 0 to 1000, not both 0, got 0,0"),
        ("window", "3,-1", "window: expected two numbers from 0 to 1000, not both 0, got 3,-1"),
        ("window", [0, 1001], "window: expected two numbers from 0 to 1000"),
        ("distance_weights", "1/d", "distance_weights: expected one of draw, harmonic, flat, got"),
        ("negative", 0, "negative: expected 1 to"),
        ("min_count", 0, "min_count: expected 1 to"),
        ("max_vocab", 1, "max_vocab: expected 2 to"),
        ("epochs", 0, "epochs: expected 1 to"),
        ("workers", 0, "workers: expected 1 to"),
        ("seed", -1, "seed: expected 0 to"),
        ("sample", -1e-4, "sample: expected 0 to 1"),
        ("sample", 2, "sample: expected 0 to 1"),
        ("sample", float("nan"), "sample: expected a finite number, got nan"),
        ("lr", 0.0, "lr: expected a positive number"),
        ("lr", float("nan"), "lr: expected a finite number, got nan"),
        ("lr", float("inf"), "lr: expected a finite number"),
        ("lr", "fast", "lr: expected a number, got 'fast'"),
        ("min_lr", 0.5, "min_lr: expected 0 to lr=0.05"),
        ("min_lr", -0.1, "min_lr: expected 0 to lr"),
        ("noise_exponent", 1e300, "noise_exponent: expected -10 to 10"),
        ("loss", "softmaxx", "loss: expected one of negative-sampling"),
        ("encoding_errors", "maybe", "encoding_errors: expected one of strict, replace, ignore"),
        ("lowercase", 1, "lowercase: expected true or false, got 1"),
    ],
)
def test_a_wrong_value_is_named(name, value, message):
    with pytest.raises(ConfigError) as error:
        TrainConfig(**{"lr": 0.05, name: value})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_whole_numbers_will_do_for_numbers():
    assert TrainConfig(sample=0).sample == 0.0
    assert isinstance(TrainConfig(lr=1).lr, float)


def test_numbers_of_numpy_are_numbers():
    config = TrainConfig(
        vector_size=np.int64(8), seed=np.uint8(3), sample=np.float32(0.5), lr=np.float64(0.1),
        lowercase=np.bool_(True), min_lr=np.int32(0), loss=np.str_("nce"),
    )  # fmt: skip
    values = config.vector_size, config.seed, config.sample, config.lr, config.min_lr
    assert values == (8, 3, 0.5, 0.1, 0.0)
    assert [type(value) for value in values] == [int, int, float, float, float]
    assert config.lowercase is True
    assert type(config.loss) is str
    json.dumps(dataclasses.asdict(config))


def test_a_fraction_as_on_the_command_line():
    assert TrainConfig(validate="10%").validate == 0.1
    assert TrainConfig(validate=" 0.05 ").validate == 0.05
    with pytest.raises(ConfigError, match=r"validate: expected a fraction such as 0\.01 or 1%"):
        TrainConfig(validate="ten")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("size", "did you mean vector_size"), ("dim", "did you mean vector_size"),
        ("iter", "did you mean epochs"), ("alpha", "did you mean lr"),
        ("min_alpha", "did you mean min_lr"), ("ws", "did you mean window"),
        ("neg", "did you mean negative"), ("minCount", "did you mean min_count"),
        ("threads", "did you mean workers"), ("ns_exponent", "did you mean noise_exponent"),
        ("max_final_vocab", "did you mean max_vocab"), ("sg", "always trains skip-gram"),
        ("hs", "no hierarchical softmax"), ("resume", "w2v.Checkpoints"),
        ("sentences", "the corpus is the first argument"), ("observer", "callbacks takes a list"),
    ],
)  # fmt: skip
def test_names_of_other_programs_get_ours(name, expected):
    with pytest.raises(ConfigError, match=expected) as error:
        make_config({name: 1})
    assert name in str(error.value)


@pytest.mark.parametrize(
    ("given", "window", "sides"),
    [
        (5, 5, (5, 5)), ("5", 5, (5, 5)), (np.int32(5), 5, (5, 5)), ((5, 5), 5, (5, 5)),
        ((5, 0), (5, 0), (5, 0)), ([0, 2], (0, 2), (0, 2)), (" 5, 2 ", (5, 2), (5, 2)),
        ((np.int64(1), 1000), (1, 1000), (1, 1000)),
    ],
)  # fmt: skip
def test_windows(given, window, sides):
    config = TrainConfig(window=given)
    assert (config.window, config.window_sides) == (window, sides)
    assert type(config.window) is type(window)
    record = json.loads(json.dumps(dataclasses.asdict(config)))
    assert make_config(record) == config
    hash(config)


def test_an_explicit_zero_is_kept():
    config = TrainConfig(sample=0, min_lr=0, noise_exponent=0, seed=0)
    assert (config.sample, config.min_lr, config.noise_exponent, config.seed) == (0, 0, 0, 0)


@pytest.mark.parametrize(("given", "expected"), [(0.001, 0.001), (0.3, 0.04), (0.04, 0.04)])
def test_the_lowest_rate_is_not_above_the_default_of_the_loss(given, expected):
    config = TrainConfig(min_lr=given).with_default_lr(0.04)
    assert (config.lr, config.min_lr) == (0.04, expected)


def test_unknown_names_get_a_suggestion():
    with pytest.raises(ConfigError, match=r"'vector_sise'.*did you mean vector_size"):
        make_config({"vector_sise": 3})
    with pytest.raises(ConfigError, match="known: loss"):
        make_config({"zzz": 3})


def test_toml(write):
    assert read_toml(write("a.toml", "vector-size = 50\nlr = 0.1\nwindow = [5, 0]\n")) == {
        "vector_size": 50,
        "lr": 0.1,
        "window": [5, 0],
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("vector_size = ", "not valid TOML"),
        ("vectorsize = 3", "did you mean vector_size"),
        ("[train]\nlr = 1", "unknown option 'train'"),
        ("lr = 'fast'", "lr: expected a number"),
        ("shrink_windows = 1", "shrink_windows: expected true or false, got 1"),
        ("shrink_windows = true\ndistance-weights = 'draw'", "be combined with distance_weights"),
        (b"\xff\xfe", "not valid TOML"),
    ],
)
def test_toml_that_cannot_be_used(write, content, message):
    path = write("a.toml", content)
    with pytest.raises(ConfigError, match=message):
        read_toml(path)


@pytest.mark.parametrize(
    ("content", "others", "message"),
    [
        ("patience = 3", {"validate": 0.1}, "patience: needs validate"),
        ("phrase_threshold = 20.0", {"phrases": 1}, "phrase_threshold: only used with phrases"),
        ("min_lr = 0.2\nlr = 0.1", {"lr": 0.3}, "min_lr: expected 0 to lr=0.1, got 0.2"),
        (
            "phrases = 1\nphrase_scoring = 'npmi'\nphrase_threshold = 9",
            {"phrase_threshold": 0.5},
            "phrase_threshold: expected -1 to 1",
        ),
    ],
)
def test_options_of_a_file_are_combined_with_others_before_they_are_refused(
    write, content, others, message
):
    options = read_toml(write("a.toml", content))
    with pytest.raises(ConfigError, match=message):
        make_config(options)
    make_config({**options, **others})


def test_toml_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10m", Interval(600, math.inf)),
        ("90s", Interval(90, math.inf)),
        ("1.5h", Interval(5400, math.inf)),
        (" .5 s ", Interval(0.5, math.inf)),
        ("5%", Interval(math.inf, 0.05)),
        ("100%", Interval(math.inf, 1)),
    ],
)
def test_intervals(text, expected):
    assert parse_interval(text) == expected


@pytest.mark.parametrize(
    "text", ["", "10", "m", "0m", "0%", "101%", "-5m", "5 minutes", "1e3s", "nan%", "٥m", "5d"]
)
def test_what_is_no_interval(text):
    with pytest.raises(ConfigError, match=r"^checkpoint_every: expected "):
        parse_interval(text)


def test_wrong_checkpoint_options_are_refused():
    with pytest.raises(ConfigError, match="back_off: expected 0 to 20, got 21"):
        Checkpoints("ck", back_off=21)
    with pytest.raises(ConfigError, match="checkpoint_every: expected an interval such as 10m"):
        Checkpoints("ck", every="soon")
    with pytest.raises(ConfigError, match=r"checkpoint_every: expected an interval .* got 5"):
        Checkpoints("ck", every=5)
    assert Checkpoints("ck", every="90s").interval == Interval(90, math.inf)
