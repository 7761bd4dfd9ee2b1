"""A solver that prints past its options spoils no answer."""

import subprocess
import sys

import numpy as np
import pytest

from chipdex.economics.fleets.solver import solved

CHATTER = """
import ctypes
import scipy.optimize
from chipdex.economics.fleets.solver import solved

def chatter(*arguments, **options):
    ctypes.CDLL(None).printf(b"HiGHS says a word\\n")
    return original(*arguments, **options)

original, scipy.optimize.milp = scipy.optimize.milp, chatter
print("before")
print(solved([1.0], [([[1.0]], 2.5, 9.0)], whole=[1]).columns[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="prints through the C library")
def test_what_the_solver_prints_reaches_no_stdout() -> None:
    done = subprocess.run([sys.executable, "-c", CHATTER], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["before", "3.0"]


def test_a_program_without_an_answer_has_no_columns() -> None:
    assert solved(np.ones(1), [(np.ones((1, 1)), 2.0, 1.0)], whole=np.ones(1)).columns is None
