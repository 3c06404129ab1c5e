"""The training loop: an iterator of events that can stop after any step and go on as if it had not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from neurosparse.data.dataset import Dataset
from neurosparse.errors import BadInput, Diverged
from neurosparse.kernels.batch import shuffle
from neurosparse.nn.layered import AnyNetwork
from neurosparse.rewire.rule import Rule
from neurosparse.train.backprop import train_step
from neurosparse.train.events import EpochEnd, Event, Progress, ProjectionEnd, Stopped
from neurosparse.train.optimizer import Sgd

_SIGNS_OF_LIFE = 40


@dataclass(frozen=True)
class Position:
    """Where a run stands: all that the next step depends on beside the parameters.

    Attributes
    ----------
    step : int
        Steps taken.
    loss, right, rewired : float, int, int
        Sums over the steps of the epoch under way.
    born : tuple of int
        Births in each projection in the epoch under way; empty where there was none.
    steps_over_budget : int
        Over the whole run.
    history : tuple of EpochEnd
    """

    step: int = 0
    loss: float = 0.0
    right: int = 0
    rewired: int = 0
    steps_over_budget: int = 0
    history: tuple[EpochEnd, ...] = field(default=())
    born: tuple[int, ...] = ()


def refuse_large_batch(batch: int, data: Dataset) -> None:
    """Raise BadInput where a batch is larger than the training split."""
    samples = len(data.train.y)
    if batch > samples:
        raise BadInput(
            f"a batch of {batch:,} samples is larger than the training split of {data.name}",
            numbers={"asked": f"{batch:,}", "there is": f"{samples:,}"},
            help=f"at most {samples:,}",
        )


class Trainer:
    """Trains a network on the training split of a data set and watches the validation split.

    Parameters
    ----------
    network : Network or Layered
    rule : Rule
    optimizer : Sgd
    data : Dataset
    batch, epochs, seed : int
        Samples a step; samples left over at the end of an epoch wait for another epoch's order.
    position : Position, optional
        Where to go on; the start otherwise.

    Raises
    ------
    BadInput
        The batch is larger than the training split, or the data do not fit the network's sizes.
    """

    def __init__(
        self,
        network: AnyNetwork,
        rule: Rule,
        optimizer: Sgd,
        data: Dataset,
        *,
        batch: int,
        epochs: int,
        seed: int,
        position: Position | None = None,
    ) -> None:
        refuse_large_batch(batch, data)
        samples = len(data.train.y)
        if (data.n_features, data.n_classes) != (network.sizes[0], network.sizes[-1]):
            raise BadInput(
                f"the network does not fit the data set {data.name}",
                numbers={
                    "network": f"{network.sizes[0]} inputs, {network.sizes[-1]} outputs",
                    "data": f"{data.n_features} features, {data.n_classes} classes",
                },
            )
        self.network = network
        self.position = position or Position()
        self.steps_per_epoch = samples // batch
        self.steps = self.steps_per_epoch * epochs
        self.rule, self._optimizer, self._data = rule, optimizer, data
        self._batch, self._seed = batch, seed

    def run(self, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
        """Train to the end, yielding events; `position` is true of the network at every event.

        Parameters
        ----------
        stop : callable
            Asked after every step; once it returns true, `Stopped` is the last event.

        Raises
        ------
        Diverged
            The loss is no longer finite, or a weight: no event is told of a state that nobody could go on from.
        """
        train = self._data.train
        order = np.empty(len(train.y), np.int64)
        sign_of_life = max(1, self.steps_per_epoch // _SIGNS_OF_LIFE)
        while self.position.step < self.steps:
            epoch, done = divmod(self.position.step, self.steps_per_epoch)
            order[:] = np.arange(order.size)
            shuffle(order, self._seed, epoch)
            for k in range(done, self.steps_per_epoch):
                self._step(order[k * self._batch : (k + 1) * self._batch])
                last = k + 1 == self.steps_per_epoch
                if last:
                    yield self._end_epoch(epoch + 1)
                elif (k + 1) % sign_of_life == 0:
                    yield self._progress(epoch + 1, k + 1)
                if stop() and self.position.step < self.steps:
                    self._refuse_infinite_state()
                    yield Stopped(epoch + 1, self.position.step)
                    return

    def _step(self, part: np.ndarray) -> None:
        """Take one step on the samples `part` and move the position."""
        network, data, at = self.network, self._data, self.position
        step = at.step + 1
        network.read(data.train.x, part, data.scale, data.train.lengths)
        rate = self._optimizer.rate_at(step, self.steps)
        loss, right, rewired = train_step(
            network, self.rule, data.train.y[part], rate=rate, momentum=self._optimizer.momentum,
            seed=self._seed, step=step,
        )  # fmt: skip
        self._refuse_infinite(loss, step)
        self.position = Position(
            step, at.loss + loss, at.right + right, at.rewired + rewired,
            at.steps_over_budget + network.store.is_over_budget(), at.history, self._born(at.born, rewired),
        )  # fmt: skip

    def _end_epoch(self, epoch: int) -> EpochEnd:
        """Prove the store's invariants, look at the validation split, and close the epoch's sums."""
        network, data, at = self.network, self._data, self.position
        split = data.validation
        validation_loss, accuracy = network.evaluate(split.x, split.y, data.scale, split.lengths)
        self._refuse_infinite(validation_loss, at.step)
        self._refuse_infinite_state()
        network.store.check(exact=self.rule.keeps_budget)
        row = EpochEnd(
            epoch=epoch,
            step=at.step,
            rate=self._optimizer.rate_at(at.step, self.steps),
            loss=at.loss / self.steps_per_epoch,
            accuracy=at.right / (self.steps_per_epoch * self._batch),
            validation_loss=validation_loss,
            validation_accuracy=accuracy,
            rewired=at.rewired,
            live=network.store.n_live,
            budget=network.store.layout.n_slots,
            steps_over_budget=at.steps_over_budget,
            projections=self._projections(),
        )
        self.position = replace(at, loss=0.0, right=0, rewired=0, born=(), history=(*at.history, row))
        return row

    def _born(self, before: tuple[int, ...], rewired: int) -> tuple[int, ...]:
        """Return the births of the epoch so far, those of this step among them."""
        if not rewired:
            return before
        born = self.network.store.born.tolist()
        return tuple(a + b for a, b in zip(before, born, strict=True)) if before else tuple(born)

    def _projections(self) -> tuple[ProjectionEnd, ...]:
        """Return what the epoch did to each projection."""
        store = self.network.store
        born = self.position.born or (0,) * len(store.projections)
        counts = zip(store.projections, born, self.network.effective(), strict=True)
        return tuple(ProjectionEnd(store.live_of(p), rewired, effective) for p, rewired, effective in counts)

    def _progress(self, epoch: int, done: int) -> Progress:
        """Return a sign of life after `done` steps of the epoch."""
        self._refuse_infinite_state()
        at, store = self.position, self.network.store
        return Progress(epoch, at.step, self.steps, at.loss / done, at.rewired, store.n_live, store.layout.n_slots)

    def _refuse_infinite(self, loss: float, step: int) -> None:
        """Raise Diverged unless `loss` is a finite number."""
        if not math.isfinite(loss):
            raise self._diverged(step, f"the loss is {loss}")

    def _refuse_infinite_state(self) -> None:
        """Raise Diverged unless all that learns is finite: the loss tells of the weights before the step alone."""
        store = self.network.store
        learning = (store.weight[: store.n_live], *self.network.state().values())
        if not all(np.isfinite(array).all() for array in learning):
            raise self._diverged(self.position.step, "a weight or bias is not finite")

    def _diverged(self, step: int, what: str) -> Diverged:
        """Return the error for what training came to in a step."""
        return Diverged(
            f"training diverged at step {step:,} of {self.steps:,}: {what}",
            numbers={"learning rate": f"{self._optimizer.rate:g}"},
            help="train anew with a smaller learning rate; the last checkpoint before it, if there is one, is kept",
        )
