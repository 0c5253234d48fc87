"""Reading samples."""

from django.db.models import QuerySet

from almagest.contract import SampleError
from almagest.samples.models import Sample


def sample_list(*, user) -> QuerySet[Sample]:
    """Samples that the user may see, newest first."""
    return Sample.objects.visible_to(user).select_related("run")


def sample_get(*, user, name: str) -> Sample:
    """A frozen sample, or `SampleError`."""
    sample = sample_list(user=user).filter(name=name).first()
    if sample is None:
        names = ", ".join(sample_list(user=user).values_list("name", flat=True)[:20])
        there = names or "none yet: see `manage.py freeze_sample`"
        raise SampleError(f"there is no sample {name!r}; there is {there}", absent=True)
    return sample
