"""Every flag of the training command that is no option of `TrainConfig`, and every argument of
`train_embeddings`, does what it says on every way to train that takes it.

A test says with `covers` what it is of; a flag or argument that no test covers fails
`test_every_flag_and_argument_is_covered`.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys

import numpy as np
import pytest
from ways import (
    FIELDS,
    WAYS,
    Watching,
    arrays_of,
    flags_of,
    toml_of,
    train,
    twin_of,
)

import w2v
from w2v.config import Checkpoints, TrainConfig
from w2v.errors import ConfigError, DivergenceError, W2VError
from w2v.train.__main__ import main, make_parser
from w2v.train.api import train_embeddings

COVERED = {"help", "corpus"}
DOORS = ("command", "python")
IN_ONE_PLACE = [way for way in WAYS if not way.in_rounds]


def covers(*names):
    """Marks the test of flags, by their names without dashes in front, and of arguments."""
    COVERED.update(name.replace("-", "_") for name in names)
    return lambda test: test


def on(ways, doors=DOORS):
    def decorated(test):
        test = pytest.mark.parametrize("way", ways, ids=lambda way: way.name)(test)
        return pytest.mark.parametrize("door", doors)(test)

    return decorated


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, write):
    """Each test in its own folder, with a corpus for each way to train."""
    monkeypatch.chdir(tmp_path)
    for way in WAYS:
        write(f"{way.name}.txt", way.content)
    return tmp_path


def run(door, way, **flags):
    """Train from a door; `flags` are as on the command line. Returns the embeddings."""
    options = flags.pop("options", way.base())
    if door == "command":
        argv = [
            f"{way.name}.txt",
            *flags_of(options),
            *flags_of(flags),
            "--output",
            "v.safetensors",
        ]
        assert main(argv) == 0
        return w2v.load("v.safetensors")
    if "cache" in flags:
        flags["cache_dir"] = flags.pop("cache")
    flags = with_checkpoints(flags)
    return train(f"{way.name}.txt", options, **flags)[0]


def with_checkpoints(flags):
    """The flags of checkpoints as Python takes them."""
    names = {"checkpoint": "folder", "checkpoint_every": "every"}
    parts = {
        names.get(name, name): flags.pop(name)
        for name in ("checkpoint", "checkpoint_every", "resume", "back_off")
        if name in flags
    }
    return {**flags, "checkpoint": Checkpoints(**parts)} if parts else flags


def test_every_flag_and_argument_is_covered():
    flags = {action.dest for action in make_parser()._actions}
    arguments = set(inspect.signature(train_embeddings).parameters) - {"options"}
    arguments |= {f"checkpoint_{spec.name}" for spec in dataclasses.fields(Checkpoints)}
    missing = sorted((flags | arguments) - set(FIELDS) - COVERED)
    assert not missing, f"no test in tests/test_flags.py covers {', '.join(missing)}"


@covers("output")
@on(WAYS[:1], ["command"])
@pytest.mark.parametrize("suffix", [".bin", ".txt", ".vec", ".safetensors"])
def test_the_output_is_in_the_format_of_its_name(door, way, suffix, here):
    argv = [f"{way.name}.txt", *flags_of(way.base())]
    assert main(argv) == 0
    assert main([*argv, "--output", f"out{suffix}"]) == 0
    assert main([*argv, "-o", f"short{suffix}"]) == 0
    content = (here / f"out{suffix}").read_bytes()
    assert w2v.load(here / "vectors.bin").index_to_key == w2v.load(f"out{suffix}").index_to_key
    assert len(content) == (here / f"short{suffix}").stat().st_size
    starts = {".bin": b"15 5\n", ".txt": b"15 5\na ", ".vec": b"15 5\na "}
    words = len(w2v.load("vectors.bin"))
    expected = starts.get(suffix, b"").replace(b"15", str(words).encode())
    assert content.startswith(expected)
    assert (suffix == ".safetensors") == (b'"dtype"' in content)


@covers("config")
@on(WAYS)
def test_a_configuration_has_all_options_and_flags_win(door, way, write):
    expected = run("python", way)
    if door == "python":
        config = TrainConfig(**way.base())
        wv = train_embeddings(f"{way.name}.txt", config, callbacks=[Watching()])
    else:
        write("options.toml", toml_of({**way.base(), "seed": 99, "lr": 0.1}))
        options = {"seed": way.base()["seed"], "lr": way.base()["lr"]}
        wv = run(door, way, options=options, config="options.toml")
    assert arrays_of(wv) == arrays_of(expected)


@covers("cache", "cache_dir")
@on(IN_ONE_PLACE)
def test_an_encoded_corpus_is_kept_and_reused(door, way, here):
    """A file that was not read is written again."""
    expected = arrays_of(run(door, way))
    assert not (here / "kept").exists()
    written = []
    for _ in range(2):
        assert arrays_of(run(door, way, cache="kept")) == expected
        (file,) = (here / "kept").iterdir()
        written.append((file.name, file.stat().st_ino, file.stat().st_mtime_ns))
    assert written[0] == written[1]


@covers("init")
@on(IN_ONE_PLACE)
def test_training_begins_at_earlier_vectors(door, way, here):
    old = run(door, way, options={**way.base(), "seed": 5})
    old.save("old.safetensors")
    frozen = {**way.base(), "lr": 1e-30, "min_lr": 0.0}
    del frozen["vector_size"]  # that of the vectors is the default
    wv = run(door, way, options=frozen, init="old.safetensors")
    assert wv.index_to_key[: len(old)] == old.index_to_key
    np.testing.assert_array_equal(wv.vectors[: len(old)], old.vectors)
    np.testing.assert_array_equal(wv.context_vectors[: len(old)], old.context_vectors)


@covers("freeze")
@on(IN_ONE_PLACE)
def test_frozen_words_keep_their_vectors(door, way, write):
    old = run(door, way, options={**way.base(), "seed": 5})
    old.save("old.safetensors")
    write("frozen.txt", "b\nd\n")
    wv = run(door, way, init="old.safetensors", freeze="frozen.txt")
    same = [word for word in old if wv[word].tobytes() == old[word].tobytes()]
    assert same == [word for word in old if word in ("b", "d")]


@on(WAYS[:1])
@pytest.mark.parametrize(("shrink", "weights"), [(True, "draw"), (False, "flat")])
def test_shrink_windows_is_another_name(door, way, shrink, weights, write):
    expected = run(door, way, options={**way.base(), "distance_weights": weights})
    old = {**way.base(), "shrink_windows": shrink}
    found = [run(door, way, options=old)]
    if door == "command":
        write("options.toml", toml_of(old))
        found += [run(door, way, options={}, config="options.toml")]
    for wv in found:
        assert arrays_of(wv) == arrays_of(expected)
        assert wv.training["config"]["distance_weights"] == weights


@covers("quiet", "callbacks")
@on(WAYS[:1], ["command"])
def test_a_quiet_command_prints_nothing(door, way, capsys):
    run(door, way, quiet=True)
    assert capsys.readouterr() == ("", "")
    run(door, way)
    out, err = capsys.readouterr()
    assert "vectors     replaced v.safetensors" in out
    assert "corpus: " in err


def test_on_a_terminal_the_first_line_appears_immediately(here, capsys, monkeypatch):
    """Before anything is imported that takes long."""
    way = WAYS[0]
    argv = [f"{way.name}.txt", *flags_of(way.base()), "-o", "v.bin"]
    monkeypatch.setattr("w2v.train.progress.has_bars", lambda: False)
    for quiet in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        assert main([*argv, *["--quiet"] * quiet]) == 0
        lines = capsys.readouterr().err.splitlines()
        first = [] if quiet else [f"w2v {w2v.__version__}: training on '{way.name}.txt'"]
        assert lines[:1] == first


@covers("progress")
def test_progress_in_python_is_lines_or_nothing(capsys):
    """ "auto" is a bar on terminals and in notebooks, and nothing elsewhere."""
    way = WAYS[0]
    for progress, says in ((True, True), ("auto", False), (False, False)):
        w2v.train_embeddings(f"{way.name}.txt", progress=progress, **way.base())
        assert bool(capsys.readouterr().err) is says


@covers("checkpoint_output")
@on(WAYS[:1], ["command"])
def test_a_resumed_run_writes_where_the_run_began_to(door, way, here):
    argv = [f"{way.name}.txt", *flags_of(way.base()), "--checkpoint", "kept"]
    assert main([*argv, "--output", "first.txt"]) == 0
    (here / "first.txt").unlink()
    assert main([f"{way.name}.txt", "--checkpoint", "kept", "--resume"]) == 0
    assert (here / "first.txt").exists()
    assert not (here / "vectors.bin").exists()


@covers("version")
def test_the_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"w2v {w2v.__version__}\n"


@covers("engine", "address")
@on([way for way in WAYS if way.in_rounds])
def test_a_cluster_is_asked_for_at_its_address(door, way):
    """Nobody listens at port 1."""
    pytest.importorskip("ray", reason="needs the extra w2v[ray]")
    with pytest.raises(W2VError, match=r"address: 127\.0\.0\.1:1: "):
        run(door, way, engine="ray", address="127.0.0.1:1")
    with pytest.raises(ConfigError, match="address"):
        run(door, way, engine="local", address="127.0.0.1:1")


@covers("checkpoint", "resume", "checkpoint_folder", "checkpoint_resume")
@on(WAYS)
def test_a_run_is_resumed_with_the_options_that_it_had(door, way, here):
    whole = run(door, way, checkpoint="kept")
    files = {path.name for path in (here / "kept").iterdir()}
    assert files
    again = run(door, way, checkpoint="kept", resume=True, options={"workers": 1})
    assert arrays_of(again) == arrays_of(whole)
    assert json.loads(again.metadata["training"])["resumed_at_words"] == [
        json.loads(whole.metadata["training"])["words_trained"]
    ]


def test_a_run_is_resumed_with_one_of_its_options_given_again(here):
    """`--patience` needs `--validate`, which the checkpoint has."""
    (way,) = [way for way in WAYS if way.name == "negative-sampling"]
    argv = [f"{way.name}.txt", "--checkpoint", "kept"]
    options = {**way.base(), "validate": 0.25, "patience": 2}
    assert main([*argv, *flags_of(options), "-o", "a.bin"]) == 0
    assert main([*argv, "--resume", "--patience", "2", "-o", "b.bin"]) == 0
    assert (here / "a.bin").read_bytes() == (here / "b.bin").read_bytes()
    with pytest.raises(ConfigError, match="patience: needs validate"):
        main([f"{way.name}.txt", "--patience", "2"])


@covers("checkpoint_every")
@on(WAYS)
def test_checkpoints_are_as_often_as_asked_for(door, way, capsys):
    """At the end in any case; before, none is begun while another is being written."""
    options = {**way.base(), "epochs": 3}
    n_kept = {}
    for every in ("1%", "99m"):
        flags = {"options": options, "checkpoint": every, "checkpoint_every": every}
        capsys.readouterr()
        if door == "command":
            run(door, way, **flags)
            n_kept[every] = capsys.readouterr().err.count("checkpoint: ")
        else:
            _, seen = train(f"{way.name}.txt", **with_checkpoints(flags))
            n_kept[every] = len(seen.kept)
    assert n_kept["1%"] > n_kept["99m"] == 1


@covers("back_off", "checkpoint_back_off")
@on(WAYS)
def test_a_divergence_is_backed_off_from_at_half_the_rate(door, way):
    """There is no checkpoint before the first epoch: the run begins again, at a lower rate."""
    options = {**way.base(), "lr": 64.0, "min_lr": 8.0}
    with pytest.raises(DivergenceError):
        run(door, way, options=options)
    wv = run(door, way, options=options, checkpoint="kept", back_off=20)
    record = json.loads(wv.metadata["training"])
    factor = record["back_offs"][-1]["lr_factor"]
    assert factor == 0.5 ** len(record["back_offs"])
    assert {each["back_to_words"] for each in record["back_offs"]} == {0}
    assert record["config"]["lr"] == options["lr"]
    options |= {"lr": options["lr"] * factor, "min_lr": options["min_lr"] * factor}
    twin = twin_of(way.content, options)
    # At such rates, rounding grows.
    assert record["epoch_losses"][0] == pytest.approx(twin.epoch_losses[0], rel=0.01)
