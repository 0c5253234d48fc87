"""Management commands that the supervisor runs to their end, unless somebody stops everything."""

import signal
import subprocess

from almagest.server import stopping
from almagest.server.plan import Plan
from almagest.server.processes import ServerError

LOOK_SECONDS = 0.3
# How long a job that was interrupted may take to cancel what it waits for.
JOB_SECONDS = 5.0


def prepare_database(plan: Plan) -> None:
    """Bring the database to the code's state: migrations, then declared tables."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    command = plan.manage("prepare_database")
    job = subprocess.Popen(command, cwd=plan.run_folder, start_new_session=True, **pipes)
    said = wait_for(job)
    if job.returncode:
        raise ServerError(f"the database cannot be prepared:\n{said.strip()}")


def wait_for(job: subprocess.Popen) -> str:
    """What a job has said when it has ended; a stop signal ends it."""
    while True:
        try:
            return job.communicate(timeout=LOOK_SECONDS)[0]
        except subprocess.TimeoutExpired:
            if stopping.is_asked():
                end_job(job)
                raise stopping.StopAsked from None


def end_job(job: subprocess.Popen) -> None:
    """Interrupt a job, so that it can cancel what it waits for; nothing when it has ended by itself."""
    if job.poll() is None:
        job.send_signal(signal.SIGINT)
        try:
            job.wait(JOB_SECONDS)
        except subprocess.TimeoutExpired:
            job.kill()
            job.wait()
