from django.db import migrations

from almagest.core.nearest import enable_vectors


class Migration(migrations.Migration):

    dependencies = [
        ('predictions', '0006_revision'),
    ]

    operations = [
        # Stays when it is taken back: tables that use it may be there.
        migrations.RunPython(lambda apps, editor: enable_vectors(), migrations.RunPython.noop),
    ]
