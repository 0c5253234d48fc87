from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('samples', '0002_group'),
    ]

    operations = [
        migrations.AddField(
            model_name='sample',
            name='given_counts',
            field=models.JSONField(default=dict),
        ),
    ]
