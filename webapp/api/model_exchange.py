"""Models of other people's taken in, and ours given out as `transformers` folders."""

from django.http import FileResponse, QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from webapp import inert
from webapp.api import reading
from webapp.api.jobs import JOB, accepted
from webapp.api.model_files import ZIP
from webapp.api.parsers import FileParser, UploadParser
from webapp.api.permissions import READ, TRAIN
from webapp.api.reward_models import named_model
from webapp.api.schema import operation
from webapp.api.shapes import FILE, Shape, choice, record, text
from webapp.api.view import View
from webapp.services import model_exchange, uploads
from webapp.services.model_exchange import MOST_SEPARATOR, READINGS

_READING: Shape = {
    **choice(*READINGS),
    "description": "; ".join(f"{name}: {told}" for name, told in READINGS.items()),
}
_SEPARATOR: Shape = {
    **text(MOST_SEPARATOR),
    "description": "The text after every step, where it is not the usual one.",
}
_QUERY = {"reading": _READING, "separator": _SEPARATOR, "filename": text(255)}
_WANTED = record({"reading": _READING}, {"separator": _SEPARATOR})
_FORM = {
    "type": "object",
    "properties": {"file": FILE, "reading": _READING, "separator": _SEPARATOR},
    "required": ["file"],
}
_KEY = {"Idempotency-Key": "The same key again gives back the same job."}


class RewardModelImport(View):
    needs = {"POST": TRAIN}
    parser_classes = [UploadParser, FileParser]

    @operation(
        "Take in somebody else's reward model, the zip of a `transformers` folder: a "
        "job that ends in a candidate, its audit queued, or in a reason",
        {202: JOB},
        body={"multipart/form-data": _FORM, ZIP: FILE},
        query=_QUERY,
        headers=_KEY,
    )
    def post(self, request: Request) -> Response:
        query, key = reading.query(request, _QUERY), reading.key(request)
        form = request.data if isinstance(request.data, QueryDict) else {}
        said = {
            name: query.get(name) or form.get(name) for name in _WANTED["properties"]
        }
        wanted = {name: value for name, value in said.items() if value}
        reading.check(wanted, _WANTED)
        file = reading.file(request)
        job = model_exchange.request_adoption(
            self.project,
            user=self.user,
            source=uploads.store(file),
            name=reading.name_of(file, query.get("filename")),
            key=key,
            **wanted,
        )
        return accepted(job)


class RewardModelFolder(View):
    needs = {"GET": READ, "POST": TRAIN}

    @operation(
        "The model as the zip of a plain `transformers` folder; 404 until it was "
        "packed",
        {(200, ZIP): FILE},
    )
    def get(self, request: Request, name: str) -> FileResponse:
        reading.query(request)
        model = named_model(self, name)
        path = model_exchange.packed(model.sha256)
        shown = f"{model.project.slug}-v{model.version}.zip"
        return inert.file(path, name=shown, content_type=ZIP)

    @operation("Pack the model as a plain `transformers` folder", {202: JOB})
    def post(self, request: Request, name: str) -> Response:
        reading.query(request)
        model = named_model(self, name)
        return accepted(model_exchange.request_folder(model, user=self.user))
