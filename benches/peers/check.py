"""A figure of something wrong is no figure: before anything is timed, each opens what the others wrote."""

import filecmp


def check_whole(workers, suite, frame, plaintext, message):
    """Leaves the first one's message, which all open; the first one opens everyone's."""
    first, made, opened = workers[0], message.with_name("made"), message.with_name("opened")
    for worker in workers:
        written = message if worker is first else made
        whole(worker, "encrypt", suite, frame, plaintext, written)
        whole(first, "decrypt", suite, frame, written, opened)
        must_equal(worker.program.name, opened, plaintext)
        whole(worker, "decrypt", suite, frame, message, opened)
        must_equal(worker.program.name, opened, plaintext)


def whole(worker, direction, suite, frame, source, target):
    """One call, from a file to a file."""
    worker.load(source)
    worker.whole(direction, suite, frame, 0, target)


def check_stream(workers, suite, frame, plaintext):
    """The same by streams."""
    first, message = workers[0], plaintext.with_name("short-message")
    made, opened = plaintext.with_name("made"), plaintext.with_name("opened")
    for worker in workers:
        written = message if worker is first else made
        worker.stream("encrypt", suite, frame, plaintext, written)
        first.stream("decrypt", suite, frame, written, opened)
        must_equal(worker.program.name, opened, plaintext)
        worker.stream("decrypt", suite, frame, message, opened)
        must_equal(worker.program.name, opened, plaintext)


def check_tools(tools, plaintext):
    """Every file tool opens what those of its format write."""
    made, opened = plaintext.with_name("made"), plaintext.with_name("opened")
    for writer in tools:
        run_to_file(writer, "encrypt", plaintext, made)
        for reader in (tool for tool in tools if tool.format == writer.format):
            run_to_file(reader, "decrypt", made, opened)
            must_equal(reader.name, opened, plaintext)


def run_to_file(tool, direction, source, target):
    """One run, from a file to a file."""
    with open(target, "wb") as sink:
        tool.run(direction, source, sink)


def must_equal(name, opened, plaintext):
    """Ends the run otherwise."""
    if not filecmp.cmp(opened, plaintext, shallow=False):
        raise RuntimeError(f"{name}: what was opened is not what was encrypted")
