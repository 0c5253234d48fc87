from django.db import migrations, models


def own_table(apps, schema_editor):
    """Every edition until now has made a table of its own."""
    apps.get_model("catalogs", "Edition").objects.update(base=models.F("revision"))


class Migration(migrations.Migration):
    dependencies = [
        ("catalogs", "0004_figures"),
    ]

    operations = [
        migrations.AddField(
            model_name="edition",
            name="base",
            field=models.IntegerField(default=1),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="edition",
            name="set_revision",
            field=models.IntegerField(default=1),
        ),
        migrations.RunPython(own_table, migrations.RunPython.noop),
    ]
