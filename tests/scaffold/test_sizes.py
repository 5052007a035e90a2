"""Files stay within 500 lines: a module is one subject, whole, that is read in one sitting.

How complex a function may be (10) is ruff's to check. See docs/decisions.
"""

from pathlib import Path

import pytest

from tests.scaffold.tracked import named, package_files

FILE_LINES = 500


@pytest.mark.parametrize("file", package_files(), ids=named)
def test_a_file_has_500_lines_at_most(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= FILE_LINES
