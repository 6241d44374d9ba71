from textcl.benchmark.points import Point, Speed, fastest, pareto_front


def point(name: str, recall: float, queries_per_second: float) -> Point:
    speed = Speed(1, 5, 1000 / queries_per_second, 0.0, 0.0)
    return Point(name, None, 8, speed, speed, recall)


def test_the_front_holds_what_no_other_point_beats_in_both() -> None:
    exact, good = point("exact", 1.0, 100), point("good", 0.95, 1000)
    beaten, quick = point("beaten", 0.9, 900), point("quick", 0.5, 5000)
    assert pareto_front([beaten, quick, exact, good]) == [exact, good, quick]


def test_of_two_equally_fast_points_the_better_is_on_the_front_and_of_two_equal_ones_the_first() -> None:
    better, worse, twin = point("better", 0.9, 100), point("worse", 0.8, 100), point("twin", 0.9, 100)
    assert pareto_front([worse, better, twin]) == [better]
    assert pareto_front([]) == []


def test_the_fastest_that_keeps_a_recall() -> None:
    points = [point("exact", 1.0, 100), point("good", 0.95, 1000), point("quick", 0.5, 5000)]
    assert fastest(points, 0.95) == points[1]
    assert fastest(points[2:], 0.95) is None
