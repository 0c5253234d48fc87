from django.db import migrations

NAMES = ("ra", "dec", "healpix")


class Migration(migrations.Migration):
    """Stars of libraries and places in galaxies have no position on the sky."""

    dependencies = [("sky", "0002_group")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE objects " + ", ".join(f'ALTER COLUMN "{name}" DROP NOT NULL' for name in NAMES),
            "ALTER TABLE objects " + ", ".join(f'ALTER COLUMN "{name}" SET NOT NULL' for name in NAMES),
        )
    ]
