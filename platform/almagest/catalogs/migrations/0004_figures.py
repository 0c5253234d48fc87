from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogs", "0003_group"),
    ]

    operations = [
        migrations.AddField(
            model_name="edition",
            name="figures",
            field=models.JSONField(default=list),
        ),
    ]
