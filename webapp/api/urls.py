"""The API's URLs, under /api/v1/."""

from django.urls import URLPattern, path

from webapp.api import (
    combine,
    episodes,
    exports,
    groups,
    images,
    jobs,
    labels,
    model_exchange,
    model_files,
    reward_models,
    reward_specs,
    rewards,
    scores,
    sessions,
    snapshots,
    training_runs,
)

app_name = "api"

urlpatterns: list[URLPattern] = [
    path("scores/", scores.Scores.as_view(), name="scores"),
    path("scores/<uuid:pk>/file/", scores.ScoresFile.as_view(), name="scores-file"),
    path("sessions/", sessions.Sessions.as_view(), name="sessions"),
    path("sessions/<uuid:pk>/", sessions.SessionDetail.as_view(), name="session"),
    path(
        "sessions/<uuid:pk>/steps/",
        sessions.SessionSteps.as_view(),
        name="session-steps",
    ),
    path("combine/", combine.Combine.as_view(), name="combine"),
    path("groups/", groups.Groups.as_view(), name="groups"),
    path("episodes/", episodes.Episodes.as_view(), name="episodes"),
    path("episodes/<uuid:pk>/", episodes.EpisodeDetail.as_view(), name="episode"),
    path(
        "episodes/<uuid:pk>/scores/",
        scores.EpisodeScores.as_view(),
        name="episode-scores",
    ),
    path(
        "episodes/<uuid:pk>/images/<slug:sha256>/",
        images.EpisodeImage.as_view(),
        name="episode-image",
    ),
    path(
        "episodes/<uuid:pk>/labels/",
        labels.EpisodeLabels.as_view(),
        name="episode-labels",
    ),
    path(
        "episodes/<uuid:pk>/labels/undo/",
        labels.EpisodeUndo.as_view(),
        name="episode-undo",
    ),
    path("labels/", labels.Labels.as_view(), name="labels"),
    path("snapshots/", snapshots.Snapshots.as_view(), name="snapshots"),
    path("snapshots/<int:pk>/", snapshots.SnapshotDetail.as_view(), name="snapshot"),
    path("training-runs/", training_runs.TrainingRuns.as_view(), name="training-runs"),
    path(
        "training-runs/<int:pk>/",
        training_runs.TrainingRunDetail.as_view(),
        name="training-run",
    ),
    path(
        "training-runs/<int:pk>/cancel/",
        training_runs.TrainingRunCancel.as_view(),
        name="training-run-cancel",
    ),
    path("reward-models/", reward_models.RewardModels.as_view(), name="reward-models"),
    path(
        "reward-models/roll-back/",
        reward_models.RewardModelRollBack.as_view(),
        name="reward-model-roll-back",
    ),
    path(
        "reward-models/import/",
        model_exchange.RewardModelImport.as_view(),
        name="reward-model-import",
    ),
    path(
        "reward-models/<str:name>/",
        reward_models.RewardModelDetail.as_view(),
        name="reward-model",
    ),
    path(
        "reward-models/<str:name>/promote/",
        reward_models.RewardModelPromote.as_view(),
        name="reward-model-promote",
    ),
    path(
        "reward-models/<str:name>/audit/",
        reward_models.RewardModelAudit.as_view(),
        name="reward-model-audit",
    ),
    path(
        "reward-models/<str:name>/file/",
        model_files.RewardModelFile.as_view(),
        name="reward-model-file",
    ),
    path(
        "reward-models/<str:name>/folder/",
        model_exchange.RewardModelFolder.as_view(),
        name="reward-model-folder",
    ),
    path(
        "reward-models/<str:name>/evaluations/",
        model_files.RewardModelEvaluations.as_view(),
        name="reward-model-evaluations",
    ),
    path(
        "reward-models/<str:name>/compare/<str:other>/",
        model_files.RewardModelCompare.as_view(),
        name="reward-model-compare",
    ),
    path("rewards/summary/", rewards.RewardSummary.as_view(), name="reward-summary"),
    path("reward-specs/", reward_specs.RewardSpecs.as_view(), name="reward-specs"),
    path(
        "reward-specs/lint/",
        reward_specs.RewardSpecLint.as_view(),
        name="reward-spec-lint",
    ),
    path(
        "reward-specs/<str:name>/",
        reward_specs.RewardSpecDetail.as_view(),
        name="reward-spec",
    ),
    path(
        "reward-specs/<str:name>/diff/<str:other>/",
        reward_specs.RewardSpecDiff.as_view(),
        name="reward-spec-diff",
    ),
    path(
        "reward-specs/<str:name>/activate/",
        reward_specs.RewardSpecActivate.as_view(),
        name="reward-spec-activate",
    ),
    path("exports/", exports.Exports.as_view(), name="exports"),
    path("exports/<uuid:pk>/file/", exports.ExportFile.as_view(), name="export-file"),
    path("jobs/", jobs.Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:pk>/", jobs.JobDetail.as_view(), name="job"),
    path("jobs/<uuid:pk>/cancel/", jobs.JobCancel.as_view(), name="job-cancel"),
    path("jobs/<uuid:pk>/undo/", jobs.JobUndo.as_view(), name="job-undo"),
    path("jobs/<uuid:pk>/errors/", jobs.JobErrors.as_view(), name="job-errors"),
]
