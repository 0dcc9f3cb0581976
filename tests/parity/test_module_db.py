"""PyTorch's own module records (module_db) against Rushlight: one test a class.

The records run in a process of their own, on a few inputs a variant;
``python tests/parity/module_db_report.py`` runs all of them and prints the score.
"""

from __future__ import annotations

import pathlib

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")
pytest.importorskip("expecttest", reason="torch.testing._internal needs expecttest")

from moduledb.scope import GAPS as PATH  # noqa: E402
from opdb.running import Results, chosen_names, names_of, problems  # noqa: E402
from opdb.scope import Gaps  # noqa: E402

REPORT = pathlib.Path(__file__).with_name("module_db_report.py")
INPUTS = 12
GAPS = Gaps.read(PATH)


@pytest.fixture(scope="module")
def results(request):
    running = Results(REPORT, chosen_names(request), INPUTS, GAPS)
    yield running
    running.close()


@pytest.mark.parametrize("name", names_of(REPORT, 100))
def test_module_record(name, results):
    """Every variant that is no listed gap passes, and every listed gap still fails."""
    found = problems(name, results.of(name), GAPS, ("fail", "missing"))
    assert not found, "\n".join([name, *found])
