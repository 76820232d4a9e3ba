"""`tf.train.CheckpointManager`: the last few stay, and a manager that comes later goes on."""

import os

import pytest
import tfc as tf


def files(folder):
    return sorted(p.name for p in folder.iterdir())


def test_old_ones_are_deleted(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(0))
    manager = tf.train.CheckpointManager(checkpoint, tmp_path, max_to_keep=2)
    paths = [manager.save() for _ in range(4)]
    assert manager.checkpoints == paths[2:] and manager.latest_checkpoint == paths[3]
    assert files(tmp_path) == ["checkpoint", "ckpt-3.safetensors", "ckpt-4.safetensors"]


def test_all_stay_without_a_limit(tmp_path):
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=tf.Variable(0)), tmp_path, max_to_keep=None)
    assert [manager.save() for _ in range(3)] == manager.checkpoints


def test_a_later_manager_takes_over(tmp_path):
    v = tf.Variable(1)
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=v), tmp_path, 3)
    manager.save()
    v.assign(2)
    manager.save()
    w = tf.Variable(0)
    checkpoint = tf.train.Checkpoint(v=w)
    later = tf.train.CheckpointManager(checkpoint, tmp_path, 3)
    assert later.checkpoints == manager.checkpoints
    assert later.restore_or_initialize() == manager.latest_checkpoint
    assert w.numpy() == 2
    assert later.save().endswith("ckpt-3")


def test_init_fn_runs_where_there_is_nothing(tmp_path):
    calls = []
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(), tmp_path, 1, init_fn=lambda: calls.append(1))
    assert manager.restore_or_initialize() is None and calls == [1]


def test_interval_of_steps(tmp_path):
    step = tf.Variable(0, dtype=tf.int64)
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(step=step), tmp_path, 5, step_counter=step, checkpoint_interval=10
    )
    assert manager.save() is not None
    step.assign(5)
    assert manager.save() is None
    assert manager.save(check_interval=False) is not None
    step.assign(15)
    assert manager.save() is not None


def test_number_in_the_name(tmp_path):
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=tf.Variable(0)), tmp_path, 5, checkpoint_name="model")
    assert manager.save(checkpoint_number=40) == os.path.join(str(tmp_path), "model-40")


def test_one_an_hour_stays(tmp_path):
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(v=tf.Variable(0)), tmp_path, 1, keep_checkpoint_every_n_hours=1
    )
    first = manager.save()
    manager._last_preserved -= 2 * 3600
    manager.save()
    manager.save()
    assert tf.train.checkpoint_exists(first)
    assert len(files(tmp_path)) == 3


@pytest.mark.parametrize("arguments", [{"max_to_keep": 0}, {"max_to_keep": 1, "checkpoint_interval": 2}])
def test_malformed_options_are_errors(tmp_path, arguments):
    with pytest.raises(ValueError, match="max_to_keep|step_counter"):
        tf.train.CheckpointManager(tf.train.Checkpoint(), tmp_path, **arguments)


def test_a_deleted_file_is_not_the_latest(tmp_path):
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=tf.Variable(0)), tmp_path, 3)
    first, second = manager.save(), manager.save()
    os.unlink(second + ".safetensors")
    assert tf.train.CheckpointManager(tf.train.Checkpoint(), tmp_path, 3).latest_checkpoint == first
