"""Rewards summed up: what the database answers equals what Python would."""

from datetime import UTC, datetime, timedelta
from statistics import correlation, fmean

import pytest
from django.core.cache import cache
from pytest_django import DjangoAssertNumQueries

from scoring import rewards
from tests import factories
from webapp.models import Episode, Project, RewardModel, Score
from webapp.services import kept, reward_rows, reward_summary, reward_trends
from webapp.services.reward_rows import BINS, By
from webapp.services.reward_summary import Summary
from webapp.services.reward_trends import Point

START = datetime(2026, 1, 1, tzinfo=UTC)


def a_score(
    episode: Episode,
    final: float | None,
    process: float,
    model: RewardModel | None = None,
) -> Score:
    parts = {"process": process, "auxiliary": -0.02, "social": 0.0, "gate": 0.0}
    total = None if final is None else final + sum(parts.values())
    return Score.objects.create(
        episode=episode,
        reward_model=model,
        spec=episode.project.spec,
        inputs_sha256=str(Score.objects.count()),
        valid=total is not None,
        total=total,
        final=final,
        body={},
        **parts,
    )


@pytest.fixture
def scored(project: Project) -> Project:
    """Twelve runs of two agents: half failed, the longer the worse the process."""
    for i in range(12):
        episode = factories.an_episode(project, 2 + i, agent=f"agent-{i % 2}")
        a_score(episode, 0.6 if i % 2 else -0.6, -0.01 * i)
    return project


def summary(project: Project) -> Summary:
    return reward_summary.of(project, By(project.spec, None))


def test_each_bar_counts_the_rows_it_leads_to(scored: Project) -> None:
    by = By(scored.spec, None)
    spans = reward_rows.spans(scored.spec.to_spec())

    for histogram in summary(scored).histograms:
        assert sum(histogram.counts) == 12
        for index, count in enumerate(histogram.counts):
            rows = reward_rows.of(scored, by)
            span = spans[histogram.name]
            assert (
                reward_rows.in_bin(rows, histogram.name, index, span).count() == count
            )


@pytest.mark.parametrize("value", [-0.6, 0.6, 0.6 + 1e-12, -0.6 - 1e-12])
def test_the_ends_of_a_range_belong_to_its_first_and_last_bar(
    episode: Episode, value: float
) -> None:
    a_score(episode, value, 0.0)

    [final] = [h for h in summary(episode.project).histograms if h.name == "final"]

    assert final.counts[0 if value < 0 else BINS - 1] == 1


def test_only_the_latest_score_of_an_episode_counts(episode: Episode) -> None:
    for final in (-0.6, 0.6):
        Score.objects.update(is_latest=False)
        a_score(episode, final, 0.0)

    found = summary(episode.project)

    assert (found.count, found.rewarded_failures) == (1, ())


