from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q


def mark(apps, schema_editor):
    """Of the scores of an episode by one model and spec, the newest is the latest."""
    Score = apps.get_model("webapp", "Score")
    at = {name: OuterRef(name) for name in ("episode", "spec")}
    newer = Score.objects.filter(**at, pk__gt=OuterRef("pk"))
    # NULL equals nothing, not even NULL
    by_same = newer.filter(reward_model=OuterRef("reward_model"))
    by_none = newer.filter(reward_model__isnull=True)
    Score.objects.filter(Exists(by_same)).update(is_latest=False)
    rows = Score.objects.filter(Exists(by_none), reward_model__isnull=True)
    rows.update(is_latest=False)


class Migration(migrations.Migration):
    dependencies = [("webapp", "0005_evaluations")]

    operations = [
        migrations.AddField(
            model_name="score",
            name="is_latest",
            field=models.BooleanField(default=True, editable=False),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="score",
            index=models.Index(
                condition=Q(is_latest=True),
                fields=["reward_model", "spec"],
                name="latest_scores",
            ),
        ),
    ]
