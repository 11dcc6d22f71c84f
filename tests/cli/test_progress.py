"""How far something is: a bar where a person looks, and lines where a file takes them."""

import io

import pytest

from bot.cli import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown(monkeypatch):
    """What is written on the side of errors, of a terminal or not."""

    def begin(*, terminal):
        taken = Terminal() if terminal else io.StringIO()
        monkeypatch.setattr("sys.stderr", taken)
        return taken

    return begin


def through(total):
    with progress.Bar("Reading") as bar:
        for done in range(1, total + 1):
            bar.at(done, total)


def test_on_a_terminal_one_line_grows(shown):
    taken = shown(terminal=True)
    through(4)
    assert taken.getvalue().count("\n") == 1
    assert taken.getvalue().rstrip().endswith(f"[{'#' * 30}] 4")


def test_elsewhere_there_are_some_lines_and_not_one_for_each(shown):
    taken = shown(terminal=False)
    through(1_000)
    lines = taken.getvalue().splitlines()
    assert (lines[0], lines[-1]) == ("Reading…", "Reading: 1000, done.")
    assert len(lines) <= 12


def test_of_what_failed_nothing_is_said_to_be_done(shown):
    taken = shown(terminal=False)
    with pytest.raises(ValueError, match="no"), progress.Bar("Reading") as bar:
        bar.at(3, 10)
        raise ValueError("no")
    assert "done" not in taken.getvalue()


def test_without_a_number_to_reach_it_counts(shown):
    taken = shown(terminal=False)
    with progress.Bar("Reading") as bar:
        bar.at(30)
    assert taken.getvalue().splitlines() == ["Reading…", "Reading: 30, done."]


def test_more_than_were_expected_are_never_said_to_be_of_fewer(shown):
    taken = shown(terminal=False)
    with progress.Bar("Reading") as bar:
        bar.at(90, 104)
        bar.at(105, 104)
    assert taken.getvalue().splitlines()[-2] == "Reading: 105 of 105"
