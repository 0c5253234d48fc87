from django.db import migrations


def complete_versions(apps, schema_editor):
    """Versions from before keep the outputs of their method, and say of their metrics what they measured."""
    for version in apps.get_model("registry", "ModelVersion").objects.select_related("method"):
        version.outputs = version.method.outputs
        for metric in version.metrics:
            of = "all" if metric["name"] == "accuracy" else "signal"
            metric.update({"of": of, "split": "test", "std": None} | metric)
        version.save(update_fields=["outputs", "metrics"])


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_studies")]

    operations = [migrations.RunPython(complete_versions, migrations.RunPython.noop)]
