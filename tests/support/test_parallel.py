"""Work distributed over processes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gains.support.parallel import parallel_map


def squared(number: int) -> int:
    if number == 7:
        raise ValueError("seven is refused")
    return number * number


def process(_: int) -> int:
    return os.getpid()


def slowly_made(path: Path) -> None:
    time.sleep(0.02)
    path.touch()


@pytest.mark.parametrize("jobs", [1, 2, 50])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_results_come_in_the_order_of_the_work(jobs: int, count: int) -> None:
    with parallel_map(squared, range(count), jobs) as results:
        assert list(results) == [n * n for n in range(count)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_goes_wrong_is_raised_where_it_is_read(jobs: int) -> None:
    with parallel_map(squared, range(6, 9), jobs) as results:
        found = iter(results)
        with pytest.raises(ValueError, match="seven is refused"):
            [next(found), next(found)]


def test_one_job_is_this_process_and_more_are_not() -> None:
    with parallel_map(process, range(4), 1) as results:
        assert set(results) == {os.getpid()}
    with parallel_map(process, range(4), 2) as results:
        assert os.getpid() not in set(results)


def test_no_process_is_refused() -> None:
    with (
        pytest.raises(ValueError, match="at least 1 process, found 0"),
        parallel_map(squared, [1], 0),
    ):
        pass


def test_work_that_nobody_reads_is_not_begun(tmp_path: Path) -> None:
    work = [tmp_path / str(number) for number in range(60)]
    with parallel_map(slowly_made, work, 2) as results:
        next(iter(results))
    assert 0 < len(list(tmp_path.iterdir())) < 50
