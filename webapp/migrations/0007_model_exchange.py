from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webapp", "0006_latest_scores")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(
                choices=[
                    ("import", "import"),
                    ("train", "training"),
                    ("score", "scoring"),
                    ("export", "export"),
                    ("undo", "undoing"),
                    ("audit", "audit"),
                    ("evaluate", "evaluation"),
                    ("adopt", "taking in a checkpoint"),
                    ("pack", "transformers folder"),
                ],
                max_length=10,
            ),
        ),
    ]
