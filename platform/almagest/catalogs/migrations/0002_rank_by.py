from django.db import migrations, models


def fill(apps, schema_editor):
    """Until now a catalog's column was named as the method's output is."""
    for edition in apps.get_model("catalogs", "Edition").objects.select_related("version__method"):
        edition.rank_by = edition.version.method.rank_by
        edition.save(update_fields=["rank_by"])


class Migration(migrations.Migration):
    dependencies = [
        ("catalogs", "0001_initial"),
        ("registry", "0005_candidates"),
    ]

    operations = [
        migrations.AddField(
            model_name="edition",
            name="rank_by",
            field=models.CharField(default="", max_length=60),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
