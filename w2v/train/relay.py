"""An observer that passes everything on to another one: a base for those that add to it."""

from __future__ import annotations

from w2v.embeddings import Embeddings
from w2v.train.run import Observer, Plan, Progress, Run


class Relay(Observer):
    """See the module's header."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer

    def reading(self, done: int, total: int | None) -> None:
        """See `Observer`, as for all that follow."""
        self.observer.reading(done, total)

    def planned(self, plan: Plan) -> None:
        """Pass it on."""
        self.observer.planned(plan)

    def progress(self, progress: Progress) -> None:
        """Pass it on."""
        self.observer.progress(progress)

    def epoch_ended(self, run: Run) -> bool:
        """Pass it on."""
        return self.observer.epoch_ended(run)

    def validated(self, epoch: int, nats: float, best: bool) -> None:
        """Pass it on."""
        self.observer.validated(epoch, nats, best)

    def interrupted(self, embeddings: Embeddings) -> None:
        """Pass it on."""
        self.observer.interrupted(embeddings)

    def resumed(self, progress: float, path: str) -> None:
        """Pass it on."""
        self.observer.resumed(progress, path)

    def checkpointed(self, progress: float, path: str) -> None:
        """Pass it on."""
        self.observer.checkpointed(progress, path)

    def warning(self, text: str) -> None:
        """Pass it on."""
        self.observer.warning(text)
