from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webapp", "0003_scoring_sessions")]

    operations = [
        migrations.AlterField(
            model_name="labelevent",
            name="axis",
            field=models.CharField(
                choices=[
                    ("verdict", "verdict"),
                    ("outcome", "outcome"),
                    ("preference", "manners"),
                    ("harm", "harm"),
                    ("privacy", "privacy"),
                    ("bad_task", "bad task"),
                    ("comment", "comment"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="spec_override",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
