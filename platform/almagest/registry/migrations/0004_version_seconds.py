from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0003_complete_versions'),
    ]

    operations = [
        migrations.AddField(
            model_name='modelversion',
            name='seconds',
            field=models.FloatField(null=True),
        ),
    ]
