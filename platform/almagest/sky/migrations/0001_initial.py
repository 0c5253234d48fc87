

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Survey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('visibility', models.CharField(choices=[('public', 'everybody'), ('private', 'its owner and the staff')], default='public', max_length=10)),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('release', models.CharField(max_length=60)),
                ('description', models.TextField()),
                ('licence', models.TextField()),
                ('citation', models.TextField()),
                ('url', models.URLField(blank=True)),
                ('observed', models.BooleanField()),
                ('table_name', models.CharField(max_length=63)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['slug'],
            },
        ),
        migrations.CreateModel(
            name='Ingest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=255)),
                ('sha256', models.CharField(db_index=True, max_length=64)),
                ('rows_read', models.BigIntegerField(default=0)),
                ('new', models.BigIntegerField(default=0)),
                ('changed', models.BigIntegerField(default=0)),
                ('unchanged', models.BigIntegerField(default=0)),
                ('rejected', models.BigIntegerField(default=0)),
                ('reasons', models.JSONField(default=dict)),
                ('ignored_columns', models.JSONField(default=list)),
                ('started', models.DateTimeField()),
                ('finished', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('survey', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ingests', to='sky.survey')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CrossMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('radius_arcsec', models.FloatField()),
                ('ingest_id', models.BigIntegerField()),
                ('rows', models.BigIntegerField(default=0)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('survey_a', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sky.survey')),
                ('survey_b', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sky.survey')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        # Numbers of objects, never used again whatever becomes of the objects.
        migrations.RunSQL("CREATE SEQUENCE object_ids", "DROP SEQUENCE object_ids"),
        # The declared table of objects, as its declaration in tables.py says, but partitioned by survey.
        migrations.RunSQL(
            """
            CREATE TABLE objects (
                id bigint NOT NULL, survey_id integer NOT NULL, source_id text NOT NULL, ra double precision NOT NULL,
                "dec" double precision NOT NULL, healpix bigint NOT NULL, ingest_id bigint NOT NULL,
                PRIMARY KEY (id, survey_id), UNIQUE (source_id, survey_id)
            ) PARTITION BY LIST (survey_id)
            """,
            "DROP TABLE objects",
        ),
    ]
