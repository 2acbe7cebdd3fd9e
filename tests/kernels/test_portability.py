"""The kernels on other processors than this one: run where this one can, else compiled to look at.

Each in a process of its own, because Numba chooses its target once.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from processors import GENERIC, TARGETS

HERE = Path(__file__).parent
TESTS = [
    "tests/train/test_ways_of_training.py::test_a_run_of_a_sampled_loss_is_its_naive_twin[negative-sampling]",
    "tests/train/test_ways_of_training.py::test_a_run_of_the_full_softmax_is_its_naive_twin",
]

FOR_ARM = '''
"""Compile the negative sampling kernel for 64-bit Arm, and print the assembler code."""
import re
import llvmlite.binding as llvm
from w2v.config import TrainConfig
from w2v.corpus import encode_sentences
from w2v.train.api import make_trainer, resolve

config = resolve(TrainConfig(vector_size=32, min_count=1, workers=1))
trainer = make_trainer(encode_sentences([["a", "b", "c"]] * 9, min_count=1), config)
trainer.train_block(trainer.make_scratch(), 0, 0, 0.0)
(code,) = trainer.kernels.block.inspect_llvm().values()
# What x86 counts references with, in code that Numba adds; nothing of the kernel's own.
code = re.sub(r"(tail )?call i8 @llvm[.]x86[.]atomic.*", "add i8 0, 0", code)
triple = "aarch64-linux-gnu"
lines = [line for line in code.splitlines() if not line.startswith("target ")]
llvm.initialize_all_targets()
llvm.initialize_all_asmprinters()
machine = llvm.Target.from_triple(triple).create_target_machine(features="+neon", opt=3)
module = llvm.parse_assembly(f'target triple = "{triple}"' + chr(10) + chr(10).join(lines))
module.verify()
print(machine.emit_assembly(module))
'''


def run(arguments, **variables):
    result = subprocess.run(
        [sys.executable, *arguments], cwd=HERE.parent.parent, env={**os.environ, **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize(
    "target",
    [
        # AVX2 is left to the slow tests: its vectors are as long as those of the oldest processors.
        name if TARGETS[name] is GENERIC else pytest.param(name, marks=pytest.mark.slow)
        for name in TARGETS
    ],
)
def test_runs_are_their_naive_twins_on(target):
    run(["-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS], **TARGETS[target])


def test_the_kernel_compiles_for_arm_into_vector_instructions(tmp_path):
    code = run(["-c", FOR_ARM], **GENERIC, NUMBA_CACHE_DIR=str(tmp_path))
    assert len(re.findall(r"^\s+fml[as]\s+v\d+\.4s", code, re.MULTILINE)) > 100
    assert re.search(r"^\s+prfm\s", code, re.MULTILINE)
