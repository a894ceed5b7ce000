"""The pages' URLs."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, path

from webapp.views import (
    account,
    episodes,
    evaluations,
    exports,
    formats,
    home,
    images,
    jobs,
    labels,
    metrics,
    reward_dashboard,
    reward_models,
    reward_specs,
    rewards,
    texts,
    training,
    uploads,
    what_if,
    workspace,
)

SIGN_IN = LoginView.as_view(
    template_name="webapp/account/sign_in.html", redirect_authenticated_user=True
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("favicon.ico", home.favicon, name="favicon"),
    path("sign-in/", SIGN_IN, name="login"),
    path("sign-in/<str:uid>/<str:token>/", account.link, name="sign-in-link"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("account/", account.detail, name="account"),
    path("account/password/", account.password, name="set-password"),
    path("account/tokens/", account.create_token, name="create-token"),
    path("account/tokens/<int:pk>/revoke/", account.revoke_token, name="revoke-token"),
    path("serving/", metrics.index, name="metrics"),
    path("projects/new/", home.create_project, name="new-project"),
    path("projects/<slug:slug>/episodes/", episodes.index, name="episodes"),
    path("projects/<slug:slug>/upload/", uploads.upload, name="upload"),
    path("formats/", formats.index, name="formats"),
    path("projects/<slug:slug>/jobs/", jobs.index, name="jobs"),
    path("projects/<slug:slug>/training/", training.index, name="training"),
    path("projects/<slug:slug>/models/", reward_models.index, name="models"),
    path(
        "projects/<slug:slug>/models/roll-back/",
        reward_models.roll_back,
        name="roll-back",
    ),
    path(
        "projects/<slug:slug>/models/import/",
        reward_models.bring_in,
        name="import-model",
    ),
    path("projects/<slug:slug>/rewards/", reward_dashboard.index, name="rewards"),
    path(
        "projects/<slug:slug>/rewards/episodes/",
        reward_dashboard.episodes,
        name="rewarded",
    ),
    path("projects/<slug:slug>/specs/", reward_specs.index, name="specs"),
    path("projects/<slug:slug>/specs/new/", reward_specs.create, name="new-spec"),
    path("projects/<slug:slug>/specs/<str:name>/", reward_specs.detail, name="spec"),
    path(
        "projects/<slug:slug>/specs/<str:name>/activate/",
        reward_specs.activate,
        name="activate-spec",
    ),
    path(
        "projects/<slug:slug>/specs/<str:name>/score/",
        reward_specs.score,
        name="score-by-spec",
    ),
    path(
        "projects/<slug:slug>/specs/<str:name>/diff/",
        reward_specs.diff,
        name="spec-diff",
    ),
    path("projects/<slug:slug>/exports/", exports.index, name="exports"),
    path("episodes/<uuid:pk>/", workspace.detail, name="workspace"),
    path("episodes/<uuid:pk>/label/", labels.record, name="label"),
    path("episodes/<uuid:pk>/undo/", labels.undo, name="undo"),
    path("episodes/<uuid:pk>/reward/", rewards.detail, name="reward"),
    path("episodes/<uuid:pk>/what-if/", what_if.detail, name="what-if"),
    path(
        "episodes/<uuid:pk>/next/",
        episodes.next_unlabelled,
        name="next-unlabelled",
    ),
    path("episodes/<uuid:pk>/images/<slug:sha256>/", images.thumbnail, name="image"),
    path(
        "episodes/<uuid:pk>/images/<slug:sha256>/file/",
        images.original,
        name="image-file",
    ),
    path("episodes/<uuid:pk>/delete/", episodes.delete, name="delete-episode"),
    path("episodes/<uuid:pk>/steps/from/<int:start>/", workspace.steps, name="steps"),
    path(
        "episodes/<uuid:pk>/steps/<int:index>/score/",
        workspace.model_score,
        name="model-score",
    ),
    path(
        "episodes/<uuid:pk>/texts/<slug:field>/", texts.of_episode, name="episode-text"
    ),
    path(
        "episodes/<uuid:pk>/steps/<int:index>/<slug:field>/",
        texts.of_step,
        name="step-text",
    ),
    path(
        "episodes/<uuid:pk>/steps/<int:index>/calls/<int:call>/<slug:field>/",
        texts.of_call,
        name="call-text",
    ),
    path("jobs/<uuid:pk>/", jobs.detail, name="job"),
    path("jobs/<uuid:pk>/cancel/", jobs.cancel, name="cancel-job"),
    path("jobs/<uuid:pk>/undo/", jobs.undo, name="undo-job"),
    path("jobs/<uuid:pk>/errors/", jobs.errors, name="job-errors"),
    path("jobs/<uuid:pk>/file/", jobs.download, name="download"),
    path("training-runs/<int:pk>/", training.detail, name="training-run"),
    path("reward-models/<int:pk>/", reward_models.detail, name="model"),
    path("reward-models/<int:pk>/evaluation/", evaluations.detail, name="evaluation"),
    path(
        "reward-models/<int:pk>/evaluation/steps/",
        evaluations.steps,
        name="evaluated-steps",
    ),
    path(
        "reward-models/<int:pk>/compare/<int:other>/",
        evaluations.compare,
        name="compare",
    ),
    path("reward-models/<int:pk>/file/", reward_models.download, name="model-file"),
    path("reward-models/<int:pk>/pack/", reward_models.pack, name="pack-model"),
    path("reward-models/<int:pk>/audit/", reward_models.audit, name="audit"),
    path("reward-models/<int:pk>/promote/", reward_models.promote, name="promote"),
]
