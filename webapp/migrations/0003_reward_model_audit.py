from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("webapp", "0002_undo_jobs"),
    ]

    operations = [
        migrations.AddField(
            model_name="rewardmodel",
            name="audit",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="rewardmodel",
            name="override",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
