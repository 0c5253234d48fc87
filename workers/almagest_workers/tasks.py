"""Tasks: thin, by name."""

from almagest.catalogs.services import catalogs_sweep
from almagest.predictions.services import predictions_sweep
from almagest.releases.sweeping import releases_sweep
from almagest.rescoring.letters import letters_send
from almagest.rescoring.policies import policy_tick
from almagest.rescoring.services import passes_sweep
from almagest.runs.leases import chunk_claim
from almagest.runs.queue import REAP_TASK, RESCORE_TASK, WORK_TASK
from almagest.runs.reaper import reap
from almagest_workers.app import app
from almagest_workers.perform import perform, worker_name


@app.task(name=WORK_TASK)
def work(run_id: int, queue: str) -> None:
    """Claim the run's next free chunk and do it; nothing when there is none."""
    claim = chunk_claim(run_id=run_id, queue=queue, worker=worker_name())
    if claim is not None:
        perform(claim)


@app.task(name=REAP_TASK)
def tidy() -> None:
    """Wake workers for work whose message or worker was lost; drop what nobody reads any more."""
    reap()
    passes_sweep()
    predictions_sweep()
    catalogs_sweep()
    releases_sweep()
    letters_send()


@app.task(name=RESCORE_TASK)
def rescore(policy_id: int) -> None:
    """Beat says that a policy's time has come."""
    policy_tick(policy_id=policy_id)
