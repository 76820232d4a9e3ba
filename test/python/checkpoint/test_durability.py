"""A writer that is killed at any step leaves a folder whose latest checkpoint is whole, and steps come in an order that a loss of
power cannot undo."""

import os
import subprocess
import sys
import textwrap

import pytest
import tfc as tf

# Runs `work`, dying at the n-th system call that changes a file; before it, or right after it.
WRITER = textwrap.dedent(
    """
    import os, signal, sys
    import tfc as tf
    folder, kind, last, late = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "after"
    count = 0
    def counted(name):
        plain = getattr(os, name)
        def call(*args, **kwargs):
            global count
            count += 1
            if count == last and not late:
                os.kill(os.getpid(), signal.SIGKILL)
            if name == "write" and count == last:
                plain(args[0], bytes(args[1])[: len(args[1]) // 2])
            result = plain(*args, **kwargs) if not (name == "write" and count == last) else 0
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result
        return call
    v = tf.Variable([1.0] * 1000)
    if kind == "manager":
        checkpoint = tf.train.Checkpoint(v=v)
        manager = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=1)
        manager.restore_or_initialize()
        work = manager.save
    else:
        module = tf.Module()
        module.v = v
        work = lambda: tf.saved_model.save(module, folder)
    v.assign([2.0] * 1000)
    for name in ("write", "fsync", "replace", "unlink", "rmdir"):
        setattr(os, name, counted(name))
    work()
    print(count)
    """
)


def write(folder, kind, last, when):
    return subprocess.run(
        [sys.executable, "-c", WRITER, str(folder), kind, str(last), when], capture_output=True, text=True
    )


def first(folder, kind):
    v = tf.Variable([1.0] * 1000)
    if kind == "manager":
        tf.train.CheckpointManager(tf.train.Checkpoint(v=v), folder, max_to_keep=1).save()
    else:
        module = tf.Module()
        module.v = v
        tf.saved_model.save(module, folder)


def value(folder, kind):
    """What a reader finds: 1 is the old one, 2 the new one."""
    if kind == "manager":
        v = tf.Variable([0.0] * 1000)
        manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=v), folder, max_to_keep=1)
        assert manager.restore_or_initialize() is not None
        assert tf.train.latest_checkpoint(folder) == manager.latest_checkpoint
        # Whoever goes on has a folder without remains.
        manager.save()
        assert len(os.listdir(folder)) <= 3, os.listdir(folder)
    else:
        v = tf.saved_model.load(folder).v
    found = set(v.numpy().tolist())
    assert len(found) == 1
    return found.pop()


def steps(tmp_path, kind):
    folder = tmp_path / "count"
    first(folder, kind)
    done = write(folder, kind, 0, "before")
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("kind", ["manager", "saved_model"])
def test_killed_at_every_step(tmp_path, kind):
    count = steps(tmp_path, kind)
    assert count >= 6
    seen = []
    for last in range(1, count + 1):
        for when in ("before", "after") if last in (1, 3, count) else ("after",):
            folder = tmp_path / f"{when}{last}"
            first(folder, kind)
            assert write(folder, kind, last, when).returncode == -9
            seen.append(value(folder, kind))
    assert seen == sorted(seen), "once the new one is there it stays"
    assert seen[0] == 1 and seen[-1] == 2


def test_data_is_on_the_disk_before_its_name_and_names_before_what_follows(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace", "unlink"):
        plain = getattr(os, name)

        def call(*args, _plain=plain, _name=name, **kwargs):
            what = args[0]
            if _name == "fsync":
                what = os.readlink(f"/proc/self/fd/{args[0]}")
            calls.append((_name, os.path.basename(str(args[1] if _name == "replace" else what))))
            return _plain(*args, **kwargs)

        monkeypatch.setattr(os, name, call)
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=tf.Variable(1)), tmp_path / "f", max_to_keep=1)
    manager.save()
    calls.clear()
    manager.save()
    kinds = [(kind, name if not name.startswith(".") else "temporary") for kind, name in calls]
    assert kinds[:6] == [
        ("fsync", "temporary"), ("replace", "ckpt-2.safetensors"), ("fsync", "f"),
        ("fsync", "temporary"), ("replace", "checkpoint"), ("fsync", "f"),
    ]  # fmt: skip
    assert kinds[-1] == ("fsync", "f")


def test_a_failed_write_leaves_the_old_one_and_no_remains(tmp_path, monkeypatch):
    v = tf.Variable([1.0])
    checkpoint = tf.train.Checkpoint(v=v)
    path = checkpoint.write(tmp_path / "c")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    v.assign([2.0])
    with pytest.raises(OSError, match="No space"):
        checkpoint.write(path)
    monkeypatch.undo()
    checkpoint.read(path)
    assert v.numpy() == [1] and os.listdir(tmp_path) == ["c.safetensors"]