def test_where_there_is_much_to_count_an_answer_is_kept_for_a_minute(
    scored: Project,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    by = By(scored.spec, None)
    monkeypatch.setattr(kept, "MANY", 12)
    first, pairs = reward_summary.recent(scored, by), reward_rows.found(scored)
    a_score(factories.an_episode(scored), 0.6, 0.0)

    with django_assert_num_queries(0):
        assert reward_summary.recent(scored, by).count == first.count == 12
        assert reward_rows.found(scored) == pairs

    cache.clear()
    assert reward_summary.recent(scored, by).count == 13
    cache.clear()


def test_few_are_counted_anew_each_time(scored: Project) -> None:
    by = By(scored.spec, None)
    assert reward_summary.recent(scored, by).count == 12
    a_score(factories.an_episode(scored), 0.6, 0.0)
    assert reward_summary.recent(scored, by).count == 13


def test_abstentions_are_counted_by_what_was_missing(scored: Project) -> None:
    a_score(factories.an_episode(scored), None, -0.1)

    found = summary(scored)

    assert (found.count, found.valid, found.abstained) == (13, 12, {"final_missing": 1})


def test_policies_stand_beside_each_other(scored: Project) -> None:
    found = {group.name: group for group in summary(scored).policies}

    assert found["agent-1"].count == 6
    assert found["agent-1"].means["final"] == pytest.approx(0.6)
    assert found["agent-0"].means["process"] == pytest.approx(-0.05)


def test_correlations_are_pearsons(scored: Project) -> None:
    found = summary(scored).correlations
    rows = Score.objects.values_list("process", "episode__step_count", "total")
    process, length, total = zip(*rows, strict=True)

    assert found["process", "length"] == pytest.approx(correlation(process, length))
    assert found["process", "total"] == pytest.approx(correlation(process, total))
    # auxiliary is the same everywhere: it goes with nothing
    assert found["auxiliary", "total"] is None


def test_the_best_failure_and_the_worst_success_come_first(scored: Project) -> None:
    found = summary(scored)

    assert found.rewarded_failures[0].process == 0
    assert found.charged_successes[0].process == pytest.approx(-0.11)
    assert all(score.final > 0 for score in found.charged_successes)


def test_an_empty_project_has_a_summary_too(project: Project) -> None:
    found = summary(project)

    assert (found.count, found.trend.points, found.trend.diverges) == (0, (), False)
    assert set(found.correlations.values()) == {None}


def test_other_projects_specs_and_models_stay_out(scored: Project) -> None:
    other = factories.a_project()
    a_score(factories.an_episode(other), 0.6, 0.0)
    model = factories.a_reward_model(scored)
    score = Score.objects.filter(episode__project=scored).first()
    assert score is not None
    a_score(score.episode, 0.6, 0.0, model)

    assert summary(scored).count == 12
    assert reward_summary.of(scored, By(scored.spec, model)).count == 1
    assert [group.name for group in summary(scored).models] == [f"v{model.version}", ""]


def test_what_was_scored_most_is_shown_where_the_usual_has_nothing(
    scored: Project,
) -> None:
    factories.a_reward_model(scored, "champion")

    assert reward_rows.usual(scored) == By(scored.spec, None)


def test_days_are_told_apart(scored: Project) -> None:
    for i, episode in enumerate(scored.episodes.all()):
        at = START + timedelta(days=i // 4)
        Episode.objects.filter(pk=episode.pk).update(created_at=at)

    points = summary(scored).trend.points

    assert [point.count for point in points] == [4, 4, 4]
    everything = fmean(point.process for point in points)
    assert everything == pytest.approx(-0.055)


def series(final: tuple[float, float], process: tuple[float, float]) -> list[Point]:
    """Two hours of 50 scores each, with a spread of .1 around both means."""
    return [
        Point(START, 50, f, p, 50 * (f * f + 0.01), 50 * (p * p + 0.01))
        for f, p in zip(final, process, strict=True)
    ]


@pytest.mark.parametrize(
    ("final", "process", "diverges"),
    [
        ((0.1, 0.1), (-0.2, -0.1), True),
        ((0.1, -0.2), (-0.2, -0.1), True),
        ((0.1, 0.2), (-0.2, -0.1), False),
        ((0.1, 0.1), (-0.2, -0.19), False),
        ((0.1, 0.1), (-0.1, -0.2), False),
    ],
)
def test_a_process_that_rises_without_its_outcome_is_an_alarm(
    final: tuple[float, float], process: tuple[float, float], diverges: bool
) -> None:
    assert reward_trends.trend(series(final, process)).diverges == diverges


def test_a_few_scores_are_no_alarm() -> None:
    few = [Point(START, 5, 0.1, p, 0.06, 5 * p * p) for p in (-0.2, -0.0)]

    assert reward_trends.trend(few).z is None


def test_a_family_without_weight_has_no_histogram() -> None:
    assert set(reward_rows.spans(rewards.named("rlhf_t1"))) == {"social", "total"}
