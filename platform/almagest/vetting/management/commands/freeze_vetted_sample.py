"""`manage.py freeze_vetted_sample NAME --labels SET --plugin P --method M --surveys A B …`."""

from almagest.samples.management.commands import freeze_sample
from almagest.vetting.selectors import label_set_get


class Command(freeze_sample.Command):
    """What `freeze_sample` does, with labels that people gave in place of the plugin's."""

    help = "Freeze a sample in which the objects of a label set have that set's labels, and all others the plugin's."

    def add_arguments(self, parser):
        """Those of `freeze_sample`, and which labels."""
        super().add_arguments(parser)
        parser.add_argument("--labels", required=True, metavar="SET", help="see `manage.py freeze_verdicts`")

    def given(self, options: dict) -> dict:
        """The set, to which the sample is no wider shown."""
        return label_set_get(user=None, name=options["labels"]).for_sample
