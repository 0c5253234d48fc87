"""`manage.py rescore CATALOG [--dry-run]`."""

from django.core.management.base import BaseCommand

from almagest.catalogs.selectors import catalog_get
from almagest.rescoring.plans import Plan, pass_plan
from almagest.rescoring.services import pass_start
from almagest.runs.waiting import run_wait


class Command(BaseCommand):
    """Bring a catalog up to date and say what that changed."""

    help = "Score what came or was measured anew since a catalog was made, and merge it into the catalog."

    def add_arguments(self, parser):
        """Which catalog."""
        parser.add_argument("slug")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument("--if-missing", action="store_true", help="do nothing when nothing is stale")

    def handle(self, *, slug, dry_run, if_missing, **options):
        """Plan, or start the run and follow it."""
        edition = catalog_get(user=None, slug=slug)
        plan = pass_plan(edition=edition)
        if dry_run:
            self._tell(plan)
        if dry_run or (if_missing and not plan.is_needed):
            return
        found = pass_start(edition=edition)
        run_wait(found.run)
        found.refresh_from_db()
        told = found.report
        self.stdout.write(
            f"{found.after}: {told['scored']:,} objects scored; candidates: {told['added']} added ({told['new']} new objects, "
            f"{told['entered']} entered), {told['removed']} removed, {told['changed']} changed"
        )
        if flipped := sum(each["count"] for each in told["flipped"]):
            self.stdout.write(f"  {flipped} objects with verdicts have come into the catalog or left it")
        for each in told["drift"]:
            if each["exceeds"]:
                self.stdout.write(
                    f"  drift: {each['column']} has a stability index of {each['index']:.2f} against the sample"
                )

    def _tell(self, plan: Plan) -> None:
        for each in plan.stale:
            counts = {"new": each.new, "changed": each.changed, "not scored by this version": each.unscored}
            told = ", ".join(f"{count:,} {reason}" for reason, count in counts.items() if count)
            self.stdout.write(f"  {each.survey:24} {told or 'nothing'}")
        time = f", about {plan.seconds:.1f} s" if plan.seconds is not None else ""
        told = f"{plan.count:,} objects to score{time}" if plan.is_needed else "nothing is stale"
        self.stdout.write(f"{plan.edition}: {told}{f'; it will follow {plan.version}' * plan.is_another_version}")
