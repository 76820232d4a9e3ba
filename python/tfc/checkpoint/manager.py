"""`tf.train.CheckpointManager`: the last few checkpoints of a folder."""

import os
import time
from dataclasses import dataclass, field

from tfc.checkpoint.files import flush_folder, remove_abandoned, write_durably
from tfc.checkpoint.format import checkpoint_exists, file_of, read_state, state_file, state_text
from tfc.core import VariableStorage


@dataclass
class CheckpointState:
    """What the state file of a folder says."""

    model_checkpoint_path: str
    all_model_checkpoint_paths: list = field(default_factory=list)
    all_model_checkpoint_timestamps: list = field(default_factory=list)


def get_checkpoint_state(checkpoint_dir, latest_filename=None) -> CheckpointState | None:
    """What the state file of a folder says; None if there is none."""
    state = read_state(checkpoint_dir, latest_filename)
    return None if state is None or state[0] is None else CheckpointState(*state)


def latest_checkpoint(checkpoint_dir, latest_filename=None) -> str | None:
    """The path of the latest checkpoint of a folder, None if it has none."""
    state = read_state(checkpoint_dir, latest_filename)
    return state[0] if state is not None and state[0] is not None and checkpoint_exists(state[0]) else None


class CheckpointManager:
    """Saves a checkpoint under numbered names in `directory` and deletes old ones.

    Args:
        checkpoint: a `tf.train.Checkpoint`.
        directory: where the files are; made if it is not there. What a manager before has saved there is taken over.
        max_to_keep: how many checkpoints stay; None: all.
        keep_checkpoint_every_n_hours: of those that would be deleted, one for each so many hours stays.
        checkpoint_name: begins the names.
        step_counter, checkpoint_interval: `save` does nothing until the variable has grown by so much since the last
        time. init_fn: called by `restore_or_initialize` if there is nothing to restore.

    A crash at any moment leaves a folder whose latest checkpoint is whole.
    """

    def __init__(
        self,
        checkpoint,
        directory,
        max_to_keep,
        keep_checkpoint_every_n_hours=None,
        checkpoint_name="ckpt",
        step_counter=None,
        checkpoint_interval=None,
        init_fn=None,
    ):
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError(f"Expected a positive integer or `None` for `max_to_keep`, got {max_to_keep}.")
        if checkpoint_interval is not None and step_counter is None:
            raise ValueError("`step_counter` should be passed if `checkpoint_interval` is not None.")
        if step_counter is not None and not isinstance(step_counter, VariableStorage):
            raise ValueError(f"step_counter should be a tf.Variable, got {step_counter!r}")
        self._checkpoint = checkpoint
        self._directory = os.fspath(directory)
        self._max_to_keep = max_to_keep
        self._every_hours = keep_checkpoint_every_n_hours
        self._prefix = os.path.join(self._directory, checkpoint_name)
        self._step_counter, self._interval = step_counter, checkpoint_interval
        self._last_step: int | None = None
        self._init_fn = init_fn
        self._latest: str | None = None
        # path -> when it was saved; those that `max_to_keep` counts.
        self._kept: dict[str, float] = {}
        self._last_preserved = time.time()
        remove_abandoned(self._directory)
        state = read_state(self._directory)
        if state is not None and state[0] is not None:
            latest, paths, times = state
            times += [0.0] * (len(paths) - len(times))
            found = [(p, t) for p, t in zip(paths, times, strict=False) if checkpoint_exists(p)]
            self._kept = dict(found)
            self._latest = latest if checkpoint_exists(latest) else (found[-1][0] if found else None)

    @property
    def checkpoint(self):
        return self._checkpoint

    @property
    def directory(self) -> str:
        return self._directory

    @property
    def checkpoint_interval(self):
        return self._interval

    @property
    def latest_checkpoint(self) -> str | None:
        """The path of the last one, None if there is none."""
        return self._latest

    @property
    def checkpoints(self) -> list[str]:
        """The paths of those that are kept, oldest first."""
        return list(self._kept)

    def save(self, checkpoint_number=None, check_interval=True, options=None) -> str | None:
        """Saves; returns the path, or None if the interval has not passed.

        `checkpoint_number`: the number in the name, by default the checkpoint's `save_counter`.
        """
        if self._interval is not None and check_interval:
            step = int(self._step_counter.numpy())
            if self._last_step is not None and step < self._last_step + self._interval:
                return None
        counter = self._checkpoint.save_counter
        counter.assign_add(1)
        number = int(counter if checkpoint_number is None else checkpoint_number)
        path = self._checkpoint.write(f"{self._prefix}-{number}")
        if self._step_counter is not None:
            self._last_step = int(self._step_counter.numpy())
        self._latest = path
        self._kept.pop(path, None)
        self._kept[path] = time.time()
        dropped = self._too_many()
        # First nothing names them any more, then they go.
        self._write_state()
        for old in dropped:
            file_of(old).unlink(missing_ok=True)
        if dropped:
            flush_folder(self._directory)
        return path

    def _too_many(self) -> list[str]:
        dropped = []
        while self._max_to_keep is not None and len(self._kept) > self._max_to_keep:
            path, saved = next(iter(self._kept.items()))
            del self._kept[path]
            if self._every_hours is not None and saved - self._every_hours * 3600 >= self._last_preserved:
                self._last_preserved = saved
                continue
            dropped.append(path)
        return dropped

    def _write_state(self) -> None:
        text = state_text(self._directory, self._latest, list(self._kept), list(self._kept.values()))
        write_durably(state_file(self._directory), text)

    def restore_or_initialize(self) -> str | None:
        """Restores the latest checkpoint and returns its path; if there is none, calls `init_fn` and returns None."""
        if self._latest is not None:
            self._checkpoint.restore(self._latest)
            if self._step_counter is not None:
                self._last_step = int(self._step_counter.numpy())
            return self._latest
        if self._init_fn is not None:
            self._init_fn()
        return None

    def sync(self) -> None:
        """Nothing to do: `save` returns when the files are written."""
