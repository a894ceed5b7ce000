"""The tables. A model holds rules about its own row and nothing more; whatever touches
two rows lives in `webapp.services`."""

from webapp.models.episode import Episode, Step
from webapp.models.evaluation import EvaluatedStep, Evaluation
from webapp.models.image import Image
from webapp.models.job import Job
from webapp.models.label_event import LabelEvent
from webapp.models.project import Membership, Project
from webapp.models.reward_model import RewardModel
from webapp.models.reward_spec import RewardSpec
from webapp.models.score import Score
from webapp.models.session import ScoringSession, SessionStep
from webapp.models.snapshot import Snapshot
from webapp.models.token import ApiToken
from webapp.models.training_run import TrainingRun

__all__ = [
    "ApiToken",
    "Episode",
    "EvaluatedStep",
    "Evaluation",
    "Image",
    "Job",
    "LabelEvent",
    "Membership",
    "Project",
    "RewardModel",
    "RewardSpec",
    "Score",
    "ScoringSession",
    "SessionStep",
    "Snapshot",
    "Step",
    "TrainingRun",
]
