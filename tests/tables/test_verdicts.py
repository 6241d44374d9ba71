"""When a difference between rows of a table is called one."""

from verdicts import differences, in_words, verdict


def test_a_difference_that_all_seeds_share_and_that_is_far_from_zero_is_called() -> None:
    assert verdict([1.0, 1.2, 1.1]) == "better"
    assert verdict([-1.0, -1.2, -1.1]) == "worse"


def test_a_difference_of_the_size_of_its_deviation_is_not_called() -> None:
    assert verdict([0.1, 1.9, 1.0]) == "no clear difference"  # mean 1.0, deviation 0.9


def test_one_seed_is_never_called() -> None:
    assert verdict([5.0]) == "too few seeds"
    assert in_words([5.0]) == "+5.00"


def test_two_seeds_show_their_deviation_and_are_not_called() -> None:
    assert in_words([5.0, 5.2]) == "+5.10 ± 0.14"


def test_no_difference_at_all_is_not_called() -> None:
    assert verdict([0.0, 0.0, 0.0]) == "no clear difference"


def test_differences_are_taken_seed_by_seed_where_both_sides_have_the_seed() -> None:
    runs = {18: {"sts": 61.0}, 17: {"sts": 60.0}, 19: {"sts": 62.0}}
    others = {17: {"sts": 58.0}, 18: {"sts": 58.5}}
    assert differences(runs, others, "sts") == [2.0, 2.5]
