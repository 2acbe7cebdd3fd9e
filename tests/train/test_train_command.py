import os
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest

import w2v
from w2v.errors import ConfigError, OutputError
from w2v.train.__main__ import main

TEXT = "the cat sat on the mat\nthe dog sat on the log\n" * 200
QUICK = ["--vector-size", "8", "--epochs", "2", "--min-count", "1", "--workers", "1"]


def run(*arguments, cwd, stdin=None):
    return subprocess.run(
        [sys.executable, "-m", "w2v.train", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
    )


def test_a_corpus_in_and_vectors_out(write, tmp_path):
    write("corpus.txt", TEXT)
    result = run("corpus.txt", *QUICK, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    wv = w2v.load(tmp_path / "vectors.bin")
    assert wv.index_to_key[0] == "the"
    assert wv.vector_size == 8
    for expected in ("vocabulary  7 words", "trained     4,800 words", "nats per pair", ".bin"):
        assert expected in result.stdout
    assert "2,400 words in 400 lines; 7 different" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("suffix", [".bin", ".txt", ".vec", ".safetensors"])
def test_the_same_seed_gives_the_same_file(write, tmp_path, suffix, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    contents = []
    for name in ("one", "two"):
        assert main(["corpus.txt", *QUICK, "--quiet", "--output", name + suffix]) == 0
        contents.append((tmp_path / (name + suffix)).read_bytes())
    if suffix != ".safetensors":  # which records the seconds it took
        assert contents[0] == contents[1]
    assert len(w2v.load(tmp_path / ("one" + suffix))) == 7


def test_quiet_is_quiet(write, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    assert main(["corpus.txt", *QUICK, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_standard_input(tmp_path):
    result = run("-", *QUICK, "-o", "v.txt", cwd=tmp_path, stdin=TEXT)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "v.txt").read_text().startswith("7 8\n")


def test_standard_output(tmp_path):
    result = run("-", *QUICK, "-o", "-", cwd=tmp_path, stdin=TEXT)
    assert result.returncode == 0, result.stderr
    (tmp_path / "v.txt").write_text(result.stdout)  # the vectors and nothing else
    assert len(w2v.load(tmp_path / "v.txt")) == 7
    assert "vocabulary  7 words" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["v.txt"]


@pytest.mark.parametrize(
    ("frequent", "asked"), [("$(touch${IFS}pasted)", "leek"), ("#", "leek"), ("\x1b[31m", "leek")]
)
def test_what_is_meant_to_be_pasted_runs_nothing_else(write, tmp_path, capsys, monkeypatch,
                                                      frequent, asked):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", f"{frequent} leek {frequent}\n" * 50)
    output = "my $(touch pasted) vectors.bin"
    assert main(["corpus.txt", *QUICK, "--sample", "0", "-o", output]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    query, evaluate = (line.removeprefix("next").strip() for line in out.splitlines()[-2:])
    assert shlex.split(query) == ["python", "-m", "w2v.query", output, asked]
    assert shlex.split(evaluate) == ["python", "-m", "w2v.evaluate", output]


def test_no_word_of_letters(write, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", "$(id) *\n" * 50)
    assert main(["corpus.txt", *QUICK, "--sample", "0"]) == 0
    assert "python -m w2v.query vectors.bin '$(id)'\n" in capsys.readouterr().out


def test_familiar_names_and_configuration_files(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    write("run.toml", "vector_size = 6\nepochs = 1\nmin_count = 1\nworkers = 1\n")
    old = ["--size", "6", "--iter", "1", "--threads", "1", "--alpha", "0.025", "--min-count", "1"]
    assert main(["corpus.txt", *old, "--quiet", "-o", "a.bin"]) == 0
    assert main(["corpus.txt", "--config", "run.toml", "--quiet", "-o", "b.bin", "--lr=0.025"]) == 0
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    flags = ["--config", "run.toml", "--vector-size", "3", "--quiet", "-o", "c.bin"]
    assert main(["corpus.txt", *flags]) == 0
    assert w2v.load(tmp_path / "c.bin").vector_size == 3


def test_flags_complete_a_configuration_file(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    write("run.toml", "patience = 3\n")
    arguments = ["corpus.txt", *QUICK, "--sample", "0", "--config", "run.toml", "--quiet"]
    assert main([*arguments, "--validate", "10%", "-o", "v.safetensors"]) == 0
    assert w2v.load("v.safetensors").training_options["patience"] == 3
    with pytest.raises(ConfigError, match="patience: needs validate"):
        main(arguments)


def test_vectors_may_replace_those_that_they_started_from(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    arguments = ["corpus.txt", *QUICK, "--sample", "0", "--quiet", "-o", "v.safetensors"]
    assert main(arguments) == 0
    assert main([*arguments, "--init", "v.safetensors"]) == 0
    assert "init" in w2v.load("v.safetensors").training


def test_the_cache_gives_the_same_vectors(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    for name in ("a.bin", "b.bin"):
        assert main(["corpus.txt", *QUICK, "--quiet", "--cache", "kept", "-o", name]) == 0
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    assert len(list((tmp_path / "kept").iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "the following arguments are required: corpus"),
        (["corpus.txt", "--vectr-size", "5"], "did you mean --vector-size?"),
        (["corpus.txt", "--vector-size", "five"], "invalid int value: 'five'"),
        (["corpus.txt", "--vector-size", "0"], "vector_size: expected 1 to 4096, got 0"),
        (["corpus.txt", "--lr", "nan"], "lr: expected a finite number, got nan"),
        (["corpus.txt", "--lr", "-1"], "lr: expected a positive number"),
        (["corpus.txt", "--loss", "magic"], "invalid choice: 'magic'"),
        (["corpus.txt", "--max-vocab", "1"], "max_vocab: expected 2"),
        (["corpus.txt", "--config", "none.toml"], "none.toml: cannot be read"),
        (["none.txt"], "none.txt: no such file or folder"),
        (["empty.txt"], "empty.txt: no words"),
        (["corpus.txt", "--min-count", "1000"], "the most frequent of 7 words occurs 800 times"),
        (["corpus.txt", "--min-count", "500"], "only one word is left"),
        (["latin1.txt"], "latin1.txt: byte 3: 0xe9 is not UTF-8; set the encoding"),
        (["corpus.txt", "-o", "vectors.xyz"], "vectors.xyz: the name ends in .xyz"),
        (["corpus.txt", "-o", "none/vectors.bin"], "none"),
        (["corpus.txt", "-o", "folder.bin"], "folder.bin"),
        (["-", "--cache", "kept"], "a stream cannot be cached"),
        (["corpus.txt", "-binary", "1"], "-binary: the extension of --output decides"),
        (["corpus.txt", "-cbow", "0"], "-cbow: w2v always trains skip-gram; leave it out"),
        (["corpus.txt", "-outptu", "v.bin"], "-outptu: unknown option (did you mean --output?)"),
        (["corpus.txt", "--validate", "one%"], "invalid fraction value: 'one%'"),
        (["corpus.txt", "--resume"], "--resume needs --checkpoint"),
        (["corpus.txt", "--back-off", "1"], "--back-off needs --checkpoint"),
        (["corpus.txt", "--checkpoint-every", "5m"], "--checkpoint-every needs --checkpoint"),
        (["corpus.txt", "--checkpoint", "ck", "--checkpoint-every", "soon"], "such as 10m, 90s"),
        (
            ["corpus.txt", "--batch-size", "9"],
            "batch_size: negative-sampling does not use this option",
        ),
        (
            ["corpus.txt", "--loss", "softmax", "--negative", "5"],
            "negative: softmax does not use this option",
        ),
    ],
)
def test_wrong_input_gets_one_line_and_leaves_files_alone(write, tmp_path, arguments, expected):
    write("corpus.txt", TEXT)
    write("empty.txt", " \n")
    write("latin1.txt", b"caf\xe9 " * 10)
    (tmp_path / "folder.bin").mkdir()
    write("vectors.bin", b"precious")
    before = sorted(p.name for p in tmp_path.iterdir())
    result = run(*arguments, cwd=tmp_path, stdin="a b")
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    (line,) = (line for line in result.stderr.splitlines() if not line.startswith("reading:"))
    assert expected in line
    assert (tmp_path / "vectors.bin").read_bytes() == b"precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_divergence_fails_with_one_last_line_and_leaves_the_old_file(write, tmp_path):
    write("corpus.txt", TEXT)
    write("vectors.bin", b"precious")
    result = run("corpus.txt", *QUICK, "--epochs", "99", "--lr", "1e6", cwd=tmp_path)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("w2v.train: epoch 1, block 1 of 1: the loss diverged to")
    assert "Traceback" not in result.stderr
    assert (tmp_path / "vectors.bin").read_bytes() == b"precious"


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does")
def test_ctrl_c_says_what_was_saved(write, tmp_path):
    write("corpus.txt", TEXT * 20)
    write("vectors.bin", b"precious")
    process = subprocess.Popen(
        [sys.executable, "-m", "w2v.train", "corpus.txt", *QUICK, "--epochs", "100000"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = []
    for line in process.stderr:  # three lines say what is about to be trained
        lines.append(line)
        if line.startswith("training:"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert out == ""
    assert err.strip().splitlines()[-1] == (
        "w2v.train: interrupted; the vectors so far are in vectors.interrupted.bin; "
        "vectors.bin was not touched"
    )
    assert (tmp_path / "vectors.bin").read_bytes() == b"precious"
    assert len(w2v.load(tmp_path / "vectors.interrupted.bin")) == 7


def test_version_and_help(capsys):
    for flag, expected in (("--version", w2v.__version__), ("--help", "--noise-exponent")):
        with pytest.raises(SystemExit) as exit_:
            main([flag])
        assert exit_.value.code == 0
        assert expected in capsys.readouterr().out


def test_help_imports_neither_numba_nor_numpy():
    code = (
        "import sys\nfrom w2v.train.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'numba', 'numpy', 'tqdm'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_long_options_of_word2vec_c_have_one_dash(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    ours = ["--vector-size", "6", "--window", "3", "--epochs", "1", "--negative", "3"]
    ours += ["--sample", "0.01", "--min-count", "2", "--workers", "1", "--lr", "0.03"]
    assert main(["corpus.txt", *ours, "--quiet", "--output", "a.bin"]) == 0
    theirs = "-train corpus.txt -output b.bin -size 6 -window 3 -iter 1 -negative 3 -sample 0.01"
    theirs += " -min-count 2 -threads 1 -alpha 0.03 --quiet"
    assert main(theirs.split()) == 0
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    assert main(["corpus.txt", *ours, "--quiet", "-oc.bin"]) == 0  # as ever
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "c.bin").read_bytes()


def test_a_replaced_file_is_reported(write, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    for said in ("vectors     v.bin\n", "vectors     replaced v.bin\n"):
        assert main(["corpus.txt", *QUICK, "-o", "v.bin"]) == 0
        assert said in capsys.readouterr().out


def test_little_text_with_the_defaults_gets_advice(write, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    options = ["--vector-size", "8", "--workers", "1", "--quiet"]
    assert main(["corpus.txt", *options]) == 0
    assert "--sample 0 --epochs 50 --min-count 1" in capsys.readouterr().err
    assert main(["corpus.txt", *options, "--epochs", "2"]) == 0  # chosen, not the default
    assert capsys.readouterr().err == ""
    with pytest.warns(RuntimeWarning, match="little text: subsampling keeps about"):
        w2v.train_embeddings("corpus.txt", vector_size=8, workers=1)


def test_training_without_pairs_is_an_error_and_leaves_the_old_file(write, tmp_path):
    rng = np.random.default_rng(1)
    lines = [f"w{n} w{n + 1}" for n in rng.integers(0, 3, 10)]
    write("corpus.txt", "\n".join(lines))
    write("vectors.bin", b"precious")
    result = run("corpus.txt", *QUICK, "--sample", "1e-12", cwd=tmp_path)
    assert result.returncode == 2
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("w2v.train: corpus: subsampling of ")
    assert "left no pair of words to train on" in last
    assert "--sample 0" in last
    assert (tmp_path / "vectors.bin").read_bytes() == b"precious"


def test_words_that_the_output_cannot_hold_are_refused_before_training(write, tmp_path):
    write("corpus.txt", TEXT)
    words = ["the", "new york", "cat"]
    w2v.Embeddings(words, np.eye(3, dtype=np.float32)).save(tmp_path / "old.safetensors")
    arguments = ["corpus.txt", "--init", "old.safetensors", "--min-count", "1"]
    result = run(*arguments, "-o", "v.bin", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "new york" in result.stderr
    assert "training:" not in result.stderr
    assert not (tmp_path / "v.bin").exists()


@pytest.mark.parametrize("fails", [["v.bin"], ["v.bin", "v.rescued.safetensors"]])
def test_vectors_that_cannot_be_written_are_rescued(write, tmp_path, monkeypatch, fails):
    """Beside the output, or where temporary files go."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    write("corpus.txt", TEXT)
    real = w2v.Embeddings.save

    def save(self, path):
        if str(path) in fails:
            raise OutputError(f"{path}: cannot be written: No space left on device")
        real(self, path)

    monkeypatch.setattr(w2v.Embeddings, "save", save)
    with pytest.raises(OutputError, match="No space left on device; the vectors are in") as error:
        main(["corpus.txt", *QUICK, "--sample", "0", "--quiet", "-o", "v.bin"])
    (rescued,) = tmp_path.rglob("v.rescued.safetensors")
    assert str(error.value).endswith(f"the vectors are in {rescued.relative_to(tmp_path)} instead"
                                     if len(fails) == 1 else f"{rescued} instead")  # fmt: skip
    assert len(w2v.load(rescued)) == 7
    assert not (tmp_path / "v.bin").exists()


def test_resume_remembers_the_output(write, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write("corpus.txt", TEXT)
    write("vectors.bin", b"another model")
    kept = ["--checkpoint", "ck"]
    assert main(["corpus.txt", *QUICK, "--sample", "0", *kept, "-o", "sub.safetensors"]) == 0
    (tmp_path / "sub.safetensors").unlink()
    assert main(["corpus.txt", *kept, "--resume"]) == 0
    assert "vectors     sub.safetensors" in capsys.readouterr().out
    assert len(w2v.load("sub.safetensors")) == 7
    assert (tmp_path / "vectors.bin").read_bytes() == b"another model"
    assert main(["corpus.txt", *kept, "--resume", "-o", "other.bin"]) == 0  # given, so it wins
    assert len(w2v.load("other.bin")) == 7


def test_help_opens_with_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "usage: python -m w2v.train CORPUS... [OPTIONS]"
    assert lines[4] == "  python -m w2v.train corpus.txt --output vectors.bin"


def test_standard_input_is_not_replaced(tmp_path, write, commands):
    text = write("t.txt", "a b\n" * 20)
    run = commands.run("w2v.train", "-", "-o", "t.txt", cwd=tmp_path, stdin=text)
    assert (run.code, run.out) == (2, "")
    assert "t.txt: would replace the input -" in run.err
    assert text.read_text() == "a b\n" * 20
